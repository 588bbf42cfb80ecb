"""Makes a program smaller as long as its oracle allows, pass after pass until none finds anything any more.

Candidates are judged ahead by all workers and accepted in order, so that the result does not depend on their number.
Whenever it is stopped, what was accepted so far holds.
"""

import ast
import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from adrs.distill.minimise.oracle import Verdict
from adrs.distill.minimise.passes import PASSES
from adrs.distill.minimise.size import Size, size
from adrs.distill.minimise.tree import Edit, largest_first
from adrs.distill.stop import Stop
from adrs.errors import UserError


class Judge(Protocol):
    """The part of an oracle that is needed here."""

    def digest(self, source: str) -> str:
        """Digest of a program."""

    def judge(self, source: str, current: str = "") -> Awaitable[Verdict]:
        """Whether a candidate may replace the program with the digest `current`."""


@dataclass(frozen=True)
class Step:
    """An accepted program."""

    source: str
    size: Size
    text: str
    """The edit that made it."""
    verdict: Verdict | None = None
    """None for the original."""


@dataclass(frozen=True)
class Tried:
    """A candidate that was judged, in the order of judging."""

    kind: str
    text: str
    size: Size
    verdict: Verdict


class Minimiser:
    """One minimisation. `chain` holds the original and every accepted program, each smaller than the one before."""

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
        try:
            self._tree = ast.parse(source)
            self.chain = [Step(source, size(self._tree), "original")]
            self._digest = judge.digest(source)
        except RecursionError:
            raise UserError("the program is nested too deeply to be made smaller") from None

    @property
    def best(self) -> Step:
        """The smallest program so far."""
        return self.chain[-1]

    async def run(self) -> bool:
        """Repeat all passes until none finds anything; returns False if it was stopped before."""
        idle = 0
        while idle < len(PASSES):
            for name in PASSES:
                idle = 0 if await self._sweep(name) else idle + 1
                if self._stop.reached:
                    return False
                if idle == len(PASSES):
                    break
        return True

    async def _sweep(self, name: str) -> bool:
        """Accept edits of one pass until all that are left are refused; returns whether any was accepted."""
        refused: set[tuple[str, str, int]] = set()
        progress = False
        while not self._stop.reached:
            edits = largest_first(PASSES[name](self._tree, self._fixed))
            accepted = await self._first_accepted([edit for edit in edits if edit.key not in refused], refused)
            if accepted is None:
                break
            self.chain.append(accepted)
            self._tree = ast.parse(accepted.source)
            self._digest = self._judge.digest(accepted.source)
            progress = True
        return progress

    async def _first_accepted(self, edits: list[Edit], refused: set[tuple[str, str, int]]) -> Step | None:
        """The first edit in order that the judge accepts; None where there is none, or the end has come."""
        waiting: deque[tuple[Edit, str, Size, asyncio.Task[Verdict]]] = deque()
        candidates = self._smaller(edits)
        try:
            while not self._stop.reached:
                while len(waiting) < self._ahead and (found := next(candidates, None)) is not None:
                    edit, source, reached = found
                    task = asyncio.ensure_future(self._judge.judge(source, self._digest))
                    waiting.append((edit, source, reached, task))
                if not waiting:
                    return None
                edit, source, reached, task = waiting.popleft()
                verdict = await self._stop.first(task)
                if verdict is None:
                    waiting.appendleft((edit, source, reached, task))
                    return None
                self._heard(Tried(edit.kind, edit.text, reached, verdict))
                if verdict.accepted:
                    known = self.best.verdict if verdict.stage == "same" else verdict  # they behave alike
                    return Step(source, reached, f"{edit.kind}: {edit.text}", known)
                refused.add(edit.key)
            return None
        finally:
            for *_, task in waiting:
                task.cancel()
            await asyncio.gather(*(task for *_, task in waiting), return_exceptions=True)

    def _smaller(self, edits: list[Edit]) -> Iterator[tuple[Edit, str, Size]]:
        """Candidates that are smaller than the best so far, each text once."""
        seen: set[str] = set()
        for edit in edits:
            try:
                source = ast.unparse(edit.make()) + "\n"
                reached = size(ast.parse(source))
            except (SyntaxError, ValueError, RecursionError):
                continue
            if reached < self.best.size and source not in seen:
                seen.add(source)
                yield edit, source, reached
