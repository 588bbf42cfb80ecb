"""The loop: ask, propose, screen, evaluate, record, tell.

Asking and telling happen in ticket order, so that the same seed gives the same lineage at any number of workers: the
ask of ticket t comes after the tells of exactly the tickets up to t - window. Where a budget ended the run and is
raised, all that was asked before is told first: that lineage is its own. Between asks and tells, proposals and
evaluations run as they can. In order of arrival, for proposers that take their time, ends are told as they come; a
replay follows the order that the log has. Everything is in the log before it has an effect; a session that ends in any
way can be gone on with.
"""

import asyncio
import itertools
import time
from collections.abc import Callable, Collection
from dataclasses import replace

from adrs.breaker import Breaker
from adrs.development import Development
from adrs.errors import Diverged, Refused
from adrs.llm.spending import BudgetExhausted
from adrs.observer import Observer
from adrs.parts import Parts
from adrs.program import SEED_TICKET, Program, Selection
from adrs.store.recorded import Recorded

REFUSED = "refused: "
"""What the reason begins with for which a run ends that a model's server refuses to serve."""
_LOOK_SECONDS = 0.25
"""Between two looks for messages while there is nothing else to do."""


class Loop:
    """One session of a run. `run` returns why it stopped."""

    def __init__(self, parts: Parts, observer: Observer, asking_ends: Callable[[], float | None]) -> None:
        """Take the parts; `asking_ends` gives the time (of `time.monotonic`) after which nothing new is asked."""
        self._parts = parts
        self._development = Development(parts, observer.note)
        self._observer = observer
        self._asking_ends = asking_ends
        self._stop = asyncio.Event()
        self._stopped_by = "interrupt"
        self._pending: dict[int, asyncio.Task[Program]] = {}
        self._asked = 0
        self._begun = False
        """Whether the seed program has been told."""
        self._numbers = 0
        self._taken = frozenset(parts.reader.distilled())
        """Numbers that are no ticket's."""
        self._evaluations = 0
        self._breaker = Breaker()
        self.hung = False
        """Whether an evaluation that seemed to hang was given up because the session ended."""
        self.exhausted = ""
        """What there is to say of the dollars or tokens that ended it."""

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
            self.hung = bool(self._development.overdue)
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
            await self._wait_for(set(self._pending.values()))
            for ticket in [ticket for ticket, task in self._pending.items() if task.done()]:
                self._pending.pop(ticket).result()
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
                if await self._tell(ticket):
                    self._breaker = Breaker()  # it stopped an earlier session here, and somebody goes on all the same
            elif self._parts.replaying and recorded.dropped(ticket):
                self._select(ticket)  # nobody answered, and the search was asked all the same
                self._take_number(ticket)
            else:
                await self._ask(ticket)

    async def _go_on(self) -> str:
        """Ask as often as is allowed, tell what has ended; returns why it stopped.

        Whatever ends it, what is in flight is let end: its answers may be paid for, and are in the log then.
        """
        try:
            reason = await self._ask_and_tell()
        except BudgetExhausted as exhausted:
            reason, self.exhausted = exhausted.budget, str(exhausted)
        except Refused as refused:
            reason = f"{REFUSED}{refused}"
        if self._pending and not self._stop.is_set() and not self._out_of_time():
            self._observer.note("finishing what is in the making")
        for ended in await self._let_end():
            error = ended.exception()
            if error is not None and not isinstance(error, BudgetExhausted | Refused):
                raise error from None
        return reason

    async def _ask_and_tell(self) -> str:
        while True:
            self._steer()
            ended = self._why_stop()
            if ended:
                return ended
            paused = self._parts.steering.paused
            if self._may_ask() and not paused:
                await self._ask(self._asked + 1)
            elif self._may_ask() and self._parts.order == "ticket":
                await self._wait_for(set())  # to tell more before the next is asked would change the lineage
            elif self._pending:
                ticket = await self._next_ended()
                if ticket is not None:
                    reason = await self._tell(ticket)
                    if reason:
                        return f"breaker: {reason}"
            elif paused:
                await self._wait_for(set())
            else:
                return "evaluations"

    async def _let_end(self) -> "list[asyncio.Task[Program]]":
        """Wait for what is in flight, while there is time, but not for evaluations that seem to hang.

        Returns what has ended.
        """
        tasks, overdue = self._pending, self._development.overdue
        while not self._out_of_time():
            waiting = [task for ticket, task in tasks.items() if ticket not in overdue and not task.done()]
            if not waiting:
                break
            await asyncio.wait(waiting, timeout=_LOOK_SECONDS)
        return [task for task in tasks.values() if task.done()]

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
        """Whether it is time to ask, unless somebody has paused the run."""
        if not self._begun or len(self._pending) >= self._parts.window:
            return False
        return self._parts.budget.allows(self._evaluations, len(self._pending))

    def _why_stop(self) -> str:
        if self._stop.is_set():
            return self._stopped_by
        return "time" if self._out_of_time() else ""

    def _out_of_time(self) -> bool:
        deadline = self._asking_ends()
        return deadline is not None and time.monotonic() >= deadline

    async def _ask(self, ticket: int) -> None:
        await self._begin(ticket, self._select(ticket))

    def _select(self, ticket: int) -> Selection:
        """What the search chooses for a ticket, in the log before anybody hears of it."""
        selection = self._parts.search.ask()
        recorded = self._parts.recorded
        parent = recorded.asked_parent(ticket) if recorded else None
        if parent is not None and parent != selection.parent.id:
            info = self._parts.reader.info
            raise Diverged(
                f"the log of {info.name} cannot be followed: for ticket {ticket} it says parent {parent}, and "
                f'search strategy "{info.configuration["search"]}" now says {selection.parent.id}; either the strategy '
                "does not repeat itself, which the suite adrs.testing.search would find, or it or adrs is another "
                "version than that of the run"
            )
        if parent is not None and recorded is not None:
            selection = replace(selection, least=recorded.least(ticket))
        elif not self._parts.ends_early:
            selection = replace(selection, least=None)
        self._parts.steering.follow(ticket)
        if parent is None or self._parts.replaying:
            self._parts.writer.asked(ticket, selection)
        return selection

    def _take_number(self, ticket: int) -> None:
        """The next free number of a program is that of the ticket's."""
        self._asked = ticket
        self._numbers = next(n for n in itertools.count(self._numbers + 1) if n not in self._taken)

    async def _begin(self, ticket: int, selection: Selection | None) -> None:
        """Start the work on a ticket. It takes its first step before this returns, so that proposals start in order."""
        if selection is not None and selection.promote is not None:
            self._asked = ticket
            task = self._development.promote(ticket, selection.promote)
        else:
            self._take_number(ticket)
            task = self._development.begin(ticket, self._numbers, selection)
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
        recorded = self._parts.recorded
        if self._parts.replaying or recorded is None or not recorded.told(ticket):
            self._parts.writer.told(ticket)
        if program.duplicate_of is None and program.verdict != "rejected":
            self._evaluations += 1
        self._development.told(program)
        self._begun = True
        self._parts.optimum.tell(program)
        self._parts.search.tell(program)
        self._parts.proposer.tell(program)
        self._observer.told(program, self._evaluations)
        return self._breaker.tell(program, anew=recorded is None or not recorded.finished(ticket))

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
