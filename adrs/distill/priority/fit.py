"""Expressions that put items in a program's order: searched, and the front of size against agreement."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adrs.distill.priority.ranking import Floats, Pairs
from adrs.distill.priority.record import Table, inputs
from adrs.distill.priority.shorten import LOSSES, shortened
from adrs.distill.symbolic.controls import cart, pursuits
from adrs.distill.symbolic.examples import Examples
from adrs.distill.symbolic.fit import found_expressions
from adrs.distill.symbolic.search import Effort
from adrs.distill.symbolic.workers import Workers
from adrs.rule.form import Expression, Leaf, Node, Operation, Split, nodes
from adrs.rule.size import expression_nodes, expression_operations

LENGTHS = (8, 16)
_EFFORT = Effort(population=300, generations=40)
_SHORTENED = 4
"""Expressions."""
_FEW_PAIRS = 50_000
_RULE_LISTS = (4, 12)
"""Leaves."""


@dataclass(frozen=True)
class Order:
    """An expression, or a rule list, and how well it orders."""

    node: Node
    agreement: float
    """Of pairs of choices of workloads that nothing was fitted on."""
    tau: float
    fitted: float
    """Agreement on the other workloads."""

    @property
    def nodes(self) -> int:
        """Of the tree; three of a branch."""
        return sum(3 if isinstance(each, Split) else expression_nodes(each.expression) for each in nodes(self.node))

    @property
    def operations(self) -> int:
        """Of one item, on the longest path."""
        return _operations(self.node)


async def fitted(table: Table, workers: Workers, length: int, seed: int) -> tuple[list[Order], list[Order]]:
    """The front of expressions, the smallest first, and rule lists to compare with. Fitted to ranks and, since few
    operations make a rank of a value, to values as well; judged by the order alone. Raises UserError.
    """
    held = table.held_out(seed)
    ranked, valued = (table.examples(each).take(~held) for each in (True, False))
    lengths = [*(each for each in LENGTHS if each < length), length]
    calls = [(examples, most, seed, _EFFORT) for examples in (ranked, valued) for most in lengths
             if np.isfinite(examples.targets.var())]  # fmt: skip
    found: list[Expression] = [each for several in await workers.map(found_expressions, calls) for each in several]
    found += pursuits(ranked)
    found += [sign for each in table.terminals for sign in (each, Operation("neg", (each,)))]
    judge = _Judge(table, held)
    orders = [order for each in found if (order := judge.order(Leaf(each))) is not None]
    best = sorted(front(orders), key=lambda each: -each.fitted)[:_SHORTENED]
    pairs = table.pairs(~held, _FEW_PAIRS)
    calls_of = [(each.node.expression, table, pairs, loss) for each in best if isinstance(each.node, Leaf)
                for loss in LOSSES]  # fmt: skip
    for each in await workers.map(_shortened, calls_of):
        order = judge.order(Leaf(each))
        orders += [] if order is None else [order]
    rules = [cart(ranked, inputs(table), leaves).root for leaves in _RULE_LISTS]
    lists = [order for each in rules if (order := judge.order(each)) is not None]
    return front(orders), lists


def _shortened(expression: Expression, table: Table, pairs: Pairs, loss: float) -> Expression:
    examples = table.examples(ranked=False)

    def agreement(each: Expression) -> float:
        found = examples.value(each)
        return pairs.agreement(found) if np.isfinite(found).all() else float("nan")

    return shortened(expression, agreement, loss)


def front(orders: Sequence[Order]) -> list[Order]:
    """Those that no smaller one agrees as well as on what was fitted, the smallest first."""
    kept: list[Order] = []
    for order in sorted(orders, key=lambda each: (each.nodes, -each.fitted)):
        if not kept or order.fitted > kept[-1].fitted:
            kept.append(order)
    return kept


def value(node: Node, examples: Examples) -> Floats:
    """A tree of branches and expressions on all rows."""
    if isinstance(node, Leaf):
        return examples.value(node.expression)
    above, below = value(node.above, examples), value(node.below, examples)
    return np.where(examples.column(node.terminal) > node.threshold, above, below)


def _operations(node: Node) -> int:
    if isinstance(node, Leaf):
        return expression_operations(node.expression)
    return 1 + max(_operations(node.below), _operations(node.above))


class _Judge:
    """Compares orders on the workloads that were fitted, and on those that were not."""

    def __init__(self, table: Table, held: NDArray[np.bool_]) -> None:
        self._examples = table.examples(ranked=False)
        self._inside, self._outside = table.pairs(~held), table.pairs(held)

    def order(self, node: Node) -> Order | None:
        """None where an expression is not finite on all rows, or there is nothing to judge by."""
        found = value(node, self._examples)
        if not np.isfinite(found).all() or not len(self._inside) or not len(self._outside):
            return None
        agreements = [pairs.agreement(found) for pairs in (self._outside, self._inside)]
        return Order(node, agreements[0], self._outside.tau(found), agreements[1])
