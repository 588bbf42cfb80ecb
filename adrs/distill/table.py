"""The rows of a distillation as entries of the Pareto table."""

from adrs.distill.pareto import Entry
from adrs.distill.work import Row, Work
from adrs.program import SPLITS, Split


def rows(work: Work) -> list[Row]:
    """The table's rows, in order."""
    found: list[Row] = []
    for role in ("trivial", "state-of-the-art"):
        baseline = work.problem.baseline(role)
        if baseline is not None:
            known = {split: each for split in SPLITS
                     if (each := work.calibration.evaluations.get((baseline.name, split))) is not None}  # fmt: skip
            found.append(Row(baseline.name, role, None, known))
    found += [work.original] if work.original else []
    return [*found, *(result.row for result in work.results), *work.rules]


def entries(work: Work) -> list[Entry]:
    """Baselines, the original, and what was made of it."""
    return [entry(work, row) for row in rows(work)]


def values_by_workload(work: Work) -> tuple[dict[str, float], dict[str, float]]:
    """Of the original and of what was chosen, on the workloads of validation: the problem's metric."""
    metric = work.problem.objective.workload_metric

    def of(row: Row | None) -> dict[str, float]:
        evaluation = row.evaluations.get("validation") if row else None
        results = evaluation.workloads if evaluation else ()
        return {result.name: result.metrics[metric] for result in results if metric in result.metrics}

    return of(work.original), of(work.chosen.row if work.chosen else None)


def entry(work: Work, row: Row) -> Entry:
    """A row. Stages say more in `Row.more`: operations, worst_tenth by split, fidelity, ns, eligible."""
    more = row.more
    scores = {split: found for split in SPLITS if (found := _score(work, row, split)) is not None}
    chosen = work.chosen is not None and row is work.chosen.row
    worst = more.get("worst_tenth", {})
    return Entry(row.name, row.kind, row.nodes, more.get("operations"), scores, worst.get("validation"),
                 more.get("fidelity"), more.get("ns", {}), chosen, more.get("eligible", True))  # fmt: skip


def _score(work: Work, row: Row, split: Split) -> float | None:
    """On the scale of the split; the metric with its sign turned so that higher is better where there is none."""
    evaluation = row.evaluations.get(split)
    if evaluation is None:
        return None
    scale = work.calibration.scale(split)
    value = evaluation.metrics.get(work.problem.objective.metric)
    if value is None or scale is None or scale.total is None:
        return evaluation.score if evaluation.score is not None else evaluation.fitness
    return scale.total.score(value)
