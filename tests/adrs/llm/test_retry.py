import asyncio
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from adrs.llm.retry import Patience, Retrier, Temporary, asked_wait


def test_waits_grow_and_end() -> None:
    """Attempts end when the time of a call is up, though there are more."""
    patience = Patience(attempts=1000, first_wait=0.01, longest_wait=0.02, attempt_seconds=1.0, call_seconds=0.2)
    made = 0

    async def attempt() -> None:
        nonlocal made
        made += 1
        raise Temporary("broken")

    with pytest.raises(Temporary, match="broken"):
        asyncio.run(Retrier().persist(attempt, patience))
    assert 1 < made < 1000


def test_other_calls_wait_as_well_where_a_server_asks_for_it() -> None:
    patience = Patience(first_wait=0.0, longest_wait=0.0)
    made: list[float] = []

    async def run() -> float:
        retrier, refused = Retrier(), asyncio.Event()

        async def refused_once() -> None:
            if not refused.is_set():
                refused.set()
                raise Temporary("slow down", wait=0.3)
            made.append(time.monotonic())

        async def other() -> None:
            made.append(time.monotonic())

        first = asyncio.create_task(retrier.persist(refused_once, patience))
        await refused.wait()
        since = time.monotonic()
        await asyncio.gather(first, *(retrier.persist(other, patience) for _ in range(5)))
        return since

    since = asyncio.run(run())
    assert len(made) == 6
    assert min(made) >= since + 0.29


@pytest.mark.parametrize("attempts", [1, 2])
def test_no_call_waits_for_longer_than_it_may_take_whichever_call_was_asked_to(attempts: int) -> None:
    patience = Patience(attempts=attempts, call_seconds=5.0)
    made = 0

    async def attempt() -> None:
        nonlocal made
        made += 1
        raise Temporary("no quota today", wait=86_400.0)

    async def run() -> list[str]:
        retrier = Retrier()
        ended = await asyncio.gather(*(one(retrier) for _ in range(3)))
        return [*ended, await one(retrier)]

    async def one(retrier: Retrier) -> str:
        with pytest.raises(Temporary) as caught:
            await asyncio.wait_for(retrier.persist(attempt, patience), 60.0)
        return str(caught.value)

    first, *_, last = asyncio.run(run())
    assert first == "no quota today (tried once; the server asks to wait 24 h 0 min)"
    assert last.startswith("no quota today (not tried: the server asked to wait, 2")
    assert made == 1


def test_a_call_that_can_wait_longer_does() -> None:
    async def run() -> str:
        retrier, asked = Retrier(), iter([Temporary("slow down", wait=0.3)])

        async def attempt() -> str:
            for temporary in asked:
                raise temporary
            return "hello"

        with pytest.raises(Temporary, match="slow down"):
            await retrier.persist(attempt, Patience(call_seconds=0.1))
        return await retrier.persist(attempt, Patience(call_seconds=60.0))

    assert asyncio.run(run()) == "hello"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("2", 2.0), ("0.25", 0.25), ("-1", 0.0), ("", None), ("soon", None), ("inf", None), ("nan", None)],
)
def test_retry_after_as_a_number(text: str, seconds: float | None) -> None:
    assert asked_wait({"retry-after": text}) == seconds


def test_retry_after_as_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    earlier = format_datetime(datetime.now(UTC) - timedelta(seconds=100), usegmt=True)
    assert 50 < (asked_wait({"retry-after": later}) or 0) <= 100
    assert asked_wait({"retry-after": earlier}) == 0.0
    assert asked_wait({}) is None
