"""Chooses rules by what they do in closed loop, never by how closely they copy."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from adrs.distill.closed_loop import ClosedLoop, Outcome
from adrs.evaluation import WorkloadSpec
from adrs.rule.form import Expression, Node, Rule, Split
from adrs.rule.size import expression_nodes, rule_operations

_NOTHING = 1e-12


@dataclass(frozen=True)
class Fitted:
    """One member of a front."""

    expression: Expression
    r_squared: float
    """On rows that it was not fitted on."""


def knee(front: Sequence[Fitted]) -> int:
    """Place of the member that lies farthest above the line from the smallest to the best fit; the first of equals."""
    sizes = np.array([expression_nodes(member.expression) for member in front], dtype=np.float64)
    fits = np.array([member.r_squared for member in front])
    order = np.lexsort((sizes, -fits))
    small, good = int(sizes.argmin()), int(order[0])
    if sizes[good] <= sizes[small] or fits[good] <= fits[small]:
        return good
    above = (fits - fits[small]) / (fits[good] - fits[small]) - (sizes - sizes[small]) / (sizes[good] - sizes[small])
    return int(above.argmax())


def preferred(rules: Sequence[Rule], outcomes: Sequence[Outcome], margin: float) -> int | None:
    """Place of the highest fitness; of those within the margin, the one with fewest operations. None if all broke.

    Of equals the one with the higher fitness, then the first.
    """
    finite = [place for place, outcome in enumerate(outcomes) if math.isfinite(outcome.fitness)]
    if not finite:
        return None
    best = max(outcomes[place].fitness for place in finite)
    near = [place for place in finite if outcomes[place].fitness >= best - margin]
    return min(near, key=lambda place: (rule_operations(rules[place]), -outcomes[place].fitness, place))


def collapsed(rule: Rule) -> Rule:
    """Without branches whose two sides say the same."""

    def node(place: Node) -> Node:
        if not isinstance(place, Split):
            return place
        below, above = node(place.below), node(place.above)
        return below if below == above else Split(place.terminal, place.threshold, below, above)

    return Rule(rule.inputs, node(rule.root), rule.patience)


async def choose_leaves(
    loop: ClosedLoop,
    build: Callable[[Sequence[Expression]], Rule],
    fronts: Sequence[Sequence[Fitted]],
    unbranched: Expression,
    specs: Sequence[WorkloadSpec],
) -> list[Rule]:
    """Leaves chosen jointly: from each front's knee, one leaf at a time, until no exchange helps; and the same once
    more with the unbranched expression among the choices. Both rules, the second only if it differs.
    """
    start = [front[knee(front)].expression for front in fronts]
    choices = [[member.expression for member in front] for front in fronts]
    first = await _coordinate_steps(loop, build, start, choices, specs)
    second = await _coordinate_steps(loop, build, first, [[unbranched] for _ in choices], specs)
    rules = [build(first), collapsed(build(second))]
    return rules if rules[0] != rules[1] else rules[:1]


async def _coordinate_steps(
    loop: ClosedLoop,
    build: Callable[[Sequence[Expression]], Rule],
    start: Sequence[Expression],
    choices: Sequence[Sequence[Expression]],
    specs: Sequence[WorkloadSpec],
) -> list[Expression]:
    """Exchanges of single leaves until none raises the fitness."""
    leaves = list(start)
    best = (await loop.outcomes([build(leaves)], specs))[0].fitness
    unchanged = 0
    leaf = 0
    while unchanged < len(leaves):
        rules = [build([*leaves[:leaf], each, *leaves[leaf + 1 :]]) for each in choices[leaf]]
        found = [outcome.fitness for outcome in await loop.outcomes(rules, specs)]
        place = int(np.argmax(found))
        if found[place] > best + _NOTHING:
            leaves[leaf], best, unchanged = choices[leaf][place], found[place], 0
        else:
            unchanged += 1
        leaf = (leaf + 1) % len(leaves)
    return leaves
