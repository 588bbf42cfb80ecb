"""Factors and divisors that are computed become round numbers: what a constant does as well needs no formula."""

import ast
from collections.abc import Iterator

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, replacing, walk

_ROUND = (1, 2, 5)
_EXPONENTS = range(-3, 4)
_LEAST_NODES = 3


def scales(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that put 0.001, 0.002, 0.005, 0.01 and so on to 5000 in the place of a factor or divisor."""
    for path, node in walk(tree):
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Mult | ast.Div):
            continue
        for side in ("left", "right"):
            part = getattr(node, side)
            is_factor = side == "right" or isinstance(node.op, ast.Mult)
            if is_factor and nodes(part) >= _LEAST_NODES and not isinstance(part, ast.Constant):
                for number in _numbers():
                    yield replacing(tree, "scales", (*path, side), part, ast.Constant(number))


def _numbers() -> Iterator[float]:
    """The middle ones first."""
    for exponent in sorted(_EXPONENTS, key=abs):
        for digit in _ROUND:
            yield digit * 10**exponent if exponent >= 0 else round(digit * 10.0**exponent, -exponent)
