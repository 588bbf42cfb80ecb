"""Check (ii): intervals over the whole input box, and what they say of the rule's behaviour.

Interval arithmetic is mpmath's, with outward rounding; where it is too wide to settle a question, the box is halved a
number of times. Reducers of one feature count as independent, which is wider than the truth and never narrower.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from adrs.distill.checks.digits import iv
from adrs.distill.checks.record import Check
from adrs.distill.export.outline import expressions, terminals, used
from adrs.distill.export.python import SYNTAX
from adrs.rule.form import Constant, Expression, Inputs, Operation, Rule, Terminal, subexpressions
from adrs.rule.interpret import slope_weights

NAME = "intervals"
BEHAVIOUR = "behaviour"
_BOXES = 256
"""Into which a question is split at most."""
_SIGN_BOXES = 64
"""For the sign of a derivative."""
_STORED = 32767.0
"""Of fixed-point values: 2^31 units, less one for rounding."""
_SMALLEST = 2.0**-12
"""Divisor, or argument of a logarithm, in fixed point: 16 units."""
_OVERFLOW = 1e300

Box = Mapping[Terminal, Any]
"""An interval for each terminal."""


class Unproven(Exception):  # noqa: N818 - says what is the case
    """Something could not be excluded."""

    def __init__(self, expression: Expression, why: str) -> None:
        super().__init__(why)
        self.expression = expression
        self.why = why


def box(rule: Rule) -> dict[Terminal, Any]:
    """The range of each terminal that the rule uses, over the input box and the values at rest. Raises ValueError where
    a transform has its pole in the range.
    """
    found = {}
    for terminal in terminals(rule):
        feature = rule.inputs.features[terminal.feature]
        raw = iv.mpf([min(feature.low, feature.rest), max(feature.high, feature.rest)])
        if feature.transform == "bounded-logarithm":
            if raw.a <= -1:
                raise ValueError(f"the bounded logarithm of {feature.identifier} has its pole at -1, within its range")
            raw = _bounded(raw)
        if terminal.reducer == "slope":
            raw = sum((iv.mpf(float(weight)) * raw for weight in slope_weights(rule.inputs.window)), iv.mpf(0))
        found[terminal] = raw
    return found


def intervals(rule: Rule, fixed: bool) -> Check:
    """Whether no term has a pole or an overflow in the box, of Q16.16 if `fixed`; names the first that may."""
    target = "fixed" if fixed else ""
    try:
        whole = box(rule)
    except ValueError as error:
        return Check(NAME, False, str(error), target=target)
    tested: list[Expression] = [split.terminal for split in rule.splits]
    for expression in [*tested, *expressions(rule)]:
        for each in reversed(list(subexpressions(expression))):
            try:
                _settled(each, whole, lambda part, some: _Bounds(some, fixed).of(part))
            except Unproven as unproven:
                term = SYNTAX.text(unproven.expression, rule.inputs, {})
                return Check(NAME, False, f"{term}: {unproven.why}", target=target)
    said = "every value stays below 2^31 units" if fixed else "no pole and no overflow"
    return Check(NAME, True, f"proven for the whole input box: {said}", target=target)


def behaviour(rule: Rule) -> Check:
    """The range of the answer, and with which features it only falls or only rises, as far as intervals settle it.

    The sign is that of the derivative by the feature's newest value, within each branch. Never fails.
    """
    whole = box(rule)
    ends = [_settled(each, whole, lambda part, some: _Bounds(some, False).of(part)) for each in expressions(rule)]
    extremes = min(float(end.a) for end in ends), max(float(end.b) for end in ends)
    low, high = (min(max(each, rule.inputs.low), rule.inputs.high) for each in extremes)
    claims = [f"answers lie within {low:.6g} and {high:.6g}"]
    within = "within a branch, " if rule.splits else ""
    for feature in used(rule):
        identifier = rule.inputs.features[feature].identifier
        signs = {_sign(each, rule.inputs, whole, feature) for each in expressions(rule)}
        words = {"falls": "never rises", "rises": "never falls", "stays": "does not change"}
        if signs <= {"falls", "stays"} or signs <= {"rises", "stays"}:
            sign = max(signs, key=["stays", "falls", "rises"].index)
            claims.append(f"{within}the answer {words[sign]} when the newest {identifier} rises")
        else:
            claims.append(f"{within}no sign is settled for the newest {identifier}")
    return Check(BEHAVIOUR, True, "; ".join(claims))


def _settled(expression: Expression, whole: Box, ask: Callable[[Expression, Box], Any], most: int = _BOXES) -> Any:
    """The hull of what `ask` says of parts of the box, halved where it raises Unproven until the parts are too many."""
    first: Unproven | None
    waiting, hull, boxes, first = [dict(whole)], None, 0, None
    own = [each for each in dict.fromkeys(subexpressions(expression)) if isinstance(each, Terminal)]
    while waiting:
        some = waiting.pop()
        boxes += 1
        try:
            found = ask(expression, some)
        except Unproven as unproven:
            first = first or unproven
            if boxes + len(waiting) >= most or not own:  # of two about one term, that over the whole box says more
                raise first if first.expression == unproven.expression else unproven from None
            waiting += _halves(some, whole, own)
            continue
        hull = found if hull is None else _hull(hull, found)
    return hull


def _halves(some: Box, whole: Box, own: list[Terminal]) -> list[dict[Terminal, Any]]:
    """The box in two, across the terminal that was halved least."""
    widest = max(own, key=lambda terminal: float(some[terminal].delta) / (float(whole[terminal].delta) or 1.0))
    interval = some[widest]
    middle = interval.mid
    return [{**some, widest: iv.mpf([interval.a, middle.b])}, {**some, widest: iv.mpf([middle.a, interval.b])}]


def _hull(a: Any, b: Any) -> Any:
    return iv.mpf([min(float(a.a), float(b.a)), max(float(a.b), float(b.b))])


def _size(interval: Any) -> float:
    return max(abs(float(interval.a)), abs(float(interval.b)))


def _bounded(x: Any) -> Any:
    """With one x, so that the interval is exact."""
    return 2 - 4 / (x + 1)


def _tanh(x: Any) -> Any:
    inner = iv.mpf([max(float(x.a), -50.0), min(float(x.b), 50.0)]) if _size(x) > 50.0 else x
    found = 1 - 2 / (iv.exp(2 * inner) + 1)
    return iv.mpf([max(float(found.a), -1.0) if float(x.a) >= -50.0 else -1.0, 1.0 if float(x.b) > 50.0 else found.b])


def _lesser(a: Any, b: Any) -> Any:
    return iv.mpf([min(float(a.a), float(b.a)), min(float(a.b), float(b.b))])


def _greater(a: Any, b: Any) -> Any:
    return iv.mpf([max(float(a.a), float(b.a)), max(float(a.b), float(b.b))])


class _Bounds:
    """The range of an expression over a box. Raises Unproven."""

    def __init__(self, some: Box, fixed: bool) -> None:
        self._box, self._fixed = some, fixed

    def of(self, expression: Expression) -> Any:
        if isinstance(expression, Constant):
            return iv.mpf(expression.value)
        if isinstance(expression, Terminal):
            return self._stored(expression, self._box[expression])
        arguments = [self.of(each) for each in expression.arguments]
        self._guard(expression, arguments)
        return self._stored(expression, _VALUES[expression.name](*arguments))

    def _stored(self, expression: Expression, found: Any) -> Any:
        """Sizes."""
        if self._fixed and _size(found) > _STORED:
            what = "clamp it with min and max, or give its features a tighter box"
            raise Unproven(expression, f"reaches {_size(found):.6g}, beyond Q16.16, which ends at 32768; {what}")
        if not _size(found) < _OVERFLOW:
            raise Unproven(expression, "may overflow; clamp it with min and max")
        return found

    def _guard(self, expression: Operation, arguments: list[Any]) -> None:
        """Poles."""
        least = _SMALLEST if self._fixed else 0.0
        match expression.name:
            case "div" | "b":
                divisor = arguments[-1] + (1 if expression.name == "b" else 0)
                low, high = float(divisor.a), float(divisor.b)
                if low <= least and high >= -least:
                    raise Unproven(expression, f"its denominator lies within {low:.6g} and {high:.6g}, so it may be 0; "
                                   "use aq, or a tighter box")  # fmt: skip
            case "sqrt" if float(arguments[0].a) < 0.0:
                raise Unproven(
                    expression, f"the square root is asked of {float(arguments[0].a):.6g}; clamp it with max"
                )
            case "log" if float(arguments[0].a) <= least:
                raise Unproven(expression, f"the logarithm is asked of {float(arguments[0].a):.6g}; clamp it with max")
            case "exp" if float(arguments[0].b) > 690.0:
                raise Unproven(
                    expression, f"the exponential is asked of {float(arguments[0].b):.6g}; clamp it with min"
                )


_VALUES: Mapping[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "aq": lambda a, b: a / iv.sqrt(1 + b**2),
    "min": _lesser,
    "max": _greater,
    "neg": lambda a: -a,
    "abs": abs,
    "sqrt": iv.sqrt,
    "tanh": _tanh,
    "b": _bounded,
    "log": iv.log,
    "exp": iv.exp,
}


@dataclass(frozen=True)
class _Slope:
    """A range and the range of its derivative."""

    value: Any
    derivative: Any


def _sign(expression: Expression, inputs: Inputs, whole: Box, feature: int) -> str:
    """`rises`, `falls`, `stays` or `open`."""
    last = float(slope_weights(inputs.window)[-1]) if inputs.window > 1 else 0.0
    weights = {"last": iv.mpf(1), "previous": iv.mpf(0), "mean": iv.mpf(1) / inputs.window, "slope": iv.mpf(last),
               "minimum": iv.mpf([0, 1]), "maximum": iv.mpf([0, 1])}  # fmt: skip

    def settled(sign: int) -> Callable[[Expression, Box], Any]:
        def ask(part: Expression, some: Box) -> Any:
            found = _derived(part, some, lambda t: weights[t.reducer] if t.feature == feature else iv.mpf(0)).derivative
            if float(found.a if sign > 0 else -found.b) < 0.0:
                raise Unproven(part, "its derivative may have the other sign")
            return found

        return ask

    for sign, name in ((1, "rises"), (-1, "falls")):
        try:
            derivative = _settled(expression, whole, settled(sign), _SIGN_BOXES)
        except Unproven:
            continue
        return "stays" if _size(derivative) == 0.0 else name
    return "open"


def _derived(expression: Expression, some: Box, seed: Callable[[Terminal], Any]) -> _Slope:
    """Forward differentiation over a box. Raises Unproven where there is no derivative."""
    if isinstance(expression, Constant):
        return _Slope(iv.mpf(expression.value), iv.mpf(0))
    if isinstance(expression, Terminal):
        return _Slope(some[expression], seed(expression))
    parts = [_derived(each, some, seed) for each in expression.arguments]
    values = [part.value for part in parts]
    if expression.name == "sqrt" and float(values[0].a) <= 0.0:
        raise Unproven(expression, "no derivative at 0")
    partials = _PARTIALS[expression.name](*values)
    derivative = sum((by * part.derivative for by, part in zip(partials, parts, strict=True)), iv.mpf(0))
    return _Slope(_VALUES[expression.name](*values), derivative)


def _chosen(a: Any, b: Any) -> tuple[Any, Any]:
    """Derivatives of the lesser of two."""
    if float(a.b) < float(b.a):
        return iv.mpf(1), iv.mpf(0)
    if float(b.b) < float(a.a):
        return iv.mpf(0), iv.mpf(1)
    return iv.mpf([0, 1]), iv.mpf([0, 1])


def _sign_of(a: Any) -> Any:
    if float(a.a) > 0.0:
        return iv.mpf(1)
    return iv.mpf(-1) if float(a.b) < 0.0 else iv.mpf([-1, 1])


_PARTIALS: Mapping[str, Callable[..., tuple[Any, ...]]] = {
    "add": lambda a, b: (iv.mpf(1), iv.mpf(1)),
    "sub": lambda a, b: (iv.mpf(1), iv.mpf(-1)),
    "mul": lambda a, b: (b, a),
    "div": lambda a, b: (1 / b, -a / b**2),
    "aq": lambda a, b: (1 / iv.sqrt(1 + b**2), -a * b / iv.sqrt(1 + b**2) ** 3),
    "min": _chosen,
    "max": lambda a, b: tuple(reversed(_chosen(a, b))),
    "neg": lambda a: (iv.mpf(-1),),
    "abs": lambda a: (_sign_of(a),),
    "sqrt": lambda a: (1 / (2 * iv.sqrt(a)),),
    "tanh": lambda a: (1 - _tanh(a) ** 2,),
    "b": lambda a: (4 / (a + 1) ** 2,),
    "log": lambda a: (1 / a,),
    "exp": lambda a: (iv.exp(a),),
}
