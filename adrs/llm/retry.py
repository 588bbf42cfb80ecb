"""Asking again: what is worth it, when, and how long."""

import asyncio
import email.utils
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from adrs.text import seconds

T = TypeVar("T")

RETRIED_STATUSES = frozenset({408, 409, 429})
"""Besides all from 500."""
_JITTER_AFTER_ASKED_WAIT = 0.1


class Temporary(Exception):  # noqa: N818 - says how to go on
    """An attempt came to nothing, and another may not. `wait`: seconds that the server asked for, if it did."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long."""

    attempts: int = 6
    """Of one call, the first included."""
    first_wait: float = 1.0
    """Seconds; the longest wait before the second attempt, doubled with each further one."""
    longest_wait: float = 60.0
    """Seconds; where the doubling ends. A server may ask for longer."""
    attempt_seconds: float = 300.0
    """Time limit of an attempt."""
    call_seconds: float = 900.0
    """After which no further attempt is begun."""


class Retrier:
    """All calls to one model: where its server asks one of them to wait, none is sent before that time has passed."""

    def __init__(self) -> None:
        self._open_at = 0.0
        self._asked_by = ""
        """What the server said when it asked for that."""
        self._jitter = random.Random()  # moves attempts in time and steers nothing

    async def persist(self, attempt: Callable[[], Awaitable[T]], patience: Patience) -> T:
        """Make attempts until one succeeds; raises the last Temporary where none does.

        Waits grow exponentially with full jitter (Brooker, AWS Architecture Blog 2015), or are what the server asked
        for; a call that would have to wait for longer than it may take ends at once, whichever call was asked to. An
        attempt that broke may have been charged for all the same; nobody says so, and it is not counted.
        """
        latest = time.monotonic() + patience.call_seconds
        number = 0
        while True:
            await self._until_open(latest)
            number += 1
            try:
                async with asyncio.timeout(patience.attempt_seconds):
                    return await attempt()
            except TimeoutError:
                failure = Temporary(f"no answer within {patience.attempt_seconds:g} s")
            except Temporary as temporary:
                failure = temporary
            wait = self._wait(number, failure, patience)
            if number >= patience.attempts or time.monotonic() + wait > latest:
                raise _final(failure, number)
            await asyncio.sleep(wait)

    def _wait(self, number: int, failure: Temporary, patience: Patience) -> float:
        if failure.wait is None:
            longest = min(patience.longest_wait, patience.first_wait * 2.0 ** (number - 1))
            return self._jitter.uniform(0.0, longest)
        until = time.monotonic() + failure.wait
        if until > self._open_at:
            self._open_at, self._asked_by = until, failure.reason
        return failure.wait * (1.0 + self._jitter.uniform(0.0, _JITTER_AFTER_ASKED_WAIT))

    async def _until_open(self, latest: float) -> None:
        """Wait as long as the server asked for; raises Temporary, at once, where that ends after `latest`."""
        while (left := self._open_at - time.monotonic()) > 0.0:
            if self._open_at > latest:
                raise Temporary(f"{self._asked_by} (not tried: the server asked to wait, {seconds(left)} more)", left)
            await asyncio.sleep(left)


def _final(failure: Temporary, attempts: int) -> Temporary:
    tried = "tried once" if attempts == 1 else f"tried {attempts} times"
    asked = "" if failure.wait is None else f"; the server asks to wait {seconds(failure.wait)}"
    return Temporary(f"{failure.reason} ({tried}{asked})", failure.wait)


def asked_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that a response asks to wait (RFC 9110, section 10.2.3), as a number or a date; None if it does not."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        wait = float(text)
    except ValueError:
        try:
            wait = email.utils.parsedate_to_datetime(text).timestamp() - time.time()
        except ValueError:
            return None
    return max(0.0, wait) if wait < float("inf") else None
