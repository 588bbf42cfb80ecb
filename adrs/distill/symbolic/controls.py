"""Cheap rules to compare with: few linear terms by orthogonal matching pursuit, and steps by CART."""

from collections.abc import Sequence

import numpy as np

from adrs.distill.symbolic.examples import Examples
from adrs.rule.form import Constant, Expression, Inputs, Leaf, Node, Operation, Rule, Split

PURSUIT_TERMS = (1, 2, 3, 5, 7)
CART_LEAVES = (4, 8, 16)
_LEAST_LEAF = 50
"""Rows of a step."""


def pursuits(examples: Examples, terms: Sequence[int] = PURSUIT_TERMS) -> list[Expression]:
    """Weighted sums of a few terminals: each time the one that explains most of what is left, all weights fitted anew.

    Orthogonal matching pursuit: Pati, Rezaiifar and Krishnaprasad, Asilomar 1993.
    """
    spread = examples.columns.std(axis=0)
    usable = [place for place in range(len(examples.terminals)) if spread[place] > 0]
    centred = examples.columns - examples.columns.mean(axis=0)
    left, chosen = examples.targets - examples.targets.mean(), list[int]()
    found: list[Expression] = []
    for count in range(1, min(max(terms), len(usable)) + 1):
        gains = [abs(float(centred[:, place] @ left)) / spread[place] if place not in chosen else -1.0
                 for place in usable]  # fmt: skip
        chosen.append(usable[int(np.argmax(gains))])
        matrix = np.column_stack([np.ones(len(examples)), examples.columns[:, chosen]])
        weights = np.linalg.lstsq(matrix, examples.targets, rcond=None)[0]
        left = examples.targets - matrix @ weights
        if count in terms:
            found.append(_weighted(examples, chosen, weights.tolist()))
    return found


def _weighted(examples: Examples, chosen: Sequence[int], weights: Sequence[float]) -> Expression:
    whole: Expression = Constant(weights[0])
    for place, weight in zip(chosen, weights[1:], strict=True):
        whole = Operation("add", (whole, Operation("mul", (Constant(weight), examples.terminals[place]))))
    return whole


def cart(examples: Examples, inputs: Inputs, leaves: int) -> Rule:
    """Constant answers under a tree of splits (Breiman and others, 1984), grown best first; decides without waiting."""
    from sklearn.tree import DecisionTreeRegressor

    grown = DecisionTreeRegressor(max_leaf_nodes=leaves, min_samples_leaf=_LEAST_LEAF, random_state=0)
    tree = grown.fit(examples.columns, examples.targets).tree_

    def node(place: int) -> Node:
        if tree.children_left[place] < 0:
            return Leaf(Constant(float(tree.value[place].item())))
        terminal = examples.terminals[int(tree.feature[place])]
        below, above = node(int(tree.children_left[place])), node(int(tree.children_right[place]))
        return Split(terminal, float(tree.threshold[place]), below, above)

    return Rule(inputs, node(0), patience=1)
