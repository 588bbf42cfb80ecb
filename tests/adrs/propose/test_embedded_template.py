"""Building blocks: what is put in the place of their holes."""

import ast
import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import problem
from adrs.errors import UserError
from adrs.propose.embedded.template import Template

FIXTURES = Path(__file__).parent / "fixtures"
BLOCKS = [
    *(FIXTURES / "sequencing" / "blocks").glob("*.py"),
    *(path for name in problem.shipped() for path in problem.load(name).blocks),
]


def template(tmp_path: Path, source: str) -> Template:
    path = tmp_path / "block.py"
    path.write_text(source)
    return Template(path)


def test_defaults_are_put_in_and_the_import_goes(tmp_path: Path) -> None:
    source = """# a comment stays
import math
from adrs_helpers.blocks import choice, expression, integer, real

STEPS = integer(1, 100, 7)


def solve(x, y):
    heat = real(0.1, 10.0, 1.0)
    return math.exp(heat * expression(x, y)) + choice(x + y, x)  # so does this
"""
    block = template(tmp_path, source)
    expected = """# a comment stays
import math

STEPS = 7


def solve(x, y):
    heat = 1.0
    return math.exp(heat * x) + (x + y)  # so does this
"""
    assert block.render(block.defaults) == expected
    assert [hole.name for hole in block.holes] == ["STEPS", "heat", "result of solve", "result of solve (2)"]


def test_fills_bind_as_they_did_as_arguments(tmp_path: Path) -> None:
    block = template(
        tmp_path,
        """from adrs_helpers.blocks import choice, expression, integer
def solve(x, y):
    return 2 * expression(x + 1, y) ** integer(-3, 3, 1) - choice(
        x if y else 1,
        lambda: 3,
    )
""",
    )
    source = block.render(["a0 - a1 * 3.0", -2, 0])
    scope: dict = {}
    exec(source, scope)
    assert scope["solve"](4.0, 2.0) == 2 * ((4.0 + 1) - 2.0 * 3.0) ** -2 - 4.0


def test_holes_within_arguments_are_filled_only_where_they_are_used(tmp_path: Path) -> None:
    block = template(
        tmp_path,
        """from adrs_helpers import blocks
from adrs_helpers.blocks import real as draw, choice
def solve(x):
    return choice(x, draw(0.0, 9.0, 2.5) * x, blocks.integer(1, 4, 3) * x)
""",
    )
    assert [hole.kind for hole in block.holes] == ["choice", "real", "integer"]
    assert "return 2.5 * x" in block.render([1, 2.5, 3])
    assert block.active([1, 2.5, 3]) == [0, 1]
    assert block.active([2, 2.5, 3]) == [0, 2]
    assert "import" not in block.render([0, 2.5, 3])


def test_other_names_of_the_same_import_stay(tmp_path: Path) -> None:
    block = template(
        tmp_path,
        "from adrs_helpers import blocks, placement\ndef solve(x):\n    return placement.f(blocks.real(0, 1, 0.5))\n",
    )
    assert block.render([0.25]) == "from adrs_helpers import placement\ndef solve(x):\n    return placement.f(0.25)\n"


def test_text_that_is_not_ascii_keeps_its_place(tmp_path: Path) -> None:
    block = template(
        tmp_path,
        'from adrs_helpers.blocks import integer\ndef solve(x):\n    return "höhe", integer(1, 9, 2), "ß"  # grün\n',
    )
    assert '"höhe", 5, "ß"  # grün' in block.render([5])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("real(n, 1.0, 0.5)", "line 3: real() takes three constants"),
        ("real(0.0, 1.0)", "line 3: real() takes three constants"),
        ("real(0.0, 1 / 0, 0.5)", "line 3: real() takes three constants"),
        ("integer(5, 1, 2)", "line 3: integer() needs low <= default <= high"),
        ("choice()", "line 3: choice() takes one or more arguments"),
        ("choice(*n)", "line 3: choice() takes one or more arguments"),
    ],
)
def test_a_hole_that_cannot_be_read_is_the_authors_error(tmp_path: Path, source: str, message: str) -> None:
    text = f"from adrs_helpers.blocks import choice, integer, real\ndef solve(n):\n    return {source}\n"
    with pytest.raises(UserError, match=r"building block .*block\.py") as caught:
        template(tmp_path, text)
    assert message in str(caught.value)


def test_a_block_that_does_not_parse_is_the_authors_error(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="line 1"):
        template(tmp_path, "def solve(:\n")


@pytest.mark.parametrize("path", BLOCKS, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
@given(seed=st.integers(0, 2**32))
@settings(max_examples=25, deadline=None)
def test_every_draw_is_a_program_without_holes(path: Path, seed: int) -> None:
    block, rng = Template(path), random.Random(seed)
    fills = block.draw(rng)
    for index, hole in enumerate(block.holes):
        fills[index] = block.redraw(rng, hole, fills[index])
        if hole.numeric:
            assert hole.low <= fills[index] <= hole.high
            assert hole.at(hole.position(fills[index])) == pytest.approx(fills[index], rel=1e-3)
    source = block.render(fills)
    calls = {ast.unparse(node.func) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)}
    assert not calls & {"choice", "expression", "integer", "real"}
    assert "adrs_helpers.blocks" not in source
