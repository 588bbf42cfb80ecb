"""Branches between kinds of instances: what is alike in condition and return is decided alike.

Instances are clustered by what they are and by what a policy gets on them, which no policy sees; a shallow tree of
classification then tells the clusters apart by what it does see (SymbolicPCC, arXiv 2210.16987).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.distill.symbolic.closed_loop import Single
from adrs.distill.symbolic.examples import make_examples
from adrs.distill.symbolic.model_tree import LEAST_ROWS, MOST_DEPTH, Branch, standardised
from adrs.rule.form import Inputs, Terminal

_STARTS = 10
"""Of k-means, from which the best is taken."""


def grow(
    singles: Sequence[Single], inputs: Inputs, tests: Sequence[Terminal], most_leaves: int, seed: int
) -> list[Branch]:
    """A tree of at most so many leaves, at least 500 rows each; none where the clusters cannot be told apart.

    Raises ValueError for less instances than leaves.
    """
    clusters = clustered(singles, most_leaves, seed)
    tables = [make_examples(each.samples, inputs) for each in singles]
    rows = np.concatenate([np.column_stack([table.column(test) for test in tests]) for table in tables])
    wanted = np.repeat(clusters, [len(table) for table in tables])
    return _tree(rows, wanted, tests, most_leaves)


def clustered(singles: Sequence[Single], count: int, seed: int) -> NDArray[np.int64]:
    """The cluster of each instance, by k-means over its condition and its return, each of unit variance."""
    from sklearn.cluster import KMeans

    table = standardised(np.array([[*each.condition, each.fitness] for each in singles]))
    return np.asarray(KMeans(count, n_init=_STARTS, random_state=seed).fit_predict(table), dtype=np.int64)


def _tree(
    rows: NDArray[np.float64], wanted: NDArray[np.int64], tests: Sequence[Terminal], most_leaves: int
) -> list[Branch]:
    from sklearn.tree import DecisionTreeClassifier

    grown = DecisionTreeClassifier(
        max_leaf_nodes=most_leaves, max_depth=MOST_DEPTH, min_samples_leaf=LEAST_ROWS, random_state=0
    ).fit(rows, wanted)
    top = _node(grown.tree_, 0, tests)
    return [top] if isinstance(top, Branch) else []


def _node(tree: Any, place: int, tests: Sequence[Terminal]) -> Branch | int:
    """A branch, or the cluster of a leaf; a branch between one cluster and itself is none."""
    if tree.children_left[place] < 0:
        return int(tree.value[place].argmax())
    below, above = (_node(tree, int(children[place]), tests) for children in (tree.children_left, tree.children_right))
    if not isinstance(below, Branch) and below == above:
        return below
    sides = [side if isinstance(side, Branch) else None for side in (below, above)]
    return Branch(tests[int(tree.feature[place])], float(tree.threshold[place]), *sides)
