"""The tables `[[comparisons]]` of a problem: two of its baselines must measure alike on given workloads."""

from collections.abc import Mapping, Sequence

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import WorkloadSpec
from adrs.problem_records import Baseline, Comparison
from adrs.strict_toml import Table


def read_comparisons(tables: Sequence[Table], problem: str, baselines: Sequence[Baseline]) -> tuple[Comparison, ...]:
    """The tables, checked against the baselines. Raises UserError."""
    return tuple(_comparison(table, problem, {baseline.name: baseline for baseline in baselines}) for table in tables)


def _comparison(table: Table, problem: str, baselines: dict[str, Baseline]) -> Comparison:
    comparison = Comparison(
        name=table.take("name", str),
        baseline=baselines[table.choice("baseline", tuple(baselines))],
        beside=baselines[table.choice("beside", tuple(baselines))],
        workloads=tuple(_workload(entry, problem) for entry in table.tables("workloads")),
        relative=_limits(table.table("relative", {})),
        absolute=_limits(table.table("absolute", {})),
    )
    table.finish()
    if not comparison.workloads or not (comparison.relative or comparison.absolute):
        raise UserError(f"{table.file}: {table.where} needs workloads, and limits in `relative` or `absolute`")
    names = [spec.name for spec in comparison.workloads]
    if len(set(names)) < len(names):
        raise UserError(f"{table.file}: {table.path('workloads')} must have different names")
    return comparison


def _workload(entry: Table, problem: str) -> WorkloadSpec:
    name, family, seed = entry.take("name", str), entry.take("family", str), entry.take("seed", int, None)
    return WorkloadSpec(problem, name, family, "fresh", seed, entry.rest())


def _limits(table: Table) -> dict[str, float]:
    limits = {name: table.take(name, float) for name in table.data}
    for name, limit in limits.items():
        if limit < 0:
            raise UserError(f"{table.file}: {table.path(name)} must be at least 0, not {limit}")
    return limits


def compared(comparison: Comparison, one: Mapping[str, float], beside: Mapping[str, float]) -> tuple[bool, str]:
    """Whether the metrics of one workload lie within the limits, and all of them in words. Raises UserError."""
    ok, parts = True, []
    for name, limit in (comparison.relative | comparison.absolute).items():
        if name not in one or name not in beside:
            raise UserError(f'comparison "{comparison.name}" names no metric: "{name}"{did_you_mean(name, beside)}')
        change, allowed, shown = one[name] - beside[name], limit, f"limit {limit:g}"
        difference = f"{change:+.2g}"
        if name in comparison.relative:
            allowed, shown = limit * abs(beside[name]), f"limit {100 * limit:g} %"
            difference = f"{100 * change / abs(beside[name]):+.1f} %" if beside[name] else difference
        ok = ok and abs(change) <= allowed
        parts.append(f"{name} {one[name]:.5g} beside {beside[name]:.5g} ({difference}, {shown})")
    return ok, "; ".join(parts)
