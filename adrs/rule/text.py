"""Rules for people: indented branches over infix expressions, constants to six digits."""

from adrs.rule.form import Constant, Expression, Inputs, Leaf, Node, Operation, Rule, Terminal

_INFIX = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2)}
_TIGHTEST = 3


def text(rule: Rule) -> str:
    """Several lines; what a transform or a wait means is said below."""
    lines = _node(rule.root, rule.inputs, "")
    notes = [
        f"{feature.identifier}: {feature.name}, in b(x) = 2 (x - 1) / (x + 1)"
        for feature in rule.inputs.features if feature.transform == "bounded-logarithm"
    ]  # fmt: skip
    if rule.splits and rule.patience > 1:
        notes.append(f"a branch changes after {rule.patience} intervals in a row on its other side")
    notes.append(f"answers are cut to {rule.inputs.low:g}..{rule.inputs.high:g}")
    return "\n".join([*lines, *(f"# {note}" for note in notes)])


def _node(node: Node, inputs: Inputs, indent: str) -> list[str]:
    if isinstance(node, Leaf):
        return [indent + expression_text(node.expression, inputs)]
    test = f"{expression_text(node.terminal, inputs)} > {node.threshold:.6g}"
    return [
        f"{indent}if {test}:", *_node(node.above, inputs, indent + "    "),
        f"{indent}else:", *_node(node.below, inputs, indent + "    "),
    ]  # fmt: skip


def expression_text(expression: Expression, inputs: Inputs) -> str:
    """On one line."""
    return _infix(expression, inputs)[0]


def _infix(expression: Expression, inputs: Inputs) -> tuple[str, int]:
    """The text, and how tightly it holds together."""
    if isinstance(expression, Constant):
        return f"{expression.value:.6g}", _TIGHTEST if expression.value >= 0 else 1
    if isinstance(expression, Terminal):
        return f"{expression.reducer}({inputs.features[expression.feature].identifier})", _TIGHTEST
    if expression.name not in _INFIX:
        return _call(expression, inputs)
    sign, level = _INFIX[expression.name]
    left, right = (_infix(each, inputs) for each in expression.arguments)
    right_level = level + (expression.name in ("sub", "div"))
    return f"{_within(left, level)} {sign} {_within(right, right_level)}", level


def _call(expression: Operation, inputs: Inputs) -> tuple[str, int]:
    parts = [_infix(each, inputs) for each in expression.arguments]
    if expression.name == "neg":
        return f"-{_within(parts[0], 2)}", 1
    if expression.name == "aq":
        return f"{_within(parts[0], 2)} / sqrt(1 + {_within(parts[1], _TIGHTEST)}^2)", 2
    return f"{expression.name}({', '.join(part for part, _ in parts)})", _TIGHTEST


def _within(part: tuple[str, int], least: int) -> str:
    return part[0] if part[1] >= least else f"({part[0]})"
