"""Random expressions: always well-formed, always over the arguments."""

import math
import random

from hypothesis import given
from hypothesis import strategies as st

from adrs.propose.embedded import expressions

SEEDS = st.integers(0, 2**32)


def value(text: str, arguments: dict[str, float]) -> float:
    return float(eval(text, {"max": max, "min": min, "abs": abs}, dict(arguments)))


@given(seed=SEEDS, count=st.integers(1, 5), steps=st.integers(0, 15))
def test_draws_and_variations_can_be_computed_even_at_zero(seed: int, count: int, steps: int) -> None:
    rng = random.Random(seed)
    text = expressions.draw(rng, count)
    for _ in range(steps):
        text = expressions.vary(rng, text, count)
    for number in (0.0, 1.0, 2.5):
        assert math.isfinite(value(text, {f"a{index}": number for index in range(count)}))
    assert "a" in text.replace("max", "").replace("abs", "")


@given(seed=SEEDS)
def test_constants_are_found_and_replaced_in_order(seed: int) -> None:
    rng = random.Random(seed)
    text = expressions.vary(rng, expressions.draw(rng, 3), 3)
    found = [number for _, _, number in expressions.constants(text)]
    doubled = expressions.with_constants(text, [2 * number for number in found])
    assert [number for _, _, number in expressions.constants(doubled)] == [float(f"{2 * n:.4g}") for n in found]
    same = expressions.with_constants(text, found)
    assert [number for _, _, number in expressions.constants(same)] == [float(f"{n:.4g}") for n in found]


def test_arguments_are_put_in_parentheses_where_they_need_them() -> None:
    assert expressions.fill("a0 * a1 - a1", ["x + 1", "y[2]"]) == "(x + 1) * y[2] - y[2]"
    assert expressions.fill("a0", ["x + 1"]) == "x + 1"
