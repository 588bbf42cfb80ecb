"""How large a rule is: nodes of its form, and operations of one decision."""

from adrs.rule.form import Expression, Leaf, Node, Operation, Rule, Split, Terminal, nodes, subexpressions

_MANY = {"aq": 4, "b": 4}
"""Operations that take more than one of a processor: a / sqrt(1 + b^2) and 2 (x - 1) / (x + 1)."""
_TRANSFORM = {"identity": 0, "bounded-logarithm": 4}
_CLAMP = 2
_RING = 2
"""Compare the place of the newest interval with the last one, move it on."""
_SUM = 3
"""Take the oldest away and add the newest; add it also to the sum that replaces this one when the ring wraps."""
_MOMENT = 8
"""Let the oldest out (a multiply-add, less the sum) and the newest in; the same without the first for the next wrap."""
_SCALE = 1


def expression_nodes(expression: Expression) -> int:
    """Nodes of the tree."""
    return sum(1 for _ in subexpressions(expression))


def expression_operations(expression: Expression) -> int:
    """Arithmetic operations and calls; what stands in the tree more than once is computed once."""
    distinct = {each for each in subexpressions(expression) if isinstance(each, Operation)}
    return sum(_MANY.get(each.name, 1) for each in distinct)


def rule_nodes(rule: Rule) -> int:
    """Nodes of all expressions, and three of each branch: itself, the terminal and the threshold."""
    return sum(3 if isinstance(each, Split) else expression_nodes(each.expression) for each in nodes(rule.root))


def rule_operations(rule: Rule) -> int:
    """Of one decision of the rule's C on its longest path: transforms, reducers kept incrementally with all that
    keeps them exact, branches with their waiting, one leaf, and the cut to the range of answers.

    A multiply-add is two; jumps, loads and stores are none. Reducers and branches watch every interval, whichever leaf
    answers, so all of them count.
    """
    features = {terminal.feature for terminal in terminals(rule)}
    shown = sum(_TRANSFORM[rule.inputs.features[feature].transform] for feature in features)
    branches = len(rule.splits) * (1 + _waiting(rule.patience))
    return shown + _kept(rule) + branches + _longest(rule.root) + _CLAMP


def _waiting(patience: int) -> int:
    """Of a branch, behind its test: none, with the interval before, or a count that is compared twice."""
    return {1: 0, 2: 1}.get(patience, 3)


def terminals(rule: Rule) -> set[Terminal]:
    """All that the rule looks at."""
    return {split.terminal for split in rule.splits} | leaf_terminals(rule)


def leaf_terminals(rule: Rule) -> set[Terminal]:
    """What its expressions look at; others only decide branches."""
    return {each for leaf in rule.leaves for each in subexpressions(leaf.expression) if isinstance(each, Terminal)}


def _kept(rule: Rule) -> int:
    """Of all reducers. A mean that only branches test stays a sum, compared with the threshold of a sum."""
    used = terminals(rule)
    ringed = {terminal.feature for terminal in used if terminal.reducer not in ("last", "previous")}
    summed = {terminal.feature for terminal in used if terminal.reducer in ("mean", "slope")}
    slopes = sum(terminal.reducer == "slope" for terminal in used)
    means = sum(terminal.reducer == "mean" for terminal in leaf_terminals(rule))
    scanned = sum(terminal.reducer in ("minimum", "maximum") for terminal in used)
    return (
        _RING * bool(ringed) + _SUM * len(summed) + (_MOMENT + _SCALE) * slopes + _SCALE * means
        + (rule.inputs.window - 1) * scanned
    )  # fmt: skip


def _longest(node: Node) -> int:
    if isinstance(node, Leaf):
        return expression_operations(node.expression)
    return max(_longest(node.below), _longest(node.above))
