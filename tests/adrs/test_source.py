"""Screening of sources, and the digest that finds duplicates."""

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs.interface import FunctionType, parse_type
from adrs.source import Rejected, literal_share, screen

SOLVE = FunctionType("solve", "", {"instance": parse_type("int", "x")}, parse_type("int", "x"))


def digest(source: str, **options: object) -> str:
    return screen(source, {"solve": SOLVE}, ("numpy", "adrs_helpers.placement"), 10_000)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("def solve(instance:\n", "syntax error in line 1"),
        ("", "empty"),
        ("x = 1\0", "null byte"),
        ("x" * 20_000, "limit"),
        ("x = 1", "function solve is not defined"),
        ("def solve(a, b): return 1", "takes other arguments"),
        ("def solve(): return 1", "takes other arguments"),
        ("def solve(a, *, b): return 1", "takes other arguments"),
        ("class A:\n def solve(self, x): return 1", "function solve is not defined"),
        ("import scipy\ndef solve(a): return 1", "import of scipy"),
        ("from evaluators import systems\ndef solve(a): return 1", "import of evaluators"),
        ("from . import x\ndef solve(a): return 1", "relative import"),
        ("import adrs_helpers.transaction_clock\ndef solve(a): return 1", "import of adrs_helpers.transaction_clock"),
        ("(" * 5000 + ")" * 5000, "cannot be parsed|too many nested|syntax error"),
        ("def solve(a):\n return " + "-" * 9000 + "1", "nested too deeply|cannot be parsed|syntax error"),
        ("x = '\ud800'\ndef solve(a): return 1", "half of a surrogate pair"),
    ],
)
def test_what_cannot_be_a_program_is_refused_with_the_reason(source: str, expected: str) -> None:
    with pytest.raises(Rejected, match=expected):
        digest(source)


@pytest.mark.parametrize(
    "source",
    [
        "def solve(instance): return 1",
        "def solve(*arguments): return 1",
        "def solve(a, b=2): return 1",
        "solve = lambda instance: 1",
        "import numpy.linalg, math\nfrom adrs_helpers import placement\ndef solve(a): return 1",
        "from adrs_helpers.placement import kvpr\ndef solve(a): return 1",
    ],
)
def test_what_can_be_a_program_passes(source: str) -> None:
    assert len(digest(source)) == 64


@pytest.mark.parametrize(
    ("source", "stored"),
    [
        ("x = 12\n", "12"),
        ("x = [1, '#ä']  # four\ny = x\n", "[1, '#ä']# four"),
        ('def f():\n    """Of # two\nlines."""\n    return f.__doc__ # read\n', '"""Of # two\nlines."""# read'),
        ("def f(x: 'read') -> 'as well': return f.__annotations__\n", "'read''as well'"),
        ("# one\r\nx = y\r\n", "# one"),
        ("x = y\n", ""),
    ],
)
def test_all_that_a_program_can_read_of_its_own_text_is_counted_as_stored(source: str, stored: str) -> None:
    assert literal_share(source) == pytest.approx(len(stored.encode()) / len(source.encode()))


def test_what_does_not_matter_does_not_change_the_digest() -> None:
    first = (
        "def solve(instance):\n    total = 0\n    for i in range(3):\n        total += i * 1000.0\n    return total\n"
    )
    second = (
        '"""Docs."""\n# comment\ndef solve(instance):\n    """More."""\n    s = 0\n'
        "    for k in range(3):  # loop\n        s += k * 1e3\n    return s\n"
    )
    assert digest(first) == digest(second)


@pytest.mark.parametrize(
    "other",
    [
        "def solve(instance):\n    a = 1\n    b = 2\n    return b - a\n",
        "def solve(instance):\n    a = 1\n    b = 2.0\n    return a - b\n",
        "def solve(instance):\n    a = 1\n    b = 2\n    return a + b\n",
    ],
)
def test_what_matters_does(other: str) -> None:
    assert digest("def solve(instance):\n    a = 1\n    b = 2\n    return a - b\n") != digest(other)


def test_names_that_a_program_can_look_at_are_kept() -> None:
    template = "def solve(instance):\n    {0} = 1\n    return len(list(locals())[1])\n"
    assert digest(template.format("a")) != digest(template.format("bb"))


_SPELLED = (
    "def solve({instance}):\n    {total} = [{each} * {number} for {each} in {instance}]\n    try:\n"
    "        with open(0) as {file}:\n            pass\n    except OSError as {error}:\n        print({error})\n"
    "    if ({count} := len({total})) > 3:  {comment}\n        return {text}\n"
    "    return sorted({total}, key=lambda {key}: -{key})\n"
)
_NAMES = {
    "instance": "i", "total": "t", "each": "e", "number": "2000.0", "file": "f", "error": "x", "count": "c",
    "comment": "", "text": "'ab'", "key": "k",
}  # fmt: skip


@pytest.mark.parametrize(
    ("part", "other"),
    [
        ("instance", "batch"), ("total", "result"), ("each", "job"), ("number", "2_000."), ("number", "2e3"),
        ("file", "handle"), ("error", "problem"), ("count", "size"), ("comment", "# why"), ("text", '"a" "b"'),
        ("key", "item"),
    ],
)  # fmt: skip
def test_spelling_makes_no_new_program(part: str, other: str) -> None:
    assert digest(_SPELLED.format(**_NAMES)) == digest(_SPELLED.format(**{**_NAMES, part: other}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x = 1\ndef solve(a):\n    b = 1\n    return x", "x = 1\ndef solve(a):\n    b = 1\n    return b"),
        ("_v0 = 5\ndef solve(a):\n    m = 1\n    return _v0", "_v0 = 5\ndef solve(a):\n    m = 1\n    return m"),
        ("def f(x, y): return x - y\ndef solve(a): return f(x=a, y=1)",
         "def f(y, x): return y - x\ndef solve(a): return f(x=a, y=1)"),
        ("def f(x, y): return x - y\ndef solve(a): return f(**a)",
         "def f(y, x): return y - x\ndef solve(a): return f(**a)"),
        ("def f(*, x, y): return x - y\nd = {'x': 1}\ndef solve(a): return f",
         "def f(*, y, x): return y - x\nd = {'x': 1}\ndef solve(a): return f"),
        ("x = 1\ny = 2\ndef solve(a): return [x for x in a] + [x]",
         "x = 1\ny = 2\ndef solve(a): return [y for y in a] + [x]"),
        ("x = 1\ny = 2\ndef solve(a): return [x for x in a] + [x]",
         "x = 1\ny = 2\ndef solve(a): return [y for y in a] + [y]"),
        ("A = 1\nB = 2\ndef solve(v): return sorted(v, key=lambda A: -A)[0] + A",
         "A = 1\nB = 2\ndef solve(v): return sorted(v, key=lambda B: -B)[0] + B"),
        ("A = 1\nB = 2\ndef f(v, w=A):\n    A = v\n    return A + w\ndef solve(v): return f(v)",
         "A = 1\nB = 2\ndef f(v, w=B):\n    B = v\n    return B + w\ndef solve(v): return f(v)"),
        ("def solve(v):\n    x = 1\n    import math as x\n    return x",
         "def solve(v):\n    y = 1\n    import math as x\n    return y"),
    ],
)  # fmt: skip
def test_names_that_decide_something_do(one: str, other: str) -> None:
    assert digest(one) != digest(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("@dataclass\nclass A:\n    x: int = 0\n{}", "@dataclass\nclass A:\n    x = 0\n{}"),
        (
            "class A(NamedTuple):\n    if 1:\n        x: int = 0\n{}",
            "class A(NamedTuple):\n    if 1:\n        x = 0\n{}",
        ),
        ("def f(x: List[int]): return x\n{}", "def f(x: list[int]): return x\n{}"),
        ("class A:\n    def f(self) -> A: return self\n{}", "class A:\n    def f(self) -> 'A': return self\n{}"),
        ("x: Undefined = 0\n{}", "x: int = 0\n{}"),
    ],
)
def test_annotations_that_decide_something_do(one: str, other: str) -> None:
    solve = "def solve(a):\n    return a\n"
    assert digest(one.format(solve)) != digest(other.format(solve))


def test_annotations_that_say_nothing_make_no_new_program() -> None:
    plain = "import numpy as np\nx = 0\ndef solve(a):\n    b = a\n    return b\n"
    said = (
        "import numpy as np\nx: int | None = 0\n"
        "def solve(a: np.ndarray) -> dict[str, 'Later']:\n    b: Never = a\n    return b\n"
    )
    assert digest(plain, imports=("numpy",)) == digest(said, imports=("numpy",))


_LEAVES = st.sampled_from(["a", "b", "A", "B", "v"])
_BOUND = st.sampled_from(["a", "b", "A", "B"])


def _expressions(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair, bound = st.tuples(inner, inner), st.tuples(inner, _BOUND, inner)
    return st.one_of(
        pair.map(lambda each: f"({each[0]} + {each[1]})"),
        bound.map(lambda each: f"sum([{each[0]} for {each[1]} in ({each[2]}, 1)])"),
        bound.map(lambda each: f"(lambda {each[1]}: {each[0]})({each[2]})"),
        bound.map(lambda each: f"({each[0]} + ({each[1]} := {each[2]}))"),
    )


_EXPRESSIONS = st.recursive(_LEAVES, _expressions, max_leaves=4)


@given(st.lists(st.tuples(_BOUND, _EXPRESSIONS, _EXPRESSIONS), min_size=2, max_size=2, unique=True))
@settings(max_examples=400, deadline=None)
def test_equal_digests_behave_alike(drawn: list[tuple[str, str, str]]) -> None:
    """Also after all names were exchanged for others, which may mean something else then."""
    sources = []
    for local, value, answer in drawn:
        source = f"def solve(v):\n    {local} = {value}\n    return {answer}\n"
        exchanged = re.sub(r"\b[abAB]\b", lambda name: {"a": "b", "b": "A", "A": "B", "B": "a"}[name[0]], source)
        sources += ["a, b, A, B = 2, 30, 400, 5000\n" + text for text in (source, exchanged)]
    seen: dict[str, object] = {}
    for source in sources:
        assert seen.setdefault(digest(source), _answer(source)) == _answer(source), sources


def _answer(source: str) -> object:
    module: dict[str, Any] = {}
    try:
        exec(source, module)
        answer: object = module["solve"](70000)
    except (NameError, UnboundLocalError, SyntaxError) as error:
        return type(error)
    return answer
