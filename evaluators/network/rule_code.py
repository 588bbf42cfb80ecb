"""Rules lowered to postfix operation codes: the flat memory that rule_machine.py runs.

A rule is data (adrs.rule.form); nothing here is ever made from a program's source.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adrs.errors import UserError
from adrs.rule.form import ARITY, REDUCERS, Constant, Expression, Leaf, Node, Rule, Split, Terminal
from evaluators.network.layout import HISTORY

NAMES = ("constant", "terminal", *ARITY)
"""Of the operation codes 0, 1, ...; the first two put a number on the stack."""
FEATURES = 3
"""Of a monitor interval: latency gradient, latency ratio, sending ratio."""

_ADDRESSES = ("logarithmic", "terminals", "splits", "leaves", "codes", "numbers", "values", "stack", "sides")
_COUNTS = ("terminal_count", "split_count", "root", "patience")
PROGRAM = np.dtype([(name, np.int64) for name in (*_ADDRESSES, *_COUNTS)] + [("low", np.float64), ("high", np.float64)])
"""Addresses of the arrays of a RuleCode, and how long they are."""


@dataclass(frozen=True)
class RuleCode:
    """One rule for many flows, with the states of its branches and room to compute in."""

    logarithmic: NDArray[np.int64]
    """[features], 1 where the bounded logarithm of the feature enters the history."""
    terminals: NDArray[np.int64]
    """[terminals, 2], feature and place of the reducer in REDUCERS; each is computed once a decision."""
    splits: NDArray[np.int64]
    """[splits, 3], terminal, node below and node above; a node >= 0 is a split, a node < 0 is leaf -1 - node."""
    leaves: NDArray[np.int64]
    """[leaves, 2], begin and end among the codes."""
    codes: NDArray[np.int64]
    """[codes, 2], place in NAMES, and the place of a constant or terminal."""
    numbers: NDArray[np.float64]
    """Thresholds of all splits, then the constants."""
    values: NDArray[np.float64]
    """[terminals], of the decision at hand."""
    stack: NDArray[np.float64]
    sides: NDArray[np.int64]
    """[flows, splits, 2], whether the branch stands above, and intervals that it has waited to change."""
    root: int
    patience: int
    low: float
    high: float
    place = "program"
    """Of its address in the engine's record."""

    def record(self) -> NDArray[np.void]:
        """The PROGRAM, as an array of one; it must not outlive the arrays."""
        record = np.zeros(1, dtype=PROGRAM)
        for name in _ADDRESSES:
            record[name] = getattr(self, name).ctypes.data
        for name in ("root", "patience", "low", "high"):
            record[name] = getattr(self, name)
        record["terminal_count"], record["split_count"] = len(self.values), len(self.splits)
        return record


def lower(rule: Rule, flows: int) -> RuleCode:
    """A rule for a number of flows that have decided nothing yet. Raises UserError where it is no rule for them."""
    if len(rule.inputs.features) != FEATURES or rule.inputs.window * FEATURES != HISTORY:
        raise UserError(
            f"the rule is shown {rule.inputs.window} intervals of {len(rule.inputs.features)} features, but a flow "
            f"has {HISTORY // FEATURES} intervals of {FEATURES}; distil it for this problem"
        )
    assembly = _Assembly()
    root = assembly.node(rule.root)
    sides = np.zeros((flows, len(assembly.splits), 2), dtype=np.int64)
    sides[:, :, 1] = rule.patience
    return RuleCode(
        logarithmic=np.array([feature.transform == "bounded-logarithm" for feature in rule.inputs.features], np.int64),
        terminals=_table([(each.feature, REDUCERS.index(each.reducer)) for each in assembly.terminals], 2),
        splits=_table(assembly.splits, 3),
        leaves=_table(assembly.leaves, 2),
        codes=_table(assembly.codes, 2),
        numbers=np.array(assembly.thresholds + assembly.constants, dtype=np.float64),
        values=np.zeros(len(assembly.terminals)),
        stack=np.zeros(assembly.deepest),
        sides=sides,
        root=root,
        patience=rule.patience,
        low=rule.inputs.low,
        high=rule.inputs.high,
    )


def _table(rows: list[tuple[int, ...]], columns: int) -> NDArray[np.int64]:
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)


class _Assembly:
    """Numbers the parts of one rule."""

    def __init__(self) -> None:
        self.terminals: dict[Terminal, int] = {}
        self.splits: list[tuple[int, ...]] = []
        self.leaves: list[tuple[int, ...]] = []
        self.codes: list[tuple[int, ...]] = []
        self.thresholds: list[float] = []
        self.constants: list[float] = []
        self.deepest = 0

    def node(self, node: Node) -> int:
        """Number of a node; splits in the order of Rule.splits."""
        if isinstance(node, Leaf):
            begin = len(self.codes)
            self._expression(node.expression, 1)
            self.leaves.append((begin, len(self.codes)))
            return -len(self.leaves)
        return self._split(node)

    def _split(self, split: Split) -> int:
        number = len(self.splits)
        self.splits.append(())
        self.thresholds.append(split.threshold)
        tested = self._terminal(split.terminal)
        self.splits[number] = (tested, self.node(split.below), self.node(split.above))
        return number

    def _terminal(self, terminal: Terminal) -> int:
        return self.terminals.setdefault(terminal, len(self.terminals))

    def _expression(self, expression: Expression, depth: int) -> None:
        """`depth`: numbers on the stack once this one is there."""
        self.deepest = max(self.deepest, depth)
        if isinstance(expression, Constant):
            self.codes.append((NAMES.index("constant"), len(self.constants)))
            self.constants.append(expression.value)
        elif isinstance(expression, Terminal):
            self.codes.append((NAMES.index("terminal"), self._terminal(expression)))
        else:
            for place, argument in enumerate(expression.arguments):
                self._expression(argument, depth + place)
            self.codes.append((NAMES.index(expression.name), 0))
