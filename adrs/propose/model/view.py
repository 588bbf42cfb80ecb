"""What a prompt says of a program: scores, the workloads it is worst at, feedback, output. Of `train` alone.

The same program gives the same text whether it was evaluated a moment ago or read from a log: workloads are put in
order here, and no measured second is shown.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from adrs.problem import Objective
from adrs.program import Evaluation, Program, WorkloadResult
from adrs.propose.model.text import clean, visible

_MOST_METRICS = 8
_MOST_WORKLOADS = 40
_MOST_FEEDBACK = 3
_MOST_BETTER = 5


@dataclass(frozen=True, slots=True)
class View:
    """One program as a prompt shows it; texts that others wrote are visible characters, not yet fenced or cut."""

    id: int
    source: str
    verdict: str
    score: str
    """For example `43.2, kvpr 0.11`; empty for a program without one."""
    worst: str
    """Name of the workload with the lowest score; empty if unknown."""
    reason: str
    """Why it failed."""
    workloads: str
    """One line a workload, worst first."""
    feedback: str
    """What the evaluator says of the worst workloads."""
    output: str
    """What the program printed."""
    better: str = ""
    """Where it beats the program that it is compared with."""
    differs_from: int | None = None
    """Number of the program that it is told by its differences from; None where its source is shown."""


def view(program: Program, objective: Objective, compared_with: Program | None = None) -> View:
    """What to show of a program."""
    evaluation = train(program)
    results = in_order(evaluation, objective)
    worst = results[0].name if results and worth(results[0], objective) is not None else ""
    if evaluation is None:
        return View(program.id, clean(program.source), "ok", "", "", "", "", "", "")
    return View(
        id=program.id,
        source=clean(program.source),
        verdict=evaluation.verdict,
        score=score(program, objective),
        worst=worst,
        reason="" if evaluation.verdict == "ok" else visible(evaluation.reason),
        workloads=_workloads(results, objective),
        feedback=_feedback(results),
        output=visible(evaluation.output),
        better="" if compared_with is None else ", ".join(better(program, compared_with, objective)),
    )


def train(program: Program) -> Evaluation | None:
    """The evaluation of a program if it is one that proposers may know."""
    evaluation = program.evaluation
    return evaluation if evaluation is not None and evaluation.split == "train" else None


def score(program: Program, objective: Objective) -> str:
    """Score and primary metric of a program, empty where it has none."""
    evaluation = train(program)
    if evaluation is None or objective.metric not in evaluation.metrics:
        return ""
    value = f"{objective.metric} {number(evaluation.metrics[objective.metric])}"
    return value if evaluation.score is None else f"{evaluation.score:.1f}, {value}"


def number(value: float) -> str:
    """A number in as many digits as tell programs apart."""
    return f"{value:.6g}"


def worth(result: WorkloadResult, objective: Objective) -> float | None:
    """How good a program is on a workload, higher being better: its score, else the primary metric."""
    if result.score is not None:
        return result.score
    value = result.metrics.get(objective.workload_metric)
    return None if value is None else objective.fitness(value)


def in_order(evaluation: Evaluation | None, objective: Objective) -> list[WorkloadResult]:
    """Workloads that failed, then the others from the worst to the best; by name where they are equal."""

    def key(result: WorkloadResult) -> tuple[bool, float, str]:
        value = worth(result, objective)
        return result.verdict == "ok", 0.0 if value is None else value, result.name

    return sorted(evaluation.workloads, key=key) if evaluation else []


def better(program: Program, other: Program, objective: Objective) -> list[str]:
    """Workloads on which a program beats another by what the shown digits show, the largest difference first."""
    ours, theirs = _worths(program, objective), _worths(other, objective)
    gains = {name: ours[name] - theirs[name] for name in ours if name in theirs and ours[name] > theirs[name]}
    ours_shown, theirs_shown = _described(program, objective), _described(other, objective)
    names = sorted(gains, key=lambda name: (-gains[name], name))
    seen = [name for name in names if ours_shown[name] != theirs_shown[name]]
    return [f"{name} ({ours_shown[name]} against {theirs_shown[name]})" for name in seen[:_MOST_BETTER]]


def count_better(program: Program, other: Program, objective: Objective) -> int:
    """On how many workloads a program beats another."""
    ours, theirs = _worths(program, objective), _worths(other, objective)
    return sum(name in theirs and ours[name] > theirs[name] for name in ours)


def _worths(program: Program, objective: Objective) -> dict[str, float]:
    values = {result.name: worth(result, objective) for result in in_order(train(program), objective)}
    return {name: value for name, value in values.items() if value is not None}


def _described(program: Program, objective: Objective) -> dict[str, str]:
    """Score, else primary metric, by workload."""
    return {
        result.name: f"{result.score:.1f}" if result.score is not None
        else number(result.metrics.get(objective.workload_metric, 0.0))
        for result in in_order(train(program), objective)
    }  # fmt: skip


def _workloads(results: list[WorkloadResult], objective: Objective) -> str:
    lines = []
    for result in results[:_MOST_WORKLOADS]:
        head = result.name if result.verdict == "ok" else f"{result.name} ({result.verdict})"
        values = [] if result.score is None else [f"score {result.score:.1f}"]
        lines.append(f"{head}: {', '.join([*values, *_metrics(result.metrics, objective)]) or 'no metrics'}")
    if len(results) > _MOST_WORKLOADS:
        lines.append(f"and {len(results) - _MOST_WORKLOADS} more, on which it does better")
    return "\n".join(lines)


def _metrics(metrics: Mapping[str, float], objective: Objective) -> list[str]:
    """Those that the problem says the meaning of, the primary one first; all where it says none."""
    known = dict.fromkeys((objective.workload_metric, *objective.metrics)) if objective.metrics else metrics
    shown = [name for name in known if name in metrics][:_MOST_METRICS]
    return [f"{name} {number(metrics[name])}" for name in shown]


def _feedback(results: list[WorkloadResult]) -> str:
    said = [result for result in results if result.feedback.strip()]
    return "\n\n".join(f"{result.name}: {visible(result.feedback).strip()}" for result in said[:_MOST_FEEDBACK])
