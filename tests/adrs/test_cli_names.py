"""A name that people shorten is taken for what it must mean, and they are told."""

import re
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adrs import folders, resources, session
from adrs.cli import app
from adrs.cli.names import find_problem, find_run, find_run_of
from adrs.cli.outputs import repair
from adrs.cli.runs import resume
from adrs.errors import UserError
from adrs.observer import Silent
from tests.adrs.lineage_tools import Log


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("model-placement-1", "other"):
        Log(tmp_path, name).close()
    return tmp_path / "runs"


def test_a_prefix_is_said_and_nothing_else(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("other", "last", str(runs / "other"), f"{runs / 'other'}/"):
        find_run(name, runs)
    assert capsys.readouterr() == ("", "")
    assert find_run("oth", runs) == runs / "other"
    assert capsys.readouterr() == ("", '"oth" is taken for run other\n')


def test_an_unknown_run_names_the_closest_or_else_the_latest(tmp_path: Path) -> None:
    for name in ("cv2", "zz1", "zz2", "zz3", "zz4"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "run.db").write_bytes(b"")
    with pytest.raises(UserError, match=r'^there is no run "cv22" in .*; did you mean "cv2"\?$'):
        find_run("cv22", tmp_path)
    with pytest.raises(UserError, match=r"; the latest: zz4, zz3, zz2, zz1$"):
        find_run("nothing", tmp_path)


def test_a_run_stands_for_its_problem(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find_problem("model-placement", runs) == "model-placement", "the problem, and not the run that begins so"
    assert find_problem("unknown", runs) == "unknown", "for whoever loads it to say"
    assert capsys.readouterr().err == ""
    of_run = find_problem("model-placemen", runs)
    assert of_run == find_problem("model-placement-1", runs) != "model-placemen"
    assert capsys.readouterr().err == '"model-placemen" is taken for run model-placement-1\n'


def test_a_run_whose_problem_is_gone_says_where_that_was(tmp_path: Path) -> None:
    folder = Log(tmp_path, "mine").close()
    shutil.rmtree(tmp_path / "demo")
    gone = rf"^run mine was made from {re.escape(str(tmp_path / 'demo'))}, which is gone: put it back"
    with pytest.raises(UserError, match=gone):
        find_problem("mine", tmp_path / "runs")
    with pytest.raises(UserError, match=gone):
        session.resume(folder, Silent(), {})
    with pytest.raises(UserError, match=gone):
        resume(str(folder))


@pytest.mark.parametrize("reference", ["demo", "./demo", "model-placement"])
def test_a_log_means_nothing_that_lies_in_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    folder = Log(tmp_path, "mine").close()
    with closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as log:
        log.execute("UPDATE run SET configuration = json_set(configuration, '$.problem', ?)", [reference])
    (tmp_path / "demo").rename(tmp_path / reference)
    monkeypatch.chdir(tmp_path)
    if reference == "model-placement":
        assert find_problem("mine", tmp_path / "runs") == str(resources.folder("problems") / reference)
    else:
        with pytest.raises(UserError, match=r"^run mine was made from .*problems/demo, which is gone"):
            find_problem("mine", tmp_path / "runs")


def test_a_problem_is_no_run(runs: Path) -> None:
    with pytest.raises(UserError, match=r"^model-placement is a problem: name a file$"):
        find_run_of("model-placement", runs, "name a file")
    assert find_run_of("other", runs, "name a file") == runs / "other"


def test_a_problems_folder_is_no_run_of_the_same_name(
    runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run may be called like the problem's folder: the name alone is the run, the path the problem."""
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    said = "is a problem: name a program's file as well, or a run by its name instead"
    for path in ("./other", "other/", str(tmp_path / "other")):
        done = CliRunner().invoke(app, ["distill", path])
        assert str(done.exception) == f"{path} {said}"
    assert find_run_of("other", Path("runs"), "name a file") == Path("runs/other")


def test_last_is_the_run_that_was_begun_or_gone_on_with_last(tmp_path: Path) -> None:
    for name, time in (("one", 100.0), ("two", 200.0), ("three", 150.0)):
        log = Log(tmp_path, name)
        log.writer.event("started", {})
        log.writer.event("note", {"text": "no work on a run"}, 1)
        log.close()
        with closing(sqlite3.connect(tmp_path / "runs" / name / "run.db")) as connection, connection:
            connection.execute("UPDATE event SET time = ? WHERE kind = 'started'", (time,))
    assert folders.find_run("last", tmp_path / "runs").name == "two"


@pytest.mark.parametrize("name", ["../x", "last", "a b", "a/b", "-x", "", "/tmp/x", ".hidden", "a" * 101, "x\n"])
def test_a_name_that_no_verb_would_find_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="a run is named by letters"), folders.new_folder(tmp_path, name, "demo"):
        pass
    with pytest.raises(UserError, match="a run is named by letters"):
        repair("run", name, tmp_path)


@pytest.mark.parametrize("name", ["a", "1", "queue-2.b_c+d", "Prüfung", "a" * 100])
def test_other_names_are_fine(tmp_path: Path, name: str) -> None:
    with folders.new_folder(tmp_path, name, "demo") as folder:
        assert folder == tmp_path / name


def test_runs_begun_together_have_names_of_their_own(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with folders.new_folder(runs, None, "demo") as first, folders.new_folder(runs, None, "demo") as second:
        assert first != second
        (second / "run.db").touch()
    assert list(runs.iterdir()) == [second]


def test_a_run_that_did_not_begin_leaves_nothing_and_blocks_no_name(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with pytest.raises(KeyError), folders.new_folder(runs, "mine", "demo"):
        raise KeyError
    assert not runs.exists()
    (runs / "mine").mkdir(parents=True)  # as one that was killed leaves it
    with folders.new_folder(runs, "mine", "demo") as folder:
        (folder / "run.db").touch()
    with pytest.raises(UserError, match="exists already"), folders.new_folder(runs, "mine", "demo"):
        pass
