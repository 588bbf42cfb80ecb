"""Runs side by side: figures agree with the log, the control is found, and what cannot be compared is refused."""

import shutil
from pathlib import Path

import pytest

from adrs import compare, lineage
from adrs.cli.compare_view import print_comparison
from adrs.errors import UserError
from adrs.folders import find_run
from adrs.store import Reader
from tests.adrs.test_run import in_process, run  # noqa: F401 - the fixture keeps runs in this process


def test_curves_end_where_the_runs_do(demo: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    run(demo, runs, "one", max_evaluations=30)
    run(demo, runs, "two", seed=4, max_evaluations=25)
    made = compare.load(["one", "two"], runs).plain()
    assert made["problem"] == "demo"
    assert made["control"] is None
    assert made["common"]["evaluations"] == 25
    for each in made["runs"]:
        with Reader(runs / each["run"]) as reader:
            best = reader.program(reader.best(1)[0])
            assert each["evaluations"] == reader.evaluations()
        assert each["best"] == pytest.approx(best.score)
        assert [point["value"] for point in each["curve"]] == sorted(point["value"] for point in each["curve"])
        assert each["curve"][0]["evaluations"] == 1
        assert each["mean_to_common"] <= each["best_at_common"] <= each["best"]
        assert each["winner"]["score"]["test"] is not None
    assert [group["runs"] for group in made["groups"]] == [2]


def test_a_curve_is_the_same_whatever_the_number_of_workers(demo: Path, tmp_path: Path) -> None:
    found = []
    for workers in (1, 3):
        run(demo, tmp_path / "runs", f"w{workers}", workers=workers, max_evaluations=15)
        with Reader(tmp_path / "runs" / f"w{workers}") as reader:
            found.append([(point.evaluations, point.value) for point in lineage.told(reader).points])
    assert found[0] == found[1]


def test_the_longest_best_of_n_of_the_same_problem_is_the_control(demo: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    run(demo, runs, "mine", max_evaluations=5)
    for name, evaluations in (("short", 3), ("long", 6)):
        run(demo, runs, name, search="best-of-n", max_evaluations=evaluations)
    made = compare.load(["mine"], runs)
    assert made.control is not None
    assert (made.control.name, made.found) == ("long", True)
    given = compare.load(["mine", "short"], runs)
    assert given.control is not None
    assert (given.control.name, given.found) == ("short", False)
    assert compare.load(["mine", "mine"], runs).plain()["runs"][0]["run"] == "mine"


def test_runs_of_different_problems_are_refused(demo: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    other = tmp_path / "other"
    shutil.copytree(demo, other)
    run(demo, runs, "one", max_evaluations=12)
    run(other, runs, "two", max_evaluations=2)
    with pytest.raises(UserError, match="one is of demo, the other of other"):
        compare.load(["one", "two"], runs)
    evaluator = demo / "evaluator.py"
    evaluator.write_text(evaluator.read_text() + "\n")
    run(demo, runs, "three", max_evaluations=2)
    with pytest.raises(UserError, match="evaluator of demo was changed"):
        compare.load(["one", "three"], runs)


def test_a_replay_is_not_the_last_run_unless_there_is_no_other(demo: Path, tmp_path: Path) -> None:
    from adrs import session
    from tests.adrs.test_run import Silent

    runs = tmp_path / "runs"
    run(demo, runs, "one", max_evaluations=12)
    with pytest.raises(KeyboardInterrupt):
        session.replay(runs / "one", runs, "again", Silent(die_at=5), {})
    assert find_run("last", runs).name == "one"
    session.replay(runs / "one", runs, "whole", Silent(), {})
    assert find_run("last", runs).name == "one"
    shutil.rmtree(runs / "one")
    assert find_run("last", runs).name == "whole"


def test_gains_by_operator_add_up_to_what_the_winner_is_above_the_seed(demo: Path, tmp_path: Path) -> None:
    run(demo, tmp_path, "one", max_evaluations=60)
    with Reader(tmp_path / "one") as reader:
        number = lineage.winner(reader)
        found = lineage.gains(reader)
        assert number is not None
        won, seed = reader.program(number).score, reader.program(1).score
        best = lineage.curve(reader).points[-1].score
        assert sum(each.gained_in_winner for each in found) == pytest.approx(won - seed)
        assert sum(each.gained for each in found) == pytest.approx(best - seed)
        assert sum(each.programs for each in found) == reader.count() - 1
        assert sum(each.in_winner for each in found) >= 1
        assert all(each.in_winner == 0 for each in lineage.gains(reader, 1))


@pytest.mark.parametrize("width", [80, 160])
def test_each_run_has_its_curve_at_any_width(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int
) -> None:
    runs = tmp_path / "runs"
    for name, search in (("a-run-of-a-rather-long-name", "adaptive"), ("control", "best-of-n")):
        run(demo, runs, name, search=search, max_evaluations=8)
    monkeypatch.setenv("COLUMNS", str(width))
    print_comparison(compare.load(["a-run-of-a-rather-long-name", "control"], runs), runs)
    lines = capsys.readouterr().out.splitlines()
    start, end = lines.index("by evaluations"), lines.index("by seconds of work")
    drawn = [line for line in lines[start:end] if set(line) & set("▁▂▃▄▅▆▇█")]
    assert [line[0] for line in drawn] == ["A", "B"]
    assert max(len(line) for line in lines[start:end]) <= width
    goals = "the trivial baseline, the state-of-the-art baseline, what the control has in the last column was reached"
    assert f"to 0, to 100, to control: evaluations until {goals}" in " ".join(" ".join(lines[start:end]).split())
