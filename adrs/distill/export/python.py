"""A rule as a Python module that is a program of its problem by itself."""

from adrs.distill.export.outline import (
    at_rest,
    described,
    heading,
    in_leaves,
    operations,
    transforms,
    used,
    variable,
)
from adrs.distill.export.syntax import Syntax
from adrs.rule.form import Inputs, Leaf, Node, Rule
from adrs.rule.interpret import slope_weights

_FUNCTIONS = {
    "aq": "analytic_quotient", "min": "min", "max": "max", "abs": "abs", "sqrt": "math.sqrt", "tanh": "math.tanh",
    "b": "bounded_logarithm", "log": "math.log", "exp": "math.exp",
}  # fmt: skip
SYNTAX = Syntax(repr, _FUNCTIONS)
_BOUNDED = '''def bounded_logarithm(x):
    """Near 1, the logarithm of x to third order; within -2 and 2 where x is not negative."""
    return 2.0 * (x - 1.0) / (x + 1.0)
'''
_QUOTIENT = '''def analytic_quotient(a, b):
    """a / b for large b, without its pole."""
    return a / math.sqrt(1.0 + b * b)
'''
_BRANCH = '''class Branch:
    """A side that changes after PATIENCE intervals in a row on the other one; the first interval decides at once."""

    def __init__(self):
        self.above = False
        self.waited = PATIENCE

    def watch(self, seen):
        """Tell it on which side this interval is; returns whether it is above."""
        self.waited = 0 if seen == self.above else self.waited + 1
        if self.waited >= PATIENCE:
            self.above, self.waited = seen, 0
        return self.above
'''


def python(rule: Rule, function: str) -> str:
    """The module: a pure function of reduced features, a class with history and hysteresis, and the problem's function.

    `function` is the one that the problem calls, with the history as one row, the newest interval last, and a state.
    """
    first, *rest = heading(rule, "Python")
    parts = [f"# {first}", *(f"# {line}" for line in rest), '"""A policy of one rule; made from its tree."""', ""]
    if operations(rule) & {"sqrt", "tanh", "log", "exp", "aq"}:
        parts += ["import math", ""]
    parts += [f"FEATURES = {len(rule.inputs.features)}"]
    parts += [f"PATIENCE = {rule.patience}"] if rule.splits else []
    helpers = [_BOUNDED] if "b" in operations(rule) or "bounded-logarithm" in transforms(rule) else []
    helpers += [_QUOTIENT] if "aq" in operations(rule) else []
    helpers += [_BRANCH] if rule.splits else []
    blocks = ["\n".join(parts), *helpers, _pure(rule), _class(rule), _entry(rule, function)]
    return "\n\n\n".join(block.rstrip("\n") for block in blocks) + "\n"


def _pure(rule: Rule) -> str:
    inputs = rule.inputs
    names = [variable(inputs, terminal) for terminal in in_leaves(rule)] + (["above"] if rule.splits else [])
    doc = "The answer to reduced features" + (" and the sides of the branches." if rule.splits else ".")
    lines = [f"def answer({', '.join(names)}):", f'    """{doc}"""']
    lines += _node(rule.root, rule, 1)
    return "\n".join([*lines, f"    return min(max(value, {inputs.low!r}), {inputs.high!r})"])


def _node(node: Node, rule: Rule, level: int) -> list[str]:
    indent = "    " * level
    if isinstance(node, Leaf):
        steps, text = SYNTAX.steps(node.expression, rule.inputs)
        return [f"{indent}{name} = {step}" for name, step in steps] + [f"{indent}value = {text}"]
    place = next(place for place, split in enumerate(rule.splits) if split is node)
    return [f"{indent}if above[{place}]:", *_node(node.above, rule, level + 1),
            f"{indent}else:", *_node(node.below, rule, level + 1)]  # fmt: skip


def _class(rule: Rule) -> str:
    """History of the features that need one, branches, and `decide`."""
    inputs, found = rule.inputs, used(rule)
    lines = ["class Rule:", '    """The rule with what it remembers.', "", "    Features of an interval:"]
    lines += [f"    {described(feature)}" for feature in inputs.features]
    lines += ['    """', "", "    def __init__(self):"]
    for feature in found:
        if set(found[feature]) - {"last"}:
            lines.append(f"        self.{_history(inputs, feature)} = [{at_rest(inputs, feature)!r}] * {inputs.window}")
    branches = ", ".join("Branch()" for _ in rule.splits)
    lines += [f"        self.branches = [{branches}]"] if rule.splits else []
    if lines[-1].endswith("__init__(self):"):
        lines = lines[:-2]
    lines += ["", "    def decide(self, features):", '        """The answer at the end of an interval."""']
    for feature, reducers in found.items():
        lines += _reduced(inputs, feature, reducers)
    sides = [f"self.branches[{place}].watch({variable(inputs, split.terminal)} > {split.threshold!r})"
             for place, split in enumerate(rule.splits)]  # fmt: skip
    lines += [f"        above = [{', '.join(sides)}]"] if sides else []
    arguments = [variable(inputs, terminal) for terminal in in_leaves(rule)] + (["above"] if sides else [])
    return "\n".join([*lines, f"        return answer({', '.join(arguments)})"])


def _reduced(inputs: Inputs, feature: int, reducers: tuple[str, ...]) -> list[str]:
    """Take a feature in, and reduce its history."""
    raw = f"features[{feature}]"
    entered = f"bounded_logarithm({raw})" if inputs.features[feature].transform == "bounded-logarithm" else raw
    indent, name = "        ", inputs.features[feature].identifier
    if set(reducers) == {"last"}:
        return [f"{indent}{name}_last = {entered}"]
    history = f"{name}_history"
    lines = [f"{indent}{history} = self.{history}", f"{indent}del {history}[0]",
             f"{indent}{history}.append({entered})"]  # fmt: skip
    weights = ", ".join(repr(float(weight)) for weight in slope_weights(inputs.window))
    texts = {
        "last": f"{history}[-1]", "previous": f"{history}[-2]", "mean": f"sum({history}) / {inputs.window}",
        "slope": f"sum(weight * each for weight, each in zip(({weights}), {history}))",
        "minimum": f"min({history})", "maximum": f"max({history})",
    }  # fmt: skip
    return lines + [f"{indent}{name}_{reducer} = {texts[reducer]}" for reducer in reducers]


def _entry(rule: Rule, function: str) -> str:
    return "\n".join([
        f"def {function}(observation, state):",
        '    """The newest interval stands last in the observation; the rule keeps those before it."""',
        '    if "rule" not in state:',
        '        state["rule"] = Rule()',
        '    return state["rule"].decide(observation[-FEATURES:])',
    ])  # fmt: skip


def _history(inputs: Inputs, feature: int) -> str:
    return f"{inputs.features[feature].identifier}_history"
