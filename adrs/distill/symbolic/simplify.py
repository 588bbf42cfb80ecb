"""Shorter expressions of the same value: constants folded, sums and products collected by sympy."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from adrs.distill.symbolic.constants import Columns, refitted
from adrs.rule.form import Constant, Expression, Operation, Terminal, subexpressions
from adrs.rule.interpret import Floats, value

_OPAQUE = ("min", "max", "abs", "sqrt", "tanh", "b", "log", "exp")
"""Operations that sympy sees as functions it knows nothing of."""
_COMMUTATIVE = ("add", "mul", "min", "max")
_SAME = 1e-6
"""Relative to the largest value, or to 1 where that is smaller: a rewriting that moves a value by more is not taken."""
_DIGITS = 6
_MOST_POWER = 4


def size(expression: Expression) -> int:
    """Nodes of the tree."""
    return sum(1 for _ in subexpressions(expression))


def folded(expression: Expression) -> Expression:
    """The expression with operations on constants carried out, and those that do nothing left out."""
    if not isinstance(expression, Operation):
        return expression
    arguments = tuple(folded(each) for each in expression.arguments)
    if all(isinstance(each, Constant) for each in arguments):
        found = float(value(Operation(expression.name, arguments), _none, 1)[0])
        return Constant(found) if math.isfinite(found) else Operation(expression.name, arguments)
    return _without_effect(expression.name, arguments) or Operation(expression.name, arguments)


def _none(terminal: Terminal) -> Floats:
    raise AssertionError(terminal)


def _without_effect(name: str, arguments: tuple[Expression, ...]) -> Expression | None:
    """What an operation comes to where one argument decides; None elsewhere."""
    zero, one = Constant(0.0), Constant(1.0)
    match name, arguments:
        case "add", (left, right) if zero in arguments:
            return left if right == zero else right
        case "sub", (left, right) if right == zero:
            return left
        case "sub", (left, right) if left == zero:
            return folded(Operation("neg", (right,)))
        case "mul", _ if zero in arguments:
            return zero
        case "mul" | "div", (left, right) if right == one:
            return left
        case "mul", (left, right) if left == one:
            return right
        case "aq", (left, _) if left == zero:
            return zero
        case "min" | "max", (left, right) if left == right:
            return left
        case "neg", (Operation("neg", (inner,)),):
            return inner
    return None


def simplified(expression: Expression, columns: Columns, rows: int) -> Expression:
    """The shortest of the rewritings that keep the value on all rows; the folded expression where none is shorter."""
    first = folded(expression)
    expected = value(first, columns, rows)
    scale = max(1.0, float(np.abs(expected).max(initial=0.0)))
    best = first
    for each in _rewritten(first):
        if size(each) < size(best):
            moved = np.abs(value(each, columns, rows) - expected)
            if np.isfinite(moved).all() and moved.max(initial=0.0) <= _SAME * scale:
                best = each
    return best


def _rewritten(expression: Expression) -> list[Expression]:
    """Other ways to write it, as sympy knows them."""
    import sympy

    names: dict[Any, Terminal] = {}
    written = _to_sympy(expression, names)
    found = []
    for each in (written, sympy.expand(written), sympy.factor_terms(sympy.expand(written))):
        try:
            found.append(folded(_from_sympy(each, names)))
        except ValueError:  # a power or a number that expressions do not have
            continue
    return found


def _to_sympy(expression: Expression, names: dict[Any, Terminal]) -> Any:
    import sympy

    if isinstance(expression, Constant):
        return sympy.Float(expression.value)
    if isinstance(expression, Terminal):
        symbol = sympy.Symbol(f"{expression.reducer}_{expression.feature}", real=True)
        names[symbol] = expression
        return symbol
    arguments = [_to_sympy(each, names) for each in expression.arguments]
    match expression.name, *arguments:
        case "add", left, right:
            return left + right
        case "sub", left, right:
            return left - right
        case "mul", left, right:
            return left * right
        case "neg", inner:
            return -inner
        case "div", left, right:
            return left / right
        case "aq", left, right:
            return _quotient(left, right)
        case "min" | "max", left, right:
            return _extreme(expression.name, left, right)
    return sympy.Function(expression.name)(*arguments)


def _quotient(left: Any, right: Any) -> Any:
    """The analytic quotient: a factor of the dividend stands before it, and the divisor's sign does not matter."""
    import sympy

    factor, rest = left.as_coeff_Mul()
    sign, _ = right.as_coeff_Mul()
    return factor * sympy.Function("aq")(rest, -right if sign < 0 else right)


def _extreme(name: str, left: Any, right: Any) -> Any:
    """The lesser or the greater, with the factor of the first argument that has one before it."""
    import sympy

    factor = next((abs(each) for each, rest in (left.as_coeff_Mul(), right.as_coeff_Mul())
                   if each not in (0, 1, -1) and rest != 1), 1)  # fmt: skip
    return factor * sympy.Function(name)(left / factor, right / factor)


def _from_sympy(written: Any, names: Mapping[Any, Terminal]) -> Expression:
    """Raises ValueError for what expressions do not have."""
    if written.is_Number:
        return Constant(float(written))
    if written in names:
        return names[written]
    if written.is_Add:
        return _sum([_from_sympy(each, names) for each in written.as_ordered_terms()])
    if written.is_Mul:
        above, below = written.as_numer_denom()
        product = _product([_from_sympy(each, names) for each in above.as_ordered_factors()])
        return product if below == 1 else Operation("div", (product, _from_sympy(below, names)))
    if written.is_Pow:
        return _power(_from_sympy(written.base, names), written.exp)
    name = written.func.__name__
    if name not in (*_OPAQUE, "aq"):
        raise ValueError(f"{name} is none of the operations")
    return Operation(name, tuple(_from_sympy(each, names) for each in written.args))


def _sum(terms: Sequence[Expression]) -> Expression:
    """Terms with a minus are taken away, and stand behind those without."""
    plus = [each for each in terms if not _negated(each)]
    minus = [negated for each in terms if (negated := _negated(each))]
    if not plus:
        plus, minus = [terms[0]], [negated for each in terms[1:] if (negated := _negated(each))]
    whole = plus[0]
    for each in plus[1:]:
        whole = Operation("add", (whole, each))
    for each in minus:
        whole = Operation("sub", (whole, each))
    return whole


def _negated(expression: Expression) -> Expression | None:
    """The expression without its minus; None where it has none."""
    match expression:
        case Constant(number) if number < 0:
            return Constant(-number)
        case Operation("neg", (inner,)):
            return inner
        case Operation("mul", (Constant(number), rest)) if number < 0:
            return rest if number == -1.0 else Operation("mul", (Constant(-number), rest))
    return None


def _product(factors: Sequence[Expression]) -> Expression:
    """The constant first."""
    ordered = sorted(factors, key=lambda each: not isinstance(each, Constant))
    if ordered[0] == Constant(-1.0) and len(ordered) > 1:
        return Operation("neg", (_product(ordered[1:]),))
    whole = ordered[-1]
    for each in reversed(ordered[:-1]):
        whole = Operation("mul", (each, whole))
    return whole


def _power(base: Expression, exponent: Any) -> Expression:
    if not exponent.is_Integer or not 0 < abs(int(exponent)) <= _MOST_POWER:
        raise ValueError(f"a power of {exponent}")
    whole = base
    for _ in range(abs(int(exponent)) - 1):
        whole = Operation("mul", (whole, base))
    return whole if exponent > 0 else Operation("div", (Constant(1.0), whole))


def mended(expressions: Sequence[Expression], columns: Columns, targets: Floats) -> list[Expression]:
    """Expressions simplified and fitted anew, without those that say the same: to six digits, constants and all."""
    kept: dict[str, Expression] = {}
    for expression in expressions:
        short = simplified(expression, columns, len(targets))
        fitted = simplified(refitted(short, columns, targets), columns, len(targets))
        if np.isfinite(value(fitted, columns, len(targets))).all():
            kept.setdefault(_said(fitted), fitted)
    return list(kept.values())


def _said(expression: Expression) -> str:
    if isinstance(expression, Constant):
        return f"{expression.value:.{_DIGITS}g}"
    if isinstance(expression, Terminal):
        return f"{expression.reducer}:{expression.feature}"
    said = [_said(each) for each in expression.arguments]
    return f"{expression.name}({','.join(sorted(said) if expression.name in _COMMUTATIVE else said)})"
