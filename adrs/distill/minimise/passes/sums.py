"""Arithmetic with equal terms put together: `13 * x + x` becomes `14 * x`, `0 - x` becomes `-x`, `t -= -x` `t += x`.

Where that is shorter, a constant factor is multiplied out, `1 - 2 * (x - 1)` to `3 - 2 * x`, and a common one is put
outside, `a * x + a * y` to `a * (x + y)`. Comparisons are freed of what may stand on one side alone: `2 * x > 3`
becomes `x > 1.5`, and `x - y < 0` becomes `x < y`.
"""

import ast
from collections.abc import Iterator
from typing import TypeAlias

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, replacing, walk, with_fields

_DIGITS = 12
"""Of a number that is computed, so that .1 + .2 is .3."""
_ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)
_LARGEST = 1e15
"""Larger numbers are left as they stand."""
_Term: TypeAlias = tuple[float, ast.expr | None]
"""A factor, and what it is multiplied with; None where the term is the number alone."""


def sums(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits of whole sums and products. They round otherwise than the original, which the oracle judges."""
    inner: set[int] = set()
    for path, node in walk(tree):
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add | ast.Sub):
            new = _turned(node)
            if nodes(new) < nodes(node):
                yield replacing(tree, "sums", path, node, new)
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], _ORDERS):
            balanced = min(_balanced(node), key=nodes, default=node)
            if nodes(balanced) < nodes(node):
                yield replacing(tree, "sums", path, node, balanced)
        elif isinstance(node, ast.BinOp | ast.UnaryOp) and _is_arithmetic(node):
            inner |= {id(child) for child in ast.iter_child_nodes(node) if _is_arithmetic(child)}
            if id(node) not in inner:
                shortest = min(_forms(node), key=nodes)
                if nodes(shortest) < nodes(node):
                    yield replacing(tree, "sums", path, node, shortest)


def _is_arithmetic(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.Div)
    return (
        isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant)
    )


def _turned(node: ast.AugAssign) -> ast.AugAssign:
    """The same with the opposite operator and value."""
    opposite: ast.operator = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
    return with_fields(node, op=opposite, value=_rebuilt([(-factor, core) for factor, core in _terms(node.value)]))


def _balanced(node: ast.Compare) -> Iterator[ast.Compare]:
    """The same comparison with terms that are added on both sides, its number on either, its factor gone."""
    for multiplied in (False, True):
        left, right = _terms(node.left, multiplied), _terms(node.comparators[0], multiplied)
        whole = _merged([*left, *((-factor, core) for factor, core in right)])
        terms = [term for term in whole if term[1] is not None]
        if not terms or not any(_is_arithmetic(side) for side in (node.left, node.comparators[0])):
            continue
        if len(terms) == 1 and abs(terms[0][0]) != 1:
            whole = [(factor / abs(terms[0][0]), core) for factor, core in whole]
        number = [term for term in whole if term[1] is None]
        more: list[_Term] = [(factor, core) for factor, core in whole if core is not None and factor > 0]
        less: list[_Term] = [(-factor, core) for factor, core in whole if core is not None and factor < 0]
        for one, other in (([*more, *number], less), (more, [*less, *((-factor, core) for factor, core in number)])):
            yield with_fields(node, left=_rebuilt(_merged(one)), comparators=[_rebuilt(_merged(other))])


def _forms(node: ast.expr) -> Iterator[ast.expr]:
    """The same sum, written in several ways."""
    for multiplied in (False, True):
        terms = _terms(node, multiplied)
        yield _rebuilt(terms)
        yield from map(_rebuilt, _factored(terms))


def _terms(node: ast.expr, multiplied: bool = False) -> list[_Term]:
    """A sum as its terms, in the order in which they come; those that are alike are one. multiplied: constant factors
    of sums are multiplied out.
    """
    if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and _is_small(node.value):
        return [(node.value, None)]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return [(-factor, core) for factor, core in _terms(node.operand, multiplied)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _merged([*_terms(node.left, multiplied), *_terms(node.right, multiplied)])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub):
        return _merged(
            [*_terms(node.left, multiplied), *((-factor, core) for factor, core in _terms(node.right, multiplied))]
        )
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left, right = _terms(node.left, multiplied), _terms(node.right, multiplied)
        if right in ([(1, None)], [(-1, None)]):
            return [(factor * right[0][0], core) for factor, core in left]
        if multiplied and (found := _multiplied(node.op, left, right)):
            return found
        return [_product(node, _single(left), _single(right))]
    return [(1, node)]


def _multiplied(operator: ast.operator, left: list[_Term], right: list[_Term]) -> list[_Term]:
    """The terms of a sum times or through a number; none where there is no such."""
    if right[0][1] is None and len(right) == 1 and right[0][0]:
        number = right[0][0] if isinstance(operator, ast.Mult) else 1 / right[0][0]
        found = [(factor * number, core) for factor, core in left]
    elif isinstance(operator, ast.Mult) and left[0][1] is None and len(left) == 1:
        found = [(factor * left[0][0], core) for factor, core in right]
    else:
        return []
    return found if all(_is_small(factor) for factor, _ in found) else []


def _factored(terms: list[_Term]) -> Iterator[list[_Term]]:
    """The same sum with one factor or divisor that several terms share put outside them, in each way there is."""
    parts = [_parts(term) for term in terms]
    for key in dict.fromkeys(key for found in parts for key in found):
        sharing = [index for index, found in enumerate(parts) if key in found]
        if len(sharing) < 2:
            continue
        inner = _rebuilt(_merged([parts[index][key][1] for index in sharing]))
        operator, factor = key[0], parts[sharing[0]][key][0]
        core = ast.BinOp(inner, ast.Div() if operator == "/" else ast.Mult(), factor)
        if isinstance(factor, ast.Constant):
            core = ast.BinOp(factor, ast.Mult(), inner)
        others = [(index, term) for index, term in enumerate(terms) if index not in sharing]
        whole: list[tuple[int, _Term]] = [*others, (sharing[0], (1, core))]
        yield [term for _, term in sorted(whole, key=lambda each: each[0])]


def _parts(term: _Term) -> dict[tuple[str, str], tuple[ast.expr, _Term]]:
    """What may be put outside a term, by operator and text, and what is then left of the term."""
    factor, core = term
    found: dict[tuple[str, str], tuple[ast.expr, _Term]] = {}
    if abs(factor) != 1 and core is not None:
        number = _written(abs(factor), None)
        found["*", ast.dump(number)] = number, (1 if factor > 0 else -1, core)
    if core is not None:
        found["*", ast.dump(core)] = core, (factor, None)
    if isinstance(core, ast.BinOp) and isinstance(core.op, ast.Mult):
        found["*", ast.dump(core.left)] = core.left, (factor, core.right)
        found["*", ast.dump(core.right)] = core.right, (factor, core.left)
    if isinstance(core, ast.BinOp) and isinstance(core.op, ast.Div):
        found["/", ast.dump(core.right)] = core.right, (factor, core.left)
    return found


def _product(node: ast.BinOp, left: _Term, right: _Term) -> _Term:
    if isinstance(node.op, ast.Mult):
        cores = [core for core in (left[1], right[1]) if core is not None]
        core = ast.BinOp(cores[0], ast.Mult(), cores[1]) if len(cores) == 2 else cores[0] if cores else None
        if _is_small(left[0] * right[0]):
            return left[0] * right[0], core
    elif right[1] is None and right[0] and _is_small(left[0] / right[0]):
        return left[0] / right[0], left[1]
    return 1, ast.BinOp(_written(*left), node.op, _written(*right))


def _single(terms: list[_Term]) -> _Term:
    return terms[0] if len(terms) == 1 else (1, _rebuilt(terms))


def _merged(terms: list[_Term]) -> list[_Term]:
    found: dict[str, _Term] = {}
    for factor, core in terms:
        key = "" if core is None else ast.dump(core)
        found[key] = (found[key][0] + factor if key in found else factor, core)
    return [term for term in found.values() if term[0]] or [(0, None)]


def _rebuilt(terms: list[_Term]) -> ast.expr:
    """The shortest sum: one that is added comes first, so that nothing is negated."""
    ordered = sorted(terms, key=lambda term: term[0] < 0)
    made = _written(*ordered[0])
    for factor, core in ordered[1:]:
        made = ast.BinOp(made, ast.Sub() if factor < 0 else ast.Add(), _written(abs(factor), core))
    return made


def _written(factor: float, core: ast.expr | None) -> ast.expr:
    size = abs(factor)
    if core is None or size != 1:
        number = ast.Constant(size if isinstance(size, int) else float(f"{size:.{_DIGITS}g}"))
        core = number if core is None else ast.BinOp(number, ast.Mult(), core)
    return ast.UnaryOp(ast.USub(), core) if factor < 0 else core


def _is_small(value: float) -> bool:
    return type(value) is not bool and abs(value) < _LARGEST
