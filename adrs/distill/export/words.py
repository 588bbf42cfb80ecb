"""A rule as a few lines for people."""

from adrs.distill.export.outline import variable
from adrs.distill.export.python import SYNTAX
from adrs.rule.form import Leaf, Node, Rule


def words(rule: Rule) -> list[str]:
    """Branches as indented tests, leaves as expressions over feature and reducer."""
    end = f"answers are cut to {rule.inputs.low:g} and {rule.inputs.high:g}"
    if rule.splits and rule.patience > 1:
        end += f"; a branch changes after {rule.patience} intervals in a row on its other side"
    return [*_node(rule.root, rule, ""), end]


def _node(node: Node, rule: Rule, indent: str) -> list[str]:
    if isinstance(node, Leaf):
        return [indent + SYNTAX.text(node.expression, rule.inputs, {}).replace("math.", "")]
    test = f"{indent}if {variable(rule.inputs, node.terminal)} > {node.threshold!r}:"
    deeper = indent + "    "
    return [test, *_node(node.above, rule, deeper), f"{indent}else:", *_node(node.below, rule, deeper)]
