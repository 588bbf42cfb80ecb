"""A run may begin with a program of the user's instead of the problem's seed."""

from pathlib import Path

import pytest

from adrs import lineage, scaffold, session
from adrs.errors import UserError
from adrs.store import Reader
from tests.adrs.test_run import Silent, in_process, run  # noqa: F401 - the fixture keeps runs in this process


def _own(demo: Path, folder: Path) -> Path:
    program = folder / "mine.py"
    program.write_text("# mine\n" + (demo / "baselines" / "longest_first.py").read_text())
    return program


def test_the_run_begins_with_it_also_where_the_file_is_gone_later(demo: Path, tmp_path: Path) -> None:
    mine = _own(demo, tmp_path)
    text = mine.read_text()
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=4, start=str(mine))
    mine.unlink()
    with Reader(outcome.path) as reader:
        first = reader.program(1)
        assert (first.source, first.operator) == (text, "start")
        assert first.evaluation is not None
        assert first.evaluation.score == pytest.approx(100.0)
        assert f"--start {mine.resolve()}" in lineage.configuration(reader).command
    assert session.resume(outcome.path, Silent(), {"max_evaluations": 6}).evaluations == 6
    assert session.replay(outcome.path, tmp_path / "runs", "again", Silent(), {}).plain()["identical"] is True


def test_a_program_of_a_past_run_is_named_by_its_number(demo: Path, tmp_path: Path) -> None:
    mine = _own(demo, tmp_path)
    run(demo, tmp_path / "runs", "past", max_evaluations=1, start=str(mine))
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=1, start="past:1")
    with Reader(outcome.path) as reader:
        assert reader.program(1).source == mine.read_text()


def test_what_cannot_be_begun_with_is_refused_before_anything_is_written(demo: Path, tmp_path: Path) -> None:
    runs, wrong = tmp_path / "runs", tmp_path / "wrong.py"

    def refused(start: str, said: str) -> None:
        with pytest.raises(UserError, match=said):
            run(demo, runs, "one", start=start)
        assert not (runs / "one").exists()

    refused("nothing.py", '--start "nothing.py" is neither a file nor RUN:ID')
    wrong.write_text("def schedule(instance): return 0\n")
    refused(str(wrong), f"--start {wrong} is refused: .*solve")
    wrong.write_text("def solve(instance): raise KeyError('nothing')\n")
    refused(str(wrong), f"--start {wrong} ends error: .*nothing")
    wrong.write_bytes(b"\xff\xfe")
    refused(str(wrong), f"--start {wrong} cannot be read")
    scaffold.make(tmp_path / "other")
    run(tmp_path / "other", runs, "past", max_evaluations=1)
    refused("past:1", "run past is of the problem other; --start takes a program of demo")
