import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adrs.errors import UserError
from adrs.llm.spending import BudgetExhausted, Spending


async def call(spending: Spending, committed: float, spent: float, tokens: int = 0) -> bool:
    try:
        async with spending.committed(committed, tokens):
            await asyncio.sleep(0)
            spending.spend(spent, tokens, 0)
    except BudgetExhausted:
        return False
    return True


@given(
    st.floats(0, 2),
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), max_size=20),
)
def test_a_cap_is_kept_whatever_the_calls_cost(cap: float, costs: list[tuple[float, float]]) -> None:
    spending = Spending(max_usd=cap)

    async def run() -> list[bool]:
        return await asyncio.gather(*(call(spending, most, most * share) for most, share in costs))

    made = asyncio.run(run())
    assert spending.usd <= cap
    assert spending.committed_usd == 0
    assert spending.calls == sum(made)
    for (most, _), was_made in zip(costs, made, strict=True):
        assert was_made or spending.usd + most > cap or cap < most


def test_calls_wait_for_those_in_flight_instead_of_giving_up() -> None:
    spending = Spending(max_usd=1.0)

    async def run() -> list[bool]:
        return await asyncio.gather(*(call(spending, 0.9, 0.01) for _ in range(10)))

    assert all(asyncio.run(run()))
    assert spending.usd == pytest.approx(0.1)


def test_a_free_call_waits_for_none_that_costs_something() -> None:
    spending = Spending(max_usd=1.0)

    async def run() -> None:
        async with spending.committed(0.9, 0):
            waiting = asyncio.create_task(call(spending, 0.9, 0.01))
            await asyncio.sleep(0)
            assert await asyncio.wait_for(call(spending, 0.0, 0.0), 10)
            assert not waiting.done()
        assert await waiting

    asyncio.run(run())


def test_tokens_are_capped_alike() -> None:
    spending = Spending(max_tokens=100)

    async def run() -> list[bool]:
        return await asyncio.gather(*(call(spending, 0, 0, tokens=30) for _ in range(5)))

    assert sum(asyncio.run(run())) == 3
    assert spending.tokens == 90


def test_a_free_call_needs_no_dollars() -> None:
    spending = Spending(max_usd=0.0)
    assert asyncio.run(call(spending, 0.0, 0.0))
    assert not asyncio.run(call(spending, 0.1, 0.1))


def test_what_earlier_sessions_spent_counts() -> None:
    spending = Spending(max_usd=1.0)
    spending.restore(usd=0.95, input_tokens=10, output_tokens=20, calls=3)
    assert (spending.tokens, spending.calls) == (30, 3)
    assert not asyncio.run(call(spending, 0.1, 0.1))


def test_a_cancelled_call_frees_what_it_held() -> None:
    spending = Spending(max_usd=1.0)

    async def run() -> bool:
        async def hang() -> None:
            async with spending.committed(1.0, 0):
                await asyncio.Event().wait()

        hanging = asyncio.create_task(hang())
        waiting = asyncio.create_task(call(spending, 1.0, 0.5))
        await asyncio.sleep(0.01)
        assert not waiting.done()
        hanging.cancel()
        return await waiting

    assert asyncio.run(run())


def test_which_budget_is_exhausted_is_said() -> None:
    async def exhaust(spending: Spending) -> str:
        with pytest.raises(BudgetExhausted) as caught:
            async with spending.committed(2.0, 200):
                raise AssertionError
        return caught.value.budget

    assert asyncio.run(exhaust(Spending(max_usd=1.0))) == "max-usd"
    assert asyncio.run(exhaust(Spending(max_tokens=100))) == "max-tokens"


@pytest.mark.parametrize("caps", [{"max_usd": -1.0}, {"max_usd": float("nan")}, {"max_tokens": 0}])
def test_caps_without_sense_are_refused(caps: dict[str, float]) -> None:
    with pytest.raises(UserError, match="max-"):
        Spending(**caps)  # type: ignore[arg-type]
