"""A run as rows, one a program: what every form of export is made of."""

from collections.abc import Iterator
from typing import Any

from adrs import lineage
from adrs.lineage import SHOWN
from adrs.program import Program
from adrs.store import Reader

_KINDS = {
    **dict.fromkeys(("run", "problem", "trust", "proposer", "operator", "model", "rationale", "digest", "verdict",
                     "reason", "parents", "source"), "text"),
    **dict.fromkeys(("id", "parent", "island", "duplicate_of"), "whole"),
    **dict.fromkeys(("improved", "winner"), "truth"),
}  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows(reader: Reader, sources: bool = True) -> Iterator[dict[str, Any]]:
    """All programs in order, each as nested plain data.

    `evaluations` holds what was measured by split, with metrics, workloads, feedback and costs; `improved` says whether
    it was the best so far when it came. sources: whether to give the text of the programs.
    """
    improved = {point.program for point in lineage.curve(reader).points}
    chosen = lineage.winner(reader)
    others = {number for (number,) in reader.rows("SELECT DISTINCT program FROM evaluation WHERE split != 'train'")}
    times = dict(
        reader.rows("SELECT e.program, MIN(v.time) FROM evaluation e JOIN event v ON v.id = e.event GROUP BY 1")
    )
    for program in reader.programs():
        measured = {"train": program.evaluation} if program.evaluation else {}
        if program.id in others:
            found = {split: reader.evaluation(program.id, split) for split in SHOWN}
            measured = {split: evaluation for split, evaluation in found.items() if evaluation is not None}
        row = {
            "run": reader.folder.name, "problem": reader.info.problem, "trust": reader.info.trust, "id": program.id,
            "parents": [{"id": parent.id, "role": parent.role} for parent in program.parents],
            **_of(program), "time": times.get(program.id), "improved": program.id in improved,
            "winner": program.id == chosen,
            "evaluations": {split: lineage.plain(evaluation) for split, evaluation in measured.items()},
        }  # fmt: skip
        if sources:
            row["source"] = program.source
        yield row


def _of(program: Program) -> dict[str, Any]:
    return {
        "island": program.island, "proposer": program.proposer, "operator": program.operator, "model": program.model,
        "rationale": program.rationale, "digest": program.digest, "duplicate_of": program.duplicate_of,
        "verdict": program.state, "score": program.score,
        "fitness": program.fitness,
    }  # fmt: skip


def flat(row: dict[str, Any]) -> dict[str, Any]:
    """A row without nesting, for tables: metrics become columns such as `train.kvpr`; workloads are left out."""
    made = {key: value for key, value in row.items() if key not in ("parents", "evaluations", "source")}
    parents = row["parents"]
    made["parent"] = parents[0]["id"] if parents else None
    made["parents"] = " ".join(f"{parent['id']}:{parent['role']}" for parent in parents)
    for split in SHOWN:
        evaluation = row["evaluations"].get(split)
        if evaluation is None:
            continue
        if split == "train":
            made |= {key: evaluation[key] for key in ("reason", "wall_seconds", "cpu_seconds", "peak_memory_mb")}
        else:
            made[f"{split}.score"] = evaluation["score"]
        made |= {f"{split}.{name}": value for name, value in evaluation["metrics"].items()}
    if "source" in row:
        made["source"] = row["source"]
    return made


def kind(column: str) -> str:
    """What a column of `flat` holds: `text`, `whole` numbers, `truth` values or, as all metrics, `number`s."""
    return _KINDS.get(column, "number")


def harmless(value: Any) -> Any:
    """Text that a spreadsheet does not take for a formula: what could be one gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
