"""What a rule costs: nodes, operations of one decision, and which of them are calls of a library."""

from collections import Counter
from dataclasses import dataclass

from adrs.distill.export.double import LIBRARY
from adrs.rule.form import Expression, Leaf, Node, Operation, Rule, subexpressions
from adrs.rule.size import rule_nodes, rule_operations


@dataclass(frozen=True)
class Cost:
    """Of one decision."""

    nodes: int
    """Of the form, tests of branches included."""
    operations: int
    """On the longest path: arithmetic, comparisons and calls, with transforms, reducers, waiting and the final cut."""
    calls: tuple[tuple[str, int], ...]
    """Functions of the mathematical library among them, on the path that calls most."""

    @property
    def words(self) -> str:
        """`27 operations, of them 2 sqrt`."""
        among = ", ".join(f"{count} {name}" for name, count in self.calls)
        return f"{self.operations} operations" + (f", of them {among}" if among else "")


def cost(rule: Rule) -> Cost:
    """Of a rule, as its C export computes it."""
    return Cost(rule_nodes(rule), rule_operations(rule), tuple(sorted(_most_calls(rule.root).items())))


def _most_calls(node: Node) -> Counter[str]:
    if isinstance(node, Leaf):
        return _calls(node.expression)
    return max(_most_calls(node.below), _most_calls(node.above), key=lambda calls: calls.total())


def _calls(expression: Expression) -> Counter[str]:
    return Counter(
        LIBRARY[each.name]
        for each in subexpressions(expression)
        if isinstance(each, Operation) and each.name in LIBRARY
    )
