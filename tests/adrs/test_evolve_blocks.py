"""What may change in a program with evolve blocks."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adrs import problem
from adrs.errors import UserError
from adrs.evolve_blocks import Unbalanced, fixed_parts, spans, violation
from adrs.source import Rejected, Screen

SEED = """\
import math

# EVOLVE-BLOCK-START
FACTOR = 2
# EVOLVE-BLOCK-END


def solve(instance):
    return key(instance)


# EVOLVE-BLOCK-START
def key(instance):
    return [0] * len(instance["length"])
# EVOLVE-BLOCK-END
"""


def broken(source: str) -> str:
    wanted = fixed_parts(SEED)
    assert wanted is not None
    return violation(wanted, source)


def test_what_stands_inside_may_change() -> None:
    assert spans(SEED) == [(3, 4), (12, 14)]
    assert broken(SEED) == ""
    assert broken(SEED.replace("FACTOR = 2", "FACTOR = 3\nOTHER = 4")) == ""
    assert broken(SEED.replace("FACTOR = 2\n", "")) == ""
    assert broken(SEED.replace("import math\n\n", "import math   \n\n\n")) == ""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (SEED.replace("import math", "import os"), "line 'import math' became 'import os'"),
        (SEED.replace("import math\n", ""), "line 'import math' is gone"),
        (SEED + "\nprint(1)\n", "line 'print(1)' was added"),
        (SEED.replace("# EVOLVE-BLOCK-END", "", 1), "starts inside another"),
        (SEED.replace("# EVOLVE-BLOCK-START", "", 1), "ends that did not start"),
        (SEED[: SEED.rindex("# EVOLVE")], "no EVOLVE-BLOCK-END"),
        (SEED.replace("FACTOR = 2", "# EVOLVE-BLOCK-START\nFACTOR = 2"), "line 4: an evolve block starts inside"),
        ("def solve(instance):\n    return 1\n", "must keep its 2 evolve block(s)"),
        (SEED + "# EVOLVE-BLOCK-START\n# EVOLVE-BLOCK-END\n", "must keep its 2 evolve block(s)"),
    ],
)
def test_what_stands_outside_may_not(source: str, expected: str) -> None:
    assert expected in broken(source)


@pytest.mark.parametrize("sign", ["#", "//", "--", "/*", "%", "<!--", ";"])
def test_markers_stand_after_any_comment_sign(sign: str) -> None:
    source = f"one\n  {sign} EVOLVE-BLOCK-START here\ntwo\n{sign}EVOLVE-BLOCK-END */\nthree"
    assert fixed_parts(source) == [
        ["one", f"  {sign} EVOLVE-BLOCK-START here"],
        [f"{sign}EVOLVE-BLOCK-END */", "three"],
    ]


def test_a_word_in_a_text_is_no_marker() -> None:
    assert fixed_parts('print("EVOLVE-BLOCK-START")\n') is None


@given(st.lists(st.sampled_from(["a", "# EVOLVE-BLOCK-START", "# EVOLVE-BLOCK-END", " ", "b = 1"]), max_size=12))
def test_parts_and_spans_make_up_the_source(lines: list[str]) -> None:
    source = "\n".join(lines)
    try:
        blocks = spans(source)
        parts = fixed_parts(source)
    except Unbalanced:
        return
    if parts is None:
        assert not blocks
        return
    inside = [lines[start:end] for start, end in blocks]
    together = [line for index, part in enumerate(parts) for line in (*part, *[*inside, []][index])]
    assert together == lines
    assert violation(parts, source) == ""


def test_the_screen_of_a_problem_holds_its_blocks(demo: Path) -> None:
    (demo / "seed.py").write_text(SEED)
    screen = Screen(problem.load(str(demo)))
    assert screen.check(SEED) != screen.check(SEED.replace("FACTOR = 2", "FACTOR = 3"))
    other = SEED.replace("import math", "import math, os")
    with pytest.raises(Rejected, match="outside the evolve block nothing may change"):
        screen.check(other)
    assert screen.check(other, anywhere=True)


def test_a_seed_with_unbalanced_blocks_is_refused(demo: Path) -> None:
    (demo / "seed.py").write_text(SEED + "# EVOLVE-BLOCK-START\n")
    with pytest.raises(UserError, match="evolve blocks that do not fit: the last evolve block has no"):
        Screen(problem.load(str(demo)))
