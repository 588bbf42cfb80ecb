"""Numbers with fewer digits: three, two and one significant digit, then 0 and 1."""

import ast
from collections.abc import Iterator

from adrs.distill.tree import Edit, replacing, walk

_DIGITS = (3, 2, 1)
_LARGEST = 1e300


def constants(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that shorten numbers; none saves a node by itself, but what multiplies by 1 can go afterwards."""
    for path, node in walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (int, float) and "slice" not in path:
            for value in _shorter(node.value):  # type: ignore[arg-type]
                yield replacing(tree, "constants", path, node, ast.Constant(value))


def _shorter(value: float) -> Iterator[float]:
    if not -_LARGEST < value < _LARGEST:
        return
    tried = {repr(value)}
    rounded = [_rounded(value, digits) for digits in _DIGITS]
    for candidate in (*rounded, 0, 1):
        if repr(candidate) not in tried and len(repr(candidate)) < len(repr(value)):
            tried.add(repr(candidate))
            yield candidate


def _rounded(value: float, digits: int) -> float:
    """To significant digits. What was an int stays one; a small whole float loses its point."""
    number = float(f"{value:.{digits}g}")
    return int(number) if number.is_integer() and (isinstance(value, int) or abs(number) < 1000) else number
