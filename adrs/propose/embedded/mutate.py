"""The operator `mutate`: one to three random edits of a program's syntax tree."""

import ast
import random
from collections.abc import Mapping, Sequence
from functools import partial

import libcst as cst

from adrs.interface import FunctionType, ValueType
from adrs.program import Brief, Draft, Parent, Program
from adrs.propose.embedded import edits, statements
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.edits import Maker
from adrs.propose.embedded.idea import Idea
from adrs.propose.embedded.tree import Edit, Tree, parse

_STATEMENT = (cst.SimpleStatementLine, cst.BaseCompoundStatement)
_Weighted = tuple[float, Maker, tuple[type[cst.CSTNode], ...]]

_MAKERS: Sequence[_Weighted] = (
    (3.0, edits.constant, (cst.Integer, cst.Float)),
    (3.0, edits.operator, (cst.BaseCompOp, cst.BaseBinaryOp, cst.BaseAugOp, cst.BaseBooleanOp)),
    (3.0, edits.add_term, (cst.BaseExpression,)),
    (2.0, edits.drop_term, (cst.BinaryOperation, cst.BooleanOperation)),
    (2.0, edits.call, (cst.Call,)),
    (2.0, edits.name, (cst.Name,)),
    (1.0, edits.condition, (cst.BaseExpression,)),
    (1.5, statements.remove, _STATEMENT),
    (1.5, statements.repeat, _STATEMENT),
    (1.0, statements.move, _STATEMENT),
    (1.0, statements.unguard, (cst.If,)),
    (1.0, statements.leave_early, (cst.For, cst.While)),
)
_FIELD_WEIGHT = 1.5
"""Weight, maker of edits, and the kinds of node that it may apply to."""
_ATTEMPTS = 12
_SITES = 16
"""Places that a kind of edit is tried at before another kind has its turn."""
_PROGRAMS = 4


class Mutate:
    """Edits within functions; signatures stay, and what does not parse is never proposed."""

    name = "mutate"

    def __init__(self, functions: Mapping[str, FunctionType]) -> None:
        """Take the functions of the interface, whose fields may stand for each other where their types are alike."""
        self._makers: list[_Weighted] = [*_MAKERS]
        for names in _alike(functions):
            self._makers.append((_FIELD_WEIGHT, partial(edits.field, fields=names), (cst.SimpleString,)))

    def think(self, brief: Brief, archive: Archive, rng: random.Random) -> Idea | None:
        """The parent with one to three edits."""
        tree = parse(brief.parent.source)
        if tree is None:
            return None
        for _ in range(_PROGRAMS):
            chosen = self._choose(tree, rng, rng.choices((1, 2, 3), (0.6, 0.25, 0.15))[0])
            source = tree.replace(chosen)
            if chosen and source != tree.source and _parses(source):
                rationale = "; ".join(f"line {tree.line(edit.at)}: {edit.text}" for edit in chosen)
                parents = (Parent(brief.parent.id, "parent"),)
                return Idea(source, parents, f"mutated {rationale}", brief.parent.fitness)
        return None

    def commit(self, brief: Brief, draft: Draft, archive: Archive) -> None:
        """Nothing to remember."""

    def tell(self, program: Program) -> None:
        """Nothing to learn."""

    def _choose(self, tree: Tree, rng: random.Random, count: int) -> list[Edit]:
        """Up to `count` random edits that do not overlap."""
        chosen: list[Edit] = []
        weights = [weight for weight, _, _ in self._makers]
        for _ in range(_ATTEMPTS):
            _, maker, kinds = rng.choices(self._makers, weights)[0]
            sites = [site for site in tree.editable if isinstance(site.node, kinds)]
            made = (maker(tree, site, rng) for site in rng.sample(sites, min(_SITES, len(sites))))
            edit = next((edit for edit in made if edit is not None), None)
            if edit is not None and not any(edit.overlaps(other) for other in chosen):
                chosen.append(edit)
                if len(chosen) == count:
                    break
        return chosen


def _parses(source: str) -> bool:
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _alike(functions: Mapping[str, FunctionType]) -> list[list[str]]:
    """Fields of arguments grouped by type, where a group has more than one."""
    groups: dict[str, list[str]] = {}
    for function in functions.values():
        for kind in function.arguments.values():
            for name, field in () if isinstance(kind, ValueType) else kind.items():
                groups.setdefault(f"{field.base} {field.dims}", []).append(name)
    return [list(dict.fromkeys(names)) for names in groups.values() if len(set(names)) > 1]
