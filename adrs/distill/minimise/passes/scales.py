"""Factors and divisors that are computed from what a function is given become round numbers, where these do as well.

Programs divide by sizes that are the same on all workloads, or weigh by something that matters little.
"""

import ast
from collections.abc import Iterator

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, Path, loads, replacing, stores, walk

_EXPONENTS = (0, 1, -1, 2, -2, 3, -3)
_LEAST_NODES = 3


def scales(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits that put numbers of one digit, from 0.001 to 9000, in the place of such a factor or divisor."""
    changing = set(stores(tree)) | {
        argument.arg for node in ast.walk(tree) if isinstance(node, ast.Lambda) for argument in node.args.args
    }
    for path, node in walk(tree):
        for where, part in _factors(path, node):
            if nodes(part) >= _LEAST_NODES and _is_given(part, changing):
                for number in _numbers():
                    yield replacing(tree, "scales", where, part, ast.Constant(number))


def _factors(path: Path, node: ast.AST) -> Iterator[tuple[Path, ast.expr]]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        yield (*path, "right"), node.right
        if isinstance(node.op, ast.Mult):
            yield (*path, "left"), node.left


def _is_given(part: ast.expr, changing: set[str]) -> bool:
    """Whether an expression is arithmetic on fields of parameters alone."""
    for node in ast.walk(part):
        if isinstance(node, ast.Name) and node.id in changing:
            return False
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            return False
        if isinstance(node, ast.Call | ast.Attribute | ast.IfExp | ast.Lambda | ast.Compare):
            return False
    return bool(loads(part))


def _numbers() -> Iterator[float]:
    """From the middle outwards."""
    for exponent in _EXPONENTS:
        for digit in range(1, 10):
            yield digit * 10**exponent if exponent >= 0 else round(digit * 10.0**exponent, -exponent)
