"""Reads the tables `[[stages]]` of a problem: first parts of `train` that weed out programs."""

from collections.abc import Collection

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import WorkloadSpec
from adrs.problem_records import Stage
from adrs.program import FULL, PARTIAL, REFUSED
from adrs.strict_toml import Table


def read_stage(table: Table, train: Collection[WorkloadSpec], declared: Collection[str]) -> Stage:
    """A stage of some workloads. declared: names of `train` as written, which may be left out. Raises UserError."""
    name, chosen = table.take("name", str), table.strings("workloads")
    seconds, least = table.take("decision_seconds", float, None), table.take("least_score", float, None)
    table.finish()
    _check_name(name, table)
    names = {spec.name for spec in train}
    for workload in chosen:
        if workload not in names and workload not in declared:
            raise UserError(f'{table.file}: stage "{name}": no train workload "{workload}"'
                            f"{did_you_mean(workload, names)}")  # fmt: skip
    return Stage(name, tuple(workload for workload in chosen if workload in names), seconds, least)


def read_shared_stage(table: Table) -> Stage:
    """A stage that is a function of a shared evaluator. Raises UserError."""
    name = table.take("name", str)
    function = table.take("function", str, f"evaluate_{name}")
    seconds, least = table.take("decision_seconds", float, None), table.take("least_score", float, None)
    table.finish()
    _check_name(name, table)
    return Stage(name, ("evaluate",), seconds, least, function)


def _check_name(name: str, table: Table) -> None:
    if name in ("start", "screen", FULL, PARTIAL, REFUSED):
        raise UserError(f'{table.file}: {table.where} may not be called "{name}", which has a meaning already')
