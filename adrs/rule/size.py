"""How large a rule is: nodes of its form, and operations of one decision."""

from adrs.rule.form import Expression, Leaf, Node, Operation, Rule, Split, Terminal, nodes, subexpressions

_MANY = {"aq": 4, "b": 4}
"""Operations that take more than one of a processor: a / sqrt(1 + b^2) and 2 (x - 1) / (x + 1)."""
_TRANSFORM = {"identity": 0, "bounded-logarithm": 4}
_CLAMP = 2
_SPLIT = 1
_WAITING = 3
"""Compare with the side, count, compare with the patience."""


def expression_nodes(expression: Expression) -> int:
    """Nodes of the tree."""
    return sum(1 for _ in subexpressions(expression))


def expression_operations(expression: Expression) -> int:
    """Arithmetic operations and calls, each as often as it stands in the tree."""
    return sum(_MANY.get(each.name, 1) for each in subexpressions(expression) if isinstance(each, Operation))


def rule_nodes(rule: Rule) -> int:
    """Nodes of all expressions, and three of each branch: itself, the terminal and the threshold."""
    return sum(3 if isinstance(each, Split) else expression_nodes(each.expression) for each in nodes(rule.root))


def rule_operations(rule: Rule) -> int:
    """Of one decision on its longest path: transforms, reducers kept incrementally, branches with their waiting, one
    leaf, and the cut to the range of answers. A multiply-add is two.

    Reducers and branches watch every interval, whichever leaf answers, so all of them count.
    """
    used = terminals(rule)
    features = {terminal.feature for terminal in used}
    shown = sum(_TRANSFORM[rule.inputs.features[feature].transform] for feature in features)
    kept = sum(_reducer(terminal.reducer, rule.inputs.window) for terminal in used)
    branches = len(rule.splits) * (_SPLIT + (_WAITING if rule.patience > 1 else 0))
    return shown + kept + branches + _longest(rule.root) + _CLAMP


def terminals(rule: Rule) -> set[Terminal]:
    """All that the rule looks at."""
    found = {split.terminal for split in rule.splits}
    for leaf in rule.leaves:
        found |= {each for each in subexpressions(leaf.expression) if isinstance(each, Terminal)}
    return found


def _reducer(name: str, window: int) -> int:
    match name:
        case "mean":
            return 3  # add the newest, take the oldest away, scale
        case "slope":
            return 8  # the running sum, then sum of place x value: less the sum, plus the newest's share; scale both
        case "minimum" | "maximum":
            return window - 1
    return 0


def _longest(node: Node) -> int:
    if isinstance(node, Leaf):
        return expression_operations(node.expression)
    return max(_longest(node.below), _longest(node.above))
