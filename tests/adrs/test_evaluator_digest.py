"""What an evaluator's numbers depend on is known: its code and its data, and not what merely lies beside them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from adrs import problem, session
from adrs.calibrate import remembered
from adrs.errors import UserError
from adrs.evaluator_digest import evaluator_digest
from tests.adrs.test_run import Silent, in_process, run  # noqa: F401 - the fixture keeps runs in this process


@pytest.fixture
def scaled(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A problem whose evaluator reads a file beside it and imports a module of a subfolder."""
    monkeypatch.setenv("ADRS_CACHE", str(tmp_path / "cache"))
    (demo / "scale.txt").write_text("1")
    (demo / "parts").mkdir()
    (demo / "parts" / "sizes.py").write_text("SIZE = 1\n")
    return demo


def _digest(folder: Path) -> str:
    return evaluator_digest(problem.load(str(folder)))


@pytest.mark.parametrize("name", ["evaluator.py", "scale.txt", "parts/sizes.py"])
def test_baselines_are_measured_again_where_code_or_data_of_the_evaluator_changes(
    scaled: Path, tmp_path: Path, name: str
) -> None:
    run(scaled, tmp_path / "runs", "one", max_evaluations=2)
    assert len(remembered(problem.load(str(scaled))).evaluations) == 6
    file = scaled / name
    file.write_text(file.read_text() + "\n# other\n")
    assert not remembered(problem.load(str(scaled))).evaluations


def test_a_run_whose_data_has_changed_is_not_gone_on_with(scaled: Path, tmp_path: Path) -> None:
    outcome = run(scaled, tmp_path / "runs", "one", max_evaluations=2)
    (scaled / "scale.txt").write_text("2")
    os.utime(scaled / "scale.txt", (4e9, 4e9))
    with pytest.raises(UserError, match=r"that it can read \(newer than the run: scale.txt\)"):
        session.resume(outcome.path, Silent(), {})


def _page(folder: Path) -> None:
    (folder / "README.md").write_text("Other words.")


def _runs(folder: Path) -> None:
    (folder / "runs" / "one").mkdir(parents=True)
    (folder / "runs" / "one" / "run.db").touch()
    (folder / "runs" / "one" / "report.html").touch()


def _run_beside_it(folder: Path) -> None:
    (folder / "one").mkdir()
    (folder / "one" / "run.db").touch()


def _caches(folder: Path) -> None:
    for name in ("__pycache__", ".cache"):
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "data.txt").touch()


def _programs(folder: Path) -> None:
    for name in ("baselines", "blocks", "cheats"):
        file = next((folder / name).glob("*.py"))
        file.write_text(file.read_text() + "\n# other\n")


def _prompts(folder: Path) -> None:
    (folder / "prompts").mkdir()
    (folder / "prompts" / "task.md.j2").write_text("Do it.")


def _open_in_an_editor(folder: Path) -> None:
    (folder / ".#evaluator.py").symlink_to("somebody@host.1234:1700000000")


@pytest.mark.parametrize("change", [_page, _runs, _run_beside_it, _caches, _programs, _prompts, _open_in_an_editor])
def test_what_the_evaluator_does_not_depend_on_changes_nothing(scaled: Path, change: Callable[[Path], None]) -> None:
    before = _digest(scaled)
    change(scaled)
    assert _digest(scaled) == before


def test_data_that_workloads_name_counts_wherever_it_lies(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setenv("ADRS_DATA", str(data))
    file = demo / "problem.toml"
    entry = '\nextra = { batches = ["a.txt"], label = "' + "long " * 100 + '" }\n'
    file.write_text(file.read_text().replace("[limits]", f"[evaluator.parameters]{entry}\n[limits]", 1))
    (data / "a.txt").write_text("1")
    (data / "b.txt").write_text("1")
    before = _digest(demo)
    (data / "b.txt").write_text("2")
    assert _digest(demo) == before
    (data / "a.txt").write_text("2")
    assert _digest(demo) != before


def test_data_of_a_shipped_problem_counts_and_its_pages_do_not(tmp_path: Path) -> None:
    shipped = problem.load("congestion-control").folder
    copy = tmp_path / "congestion-control"
    copy.mkdir()
    for file in [path for path in shipped.rglob("*") if path.is_file()]:
        (copy / file.relative_to(shipped)).parent.mkdir(exist_ok=True)
        (copy / file.relative_to(shipped)).write_bytes(file.read_bytes())
    before = _digest(copy)
    (copy / "README.md").write_text("Other words.")
    (copy / "blocks" / "tried.py").touch()
    assert _digest(copy) == before
    (copy / "teacher.npz").write_bytes(b"other weights")
    assert _digest(copy) != before


def test_an_evaluator_that_cannot_be_found_has_no_digest(demo: Path) -> None:
    file = demo / "problem.toml"
    file.write_text(file.read_text().replace('class = "evaluator:', 'class = "nowhere.to_be_found:'))
    assert _digest(demo) == ""
