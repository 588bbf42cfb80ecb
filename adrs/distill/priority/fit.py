"""Expressions that put items in a program's order: searched, shortened, and the front of size against agreement."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adrs.distill.priority.ranking import Floats, Pairs
from adrs.distill.priority.record import Table, inputs
from adrs.distill.priority.shorten import LOSSES, scaled, shortened
from adrs.distill.symbolic.controls import cart, pursuits
from adrs.distill.symbolic.examples import Examples
from adrs.distill.symbolic.fit import found_expressions
from adrs.distill.symbolic.model_tree import grow
from adrs.distill.symbolic.search import Effort
from adrs.distill.symbolic.simplify import simplified
from adrs.distill.symbolic.workers import Workers
from adrs.rule.form import Expression, Leaf, Node, Operation, Split, nodes
from adrs.rule.size import expression_nodes, expression_operations

LENGTHS = (10,)
LEAF_LENGTH = 8
_EFFORT = Effort(population=300, generations=40)
_SHORTENED = 4
"""Expressions."""
_FEW_PAIRS = 50_000
_RULE_LISTS = (4, 12)
"""Leaves."""
_ENOUGH = 0.99
"""Agreement of an expression beside which branches have nothing to earn."""
_MOST_VALUE = 1e100
"""Of a value that is fitted as it is."""
Rows = NDArray[np.bool_]


@dataclass(frozen=True)
class Order:
    """An expression, several under branches, or a rule list; and how well it orders."""

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


@dataclass(frozen=True)
class Orders:
    """What was found for one key."""

    front: list[Order]
    """Expressions, the smallest first."""
    branched: list[Order]
    """With branches on what is the same for all items of a choice; empty where they are not worth it."""
    lists: list[Order]
    """Rule lists, to compare with."""


@dataclass(frozen=True)
class Search:
    """How far to look."""

    length: int
    """Nodes of an expression."""
    leaves: int
    """Of branches, at the most."""
    seed: int


async def fitted(table: Table, workers: Workers, search: Search) -> Orders:
    """Fitted to ranks and, since few operations make a rank of a value, to values as well; judged by the order alone.

    Raises UserError where the search engine is missing, or all was recorded on one workload.
    """
    held = table.held_out(search.seed)
    judge = _Judge(table, held)
    lengths = [*(each for each in LENGTHS if each < search.length), search.length]
    found = await _expressions(table, workers, ~held, lengths, search.seed)
    orders = judge.orders(map(Leaf, found))
    best = sorted(front(orders), key=lambda each: -each.fitted)[:_SHORTENED]
    orders += judge.orders(map(Leaf, await _shorter(table, workers, ~held, best, LOSSES)))
    ranked = table.examples(ranked=True).take(~held)
    lists = judge.orders(cart(ranked, inputs(table), leaves).root for leaves in _RULE_LISTS)
    enough = max((each.fitted for each in orders), default=1.0) >= _ENOUGH
    return Orders(front(orders), [] if enough else await _branched(table, workers, judge, search), lists)


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


async def _expressions(
    table: Table, workers: Workers, rows: Rows, lengths: Sequence[int], seed: int
) -> list[Expression]:
    """Searched on some rows, weighted sums of a few terms, and single terms with both signs."""
    ranked, valued = (table.examples(each).take(rows) for each in (True, False))
    tables = [ranked, valued] if np.abs(valued.targets).max(initial=0.0) < _MOST_VALUE else [ranked]
    calls = [(examples, length, seed, _EFFORT) for examples in tables for length in lengths]
    searched = await workers.map(found_expressions, calls)
    single = [sign for each in table.terminals for sign in (each, Operation("neg", (each,)))]
    return [*(each for several in searched for each in several), *pursuits(ranked), *single]


async def _shorter(
    table: Table, workers: Workers, rows: Rows, orders: Sequence[Order], losses: Sequence[float]
) -> list[Expression]:
    pairs = table.pairs(rows, _FEW_PAIRS)
    starts = [order.node.expression for order in orders if isinstance(order.node, Leaf)]
    return await workers.map(_shortened, [(each, table, pairs, loss) for each in starts for loss in losses])


def _shortened(expression: Expression, table: Table, pairs: Pairs, loss: float) -> Expression:
    examples = table.examples(ranked=False)

    def agreement(each: Expression) -> float:
        found = examples.value(each)
        return pairs.agreement(found) if np.isfinite(found).all() else float("nan")

    short = shortened(expression, agreement, loss)
    collected = scaled(simplified(short, examples.column, len(examples)))
    shorter = expression_nodes(collected) < expression_nodes(short) and agreement(collected) >= agreement(short)
    return collected if shorter else short


async def _branched(table: Table, workers: Workers, judge: "_Judge", search: Search) -> list[Order]:
    """The smallest and the largest tree of branches. Their tests are the same for all items of a choice, so that each
    leaf has choices of its own, and the best expression of each makes the best tree.
    """
    tests = table.shared_terminals
    examples = table.examples(ranked=True)
    trees = grow(examples.take(judge.inside), tests, search.leaves) if tests and search.leaves > 1 else []
    made: list[Node] = []
    for tree in dict.fromkeys([*trees[:1], *trees[-1:]]):
        leaves: list[Expression] = []
        for region in tree.regions(examples):
            rows = region & judge.inside
            found = await _expressions(table, workers, rows, [LEAF_LENGTH], search.seed)
            orders = judge.only(rows).orders(map(Leaf, found))
            if not orders:
                break
            best = max(orders, key=lambda each: (each.fitted, -each.nodes))
            leaves += await _shorter(table, workers, rows, [best], LOSSES[:1])
        else:
            made.append(tree.node(iter(leaves)))
    return judge.orders(made)


def _operations(node: Node) -> int:
    if isinstance(node, Leaf):
        return expression_operations(node.expression)
    return 1 + max(_operations(node.below), _operations(node.above))


class _Judge:
    """Compares orders on the workloads that were fitted, and on those that were not."""

    def __init__(self, table: Table, held: Rows, inside: Rows | None = None) -> None:
        self._table, self._held = table, held
        self.inside = ~held if inside is None else inside
        """[rows], what is fitted on."""
        self._examples = table.examples(ranked=False)
        self._fitted, self._outside = table.pairs(self.inside), table.pairs(held)

    def only(self, rows: Rows) -> "_Judge":
        """One that fits some of the rows."""
        return _Judge(self._table, self._held, rows)

    def orders(self, found: Iterable[Node]) -> list[Order]:
        """Without what is not finite on all rows, and nothing where there is nothing to judge by."""
        orders = []
        for node in found if len(self._fitted) and len(self._outside) else ():
            values = value(node, self._examples)
            if np.isfinite(values).all():
                fitted, outside = (pairs.agreement(values) for pairs in (self._fitted, self._outside))
                orders.append(Order(node, outside, self._outside.tau(values), fitted))
        return orders
