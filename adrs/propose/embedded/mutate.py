"""The operator `mutate`: one to three random edits of a program's syntax tree."""

import ast
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import libcst as cst

from adrs.interface import FunctionType
from adrs.problem import Objective
from adrs.program import Brief, Draft, Parent, Program
from adrs.propose.embedded import edits, keys, quantities, statements, truths, whole_numbers
from adrs.propose.embedded.archive import Archive, values
from adrs.propose.embedded.bandit import Bandit
from adrs.propose.embedded.edits import Maker
from adrs.propose.embedded.idea import Idea
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.tree import NO_TREE, Edit, Site, Tree, parse

_STATEMENT = (cst.SimpleStatementLine, cst.BaseCompoundStatement)


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of edit."""

    name: str
    weight: float
    make: Maker
    nodes: tuple[type[cst.CSTNode], ...]
    """What it may apply to."""
    at: Callable[[Tree, Site], bool] | None = None
    """Where alone it applies, for one with few places."""


_KINDS = (
    _Kind("constant", 3.0, edits.constant, (cst.Integer, cst.Float)),
    _Kind("operator", 3.0, edits.operator, (cst.BaseCompOp, cst.BaseBinaryOp, cst.BaseAugOp, cst.BaseBooleanOp)),
    _Kind("add term", 3.0, edits.add_term, (cst.BaseExpression,)),
    _Kind("drop term", 2.0, edits.drop_term, (cst.BinaryOperation, cst.BooleanOperation)),
    _Kind("call", 2.0, edits.call, (cst.Call,)),
    _Kind("name", 2.0, edits.name, (cst.Name,)),
    _Kind("condition", 1.0, edits.condition, (cst.BaseExpression,)),
    _Kind("remove", 1.5, statements.remove, _STATEMENT),
    _Kind("repeat", 1.5, statements.repeat, _STATEMENT),
    _Kind("move", 1.0, statements.move, _STATEMENT),
    _Kind("unguard", 1.0, statements.unguard, (cst.If,)),
    _Kind("leave early", 1.0, statements.leave_early, (cst.For, cst.While)),
)
_FIELD_WEIGHT = 1.0
_ATTEMPTS = 12
_SITES = 16
"""Places that a kind of edit is tried at before another kind has its turn."""
_PROGRAMS = 4
_CHANGED = 0.2
"""Reward of a kind of edit for a program that runs and behaves otherwise; 1 if it is better than its parent."""
_BETTER_WHERE_WORST = 0.5
"""Reward where it is not, but is better than it on the workload where the parent was furthest behind."""


class Mutate:
    """Edits within functions; signatures stay, and what does not parse is never proposed."""

    name = "mutate"

    def __init__(self, functions: Mapping[str, FunctionType], objective: Objective | None = None) -> None:
        """Take the functions of the interface, whose fields may stand for each other where their types are alike."""
        self._objective = objective
        kinds = [*_KINDS, *_growth(Shown.by(functions))]
        for names in _alike(functions):
            maker = partial(edits.field, fields=names)
            kinds.append(_Kind(f"field {names[0]}", _FIELD_WEIGHT, maker, (cst.SimpleString,)))
        self._kinds = {kind.name: kind for kind in kinds}
        self._bandit = Bandit(self._kinds)

    def think(self, brief: Brief, archive: Archive, rng: random.Random) -> Idea | None:
        """The parent with one to three edits."""
        tree = parse(brief.parent.source)
        if tree is None:
            return None
        for _ in range(_PROGRAMS):
            try:
                chosen = self._choose(tree, rng, rng.choices((1, 2, 3), (0.6, 0.25, 0.15))[0])
                source = tree.replace([edit for _, edit in chosen])
            except NO_TREE:
                continue
            if chosen and source != tree.source and _parses(source):
                rationale = "; ".join(f"line {tree.line(edit.at)}: {edit.text}" for _, edit in chosen)
                parents = (Parent(brief.parent.id, "parent"),)
                detail = {"edits": [kind for kind, _ in chosen], **self._weakness(brief.parent, archive)}
                return Idea(source, parents, f"mutated {rationale}", brief.parent.fitness, detail)
        return None

    def commit(self, brief: Brief, draft: Draft, archive: Archive) -> None:
        """Count the kinds of edit."""
        for kind in draft.detail["edits"]:
            if kind in self._kinds:
                self._bandit.pull(kind)

    def tell(self, program: Program) -> None:
        """Reward the kinds of edit that make programs which run and are different, or better."""
        fitness, baseline = program.fitness, program.detail.get("baseline")
        if fitness is None or fitness == baseline:
            return
        reward = 1.0
        if baseline is None or fitness < baseline:
            reward = _BETTER_WHERE_WORST if self._improves_weakness(program) else _CHANGED
        for kind in program.detail["edits"]:
            if kind in self._kinds:
                self._bandit.reward(kind, reward / len(program.detail["edits"]))

    def _weakness(self, parent: Program, archive: Archive) -> Mapping[str, Any]:
        """Where the parent is furthest behind, and its value there."""
        found = archive.weakness(parent)
        return {} if found is None else {"weak": found[0], "weak_value": values(parent, self._objective)[found[0]]}

    def _improves_weakness(self, program: Program) -> bool:
        name = program.detail.get("weak")
        value = values(program, self._objective).get(name) if isinstance(name, str) else None
        return value is not None and value > program.detail["weak_value"]

    def _choose(self, tree: Tree, rng: random.Random, count: int) -> list[tuple[str, Edit]]:
        """Up to `count` random edits that do not overlap, with their kinds."""
        chosen: list[tuple[str, Edit]] = []
        names = list(self._kinds)
        shares = self._bandit.shares(names)
        weights = [kind.weight * share for kind, share in zip(self._kinds.values(), shares, strict=True)]
        for _ in range(_ATTEMPTS):
            kind = self._kinds[rng.choices(names, weights)[0]]
            sites = [site for site in tree.editable
                     if isinstance(site.node, kind.nodes) and (kind.at is None or kind.at(tree, site))]  # fmt: skip
            made = (kind.make(tree, site, rng) for site in rng.sample(sites, min(_SITES, len(sites))))
            edit = next((edit for edit in made if edit is not None), None)
            if edit is not None and not any(edit.overlaps(other) for _, other in chosen):
                chosen.append((kind.name, edit))
                if len(chosen) == count:
                    break
        return chosen


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _growth(shown: Shown) -> Iterator[_Kind]:
    """Kinds of edit that bring in what the interface shows."""
    yield _Kind("key", 2.0, partial(keys.key, shown=shown), (cst.BaseExpression,), Tree.is_key)
    if shown.quantities:
        yield _Kind("quantity", 3.0, partial(quantities.add, shown=shown), (cst.BaseExpression,))
        yield _Kind("branch", 1.5, partial(quantities.branch, shown=shown), (cst.BaseExpression,))
    if shown.quantities and shown.wholes:
        yield _Kind("level", 3.0, partial(whole_numbers.level, shown=shown), (cst.BaseExpression,))
        yield _Kind("whole branch", 1.5, partial(whole_numbers.branch, shown=shown), (cst.BaseExpression,))
        yield _Kind("choose", 2.0, partial(whole_numbers.choose, shown=shown), (cst.BaseExpression,))
    if shown.truths:
        yield _Kind("flip", 1.0, partial(truths.flip, shown=shown), (cst.Name,))
    if shown.quantities and shown.truths:
        yield _Kind("compare", 3.0, partial(truths.compare, shown=shown), (cst.BaseExpression,))
    if any(isinstance(each.size, str) for each in shown.quantities):
        yield _Kind("order", 2.0, partial(quantities.order, shown=shown), (cst.BaseExpression,))
        yield _Kind("accumulate", 1.5, partial(quantities.accumulate, shown=shown), (cst.For,))
        yield _Kind("whole", 2.0, partial(quantities.whole, shown=shown), (cst.BaseExpression,))


def _alike(functions: Mapping[str, FunctionType]) -> list[list[str]]:
    """Fields of arguments grouped by type, where a group has more than one."""
    groups: dict[str, list[str]] = {}
    for function in functions.values():
        for kind in function.arguments.values():
            for name, field in kind.items() if isinstance(kind, Mapping) else ():
                groups.setdefault(f"{field.base} {field.dims}", []).append(name)
    return [list(dict.fromkeys(names)) for names in groups.values() if len(set(names)) > 1]
