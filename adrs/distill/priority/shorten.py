"""Shorter expressions that put items in the same order: scales and offsets do not matter, nor digits that move nothing.

What counts is the order alone, so much more may be left out than of an expression whose value is wanted.
"""

from collections.abc import Callable, Iterator

from adrs.rule.form import Constant, Expression, Operation, Terminal, subexpressions
from adrs.rule.size import expression_nodes

LOSSES = (0.0, 0.002, 0.01)
"""Of agreement, that a shorter expression may cost."""
_SMALL = 1e-3
_DIGITS = (3, 2, 1)
_MOST_STEPS = 100


def shortened(expression: Expression, agreement: Callable[[Expression], float], loss: float = 0.0) -> Expression:
    """The shortest expression that single steps lead to, each with at least the first agreement less `loss`.

    agreement: of an expression with the order that is wanted; NaN for one that has no order.
    """
    least = agreement(expression) - loss
    best = expression
    for _ in range(_MOST_STEPS):
        found = next((each for each in _smaller(best) if agreement(each) >= least), None)
        if found is None:
            break
        best = found
    return best


def _smaller(expression: Expression) -> Iterator[Expression]:
    """Expressions of less effort, those that save most first."""
    now = _effort(expression)
    changed = {each: None for start in (expression, scaled(expression)) for each in (start, *_edits(start))}
    others = dict.fromkeys(each for one in changed for each in (one, scaled(one)))
    yield from sorted((each for each in others if _effort(each) < now), key=_effort)


def _effort(expression: Expression) -> tuple[int, int]:
    """Nodes, with an analytic quotient counted as more than a plain one; then digits."""
    parts = list(subexpressions(expression))
    quotients = sum(isinstance(each, Operation) and each.name == "aq" for each in parts)
    digits = sum(len(repr(each.value)) for each in parts if isinstance(each, Constant))
    return expression_nodes(expression) + 4 * quotients, digits


def _edits(expression: Expression) -> Iterator[Expression]:
    """One change, anywhere."""
    if isinstance(expression, Constant):
        rounded = (float(f"{expression.value:.{digits}g}") for digits in _DIGITS)
        yield from (Constant(each) for each in (*rounded, 1.0, -1.0, 0.0) if each != expression.value)
    if not isinstance(expression, Operation):
        return
    yield from expression.arguments
    if expression.name == "aq":  # which does not know the sign of what it divides by
        yield Operation("div", expression.arguments)
        yield Operation("neg", (Operation("div", expression.arguments),))
    for place, argument in enumerate(expression.arguments):
        for each in _edits(argument):
            arguments = (*expression.arguments[:place], each, *expression.arguments[place + 1 :])
            yield Operation(expression.name, arguments)


def scaled(expression: Expression) -> Expression:
    """The expression without offset and scale, which change no order; factors within sums are drawn out of them."""
    inner = expression
    while isinstance(inner, Operation) and inner.name in ("add", "sub"):
        left, right = inner.arguments
        if isinstance(right, Constant):
            inner = left
        elif isinstance(left, Constant):
            inner = right if inner.name == "add" else Operation("neg", (right,))
        else:
            break
    factor, rest = _factored(inner)
    if inner != expression and isinstance(rest, Operation) and rest.name in ("add", "sub"):
        again = scaled(rest)
        return _signed(factor, again)
    return _signed(factor, rest)


def _signed(factor: float, expression: Expression) -> Expression:
    """Minus the expression where the factor is negative."""
    if factor >= 0.0:
        return expression
    match expression:
        case Operation("neg", (inner,)):
            return inner
        case Operation("sub", (left, right)):
            return Operation("sub", (right, left))
        case Operation("div" | "mul" as name, (left, Operation("sub", (first, second)))):
            return Operation(name, (left, Operation("sub", (second, first))))
        case Operation("div" | "mul" as name, (Operation("sub", (first, second)), right)):
            return Operation(name, (Operation("sub", (second, first)), right))
    return Operation("neg", (expression,))


def _factored(expression: Expression) -> tuple[float, Expression]:
    """A factor and an expression whose product is the expression, to three digits."""
    if isinstance(expression, Constant):
        return (expression.value, Constant(1.0)) if expression.value else (1.0, expression)
    if isinstance(expression, Terminal):
        return 1.0, expression
    if expression.name in ("mul", "div", "aq"):
        return _product(expression)
    parts = [_factored(each) for each in expression.arguments]
    if expression.name == "neg":
        return -parts[0][0], parts[0][1]
    if expression.name in ("add", "sub"):
        sign = 1.0 if expression.name == "add" else -1.0
        return _sum(parts[0], (sign * parts[1][0], parts[1][1]))
    if expression.name in ("min", "max") and parts[0][0] > 0.0:
        factor = parts[0][0]
        return factor, Operation(expression.name, (parts[0][1], _times(parts[1][0] / factor, parts[1][1])))
    return 1.0, Operation(expression.name, tuple(_times(*each) for each in parts))


def _product(expression: Operation) -> tuple[float, Expression]:
    (first, left), (second, right) = (_factored(each) for each in expression.arguments)
    one = Constant(1.0)
    match expression.name:
        case "mul" if left == one or right == one:
            return first * second, right if left == one else left
        case "mul":
            return first * second, Operation("mul", (left, right))
        case "div":
            return first / second, left if right == one else Operation("div", (left, right))
    return first, Operation("aq", (left, _times(second, right)))


def _sum(left: tuple[float, Expression], right: tuple[float, Expression]) -> tuple[float, Expression]:
    """A factor that is that of the left side, and what is left of the sum."""
    factor, first = left
    ratio, second = right[0] / factor, right[1]
    if isinstance(first, Constant) and not isinstance(second, Constant):
        return _sum(right, left)
    if abs(ratio - 1.0) < _SMALL:
        return factor, Operation("add", (first, second))
    if abs(ratio + 1.0) < _SMALL:
        return factor, Operation("sub", (first, second))
    if ratio < 0.0:
        return factor, Operation("sub", (first, _times(-ratio, second)))
    return factor, Operation("add", (first, _times(ratio, second)))


def _times(factor: float, expression: Expression) -> Expression:
    if factor == 1.0:
        return expression
    if isinstance(expression, Constant):
        return Constant(factor * expression.value)
    if factor == -1.0:
        return Operation("neg", (expression,))
    return Operation("mul", (Constant(factor), expression))
