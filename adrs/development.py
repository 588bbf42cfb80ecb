"""What becomes of one ticket: a draft is proposed, screened, compared with what is there, evaluated and recorded.

Each step is in the log before it has an effect, and what an earlier session left there is not done again.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

from adrs.parts import Parts
from adrs.program import REFUSED, SEED_TICKET, Brief, Draft, Evaluation, Job, Program, Selection, Threshold
from adrs.source import Rejected

_RECENT_FAILURES = 50
_OVERDUE_SECONDS = 60.0
"""What an evaluation may take before it is thought that the evaluator may hang;"""
_OVERDUE_ROUNDS = 2
"""or, if that is longer, so many times what the seed program takes, for each that may be in the making."""


class Development:
    """The programs that are in the making, and how they are made."""

    def __init__(self, parts: Parts, note: Callable[[str], None]) -> None:
        """`note` hears of an evaluation that takes unusually long."""
        self._parts = parts
        self._note = note
        self.overdue: set[int] = set()
        """Tickets whose evaluation takes so long that the evaluator may hang."""
        self._by_number: dict[int, asyncio.Task[Program]] = {}
        self._drafted: dict[int, asyncio.Event] = {}
        """By number of a program that is not told yet: whether its draft is in the log, or never will be."""
        self._failures: deque[str] = deque(maxlen=_RECENT_FAILURES)

    def begin(self, ticket: int, number: int, selection: Selection | None) -> "asyncio.Task[Program]":
        """Begin with a program; without a selection, the seed program. It can be stopped by what is known now."""
        self._drafted[number] = asyncio.Event()
        task = asyncio.create_task(self._develop(ticket, number, selection, self._threshold(selection)))
        self._by_number[number] = task
        return task

    def promote(self, ticket: int, program: Program) -> "asyncio.Task[Program]":
        """Evaluate a known program to the end."""
        return asyncio.create_task(self._evaluated(ticket, program, None, None))

    def told(self, program: Program) -> None:
        """A program has been told: it is nobody's to wait for any more, and its failure is in the briefs to come."""
        self._by_number.pop(program.id, None)
        self._drafted.pop(program.id, None)
        if program.verdict != "ok" and program.duplicate_of is None and program.source and program.evaluation:
            self._failures.append(f"{program.verdict}: {program.evaluation.reason}")

    def _threshold(self, selection: Selection | None) -> Threshold | None:
        """What the evaluation of a program that is asked for now may be stopped by."""
        least = selection.least if selection else None
        return None if least is None else self._parts.optimum.threshold(least)

    async def _develop(
        self, ticket: int, number: int, selection: Selection | None, threshold: Threshold | None
    ) -> Program:
        """From a selection to an evaluated program; without a selection, the seed program."""
        try:
            known = self._known(ticket, selection)
            if known is not None:
                return known
            program, refusal = await self._proposed(ticket, number, selection)
        finally:
            self._drafted[number].set()
        if refusal:
            return self._screened(ticket, program, Evaluation("train", "screen", "rejected", refusal), None)
        original = await self._original(ticket, program)
        if original is not None and original.evaluation is not None:
            copied = replace(
                original.evaluation, verdict="rejected", reason=f"duplicate of program {original.id}", fitness=None,
                wall_seconds=0.0, cpu_seconds=0.0,
            )  # fmt: skip
            return self._screened(ticket, program, copied, original.id)
        refusal = selection.refuse(program) if selection and selection.refuse else ""
        if refusal:
            return self._screened(ticket, program, Evaluation("train", REFUSED, "rejected", refusal), None)
        return await self._evaluated(ticket, program, selection.until if selection else None, threshold)

    def _known(self, ticket: int, selection: Selection | None) -> Program | None:
        """The program as an earlier session of this run left it, with nothing to be done again."""
        recorded = self._parts.recorded
        program = recorded.program(ticket) if recorded else None
        draft = recorded.draft(ticket) if recorded and program else None
        if draft is not None and selection is not None:
            self._parts.proposer.recall(self._brief(ticket, selection), draft)
        return program

    async def _proposed(self, ticket: int, number: int, selection: Selection | None) -> tuple[Program, str]:
        """A program whose draft is in the log, and why it is refused without an evaluation, if it is."""
        draft = self._parts.first if selection is None else await self._draft(ticket, selection)
        island = selection.island if selection else 0
        refusal = draft.failure
        digest = ""
        if not refusal:
            try:
                digest = self._parts.screen.check(draft.source)
            except Rejected as rejected:
                refusal = str(rejected)
        if self._is_new(ticket):
            self._parts.writer.proposed(ticket, number, island, digest, draft)
        program = Program(
            id=number, source=draft.source, digest=digest, parents=draft.parents, proposer=draft.proposer,
            operator=draft.operator, model=draft.model, island=island, rationale=draft.rationale, detail=draft.detail,
        )  # fmt: skip
        return program, refusal

    async def _draft(self, ticket: int, selection: Selection) -> Draft:
        brief = self._brief(ticket, selection)
        recorded = self._parts.recorded.draft(ticket) if self._parts.recorded else None
        if recorded is not None:
            self._parts.proposer.recall(brief, recorded)
            return recorded
        return await self._parts.proposer.propose(brief)

    def _brief(self, ticket: int, selection: Selection) -> Brief:
        key = sha256(f"{self._parts.seed}/{ticket}".encode()).digest()
        return Brief(
            ticket=ticket, seed=int.from_bytes(key[:8], "big") >> 1, parent=selection.parent,
            inspirations=selection.inspirations, operator=selection.operator, independent=selection.independent,
            failures=() if selection.independent else tuple(Counter(self._failures).most_common(5)),
            hints=self._parts.steering.hints(ticket),
        )  # fmt: skip

    async def _original(self, ticket: int, program: Program) -> Program | None:
        """The earlier program with the same normalised source, once it was evaluated and ended by its own doing."""
        for number in await self._alike(ticket, program):
            task = self._by_number.get(number)
            original = await asyncio.shield(task) if task else self._parts.reader.program(number)
            evaluation = original.evaluation
            if evaluation is not None and evaluation.stage != REFUSED and evaluation.verdict != "infrastructure":
                return original
        return None

    async def _alike(self, ticket: int, program: Program) -> list[int]:
        """Earlier programs with the same normalised source; in a replay, the one that was the original."""
        recorded = self._parts.recorded
        if recorded is not None and self._parts.replaying:
            number = recorded.duplicate_of(ticket)
            return [] if number is None else [number]
        if self._parts.order == "ticket":  # or it would depend on who answers first
            for drafted in [event for other, event in self._drafted.items() if other < program.id]:
                await drafted.wait()
        return self._parts.reader.numbers_by_digest(program.digest, before=program.id)

    async def _evaluated(
        self, ticket: int, program: Program, until: str | None, threshold: Threshold | None
    ) -> Program:
        recorded = self._parts.recorded.evaluation(ticket) if self._parts.recorded else None
        if recorded is not None:
            if self._parts.replaying:
                self._parts.writer.evaluated(ticket, program.id, recorded)
            return replace(program, evaluation=recorded)
        if ticket == SEED_TICKET:
            evaluation = self._parts.seed_evaluation
        else:
            threshold = self._spare(program, threshold) if threshold else None
            parts = self._parts
            job = Job(program.source, "train", until, parts.scale, parts.call_seconds, threshold=threshold)
            evaluation = await self._executed(ticket, program.id, job)
        self._parts.writer.evaluated(ticket, program.id, evaluation)
        return replace(program, evaluation=evaluation)

    async def _executed(self, ticket: int, number: int, job: Job) -> Evaluation:
        """Have a program evaluated; where that takes unusually long, it is said, once for all that wait together."""
        parts = self._parts
        seconds = max(_OVERDUE_SECONDS, _OVERDUE_ROUNDS * parts.window * parts.seed_evaluation.wall_seconds)

        def overdue() -> None:
            if not self.overdue:
                given_up = parts.problem.limits.patience_seconds
                text = f"program {number} has been in evaluation for {seconds:.0f} s"
                self._note(f"{text}; an evaluator that hangs is given up after {given_up:g} s")
            self.overdue.add(ticket)

        timer = asyncio.get_running_loop().call_later(seconds, overdue)
        try:
            return await parts.executor.evaluate(job)
        finally:
            timer.cancel()
            self.overdue.discard(ticket)

    def _spare(self, program: Program, threshold: Threshold) -> Threshold:
        """A program that may still beat its own parent is worth an evaluation, whatever others have reached."""
        parent = self._parts.reader.evaluation(program.parents[0].id) if program.parents else None
        if parent is None or parent.fitness is None:
            return threshold
        return replace(threshold, fitness=min(threshold.fitness, parent.fitness))

    def _screened(self, ticket: int, program: Program, evaluation: Evaluation, duplicate_of: int | None) -> Program:
        self._parts.writer.screened(ticket, program.id, evaluation, duplicate_of)
        return replace(program, evaluation=evaluation, duplicate_of=duplicate_of)

    def _is_new(self, ticket: int) -> bool:
        """Whether the log that is being written has no draft of a ticket yet."""
        return self._parts.replaying or self._parts.recorded is None or self._parts.recorded.draft(ticket) is None
