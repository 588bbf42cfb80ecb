"""A name that people shorten is taken for what it must mean, and they are told."""

from pathlib import Path

import pytest

from adrs.cli.names import find_problem, find_run, find_run_of
from adrs.errors import UserError
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


def test_a_run_stands_for_its_problem(runs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert find_problem("model-placement", runs) == "model-placement", "the problem, and not the run that begins so"
    assert find_problem("unknown", runs) == "unknown", "for whoever loads it to say"
    assert capsys.readouterr().err == ""
    of_run = find_problem("model-placemen", runs)
    assert of_run == find_problem("model-placement-1", runs) != "model-placemen"
    assert capsys.readouterr().err == '"model-placemen" is taken for run model-placement-1\n'


def test_a_problem_is_no_run(runs: Path) -> None:
    with pytest.raises(UserError, match=r"^model-placement is a problem: name a file$"):
        find_run_of("model-placement", runs, "name a file")
    assert find_run_of("other", runs, "name a file") == runs / "other"
