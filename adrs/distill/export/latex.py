"""A rule as a display equation with a table of its symbols; for documents with the package amsmath."""

from collections.abc import Mapping

from adrs.distill.export.outline import harmless, heading, operations, repeated, terminals, transforms
from adrs.rule.form import Constant, Expression, Inputs, Leaf, Node, Operation, Rule, Terminal

_ACCENTS = {
    "last": "x_{%d}", "previous": "x'_{%d}", "mean": r"\bar{x}_{%d}", "slope": r"\dot{x}_{%d}",
    "minimum": r"\check{x}_{%d}", "maximum": r"\hat{x}_{%d}",
}  # fmt: skip
_WORDS = {
    "last": "newest interval", "previous": "interval before", "mean": "mean of %d intervals",
    "slope": "slope per interval, least squares over %d", "minimum": "least of %d intervals",
    "maximum": "largest of %d intervals",
}  # fmt: skip
_CALLS = {"min": r"\min", "max": r"\max", "tanh": r"\tanh", "b": r"\operatorname{b}", "log": r"\ln", "exp": r"\exp"}
_SUM, _SIGNED, _PRODUCT, _ATOM = 1, 2, 3, 4
"""How strongly the outermost operation of a text binds; what is signed begins with a minus and is no sum."""


def latex(rule: Rule) -> str:
    """The fragment."""
    first, *rest = heading(rule, "LaTeX, needs amsmath")
    lines = [f"% {first}", *(f"% {line}" for line in rest), r"\begin{align*}"]
    cases, parts = _cases(rule)
    low, high = number(rule.inputs.low), number(rule.inputs.high)
    lines.append(rf"a &= \min\left(\max\left(v, {low}\right), {high}\right) \\")
    if len(cases) == 1:
        lines.append(rf"v &= {cases[0][0]}" + (r" \\" if parts else ""))
    else:
        rows = " \\\\\n".join(rf"  {text} & \text{{if }} {tests}" for text, tests in cases)
        lines.append("v &= \\begin{cases}\n" + rows + "\n\\end{cases}" + (r" \\" if parts else ""))
    lines += [rf"{name} &= {text}" + (r" \\" if place < len(parts) else "") for place, (name, text) in
              enumerate(parts, start=1)]  # fmt: skip
    lines.append(r"\end{align*}")
    if rule.splits and rule.patience > 1:
        lines.append(f"A condition changes after {rule.patience} intervals in a row on its other side; the first "
                     "interval decides at once.")  # fmt: skip
    return "\n".join([*lines, *_table(rule)]) + "\n"


def _cases(rule: Rule) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Texts of leaves with their conditions, and names with texts of what leaves use more than once."""
    parts: list[tuple[str, str]] = []
    cases: list[tuple[str, str]] = []

    def visit(node: Node, tests: tuple[str, ...]) -> None:
        if isinstance(node, Leaf):
            known: dict[Expression, str] = {}
            for each in repeated(node.expression):
                text = _text(each, known)[0]
                name = f"p_{{{len(parts) + 1}}}"
                parts.append((name, text))
                known[each] = name
            cases.append((_text(node.expression, known)[0], r" \text{ and } ".join(tests)))
            return
        tested, threshold = symbol(node.terminal), number(node.threshold)
        visit(node.above, (*tests, f"{tested} > {threshold}"))
        visit(node.below, (*tests, rf"{tested} \le {threshold}"))

    visit(rule.root, ())
    return cases, parts


def symbol(terminal: Terminal) -> str:
    """Features are numbered from 1; the accent tells the reducer."""
    return _ACCENTS[terminal.reducer] % (terminal.feature + 1)


def number(value: float) -> str:
    """The shortest text that reads back to the same number."""
    mantissa, _, exponent = repr(value).partition("e")
    mantissa = mantissa.removesuffix(".0")
    return rf"{mantissa} \times 10^{{{int(exponent)}}}" if exponent else mantissa


def _text(expression: Expression, known: Mapping[Expression, str]) -> tuple[str, int]:
    """The text and how strongly its outermost operation binds."""
    if expression in known:
        return known[expression], _ATOM
    if isinstance(expression, Constant):
        text = number(expression.value)
        return text, _SIGNED if text.startswith("-") else _PRODUCT if r"\times" in text else _ATOM
    if isinstance(expression, Terminal):
        return symbol(expression), _ATOM
    return _operation(expression, known)


def _operation(each: Operation, known: Mapping[Expression, str]) -> tuple[str, int]:
    parts = [_text(argument, known) for argument in each.arguments]
    texts = [text for text, _ in parts]
    match each.name:
        case "add" | "sub":
            return _sum(parts[0], each.name == "sub", parts[1]), _SUM
        case "mul":
            strength = _SIGNED if parts[0][1] == _SIGNED else _PRODUCT
            return rf"{_within(parts[0], strength)} \cdot {_within(parts[1], _ATOM)}", strength
        case "neg":
            return f"-{_within(parts[0], _PRODUCT)}", _SIGNED
        case "div":
            return rf"\frac{{{texts[0]}}}{{{texts[1]}}}", _ATOM
        case "aq":
            return rf"\frac{{{texts[0]}}}{{\sqrt{{1 + \left({texts[1]}\right)^{{2}}}}}}", _ATOM
        case "sqrt":
            return rf"\sqrt{{{texts[0]}}}", _ATOM
        case "abs":
            return rf"\left|{texts[0]}\right|", _ATOM
    return rf"{_CALLS[each.name]}\left({', '.join(texts)}\right)", _ATOM


def _sum(first: tuple[str, int], minus: bool, second: tuple[str, int]) -> str:
    """The second's own sign joins the one between them: `a - b` for `a + (-b)`, which rounds the same."""
    text = _within(second, _SIGNED)
    if text.startswith("-"):
        minus, text = not minus, text[1:]
    return f"{_within(first, _SUM)} {'-' if minus else '+'} {text}"


def _within(part: tuple[str, int], least: int) -> str:
    text, strength = part
    return text if strength >= least else rf"\left({text}\right)"


def _table(rule: Rule) -> list[str]:
    inputs = rule.inputs
    lines = [r"\begin{center}\begin{tabular}{lll}", r"symbol & meaning & unit \\ \hline",
             r"$a$ & answer & \\"]  # fmt: skip
    for terminal in terminals(rule):
        unit = _words(inputs.features[terminal.feature].unit)
        lines.append(rf"${symbol(terminal)}$ & {_meaning(inputs, terminal)} & {unit} \\")
    if "b" in operations(rule) or "bounded-logarithm" in transforms(rule):
        lines.append(r"$\operatorname{b}(x)$ & $2 (x - 1) / (x + 1)$ & 1 \\")
    return [*lines, r"\end{tabular}\end{center}"]


def _meaning(inputs: Inputs, terminal: Terminal) -> str:
    feature = inputs.features[terminal.feature]
    name = _words(feature.identifier)
    entered = rf"$\operatorname{{b}}$ of {name}" if feature.transform == "bounded-logarithm" else name
    words = _WORDS[terminal.reducer]
    return f"{entered}, {words % inputs.window if '%' in words else words}"


def _words(text: str) -> str:
    """Letters, digits and plain punctuation, for the body of a document."""
    return r"\_".join(harmless(part).replace("%", r"\%") for part in text.split("_"))
