"""Programs that cannot be told apart: the smallest of them wins."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from adrs import Run, evolve, lineage, paired, problem, report, scaffold
from adrs.calibrate import Calibration
from adrs.normal_form import tokens
from adrs.program import Evaluation, WorkloadResult
from adrs.store import Reader


def evaluation(*replicates: Sequence[float], weights: Sequence[float] = (1.0, 1.0)) -> Evaluation:
    results = tuple(
        WorkloadResult(f"w{place}", "ok", {}, weight=weights[place], replicates=values)
        for place, values in enumerate(replicates)
    )
    return Evaluation("validation", "full", "ok", workloads=results)


NOISE = [float((7 * number) % 41 - 20) for number in range(41)]


def test_a_small_steady_difference_under_large_common_noise_is_one() -> None:
    ours, theirs = evaluation([100 + noise + 0.1 for noise in NOISE]), evaluation([100 + noise for noise in NOISE])
    assert paired.interval(ours, theirs) == (pytest.approx(0.1), pytest.approx(0.1))
    assert not paired.alike(ours, theirs)


def test_a_difference_that_changes_its_sign_is_none() -> None:
    ours, theirs = evaluation([100 + noise for noise in NOISE]), evaluation([99.0] * len(NOISE))
    assert paired.alike(ours, theirs)


def test_workloads_count_by_their_weight() -> None:
    ours, theirs = evaluation([1.0] * 5, [0.0] * 5, weights=(3, 1)), evaluation([0.0] * 5, [1.0] * 5, weights=(3, 1))
    assert paired.interval(ours, theirs) == (pytest.approx(0.5), pytest.approx(0.5))


def test_a_workload_without_the_metric_is_left_out() -> None:
    ours, theirs = evaluation([1.0] * 5, []), evaluation([0.0] * 5, [])
    assert paired.interval(ours, theirs) == (pytest.approx(1.0), pytest.approx(1.0))


def test_without_replicates_nothing_is_said() -> None:
    assert paired.interval(evaluation([]), evaluation([])) is None
    assert paired.interval(evaluation([1.0]), evaluation()) is None
    assert not paired.alike(evaluation([1.0]), evaluation([1.0], [1.0])) or paired.interval(
        evaluation([1.0]), evaluation([1.0], [1.0])
    ) == (0.0, 0.0)


@pytest.mark.parametrize(("noise", "defined"), [(0.5, True), (2.0, False)])
def test_a_scale_needs_baselines_that_are_further_apart_than_chance_moves_them(
    tmp_path: Path, noise: float, defined: bool
) -> None:
    scaffold.make(tmp_path / "demo")
    loaded = problem.load(str(tmp_path / "demo"))
    calibration = Calibration(loaded)
    for name, value, spread in (("round-robin", 3.0, noise), ("longest-first", 2.0, 0.0)):
        replicates = tuple(value + spread * (-1) ** place for place in range(100))
        results = (WorkloadResult("w", "ok", {"makespan": value}, replicates=replicates),)
        calibration.add(name, "test", Evaluation("test", "full", "ok", metrics={"makespan": value}, workloads=results))
    recorded = Calibration(loaded)
    for name in ("round-robin", "longest-first"):
        kept = calibration.plain(name, "test")
        assert kept["evaluation"]["workloads"][0]["replicates"] == ()
        recorded.add_plain(kept)
    for each in (calibration, recorded):
        scale = each.scale("test")
        assert scale is not None
        assert (scale.total is not None, bool(scale.workloads)) == (defined, defined)
        assert (each.why_no_score("test") == "") == defined
    assert not recorded.why_no_score("train"), "what was not measured needs no reason"


def run(tmp_path: Path, replicates: str) -> Run:
    """A run on the template whose evaluator says how its metric varies."""
    folder = tmp_path / "demo"
    scaffold.make(folder)
    evaluator = folder / "evaluator.py"
    text = evaluator.read_text()
    start = text.index("        return Metrics(")
    call = text[start:].strip().removeprefix("return ")
    evaluator.write_text(
        f"{text[:start]}        metrics = {call}\n        metrics.replicates = lambda: {replicates}\n"
        "        return metrics\n"
    )
    return evolve(folder, max_evaluations=25, runs_dir=tmp_path / "runs", workers=2, seed=3)


def sizes(made: Run) -> dict[int, int]:
    with Reader(made.path) as reader:
        return {number: len(tokens(reader.program(number).source)) for number in reader.best(5)}


def test_of_programs_that_do_not_differ_the_smallest_wins(tmp_path: Path) -> None:
    noise = "[float(np.mean(makespans)) + (-1) ** k * 1e6 * np.mean(makespans) for k in range(200)]"
    made = run(tmp_path, noise)
    assert made.outcome is not None
    choice, known = made.outcome.choice, sizes(made)
    assert set(choice.alike) <= set(known)
    assert len(choice.alike) > 1
    assert choice.winner is not None
    assert known[choice.winner] == min(known[number] for number in choice.alike)
    why_not = made.outcome.plain()["no_score"]
    assert set(why_not) == {"train", "validation", "test"}, "the baselines cannot be told apart either"
    with Reader(made.path) as reader:
        standing, page = lineage.standing(reader), report.render(reader)
    assert {split: standing.no_score[split] for split in why_not} == why_not
    assert all(each.score is None for row in standing.contenders for each in row.measured.values())
    assert f"There is no score on test: {why_not['test']}" in page
    again = made.resume()
    assert again.plain()["no_score"] == why_not
    assert again.choice.winner == choice.winner, "what was compared once is not forgotten"


def test_of_programs_that_differ_the_best_wins(tmp_path: Path) -> None:
    made = run(tmp_path, "[float(np.mean(makespans))] * 200")
    assert made.outcome is not None
    choice = made.outcome.choice
    assert choice.winner is not None
    reached = choice.of(choice.winner, "validation")
    best = max(found.fitness or 0.0 for (number, split), found in choice.evaluations.items()
               if split == "validation" and number != 1 and found.fitness is not None)  # fmt: skip
    assert reached is not None
    assert reached.fitness == best
