"""Syntax tree edits: always a program, always the same signatures, always said in words."""

import ast
import random
from dataclasses import replace
from functools import partial
from pathlib import Path

import libcst as cst
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import problem
from adrs.program import Brief, Evaluation, Program, WorkloadResult
from adrs.propose.embedded import edits, statements
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.edits import Maker
from adrs.propose.embedded.idea import Idea
from adrs.propose.embedded.mutate import Mutate
from adrs.propose.embedded.tree import Tree

FIXTURES = Path(__file__).parent / "fixtures"
PROGRAMS = [
    *FIXTURES.glob("*/baselines/*.py"),
    *(baseline.path for name in problem.shipped() for baseline in problem.load(name).baselines if not baseline.native),
]


def signatures(source: str) -> dict[str, list[str]]:
    return {
        node.name: [argument.arg for argument in node.args.args]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
@given(seed=st.integers(0, 2**32))
@settings(max_examples=15, deadline=None)
def test_a_mutant_parses_differs_and_keeps_signatures(path: Path, seed: int) -> None:
    source = path.read_text()
    brief = Brief(2, seed, Program(1, source, ""))
    idea = Mutate({}).think(brief, Archive(), random.Random(seed))
    if idea is None:
        assert source.count("\n") < 20, "only in the shortest programs is there nothing to edit"
        return
    assert ast.dump(ast.parse(idea.source)) != ast.dump(ast.parse(source))
    assert signatures(idea.source) == signatures(source)
    assert idea.rationale.startswith("mutated line ")
    assert [(parent.id, parent.role) for parent in idea.parents] == [(1, "parent")]


def outcomes(maker: Maker, source: str, tries: int = 60) -> set[str]:
    """Every program that a kind of edit makes of a source."""
    tree, made = Tree(source), set()
    for seed in range(tries):
        for site in tree.sites:
            edit = maker(tree, site, random.Random(seed)) if site.function is not None else None
            if edit is not None:
                made.add(tree.replace([edit]))
    return made


def body(*lines: str) -> str:
    return "\n".join(["def f(x, y):", *(f"    {line}" for line in lines), ""])


def test_operators() -> None:
    assert outcomes(edits.operator, body("return x < y")) == {
        body("return x <= y"), body("return x > y"), body("return x >= y"),
    }  # fmt: skip
    assert outcomes(edits.operator, body("x += y * 2")) == {body("x -= y * 2"), body("x += y / 2")}
    assert outcomes(edits.operator, body("return [0] * x")) == set()


def test_constants_but_not_indices() -> None:
    made = outcomes(edits.constant, body("return 6 * x[2]"))
    assert made == {body(f"return {number} * x[2]") for number in (7, 5, 12, 3)}


def test_directions() -> None:
    made = outcomes(edits.call, body("return min(x, key=lambda i: y[i])"))
    assert made == {body("return max(x, key=lambda i: y[i])")}
    assert outcomes(edits.call, body("return sorted(x)")) == {body("return sorted(x, reverse=True)")}
    assert outcomes(edits.call, body("return np.argsort(-x)")) == {body("return np.argsort(x)")}
    assert outcomes(edits.call, body("return sorted(x, reverse=True)")) == {body("return sorted(x)")}
    assert outcomes(edits.call, body("return sorted(x, reverse=False)")) == {body("return sorted(x, reverse=True)")}
    assert outcomes(edits.call, body("return sorted(x, reverse=y > 2)")) == {
        body("return sorted(x, reverse=not (y > 2))")
    }  # fmt: skip
    assert outcomes(edits.call, body("return sorted(i for i in x)")) == {
        body("return sorted((i for i in x), reverse=True)")
    }  # fmt: skip
    assert outcomes(edits.call, body("return sorted(", "    x,  # all", "    key=y,  # the best", ")")) == {
        body("return sorted(", "    x,  # all", "    key=y,  # the best", "reverse=True)")
    }  # fmt: skip


def test_an_edit_that_cannot_be_written_does_not_apply() -> None:
    def ideas(source: str, count: int) -> list[Idea]:
        brief = Brief(2, 0, Program(1, source, ""))
        made = [Mutate({}).think(brief, Archive(), random.Random(seed)) for seed in range(count)]
        return [idea for idea in made if idea is not None]

    assert ideas(body("if(x > y):", "    return(x + y)", "return(y - x)"), 20)
    assert ideas(body("return " + " + ".join(["x"] * 1000)), 1) == []  # too deep
    assert ideas(body("return(y if(x)else x)"), 1) == []  # a program that libcst does not read


def test_fields_that_are_alike() -> None:
    maker = partial(edits.field, fields=["size", "load"])
    assert outcomes(maker, body('return x["size"], x["name"], "size"')) == {
        body('return x["load"], x["name"], "size"')
    }  # fmt: skip


def test_conditions_and_guards() -> None:
    source = body("if x > y:", "    x = y", "return x")
    assert outcomes(edits.condition, source) == {body("if not (x > y):", "    x = y", "return x")}
    assert outcomes(statements.unguard, source) == {body("x = y", "return x"), body("return x")}


def test_terms_come_and_go() -> None:
    assert outcomes(edits.drop_term, body("return x + y * 2")) == {
        body("return x"), body("return y * 2"), body("return x + y"),
    }  # fmt: skip
    made = outcomes(edits.add_term, body("z = y[3]", "return x < z"))
    assert body("z = y[3]", "return (x + z) < z") in made
    later = outcomes(edits.add_term, body("z = x + y", "later = z + x", "return z * later"))
    assert any("z * (later" in source or "(z" in source for source in later)
    assert not any("later" in source.split("\n")[1] for source in later)


def test_names_are_those_used_alike_and_bound_before() -> None:
    made = outcomes(edits.name, body("z = x[0] + y[0]", "w = z + 1", "return w"))
    assert body("z = y[0] + y[0]", "w = z + 1", "return w") in made
    assert all("z = w" not in source and "z = z" not in source for source in made)
    made = outcomes(edits.name, body("z = x + y", "return z + x"))
    assert not any("z" in source.split("\n")[1][7:] for source in made)


def test_statements() -> None:
    source = body("x = 1", "y.sort()", "x += 1", "return x")
    assert outcomes(statements.remove, source) == {
        body("x = 1", "x += 1", "return x"), body("x = 1", "y.sort()", "return x"),
        body("y.sort()", "x += 1", "return x"),
    }  # fmt: skip
    assert outcomes(statements.repeat, source) == {body("x = 1", "y.sort()", "y.sort()", "x += 1", "return x")}
    assert outcomes(statements.move, source) == {
        body("y.sort()", "x = 1", "x += 1", "return x"), body("x = 1", "x += 1", "y.sort()", "return x"),
    }  # fmt: skip


def test_early_exits_stand_where_their_names_are_known() -> None:
    source = body("for i in x:", "    z = y[i]", "    if z > i:", "        x = z", "return x")
    made = outcomes(statements.leave_early, source)
    assert body("for i in x:", "    z = y[i]", "    if z > i:", "        x = z", "    if z > i:", "        break",
                "return x") in made  # fmt: skip
    assert not any("for i in x:\n        if" in source for source in made)


def test_a_parent_that_does_not_parse_has_no_mutant() -> None:
    brief = Brief(2, 0, Program(1, "def f(:\n", ""))
    assert Mutate({}).think(brief, Archive(), random.Random(0)) is None


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: f"{path.parent.parent.name}/{path.stem}")
def test_an_edit_names_the_line_of_its_statement(path: Path) -> None:
    tree = Tree(path.read_text())
    old = tree.source.split("\n")
    starts = {node.lineno for node in ast.walk(ast.parse(tree.source)) if isinstance(node, ast.stmt)}
    for site in tree.sites:
        edit = edits.constant(tree, site, random.Random(0)) if site.function is not None else None
        if edit is not None:
            new = tree.replace([edit]).split("\n")
            changed = next(line for line, (was, now) in enumerate(zip(old, new, strict=True), 1) if was != now)
            assert tree.line(edit.at) == max(start for start in starts if start <= changed)


def test_an_edit_that_helps_where_the_parent_is_worst_counts_more_than_one_that_does_not() -> None:
    def evaluated(number: int, source: str, fitness: float, **results: float) -> Program:
        workloads = tuple(WorkloadResult(name, "ok", {}, score) for name, score in results.items())
        return Program(number, source, "", evaluation=Evaluation("train", "full", "ok", fitness=fitness,
                                                                 workloads=workloads))  # fmt: skip

    source = body("y = 2.5 * x", "return y")
    parent, archive, shares = evaluated(1, source, 5.0, wide=9.0, narrow=1.0), Archive(), []
    for known in (parent, evaluated(2, source, 4.0, wide=2.0, narrow=6.0)):
        archive.tell(known)
    for narrow in (0.5, 3.0):
        mutate = Mutate({})
        idea = mutate.think(Brief(3, 0, parent), archive, random.Random(3))
        assert idea is not None
        assert (idea.detail["weak"], idea.detail["weak_value"]) == ("narrow", 1.0)
        child = evaluated(3, idea.source, 4.0, wide=5.0, narrow=narrow)
        mutate.tell(replace(child, detail={**idea.detail, "baseline": 5.0}))
        shares.append(mutate._bandit.mean(idea.detail["edits"][0]))
    assert shares[1] > shares[0]


def test_a_loop_until_an_answer_is_complete_stays_as_it_is() -> None:
    source = body("while len(x) < 3 * y:", "    x = x + [0.5]", "return x")
    for maker in (edits.operator, edits.constant, edits.drop_term):
        assert all("while len(x) < 3 * y:" in made for made in outcomes(maker, source))
    assert outcomes(edits.operator, body("while x > 3:", "    x = f(x)", "return x"))


def test_a_nought_can_become_any_number() -> None:
    made = outcomes(edits.constant, body("return 0.0"))
    assert len(made) > 5
    assert body("return 0.0") not in made


def test_a_helper_within_a_function_knows_what_is_known_around_it() -> None:
    source = body("scale = 2.5", "def inner(z):", "    return z * z", "later = 1.0", "return inner(x) + y")
    tree = Tree(source)
    inside = next(site for site in tree.sites if isinstance(site.node, cst.BinaryOperation))
    assert tree.known_at(inside) == {"x", "y", "scale", "z"}
    shadowed = Tree(body("def inner(z):", "    w = z * z", "    x = w", "    return x", "return inner(x) + y"))
    product = next(site for site in shadowed.sites if isinstance(site.node, cst.BinaryOperation))
    assert shadowed.known_at(product) == {"y", "z"}  # x is the inner function's own by then, and has no value yet
