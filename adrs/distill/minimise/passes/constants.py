"""Numbers that are shorter: 0 and 1, then one, two and three significant digits; and whole numbers a tenth as large."""

import ast
from collections.abc import Iterator

from adrs.distill.minimise.tree import Edit, Path, made, replacing, transformed, walk

_DIGITS = (1, 2, 3)
_LARGEST = 1e300
_LEAST_BUDGET = 100


def constants(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that shorten numbers; none saves a node by itself, but what multiplies by 1 can go afterwards.

    All numbers at once first, then each.
    """
    for digits in _DIGITS:
        rounded = _all_rounded(tree, digits)
        if rounded is not tree:
            yield made("constants", f"all numbers to {digits} digits", tree, rounded)
    for path, node in walk(tree):
        value = _value(node, path)
        for shorter in () if value is None else _shorter(value):
            yield replacing(tree, "constants", path, node, ast.Constant(shorter))


def budgets(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that make whole numbers a digit shorter.

    They save no node, but where a program goes round a loop more often than its answers need, every candidate after
    this one is judged in a fraction of the time: hence the first of all passes.
    """
    for path, node in walk(tree):
        value = _value(node, path)
        if isinstance(value, int) and abs(value) >= _LEAST_BUDGET:
            yield replacing(tree, "budgets", path, node, ast.Constant(round(value / 10)))


def _value(node: ast.AST, path: Path) -> int | float | None:
    """The number that a node is; None for anything else, and for indices."""
    if not isinstance(node, ast.Constant) or "slice" in path:
        return None
    value = node.value
    return value if isinstance(value, int | float) and type(value) is not bool and abs(value) < _LARGEST else None


def _all_rounded(tree: ast.Module, digits: int) -> ast.Module:
    found = {id(node): value for path, node in walk(tree) if (value := _value(node, path)) is not None}

    def change(node: ast.AST) -> ast.AST:
        value = found.get(id(node))
        rounded = None if value is None else _rounded(value, digits)
        return node if rounded is None or len(repr(rounded)) >= len(repr(value)) else ast.Constant(rounded)

    return transformed(tree, change)


def _shorter(value: float) -> Iterator[float]:
    tried = {repr(value)}
    for candidate in (0, 1, *(_rounded(value, digits) for digits in _DIGITS)):
        if repr(candidate) not in tried and len(repr(candidate)) < len(repr(value)):
            tried.add(repr(candidate))
            yield candidate


def _rounded(value: float, digits: int) -> float:
    """To significant digits. What was an int stays one; a small whole float loses its point."""
    number = float(f"{value:.{digits}g}")
    return int(number) if number.is_integer() and (isinstance(value, int) or abs(number) < 1000) else number
