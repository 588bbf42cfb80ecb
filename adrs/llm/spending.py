"""Caps on dollars and tokens. A call is committed at the most it can cost before it is made."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Literal

from adrs.errors import UserError


class BudgetExhausted(Exception):  # noqa: N818 - says that a run ends, not that something is wrong
    """What is left of a budget cannot cover the next call."""

    def __init__(self, budget: Literal["max-usd", "max-tokens"], message: str) -> None:
        super().__init__(message)
        self.budget = budget


class Spending:
    """What has been spent, what calls in flight may still cost, and how much may be spent in all.

    A call that fits into what is left, but not beside those in flight, waits until they have ended: they nearly always
    cost less than was committed. So caps are kept unless a server writes more than it was allowed to.
    """

    def __init__(self, max_usd: float | None = None, max_tokens: int | None = None) -> None:
        """Set the caps, input and output tokens counted together; raises UserError for ones that make no sense."""
        if max_usd is not None and not (math.isfinite(max_usd) and max_usd >= 0):
            raise UserError(f"max-usd must be 0 or more dollars, not {max_usd}")
        if max_tokens is not None and max_tokens < 1:
            raise UserError(f"max-tokens must be at least 1, not {max_tokens}")
        self.max_usd = max_usd
        self.max_tokens = max_tokens
        self.usd = 0.0
        self.input_tokens = 0
        self.output_tokens = 0
        self.calls = 0
        self._commitments: dict[int, tuple[float, int]] = {}
        self._commitment = 0
        self._line = asyncio.Lock()
        self._freed = asyncio.Event()

    @property
    def tokens(self) -> int:
        """Tokens spent, input and output."""
        return self.input_tokens + self.output_tokens

    @property
    def committed_usd(self) -> float:
        """The most that the calls in flight may cost."""
        return math.fsum(usd for usd, _ in self._commitments.values())

    @property
    def committed_tokens(self) -> int:
        """The most tokens that the calls in flight may take."""
        return sum(tokens for _, tokens in self._commitments.values())

    def restore(self, usd: float, input_tokens: int, output_tokens: int, calls: int) -> None:
        """Count what earlier sessions of the run have spent, as its log says."""
        self.usd += usd
        self.input_tokens += input_tokens
        self.output_tokens += output_tokens
        self.calls += calls

    def spend(self, usd: float, input_tokens: int, output_tokens: int) -> None:
        """Count one call."""
        self.restore(usd, input_tokens, output_tokens, 1)

    @asynccontextmanager
    async def committed(self, usd: float, tokens: int) -> AsyncIterator[None]:
        """Hold the most that a call may cost while it is in flight; first come, first served.

        A call that takes nothing of which there is a cap waits for nobody. Raises BudgetExhausted where not even all
        that is left would cover it.
        """
        capped = self.max_tokens is not None or (self.max_usd is not None and usd > 0.0)
        async with self._line if capped else nullcontext():
            while capped:
                self._check(usd, tokens)
                if self._fits(usd + self.committed_usd, tokens + self.committed_tokens):
                    break
                self._freed.clear()
                await self._freed.wait()
            self._commitment += 1
            number = self._commitment
            self._commitments[number] = (usd, tokens)
        try:
            yield
        finally:
            del self._commitments[number]
            self._freed.set()

    def _fits(self, usd: float, tokens: int) -> bool:
        dollars = self.max_usd is None or usd == 0.0 or self.usd + usd <= self.max_usd
        return dollars and (self.max_tokens is None or self.tokens + tokens <= self.max_tokens)

    def _check(self, usd: float, tokens: int) -> None:
        if self.max_usd is not None and usd > 0.0 and self.usd + usd > self.max_usd:
            raise BudgetExhausted(
                "max-usd",
                f"${self.usd:.4g} of ${self.max_usd:g} are spent, and the next call may cost up to ${usd:.4g}",
            )
        if self.max_tokens is not None and self.tokens + tokens > self.max_tokens:
            raise BudgetExhausted(
                "max-tokens",
                f"{self.tokens} of {self.max_tokens} tokens are spent, and the next call may take up to {tokens}",
            )
