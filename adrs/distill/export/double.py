"""The dialect of rule.c: C99 on doubles, with sums that forget their rounding errors."""

from adrs.distill.export.c import Dialect
from adrs.distill.export.outline import at_rest, operations, transforms
from adrs.distill.export.syntax import Syntax
from adrs.rule.form import Rule

_FUNCTIONS = {
    "aq": "analytic_quotient", "min": "lesser", "max": "greater", "abs": "fabs", "sqrt": "sqrt", "tanh": "tanh",
    "b": "bounded_logarithm", "log": "log", "exp": "exp",
}  # fmt: skip
LIBRARY = {"aq": "sqrt", "sqrt": "sqrt", "tanh": "tanh", "log": "log", "exp": "exp"}
"""What operations call of the mathematical library."""
_HELPERS = {
    "b": """/* Near 1, the logarithm of x to third order; within -2 and 2 where x is not negative. */
static double bounded_logarithm(double x)
{
    return 2.0 * (x - 1.0) / (x + 1.0);
}""",
    "aq": """/* a / b for large b, without its pole. */
static double analytic_quotient(double a, double b)
{
    return a / sqrt(1.0 + b * b);
}""",
    "min": """static double lesser(double a, double b)
{
    return a < b ? a : b;
}""",
    "max": """static double greater(double a, double b)
{
    return a > b ? a : b;
}""",
}


class Double(Dialect):
    """Doubles. Sums run along with the ring; each time it wraps they are replaced by those of the values since the
    last wrap, which nothing was ever subtracted from: a rounding error lives for two windows at most.
    """

    def __init__(self) -> None:
        super().__init__(
            what="double",
            outside="The host cuts them to these, and hands in no NaN: of anything else nothing is promised.",
            prefix="rule", type="double", include="", syntax=Syntax(repr, _FUNCTIONS),
            fields={"mean": ("sum", "new_sum"), "slope": ("sum", "new_sum", "moment", "new_moment")},
        )  # fmt: skip

    def helpers(self, rule: Rule) -> list[str]:
        """What the rule's operations and transforms need."""
        needed = set(operations(rule)) | ({"b"} if "bounded-logarithm" in transforms(rule) else set())
        library = ["#include <math.h>"] if needed & {*LIBRARY, "abs"} else []
        return ["\n".join(library)] * bool(library) + [text for name, text in _HELPERS.items() if name in needed]

    def entered(self, rule: Rule, feature: int, raw: str) -> str:
        """The transform, once."""
        return f"bounded_logarithm({raw})" if rule.inputs.features[feature].transform == "bounded-logarithm" else raw

    def rest(self, rule: Rule, feature: int) -> str:
        """The transformed value."""
        return repr(at_rest(rule.inputs, feature))

    def resting_sum(self, rule: Rule, feature: int) -> str:
        """Window times the value."""
        return repr(rule.inputs.window * at_rest(rule.inputs, feature))

    def pushed(self, rule: Rule, sums: bool, slope: bool) -> list[str]:
        """With h half of the window less one, the moment is the sum of (i - h) x_i, i = 0 the oldest."""
        half = (rule.inputs.window - 1) / 2.0
        moment = f"KEPT.moment += {half + 1!r} * oldest - KEPT.sum + {half!r} * value;"
        new = ["KEPT.new_sum += value;"] + ([f"KEPT.new_moment += (state->position - {half!r}) * value;"] * slope)
        return [*[moment] * slope, "KEPT.sum += value - oldest;", *new]

    def wrapped(self, slope: bool) -> list[str]:
        """The sums of what came in since the last wrap take over."""
        lines = ["KEPT.sum = KEPT.new_sum;", "KEPT.new_sum = 0.0;"]
        return lines + ["KEPT.moment = KEPT.new_moment;", "KEPT.new_moment = 0.0;"] * slope

    def mean(self, rule: Rule, kept: str) -> str:
        """Sum by window."""
        return f"{kept}.sum / {float(rule.inputs.window)!r}"

    def slope(self, rule: Rule, kept: str) -> str:
        """Moment by the sum of (i - h)^2, which is w (w^2 - 1) / 12."""
        window = rule.inputs.window
        return f"{kept}.moment / {window * (window * window - 1) / 12.0!r}"


def library(rule: Rule) -> frozenset[str]:
    """Functions of the mathematical library that rule.c may call."""
    return frozenset(LIBRARY[name] for name in operations(rule) if name in LIBRARY)
