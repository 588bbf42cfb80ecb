"""Everything about one program: what it is, how it did, what it came from and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from adrs.errors import UserError
from adrs.lineage.diff import Compared, by_workload
from adrs.lineage.gain import gain
from adrs.lineage.said import Said, notes
from adrs.lineage.scores import SHOWN
from adrs.llm.records import Call
from adrs.program import Evaluation, Program, Split
from adrs.store import Reader, Summary

_MOST_CHILDREN = 200


@dataclass(frozen=True)
class Detail:
    """One program."""

    program: Program
    """With its evaluation on `train`."""
    parent: Program | None
    """The first one."""
    gain: float | None
    """Score over the parent's, fitness where there is no scale."""
    evaluations: Mapping[str, Evaluation]
    """The latest one on each split where it was evaluated."""
    workloads: tuple[Compared, ...]
    """Of the split that was asked for, beside the parent's where it was measured there."""
    children: tuple[Summary, ...]
    """Programs whose first parent it is, the best first; at most 200."""
    child_count: int
    duplicates: tuple[int, ...]
    """Programs that were found to repeat it."""
    calls: tuple[Call, ...]
    """What models were asked for it and answered, in order, with the messages where the log has them."""
    notes: tuple[Said, ...]
    """What people said of it, the earliest first."""


def detail(reader: Reader, number: int, split: Split = "train") -> Detail:
    """Everything about one program, with the workloads of a split. Raises UserError for an unknown number, and for a
    split on which it was not measured."""
    program = reader.program(number)
    parent = reader.program(program.parents[0].id) if program.parents else None
    found = {split: reader.evaluation(number, split) for split in SHOWN}
    if split != "train" and found[split] is None:
        where = ", ".join(each for each in SHOWN if found[each] is not None)
        raise UserError(f"program {number} was not measured on {split}, but on {where or 'nothing yet'}")
    children = [child for (child,) in reader.rows(
        "SELECT child FROM parentage q LEFT JOIN evaluation e ON e.program = q.child AND e.split = 'train'"
        " WHERE q.parent = ? AND q.role = 'parent' GROUP BY child ORDER BY MAX(e.fitness) DESC, child LIMIT ?",
        number, _MOST_CHILDREN,
    )]  # fmt: skip
    known = {summary.id: summary for summary in reader.summaries(children)}
    return Detail(
        program=program, parent=parent, gain=gain(program, parent),
        evaluations={split: evaluation for split, evaluation in found.items() if evaluation is not None},
        workloads=tuple(_workloads(reader, program, split)),
        children=tuple(known[child] for child in children if child in known),
        child_count=reader.rows("SELECT COUNT(*) FROM parentage WHERE parent = ? AND role = 'parent'", number)[0][0],
        duplicates=tuple(each for (each,) in reader.rows(
            "SELECT DISTINCT program FROM evaluation WHERE duplicate_of = ? ORDER BY program", number)),
        calls=reader.calls(number), notes=tuple(notes(reader, number)),
    )  # fmt: skip


def _workloads(reader: Reader, program: Program, split: Split) -> list[Compared]:
    """Beside the parent's; without a parent that was measured there, beside its own."""
    own = reader.program(program.id, split)
    parent = reader.program(program.parents[0].id, split) if program.parents else own
    return by_workload(parent if split == "train" or parent.evaluation else own, own)
