"""What a log says of a range of tickets, in a few queries whatever their number."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from adrs.program import Draft, Evaluation, Parent, Program, WorkloadResult
from adrs.store.packed import unpack
from adrs.store.reader import Reader

_OF_TICKETS = "JOIN program p ON p.id = {key} WHERE p.ticket BETWEEN ? AND ?"


@dataclass(frozen=True, slots=True)
class Ticket:
    """One ticket's rows."""

    asked: Mapping[str, Any] | None
    """What the search chose; None for the seed program's ticket."""
    program: Program | None = None
    """With its evaluation where it has ended; None where the session ended before the proposal, or for a promotion."""
    failure: str = ""
    """Why the proposer had no source."""

    @property
    def draft(self) -> Draft | None:
        """What was proposed."""
        program = self.program
        if program is None:
            return None
        return Draft(
            source=program.source, proposer=program.proposer, operator=program.operator, parents=program.parents,
            rationale=program.rationale, model=program.model, detail=program.detail, failure=self.failure,
        )  # fmt: skip


def read(reader: Reader, first: int, last: int) -> dict[int, Ticket]:
    """All tickets from `first` to `last` that the log knows."""
    query = "SELECT ticket, payload FROM event WHERE ticket BETWEEN ? AND ? AND kind = 'asked'"
    tickets = {ticket: Ticket(json.loads(payload)) for ticket, payload in reader.rows(query, first, last)}
    parents: defaultdict[int, list[Parent]] = defaultdict(list)
    query = f"SELECT c.child, c.parent, c.role FROM parentage c {_OF_TICKETS.format(key='c.child')}"
    for child, parent, role in reader.rows(f"{query} ORDER BY c.child, c.role != 'parent', c.parent", first, last):
        parents[child].append(Parent(parent, role))
    evaluations = _evaluations(reader, first, last)
    query = (
        "SELECT p.ticket, p.id, p.digest, s.text, p.island, p.proposer, p.operator, p.model, p.rationale, p.detail,"
        " p.failure FROM program p JOIN source s ON s.digest = p.source WHERE p.ticket BETWEEN ? AND ?"
    )
    for ticket, number, digest, text, island, proposer, operator, model, rationale, detail, failure in reader.rows(
        query, first, last
    ):
        evaluation, original = evaluations.get(number, (None, None))
        program = Program(
            id=number, source=unpack(text).decode(errors="surrogatepass"), digest=digest,
            parents=tuple(parents[number]), proposer=proposer, operator=operator, model=model, island=island,
            rationale=rationale, detail=json.loads(detail), evaluation=evaluation, duplicate_of=original,
        )  # fmt: skip
        asked = tickets[ticket].asked if ticket in tickets else None
        tickets[ticket] = Ticket(asked, program, failure)
    return tickets


def _evaluations(reader: Reader, first: int, last: int) -> dict[int, tuple[Evaluation, int | None]]:
    """By program its first evaluation on `train`, the one of its own ticket, and the program that this copies."""
    of_tickets = _OF_TICKETS.format(key="e.program")
    results: defaultdict[int, list[WorkloadResult]] = defaultdict(list)
    query = (
        "SELECT w.evaluation, w.workload, w.verdict, w.score, w.metrics, w.feedback FROM evaluation e"
        f" JOIN workload_result w ON w.evaluation = e.id {of_tickets} AND e.split = 'train' ORDER BY 1, 2"
    )
    for key, name, verdict, score, metrics, feedback in reader.rows(query, first, last):
        results[key].append(WorkloadResult(name, verdict, json.loads(metrics), score, feedback))
    query = (
        "SELECT e.id, e.program, e.stage, e.verdict, e.reason, e.score, e.fitness, e.metrics, e.output, e.duplicate_of,"
        f" e.wall_seconds, e.cpu_seconds, e.peak_memory_mb, e.sandbox FROM evaluation e {of_tickets}"
        " AND e.split = 'train' ORDER BY e.id"
    )
    found: dict[int, tuple[Evaluation, int | None]] = {}
    for key, number, stage, verdict, reason, score, fitness, metrics, output, original, *costs in reader.rows(
        query, first, last
    ):
        if number in found:
            continue
        wall, cpu, memory, sandbox = costs
        evaluation = Evaluation(
            split="train", stage=stage, verdict=verdict, reason=reason, metrics=json.loads(metrics), fitness=fitness,
            score=score, workloads=tuple(results[key]), output=output, wall_seconds=wall, cpu_seconds=cpu,
            peak_memory_mb=memory, sandbox=sandbox,
        )  # fmt: skip
        if original is not None:
            copied = reader.evaluation(original)
            evaluation = replace(evaluation, workloads=copied.workloads if copied else ())
        found[number] = evaluation, original
    return found
