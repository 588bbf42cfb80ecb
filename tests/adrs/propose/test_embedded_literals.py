"""Which numbers of a program are worth tuning."""

from adrs.propose.embedded import literals

SOURCE = '''
"""Doc 7."""
import numpy as np

ALPHA = 0.5
LIMIT = 1e9


def solve(x, weight=2.5, *, depth=3):
    y = np.zeros((5, 4), dtype=np.int64)
    total, best = 0.0, float("inf")
    scale = 1.0
    for step in range(20):
        if len(x) < 9 or step % 2 == 0 or x[3] > -0.25:
            total += 0.75 * x[2:4].sum() / (y[1] + 1e-9)
    return max(total ** 2, 1 - scale, x.reshape(2, 8), f"{total:.3f}")
'''


def found() -> list[tuple[str, float, bool]]:
    return [(literal.name, literal.value, literal.integral) for literal in literals.find(SOURCE)]


def test_finds_what_steers_and_leaves_indices_shapes_and_sentinels() -> None:
    assert found() == [
        ("ALPHA", 0.5, False), ("weight", 2.5, False), ("depth", 3.0, True), ("scale", 1.0, False),
        ("constant 1 of solve", 20.0, True), ("constant 2 of solve", 0.25, False), ("total", 0.75, False),
    ]  # fmt: skip


def test_replaces_in_place_and_keeps_whole_numbers_whole() -> None:
    by_name = {literal.name: literal for literal in literals.find(SOURCE)}
    changed = literals.replace(SOURCE, [(by_name["ALPHA"], 3.0), (by_name["depth"], 4.0), (by_name["total"], 1e-7)])
    assert "ALPHA = 3.0" in changed
    assert "depth=4)" in changed
    assert "total += 1e-07 * x" in changed
    assert len(changed.split("\n")) == len(SOURCE.split("\n"))


def test_programs_that_differ_in_numbers_alone_have_one_skeleton() -> None:
    assert literals.skeleton(SOURCE) == literals.skeleton(
        SOURCE.replace("0.75", "0.125").replace("range(20)", "range(3)")
    )
    assert literals.skeleton(SOURCE) != literals.skeleton(SOURCE.replace("max(", "min("))


def test_source_that_does_not_parse_has_none() -> None:
    assert literals.find("def f(:") == ()


def test_keys_cases_lengths_and_the_ends_of_a_range_are_left() -> None:
    source = (
        "TABLE = {2: 0.5, 3: 0.7}\n"
        "def solve(x, n):\n"
        "    match n:\n"
        "        case 2 | {3: 4} if n > 0.25:\n"
        "            weight = 0.4\n"
        "    seen = [0.3] * 5\n"
        "    weight += TABLE.get(3, 0.1) + round(x, 2)\n"
        "    return max(-3, min(15, round((6) - 1.35 * n)))\n"
    )
    values = [literal.value for literal in literals.find(source)]
    assert values == [0.5, 0.7, 0.25, 0.4, 0.3, 0.1, 6.0, 1.35]
