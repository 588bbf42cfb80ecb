"""What cannot matter: docstrings, annotations, names never read, code never reached, arithmetic without an effect."""

import ast
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from adrs.distill.minimise.size import is_docstring
from adrs.distill.minimise.tree import Edit, Function, loads, made, transformed, with_fields

_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_PURE = frozenset(
    {"abs", "bool", "float", "int", "len", "max", "min", "range", "round", "sum", "dict", "list", "tuple"}
)
_LOOKS_AT_NAMES = frozenset({"locals", "vars", "eval", "exec", "dir", "globals"})
_SMALL = 1e15
"""Numbers beyond it are not folded: a power of them could take for ever."""
_HOLDS: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}  # fmt: skip
Change = Callable[[ast.Module, frozenset[str]], ast.Module]


def cleanup(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """All of it at once, then sort by sort."""
    everything = _until_stable(tree, fixed, list(_CHANGES.values()))
    if everything is not tree:
        yield _edit(tree, everything, "everything that cannot matter")
        for name, change in _CHANGES.items():
            cleaned = _until_stable(tree, fixed, [change])
            if cleaned is not tree:
                yield _edit(tree, cleaned, name)


def _edit(tree: ast.Module, cleaned: ast.Module, text: str) -> Edit:
    return made("cleanup", f"without {text}", tree, cleaned)


def _until_stable(tree: ast.Module, fixed: frozenset[str], changes: list[Change]) -> ast.Module:
    before = None
    while tree is not before:
        before = tree
        for change in changes:
            tree = change(tree, fixed)
    return tree


def _docstrings(tree: ast.Module, fixed: frozenset[str]) -> ast.Module:
    def change(node: ast.AST) -> ast.AST:
        body = getattr(node, "body", None)
        if not isinstance(body, list) or not body or not is_docstring(node, body[0]):
            return node
        return with_fields(node, body=body[1:] or ([] if isinstance(node, ast.Module) else [ast.Pass()]))

    return transformed(tree, change)


def _annotations(tree: ast.Module, fixed: frozenset[str]) -> ast.Module:
    def change(node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.arg) and node.annotation is not None:
            return with_fields(node, annotation=None)
        if isinstance(node, Function) and node.returns is not None:
            return with_fields(node, returns=None)
        if isinstance(node, ast.AnnAssign) and node.simple and node.value is not None:
            return ast.Assign([node.target], node.value, lineno=node.lineno)
        return node

    return transformed(tree, change)


def _imports(tree: ast.Module, fixed: frozenset[str]) -> ast.Module:
    read = loads(tree)

    def change(node: ast.AST) -> ast.AST | None:
        if not isinstance(node, ast.Import | ast.ImportFrom) or getattr(node, "module", "") == "__future__":
            return node
        used = [alias for alias in node.names
                if alias.name == "*" or read[(alias.asname or alias.name).split(".")[0]]]  # fmt: skip
        if len(used) == len(node.names):
            return node
        return with_fields(node, names=used) if used else None

    return _with_bodies(transformed(tree, change))


def _definitions(tree: ast.Module, fixed: frozenset[str]) -> ast.Module:
    """Functions and classes that nothing reads, but perhaps themselves."""
    read = loads(tree)

    def change(node: ast.AST) -> ast.AST | None:
        if isinstance(node, Function | ast.ClassDef) and node.name not in fixed:
            return node if read[node.name] - loads(node)[node.name] > 0 else None
        return node

    return _with_bodies(transformed(tree, change))


def _assignments(tree: ast.Module, fixed: frozenset[str]) -> ast.Module:
    """Variables that nothing reads, where to compute them has no effect."""
    read = loads(tree)
    if any(read[name] for name in _LOOKS_AT_NAMES):
        return tree
    declared = {name for node in ast.walk(tree) if isinstance(node, ast.Global | ast.Nonlocal) for name in node.names}

    def change(node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant | ast.Name):
            return None
        if not isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
            return node
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        bound = [name for target in targets for name in _names(target)]
        if None in bound or any(read[str(name)] or name in fixed | declared for name in bound):
            return node
        return None if node.value is None or _is_pure(node.value) else node

    return _with_bodies(transformed(tree, change))


def _names(target: ast.expr) -> list[str | None]:
    """Names that a target binds, None among them for anything else."""
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, ast.Tuple | ast.List):
        return [name for element in target.elts for name in _names(element)]
    return [None]


def _is_pure(value: ast.expr) -> bool:
    for node in ast.walk(value):
        if isinstance(node, ast.Call) and not (isinstance(node.func, ast.Name) and node.func.id in _PURE):
            return False
        if isinstance(node, ast.Await | ast.Yield | ast.YieldFrom | ast.NamedExpr):
            return False
    return True


def _unreachable(tree: ast.Module, fixed: frozenset[str]) -> ast.Module:
    """What stands after a return, or under a condition that is never met."""

    def change(node: ast.AST) -> ast.AST:
        fields: dict[str, Any] = {}
        for name in ("body", "orelse", "finalbody"):
            found = getattr(node, name, None)
            if isinstance(found, list):
                left = _reached(found)
                if len(left) != len(found) or any(new is not old for new, old in zip(left, found, strict=True)):
                    fields[name] = left or ([] if name != "body" or isinstance(node, ast.Module) else [ast.Pass()])
        if isinstance(node, ast.IfExp) and isinstance(node.test, ast.Constant):
            return node.body if node.test.value else node.orelse
        return with_fields(node, **fields) if fields else node

    return transformed(tree, change)


def _reached(statements: list[ast.stmt]) -> list[ast.stmt]:
    left: list[ast.stmt] = []
    for statement in statements:
        if isinstance(statement, ast.If) and isinstance(statement.test, ast.Constant):
            left += statement.body if statement.test.value else statement.orelse
        elif not (isinstance(statement, ast.While) and isinstance(statement.test, ast.Constant)
                  and not statement.test.value):  # fmt: skip
            left.append(statement)
        if left and isinstance(left[-1], _ENDS):
            return left
    return left if len(left) == 1 else [each for each in left if not isinstance(each, ast.Pass)]


def _arithmetic(tree: ast.Module, fixed: frozenset[str]) -> ast.Module:
    """x + 0, x * 1, x / 1, x ** 1, and arithmetic on, and comparisons of, small numbers alone."""

    def change(node: ast.AST) -> ast.AST:
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            compared = _number(node.left), _number(node.comparators[0])
            holds = _HOLDS.get(type(node.ops[0]))
            if holds is not None and compared[0] is not None and compared[1] is not None:
                return ast.Constant(holds(compared[0], compared[1]))
        if not isinstance(node, ast.BinOp):
            return node
        left, right = _number(node.left), _number(node.right)
        if left is not None and right is not None:
            return _folded(node.op, left, right) or node
        if isinstance(node.op, ast.Add | ast.Sub) and right == 0:
            return node.left
        if isinstance(node.op, ast.Mult | ast.Div | ast.Pow) and right == 1:
            return node.left
        alone = (isinstance(node.op, ast.Add) and left == 0) or (isinstance(node.op, ast.Mult) and left == 1)
        return node.right if alone else node

    return transformed(tree, change)


def _number(node: ast.expr) -> float | None:
    found = node.value if isinstance(node, ast.Constant) else None
    return found if isinstance(found, int | float) and type(found) is not bool and abs(found) < _SMALL else None


def _folded(sign: ast.operator, left: float, right: float) -> ast.Constant | None:
    if isinstance(sign, ast.Add):
        value: float = left + right
    elif isinstance(sign, ast.Sub):
        value = left - right
    elif isinstance(sign, ast.Mult):
        value = left * right
    elif isinstance(sign, ast.Div) and right:
        value = left / right
    else:
        return None
    return ast.Constant(value) if value >= 0 else None


def _with_bodies(tree: ast.Module) -> ast.Module:
    """The tree with `pass` in bodies that have become empty; empty compound statements that do nothing are dropped."""

    def change(node: ast.AST) -> ast.AST | None:
        if isinstance(node, ast.Module) or getattr(node, "body", None) != []:
            return node
        if isinstance(node, ast.If | ast.For) and not node.orelse:
            return None
        return with_fields(node, body=[ast.Pass()])

    return transformed(tree, change)


_CHANGES: dict[str, Change] = {
    "code that is never reached": _unreachable,
    "variables that are never read": _assignments,
    "functions that are never called": _definitions,
    "imports that are never used": _imports,
    "arithmetic without an effect": _arithmetic,
    "annotations": _annotations,
    "docstrings": _docstrings,
}
