"""The loop: ask, propose, screen, evaluate, record, tell.

Asking and telling happen in ticket order, so that the same seed gives the same lineage at any number of workers: the
ask of ticket t comes after the tells of exactly the tickets up to t - window. Between them, proposals and evaluations
run as they can. In order of arrival, for proposers that take their time, ends are told as they come; a replay follows
the order that the log has. Everything is in the log before it has an effect; a session that ends in any way can be gone
on with.
"""

import asyncio
import itertools
import time
from collections import Counter, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Literal

from adrs.breaker import Breaker
from adrs.budget import Budget
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.llm.spending import BudgetExhausted
from adrs.observer import Observer
from adrs.optimistic import Optimum
from adrs.problem import Problem
from adrs.program import REFUSED, Brief, Draft, Evaluation, Job, Program, Selection, Threshold
from adrs.propose import Proposer
from adrs.score import SplitScale
from adrs.search import Search
from adrs.source import Rejected, Screen
from adrs.steering import Steering
from adrs.store import Reader, Writer
from adrs.store.recorded import Recorded

SEED_TICKET = 1
_RECENT_FAILURES = 50
_LOOK_SECONDS = 0.25
"""Between two looks for messages while there is nothing else to do."""


@dataclass(frozen=True)
class Parts:
    """What a loop is put together from."""

    problem: Problem
    seed: int
    window: int
    order: Literal["ticket", "arrival"]
    budget: Budget
    search: Search
    proposer: Proposer
    screen: Screen
    executor: Executor
    scale: SplitScale | None
    call_seconds: float | None
    """A tighter limit of one call than the problem's, for new programs."""
    optimum: Optimum
    """What is thinkable on each workload, by which hopeless evaluations end early."""
    seed_evaluation: Evaluation
    """Of the seed program on `train`; it has a fitness, or there would be nothing to begin with."""
    writer: Writer
    reader: Reader
    recorded: Recorded | None
    """Answers of an earlier session, followed before anything new is asked."""
    ends_early: bool
    """Whether new programs may be stopped as soon as they cannot be kept."""
    replaying: bool
    """Whether `recorded` comes from another run, so that everything is written anew."""
    steering: Steering


class Loop:
    """One session of a run. `run` returns why it stopped."""

    def __init__(self, parts: Parts, observer: Observer, asking_ends: Callable[[], float | None]) -> None:
        """Take the parts; `asking_ends` gives the time (of `time.monotonic`) after which nothing new is asked."""
        self._parts = parts
        self._screen = parts.screen
        self._observer = observer
        self._asking_ends = asking_ends
        self._stop = asyncio.Event()
        self._stopped_by = "interrupt"
        self._pending: dict[int, asyncio.Task[Program]] = {}
        self._by_number: dict[int, asyncio.Task[Program]] = {}
        self._drafted: dict[int, asyncio.Event] = {}
        """By number of a program that is not told yet: whether its draft is in the log, or never will be."""
        self._asked = 0
        self._begun = False
        """Whether the seed program has been told."""
        self._numbers = 0
        self._taken = frozenset(parts.reader.distilled())
        """Numbers that are no ticket's."""
        self._evaluations = 0
        self._breaker = Breaker()
        self._failures: deque[str] = deque(maxlen=_RECENT_FAILURES)

    def stop(self, by: str = "interrupt") -> None:
        """Ask for nothing more; what is in flight is finished. A second call is the caller's to turn into a cancel."""
        if not self._stop.is_set():
            self._stopped_by = by
        self._stop.set()

    async def run(self) -> str:
        """Follow the record, then go on until a budget, the breaker, somebody's message or `stop` ends it."""
        try:
            await self.catch_up()
            if self._parts.replaying:
                return await self._finish_replay()
            if self._parts.recorded is not None:
                self._observer.note("evolving")
            return await self._go_on()
        finally:
            await self.drop()

    async def catch_up(self) -> None:
        """Follow the record to its end; with `ask_next`, `settle` and `drop` instead of `run`, to go step by step."""
        await self._begin(SEED_TICKET, None)
        if self._parts.recorded is not None:
            await self._follow(self._parts.recorded)

    async def ask_next(self) -> int:
        """Ask the search once more and start on the ticket, which is returned."""
        await self._ask(self._asked + 1)
        return self._asked

    async def settle(self, but: Collection[int]) -> None:
        """Tell how all that is pending ends, except the tickets in `but`."""
        for ticket in sorted(self._pending.keys() - set(but)):
            await self._tell(ticket)

    async def _finish_replay(self) -> str:
        """Evaluate what the record has no end of."""
        while self._pending and not self._stop.is_set():
            self._steer()
            if await self._wait_for(set(self._pending.values())):
                self._pending = {ticket: task for ticket, task in self._pending.items() if not task.done()}
        return self._stopped_by if self._stop.is_set() else "replayed"

    async def _follow(self, recorded: Recorded) -> None:
        """Do what the record says, in its order, as far as it goes."""
        for kind, ticket in recorded.sequence:
            if self._parts.replaying:
                self._steer()
                while self._parts.steering.paused and not self._stop.is_set():
                    await self._wait_for(set())
                    self._steer()
            if self._stop.is_set():
                return
            if kind == "told":
                await self._tell(ticket)
            elif not (self._parts.replaying and recorded.dropped(ticket)):
                await self._ask(ticket)

    async def _go_on(self) -> str:
        """Ask as often as is allowed, tell what has ended; returns why it stopped."""
        try:
            return await self._ask_and_tell()
        except BudgetExhausted as exhausted:
            await asyncio.gather(*self._pending.values(), return_exceptions=True)
            return exhausted.budget

    async def _ask_and_tell(self) -> str:
        while True:
            self._steer()
            ended = self._why_stop()
            if ended == "time":
                return ended
            if ended:
                await asyncio.gather(*self._pending.values())
                return ended
            if self._may_ask():
                await self._ask(self._asked + 1)
            elif self._pending:
                ticket = await self._next_ended()
                if ticket is not None:
                    reason = await self._tell(ticket)
                    if reason:
                        return f"breaker: {reason}"
            elif self._parts.steering.paused:
                await self._wait_for(set())
            else:
                return "evaluations"

    def _steer(self) -> None:
        """Heed what people say."""
        steering = self._parts.steering
        if not steering.waiting:
            return
        paused = steering.paused
        steering.receive(self._asked + 1)
        if steering.stopping:
            self.stop(by="request")
        if steering.paused != paused:
            self._observer.note("paused" if steering.paused else "evolving")

    def _may_ask(self) -> bool:
        if not self._begun or self._parts.steering.paused or len(self._pending) >= self._parts.window:
            return False
        return self._parts.budget.allows(self._evaluations, len(self._pending))

    def _why_stop(self) -> str:
        if self._stop.is_set():
            return self._stopped_by
        deadline = self._asking_ends()
        return "time" if deadline is not None and time.monotonic() >= deadline else ""

    async def _ask(self, ticket: int) -> None:
        selection = self._parts.search.ask()
        recorded = self._parts.recorded
        parent = recorded.asked_parent(ticket) if recorded else None
        if parent is not None and parent != selection.parent.id:
            raise UserError(
                f"the log of {self._parts.reader.info.name} does not fit this version of adrs: for ticket {ticket} it "
                f"says parent {parent}, the search now says {selection.parent.id}"
            )
        if parent is not None and recorded is not None:
            selection = replace(selection, least=recorded.least(ticket))
        elif not self._parts.ends_early:
            selection = replace(selection, least=None)
        self._parts.steering.follow(ticket)
        if parent is None or self._parts.replaying:
            self._parts.writer.asked(ticket, selection)
        await self._begin(ticket, selection)

    async def _begin(self, ticket: int, selection: Selection | None) -> None:
        """Start the work on a ticket. It takes its first step before this returns, so that proposals start in order."""
        self._asked = ticket
        if selection is not None and selection.promote is not None:
            task = asyncio.create_task(self._promote(ticket, selection.promote))
        else:
            self._numbers = next(n for n in itertools.count(self._numbers + 1) if n not in self._taken)
            self._drafted[self._numbers] = asyncio.Event()
            task = asyncio.create_task(self._develop(ticket, self._numbers, selection, self._threshold(selection)))
            self._by_number[self._numbers] = task
        self._pending[ticket] = task
        await asyncio.sleep(0)

    async def _next_ended(self) -> int | None:
        """Wait for what is to be told next, the earliest ticket or whichever comes; None if the session ends first."""
        if self._parts.order == "ticket":
            ticket = min(self._pending)
            return ticket if await self._wait_for({self._pending[ticket]}) else None
        if not await self._wait_for(set(self._pending.values())):
            return None
        return min(ticket for ticket, task in self._pending.items() if task.done())

    async def _tell(self, ticket: int) -> str | None:
        """Tell how a ticket ended; returns the breaker's reason to stop."""
        program = await self._pending[ticket]
        del self._pending[ticket]
        self._by_number.pop(program.id, None)
        self._drafted.pop(program.id, None)
        recorded = self._parts.recorded
        if self._parts.replaying or recorded is None or not recorded.told(ticket):
            self._parts.writer.told(ticket)
        if program.duplicate_of is None and program.verdict != "rejected":
            self._evaluations += 1
        if program.verdict != "ok" and program.duplicate_of is None and program.source and program.evaluation:
            self._failures.append(f"{program.verdict}: {program.evaluation.reason}")
        self._begun = True
        self._parts.optimum.tell(program)
        self._parts.search.tell(program)
        self._parts.proposer.tell(program)
        self._observer.told(program, self._evaluations)
        return self._breaker.tell(program)

    async def _wait_for(self, tasks: "set[asyncio.Task[Program]]") -> bool:
        """True when one of the tasks is done; False when a stop, the time or a message comes first.

        Without tasks it returns after the next look for messages.
        """
        if any(task.done() for task in tasks):
            return True
        stopped = asyncio.create_task(self._stop.wait())
        deadline = self._asking_ends()
        try:
            while not stopped.done():
                left = _LOOK_SECONDS if deadline is None else min(_LOOK_SECONDS, max(0.0, deadline - time.monotonic()))
                done, _ = await asyncio.wait({*tasks, stopped}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                if done or not tasks or left < _LOOK_SECONDS or self._parts.steering.waiting:
                    break
        finally:
            stopped.cancel()
        return any(task.done() for task in tasks)

    async def drop(self) -> None:
        """End what is in flight; the log has what is needed to begin it again."""
        tasks = list(self._pending.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

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

    def _threshold(self, selection: Selection | None) -> Threshold | None:
        """What the evaluation of a program that is asked for now may be stopped by."""
        least = selection.least if selection else None
        return None if least is None else self._parts.optimum.threshold(least)

    async def _proposed(self, ticket: int, number: int, selection: Selection | None) -> tuple[Program, str]:
        """A program whose draft is in the log, and why it is refused without an evaluation, if it is."""
        draft = self._seed_draft() if selection is None else await self._draft(ticket, selection)
        island = selection.island if selection else 0
        refusal = draft.failure
        digest = ""
        if not refusal:
            try:
                digest = self._screen.check(draft.source)
            except Rejected as rejected:
                refusal = str(rejected)
        if self._is_new(ticket):
            self._parts.writer.proposed(ticket, number, island, digest, draft)
        program = Program(
            id=number, source=draft.source, digest=digest, parents=draft.parents, proposer=draft.proposer,
            operator=draft.operator, model=draft.model, island=island, rationale=draft.rationale, detail=draft.detail,
        )  # fmt: skip
        return program, refusal

    def _seed_draft(self) -> Draft:
        return Draft(self._parts.problem.seed.read_text(), "seed", "seed", (), "the problem's seed program")

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
        recorded = self._parts.recorded
        if recorded is not None and self._parts.replaying:
            number = recorded.duplicate_of(ticket)
        else:
            if self._parts.order == "ticket":  # or it would depend on who answers first
                for drafted in [event for other, event in self._drafted.items() if other < program.id]:
                    await drafted.wait()
            number = self._parts.reader.number_by_digest(program.digest, before=program.id)
        if number is None:
            return None
        task = self._by_number.get(number)
        original = await asyncio.shield(task) if task else self._parts.reader.program(number)
        refused = original.evaluation is not None and original.evaluation.stage == REFUSED
        return None if refused or original.verdict == "infrastructure" else original

    async def _evaluated(
        self, ticket: int, program: Program, until: str | None, threshold: Threshold | None
    ) -> Program:
        recorded = self._parts.recorded.evaluation(ticket) if self._parts.recorded else None
        if recorded is not None:
            return replace(program, evaluation=recorded)
        if ticket == SEED_TICKET:
            evaluation = self._parts.seed_evaluation
        else:
            threshold = self._spare(program, threshold) if threshold else None
            parts = self._parts
            job = Job(program.source, "train", until, parts.scale, parts.call_seconds, threshold=threshold)
            evaluation = await self._parts.executor.evaluate(job)
        self._parts.writer.evaluated(ticket, program.id, evaluation)
        return replace(program, evaluation=evaluation)

    def _spare(self, program: Program, threshold: Threshold) -> Threshold:
        """A program that may still beat its own parent is worth an evaluation, whatever others have reached."""
        parent = self._parts.reader.evaluation(program.parents[0].id) if program.parents else None
        if parent is None or parent.fitness is None:
            return threshold
        return replace(threshold, fitness=min(threshold.fitness, parent.fitness))

    async def _promote(self, ticket: int, program: Program) -> Program:
        """Evaluate a known program to the end."""
        return await self._evaluated(ticket, program, None, None)

    def _screened(self, ticket: int, program: Program, evaluation: Evaluation, duplicate_of: int | None) -> Program:
        self._parts.writer.screened(ticket, program.id, evaluation, duplicate_of)
        return replace(program, evaluation=evaluation, duplicate_of=duplicate_of)

    def _is_new(self, ticket: int) -> bool:
        """Whether the log that is being written has no draft of a ticket yet."""
        return self._parts.replaying or self._parts.recorded is None or self._parts.recorded.draft(ticket) is None
