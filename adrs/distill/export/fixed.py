"""The dialect of rule_fixed.c: Q16.16 in int64_t, for places without floating point or a library, such as a kernel.

Numbers count units of 2^-16 and stay below 2^31 of them: products and scaled dividends stay below 2^63. Features
are cut to their ranges when they come in. Negative numbers are divided, since C leaves their shift to the machine.
"""

import math

from adrs.distill.export import tables
from adrs.distill.export.c import Dialect
from adrs.distill.export.outline import at_rest, expressions, in_leaves, operations, terminals, transforms
from adrs.distill.export.syntax import Syntax
from adrs.errors import UserError
from adrs.rule.form import Constant, Rule, subexpressions

ONE = 1 << 16
LIMIT = 1 << 31
"""Of stored values, in units."""

_FUNCTIONS = {
    "mul": "multiply", "div": "divide", "aq": "analytic_quotient", "min": "lesser", "max": "greater",
    "abs": "magnitude", "sqrt": "square_root", "tanh": "hyperbolic_tangent", "b": "bounded_logarithm",
    "log": "logarithm", "exp": "exponential",
}  # fmt: skip
_NEEDS = {
    "bounded_logarithm": ("divide",), "analytic_quotient": ("divide", "root"), "square_root": ("root",),
    "logarithm": ("interpolated", "log_table"), "exponential": ("interpolated", "exp_table"),
    "hyperbolic_tangent": ("interpolated", "tanh_table"),
}  # fmt: skip
_HELPERS = {
    "nearest": """/* n / d for d > 0, rounded to the nearest. */
static int64_t nearest(int64_t n, int64_t d)
{
    return (n < 0 ? n - d / 2 : n + d / 2) / d;
}""",
    "multiply": """static int64_t multiply(int64_t a, int64_t b)
{
    const int64_t product = a * b;
    return (product < 0 ? product - 32768 : product + 32768) / 65536;
}""",
    "divide": """/* Proven not to be asked for a zero divisor; one would not stop the machine. */
static int64_t divide(int64_t a, int64_t b)
{
    const int64_t dividend = a * 65536;
    const int64_t half = (b < 0 ? -b : b) / 2;
    return b == 0 ? 0 : (dividend < 0 ? dividend - half : dividend + half) / b;
}""",
    "root": """/* The square root of an integer, bit by bit, rounded to the nearest. */
static int64_t root(uint64_t x)
{
    uint64_t found = 0;
    uint64_t bit = UINT64_C(1) << 62;
    while (bit > x)
        bit >>= 2;
    while (bit != 0) {
        if (x >= found + bit) {
            x -= found + bit;
            found = (found >> 1) + bit;
        } else {
            found >>= 1;
        }
        bit >>= 2;
    }
    return (int64_t)(x > found ? found + 1 : found);
}""",
    "interpolated": """/* A table at a place with 8 bits before and 16 behind the point. */
static int64_t interpolated(const int64_t *table, int64_t place)
{
    const int64_t index = place >> 16;
    return table[index] + (((table[index + 1] - table[index]) * (place & 65535)) >> 16);
}""",
    "log_table": tables.declared("log_table", tables.log_entries()),
    "exp_table": tables.declared("exp_table", tables.exp_entries()),
    "tanh_table": tables.declared("tanh_table", tables.tanh_entries()),
    "saturate": """static int64_t saturate(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}""",
    "lesser": """static int64_t lesser(int64_t a, int64_t b)
{
    return a < b ? a : b;
}""",
    "greater": """static int64_t greater(int64_t a, int64_t b)
{
    return a > b ? a : b;
}""",
    "magnitude": """static int64_t magnitude(int64_t x)
{
    return x < 0 ? -x : x;
}""",
    "bounded_logarithm": """/* 2 (x - 1) / (x + 1) */
static int64_t bounded_logarithm(int64_t x)
{
    return divide(2 * (x - 65536), x + 65536);
}""",
    "analytic_quotient": """/* a / sqrt(1 + b^2); the sum has 32 bits behind the point, its root 16. */
static int64_t analytic_quotient(int64_t a, int64_t b)
{
    return divide(a, root((UINT64_C(1) << 32) + (uint64_t)(b * b)));
}""",
    "square_root": """static int64_t square_root(int64_t x)
{
    return x <= 0 ? 0 : root((uint64_t)x << 16);
}""",
    "logarithm": f"""static int64_t logarithm(int64_t x)
{{
    int64_t power = -16;
    if (x < 1)
        x = 1;
    for (int64_t rest = x; rest > 1; rest >>= 1)
        power++;
    const int64_t fraction = (x << (24 - power)) - (INT64_C(1) << 40);
    const int64_t sum = interpolated(log_table, fraction >> 16) + power * INT64_C({round(math.log(2.0) * 2**30)});
    return (sum < 0 ? sum - 8192 : sum + 8192) / 16384;
}}""",
    "exponential": f"""/* Cut at the least and the largest power that can be stored. */
static int64_t exponential(int64_t x)
{{
    if (x < -786432)
        return 0;
    if (x > 681390)
        return INT64_C(2147483647);
    const int64_t power = x * INT64_C({round(2**30 / math.log(2.0))}) + (INT64_C(64) << 46);
    const int64_t shift = 78 - (power >> 46);
    const int64_t found = interpolated(exp_table, (power & ((INT64_C(1) << 46) - 1)) >> 22);
    return shift < 1 ? found << -shift : (found + (INT64_C(1) << (shift - 1))) >> shift;
}}""",
    "hyperbolic_tangent": """/* The table ends at 5.5. */
static int64_t hyperbolic_tangent(int64_t x)
{
    const int64_t size = x < 0 ? -x : x;
    const int64_t found = size >= 360448 ? INT64_C(1073741824) : interpolated(tanh_table, size * 512 / 11);
    const int64_t rounded = (found + 8192) >> 14;
    return x < 0 ? -rounded : rounded;
}""",
}
"""In the order in which they stand in the file."""


def units(value: float) -> int:
    """A number in units of 2^-16."""
    return round(value * ONE)


def _constant(value: float) -> str:
    return f"{'-' if value < 0 else ''}INT64_C({abs(units(value))}) /* {value!r} */"


class Fixed(Dialect):
    """Q16.16. Sums are exact."""

    def __init__(self) -> None:
        super().__init__(
            what="Q16.16 fixed point", outside="Whatever is outside of them is cut to them.", prefix="rule_fixed",
            type="int64_t", include="#include <stdint.h>",
            syntax=Syntax(_constant, _FUNCTIONS), fields={"mean": ("sum",), "slope": ("sum", "moment")},
        )  # fmt: skip

    def helpers(self, rule: Rule) -> list[str]:
        """What the rule's operations, transforms and reducers need."""
        needed = {_FUNCTIONS[name] for name in operations(rule) if name in _FUNCTIONS}
        needed |= {"bounded_logarithm"} if "bounded-logarithm" in transforms(rule) else set()
        needed |= {"saturate"} if transforms(rule) else set()
        divided = {each for each in terminals(rule) if each.reducer == "slope"}
        divided |= {each for each in in_leaves(rule) if each.reducer == "mean"}  # a mean that is tested stays a sum
        needed |= {"nearest"} if divided else set()
        needed |= {below for name in needed for below in _NEEDS.get(name, ())}
        return [text for name, text in _HELPERS.items() if name in needed]

    def entered(self, rule: Rule, feature: int, raw: str) -> str:
        """Cut to its range, then the transform."""
        each = rule.inputs.features[feature]
        cut = f"saturate({raw}, {_constant(each.low)}, {_constant(each.high)})"
        return f"bounded_logarithm({cut})" if each.transform == "bounded-logarithm" else cut

    def rest(self, rule: Rule, feature: int) -> str:
        """The transformed value."""
        return _constant(at_rest(rule.inputs, feature))

    def resting_sum(self, rule: Rule, feature: int) -> str:
        """Window times the value as rounded."""
        return f"INT64_C({rule.inputs.window}) * ({self.rest(rule, feature)})"

    def pushed(self, rule: Rule, sums: bool, slope: bool) -> list[str]:
        """Twice the moment of rule.c, so that its weights are whole."""
        window = rule.inputs.window
        moment = f"KEPT.moment += {window + 1} * oldest - 2 * KEPT.sum + {window - 1} * value;"
        return [*[moment] * slope, "KEPT.sum += value - oldest;"]

    def wrapped(self, slope: bool) -> list[str]:
        """Whole numbers need no mending."""
        return []

    def mean(self, rule: Rule, kept: str) -> str:
        """Sum by window."""
        return f"nearest({kept}.sum, {rule.inputs.window})"

    def slope(self, rule: Rule, kept: str) -> str:
        """Twice the moment by w (w^2 - 1) / 6."""
        window = rule.inputs.window
        return f"nearest({kept}.moment, {window * (window * window - 1) // 6})"


def check_constants(rule: Rule) -> None:
    """Raises UserError that names the first number that Q16.16 cannot hold, or would take for zero."""
    inputs = rule.inputs
    named = [("the lower end of the answer", inputs.low), ("the upper end of the answer", inputs.high)]
    named += [("a threshold", split.threshold) for split in rule.splits]
    named += [(f"the threshold {split.threshold!r} of a sum", split.threshold * inputs.window)
              for split in rule.splits if split.terminal.reducer == "mean"]  # fmt: skip
    for feature in inputs.features:
        named += [(f"the {which} value of {feature.identifier}", value) for which, value in
                  (("least", feature.low), ("largest", feature.high), ("resting", feature.rest))]  # fmt: skip
    named += [("a constant", each.value) for expression in expressions(rule)
              for each in subexpressions(expression) if isinstance(each, Constant)]  # fmt: skip
    for name, value in named:
        if abs(units(value)) >= LIMIT:
            raise UserError(
                f"rule_fixed.c: {name} is {value!r}, beyond the range of Q16.16, which ends at 32768: "
                f"scale the rule or leave the target out"
            )
        if value != 0.0 and units(value) == 0:
            raise UserError(
                f"rule_fixed.c: {name} is {value!r}, which Q16.16 takes for 0, since its step is 1.5e-5: "
                f"scale the rule or leave the target out"
            )
