"""Makes a program smaller as long as its oracle allows, pass after pass until none finds anything any more.

Candidates are judged ahead by all workers and accepted in order, so that the result does not depend on their number.
Edits are accepted on cheap tests and confirmed together; where all tests refuse the sum of them, the edit that broke it
is looked for by halving and what came after it is done again. Whenever it is stopped, what was confirmed holds.
"""

import ast
import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from adrs.distill.minimise.oracle import Verdict
from adrs.distill.minimise.passes import PASSES
from adrs.distill.minimise.size import Size, nodes, size
from adrs.distill.minimise.tree import Edit, largest_first
from adrs.distill.stop import Stop
from adrs.errors import UserError

_UNCONFIRMED = 8
"""The most edits that wait to be confirmed: more make fewer evaluations, and lose more when time is over."""


class Judge(Protocol):
    """The part of an oracle that is needed here."""

    def digest(self, source: str) -> str:
        """Digest of a program."""

    def judge(self, source: str, current: str = "") -> Awaitable[Verdict]:
        """Whether a candidate may replace the program with the digest `current`, as far as cheap tests tell."""

    def confirm(self, source: str, current: str = "") -> Awaitable[Verdict]:
        """Whether it may by all tests. A program that is refused shall be refused by `judge` from then on."""


@dataclass(frozen=True)
class Step:
    """An accepted program."""

    source: str
    size: Size
    text: str
    """The edit that made it."""
    verdict: Verdict | None = None
    """Of all tests; None for the original, and for what is not confirmed."""


@dataclass(frozen=True)
class Tried:
    """A candidate that was judged, in the order of judging."""

    kind: str
    text: str
    size: Size
    verdict: Verdict


class Minimiser:
    """One minimisation. `chain` holds the original and what was confirmed, each smaller than the one before."""

    def __init__(
        self, judge: Judge, source: str, fixed: Iterable[str], ahead: int, stop: Stop, heard: Callable[[Tried], None]
    ) -> None:
        """Take the original, names of the functions that must stay, how many candidates to judge at a time, and who
        hears of each. Raises UserError for a source that is too deep to be edited.
        """
        self._judge = judge
        self._fixed = frozenset(fixed)
        self._ahead = ahead
        self._stop = stop
        self._heard = heard
        self._waiting: list[Step] = []
        """Accepted after the last of the chain, and not confirmed."""
        try:
            self.chain = [Step(source, size(ast.parse(source)), "original")]
            self._look()
        except RecursionError:
            raise UserError("the program is nested too deeply to be made smaller") from None

    @property
    def best(self) -> Step:
        """The smallest program so far."""
        return (self._waiting or self.chain)[-1]

    async def run(self) -> bool:
        """Repeat all passes until none finds anything; returns False if it was stopped before."""
        idle = 0
        while idle < len(PASSES):
            for name in PASSES:
                idle = 0 if await self._sweep(name) else idle + 1
                if self._stop.reached:
                    self._forget()
                    return False
                if idle == len(PASSES):
                    break
        return True

    async def _sweep(self, name: str) -> bool:
        """Accept edits of one pass until all that are left are refused; returns whether any was confirmed."""
        refused: set[tuple[str, str, int]] = set()
        before = len(self.chain)
        while not self._stop.reached:
            edits = largest_first(PASSES[name](self._tree, self._fixed))
            accepted = await self._first_accepted([edit for edit in edits if edit.key not in refused], refused)
            if accepted is not None:
                self._waiting.append(accepted)
                self._look()
                if len(self._waiting) < _UNCONFIRMED:
                    continue
            if await self._all_confirmed() and accepted is None:
                break
        return len(self.chain) > before

    async def _all_confirmed(self) -> bool:
        """Confirm what was accepted, as much of it as holds; returns whether all does."""
        if not self._waiting or await self._confirmed(len(self._waiting)):
            return True
        broken = len(self._waiting)
        while broken > 1 and not self._stop.reached:
            half = broken // 2
            broken = broken - half if await self._confirmed(half) else half
        self._forget()
        return False

    async def _confirmed(self, count: int) -> bool:
        """Whether the program after the first edits that wait passes all tests, which makes it one of the chain."""
        step = self._waiting[count - 1]
        current = self._judge.digest(self.chain[-1].source)
        verdict = await self._stop.first(asyncio.ensure_future(self._judge.confirm(step.source, current)))
        if verdict is None:
            return False
        self._heard(Tried("confirm", f"{count} edits", step.size, verdict))
        if verdict.accepted:
            known = self.chain[-1].verdict if verdict.stage == "same" else verdict  # they behave alike
            self.chain.append(replace(step, verdict=known))
            del self._waiting[:count]
        return verdict.accepted

    def _forget(self) -> None:
        """Go back to the last program that is confirmed."""
        self._waiting.clear()
        self._look()

    def _look(self) -> None:
        self._tree = ast.parse(self.best.source)
        self._digest = self._judge.digest(self.best.source)

    async def _first_accepted(self, edits: list[Edit], refused: set[tuple[str, str, int]]) -> Step | None:
        """The first edit in order that the judge accepts; None where there is none, or the end has come."""
        judged: deque[tuple[Edit, str, Size, asyncio.Task[Verdict]]] = deque()
        candidates = self._smaller(edits)
        try:
            while not self._stop.reached:
                while len(judged) < self._ahead and (found := next(candidates, None)) is not None:
                    edit, source, reached = found
                    task = asyncio.ensure_future(self._judge.judge(source, self._digest))
                    judged.append((edit, source, reached, task))
                if not judged:
                    return None
                edit, source, reached, task = judged.popleft()
                verdict = await self._stop.first(task)
                if verdict is None:
                    judged.appendleft((edit, source, reached, task))
                    return None
                self._heard(Tried(edit.kind, edit.text, reached, verdict))
                if verdict.accepted:
                    return Step(source, reached, f"{edit.kind}: {edit.text}")
                refused.add(edit.key)
            return None
        finally:
            for *_, task in judged:
                task.cancel()
            await asyncio.gather(*(task for *_, task in judged), return_exceptions=True)

    def _smaller(self, edits: list[Edit]) -> Iterator[tuple[Edit, str, Size]]:
        """Candidates that are smaller than the best so far, each text once."""
        seen: set[str] = set()
        for edit in edits:
            if edit.gain < 0:  # known without making it
                continue
            try:
                text = ast.unparse(edit.make())
                source, reached = f"{text}\n", Size(nodes(ast.parse(text)), len(text))
            except (SyntaxError, ValueError, RecursionError):
                continue
            if reached < self.best.size and source not in seen:
                seen.add(source)
                yield edit, source, reached
