"""Expressions over terms as Python: for one item, or for arrays of all of them."""

import ast
from collections.abc import Callable, Sequence

from adrs.rule.form import Constant, Expression, Leaf, Node, Operation, Split, Terminal

Known = Sequence[ast.expr]
"""What stands for each feature."""
_SIGNS = {"add": ast.Add, "sub": ast.Sub, "mul": ast.Mult, "div": ast.Div}
_TWO, _HALF = 2, 0.5


def written(node: Node, known: Known, arrays: bool = False) -> ast.expr:
    """A tree of branches and expressions. arrays: of whole arrays, by functions of numpy under its own name.

    Raises ValueError for operations that no search makes.
    """
    if isinstance(node, Leaf):
        return expression(node.expression, known, arrays)
    assert isinstance(node, Split)
    term = known[node.terminal.feature]
    test = ast.Compare(term, [ast.Gt()], [ast.Constant(node.threshold)])
    above, below = written(node.above, known, arrays), written(node.below, known, arrays)
    return _numpy("where", [test, above, below]) if arrays else ast.IfExp(test, above, below)


def expression(tree: Expression, known: Known, arrays: bool = False) -> ast.expr:
    """An expression."""
    if isinstance(tree, Constant):
        return _number(tree.value)
    if isinstance(tree, Terminal):
        return known[tree.feature]
    parts = [expression(each, known, arrays) for each in tree.arguments]
    if tree.name in _SIGNS:
        return ast.BinOp(parts[0], _SIGNS[tree.name](), parts[1])
    return _OTHERS[tree.name](parts, arrays) if tree.name in _OTHERS else _unknown(tree)


def _unknown(tree: Operation) -> ast.expr:
    raise ValueError(f"{tree.name} is not written in keys")


def _number(value: float) -> ast.expr:
    whole = int(value) if value == int(value) and abs(value) < 1e6 else value
    return ast.UnaryOp(ast.USub(), ast.Constant(-whole)) if whole < 0 else ast.Constant(whole)


def _quotient(parts: Sequence[ast.expr], arrays: bool) -> ast.expr:
    """a / sqrt(1 + b^2)."""
    square = ast.BinOp(parts[1], ast.Pow(), ast.Constant(_TWO))
    below = ast.BinOp(ast.BinOp(ast.Constant(1), ast.Add(), square), ast.Pow(), ast.Constant(_HALF))
    return ast.BinOp(parts[0], ast.Div(), below)


def _extreme(name: str, whole: str) -> Callable[[Sequence[ast.expr], bool], ast.expr]:
    def write(parts: Sequence[ast.expr], arrays: bool) -> ast.expr:
        return _numpy(whole, parts) if arrays else ast.Call(ast.Name(name, ast.Load()), list(parts), [])

    return write


def _numpy(name: str, arguments: Sequence[ast.expr]) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name("numpy", ast.Load()), name, ast.Load()), list(arguments), [])


_OTHERS: dict[str, Callable[[Sequence[ast.expr], bool], ast.expr]] = {
    "min": _extreme("min", "minimum"),
    "max": _extreme("max", "maximum"),
    "neg": lambda parts, arrays: ast.UnaryOp(ast.USub(), parts[0]),
    "abs": lambda parts, arrays: ast.Call(ast.Name("abs", ast.Load()), [parts[0]], []),
    "sqrt": lambda parts, arrays: ast.BinOp(parts[0], ast.Pow(), ast.Constant(_HALF)),
    "aq": _quotient,
}
