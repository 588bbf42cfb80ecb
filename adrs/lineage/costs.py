"""What the run cost, by model and by operator."""

from dataclasses import dataclass

from adrs.store import Reader


@dataclass(frozen=True, slots=True)
class ModelCost:
    """Calls of one model."""

    model: str
    calls: int
    failed: int
    """Calls without an answer."""
    input_tokens: int
    output_tokens: int
    usd: float
    seconds: float
    """Waited for, calls side by side counted in full."""
    programs: int
    """That it wrote."""


@dataclass(frozen=True, slots=True)
class OperatorCost:
    """Programs that one operator of one proposer made, and what making and evaluating them took."""

    proposer: str
    operator: str
    programs: int
    evaluations: int
    """Paid ones on `train`."""
    cpu_seconds: float
    """Of evaluations on `train`."""
    input_tokens: int
    output_tokens: int
    usd: float


@dataclass(frozen=True, slots=True)
class Costs:
    """What the run cost."""

    by_model: tuple[ModelCost, ...]
    by_operator: tuple[OperatorCost, ...]
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float
    seconds: float
    """Worked on the run, over all sessions."""
    cpu_seconds: float
    """Of all evaluations, on all splits."""


def costs(reader: Reader) -> Costs:
    """What the run cost so far. Reads every program's row, so not for views that are redrawn."""
    spent = reader.spend()
    return Costs(
        by_model=_by_model(reader), by_operator=_by_operator(reader), calls=int(spent["calls"]),
        input_tokens=int(spent["input_tokens"]), output_tokens=int(spent["output_tokens"]), usd=spent["usd"],
        seconds=spent["seconds"], cpu_seconds=spent["cpu_seconds"],
    )  # fmt: skip


def _by_model(reader: Reader) -> tuple[ModelCost, ...]:
    written = dict(reader.rows("SELECT model, COUNT(*) FROM program WHERE model != '' GROUP BY model"))
    rows = reader.rows(
        "SELECT model, COUNT(*), SUM(error != ''), SUM(input_tokens), SUM(output_tokens), SUM(usd), SUM(seconds)"
        " FROM model_call GROUP BY model ORDER BY SUM(usd) DESC, COUNT(*) DESC, model"
    )
    return tuple(
        ModelCost(model, calls, failed, read, made, usd, seconds, written.get(model, 0))
        for model, calls, failed, read, made, usd, seconds in rows
    )


def _by_operator(reader: Reader) -> tuple[OperatorCost, ...]:
    rows = reader.rows(
        "SELECT p.proposer, p.operator, COUNT(DISTINCT p.id), COUNT(e.id), COALESCE(SUM(e.cpu_seconds), 0.0)"
        " FROM program p LEFT JOIN evaluation e ON e.program = p.id AND e.split = 'train' AND e.duplicate_of IS NULL"
        " AND e.stage NOT IN ('screen', 'refused') WHERE p.ticket > 0 GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"
    )
    calls = {
        (proposer, operator): (read, written, usd)
        for proposer, operator, read, written, usd in reader.rows(
            "SELECT p.proposer, p.operator, SUM(c.input_tokens), SUM(c.output_tokens), SUM(c.usd)"
            " FROM model_call c JOIN program p ON p.ticket = c.ticket GROUP BY 1, 2"
        )
    }
    made = []
    for proposer, operator, programs, evaluations, cpu in rows:
        spent = calls.get((proposer, operator), (0, 0, 0.0))
        made.append(OperatorCost(proposer, operator, programs, evaluations, cpu, *spent))
    return tuple(made)
