"""Chooses rules by what they do in closed loop, never by how closely they copy."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from adrs.distill.symbolic.closed_loop import ClosedLoop, Outcome
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


def preferred(
    rules: Sequence[Rule], outcomes: Sequence[Outcome], margin: float, most_operations: int | None = None
) -> int | None:
    """Place of the highest fitness; of those within the margin, the one with fewest operations. None if all broke.

    Of equals the one with the higher fitness, then the first. Rules of more than so many operations count only where
    there are no others.
    """
    finite = [place for place, outcome in enumerate(outcomes) if math.isfinite(outcome.fitness)]
    if not finite:
        return None
    if most_operations is not None:
        finite = [place for place in finite if rule_operations(rules[place]) <= most_operations] or finite
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


@dataclass(frozen=True)
class Judges:
    """Workloads to choose on. The cheap ones say which few are asked the dear ones."""

    loop: ClosedLoop
    screen: Sequence[WorkloadSpec]
    decide: Sequence[WorkloadSpec]
    most: int = 3
    """Rules that pass the screen at a time."""

    async def best(self, rules: Sequence[Rule]) -> tuple[int, float]:
        """Place and fitness of the best of those that do best on the screen; the first of equals."""
        screened = [outcome.fitness for outcome in await self.loop.outcomes(rules, self.screen)]
        passed = sorted(range(len(rules)), key=lambda place: (-screened[place], place))[: self.most]
        found = await self.loop.outcomes([rules[place] for place in passed], self.decide)
        place = max(range(len(passed)), key=lambda each: (found[each].fitness, -passed[each]))
        return passed[place], found[place].fitness

    async def first_at_least(self, rules: Sequence[Rule], screened: float, decided: float) -> int | None:
        """Place of the first rule that reaches both fitnesses, among the first few that reach the screen's; or None."""
        on_screen = await self.loop.outcomes(rules, self.screen)
        passed = [place for place, outcome in enumerate(on_screen) if outcome.fitness >= screened]
        for place in passed[: self.most]:
            if (await self.loop.outcomes([rules[place]], self.decide))[0].fitness >= decided:
                return place
        return None


async def choose_leaves(
    judges: Judges,
    build: Callable[[Sequence[Expression]], Rule],
    fronts: Sequence[Sequence[Fitted]],
    unbranched: Expression,
    most_operations: int | None = None,
) -> list[Rule]:
    """Leaves chosen jointly: from each front's knee, one leaf at a time, until no exchange helps; and the same once
    more with the unbranched expression among the choices. Both rules, the second only if it differs.

    No rule has more than so many operations; none is made where the smallest leaves have more.
    """

    def affordable(leaves: Sequence[Expression]) -> bool:
        return most_operations is None or rule_operations(build(leaves)) <= most_operations

    start = _first_affordable(fronts, affordable)
    if start is None:
        return []
    choices = [[member.expression for member in front] for front in fronts]
    first = await _coordinate_steps(judges, build, start, choices, affordable)
    second = await _coordinate_steps(judges, build, first, [[unbranched] for _ in choices], affordable)
    rules = [build(first), build(second)]
    return rules if rules[0] != rules[1] else rules[:1]


def _first_affordable(
    fronts: Sequence[Sequence[Fitted]], affordable: Callable[[Sequence[Expression]], bool]
) -> list[Expression] | None:
    """The knees; where they cost too much, the leaf of most nodes is made smaller until they do not."""
    places = [knee(front) for front in fronts]
    while True:
        leaves = [front[place].expression for front, place in zip(fronts, places, strict=True)]
        if affordable(leaves):
            return leaves
        if not any(places):
            return None
        large = max(
            (leaf for leaf, place in enumerate(places) if place), key=lambda leaf: expression_nodes(leaves[leaf])
        )
        places[large] -= 1


async def _coordinate_steps(
    judges: Judges,
    build: Callable[[Sequence[Expression]], Rule],
    start: Sequence[Expression],
    choices: Sequence[Sequence[Expression]],
    affordable: Callable[[Sequence[Expression]], bool],
) -> list[Expression]:
    """Exchanges of single leaves until none raises the fitness."""
    leaves = list(start)
    _, best = await judges.best([build(leaves)])
    unchanged = 0
    leaf = 0
    while unchanged < len(leaves):
        exchanges = [[*leaves[:leaf], each, *leaves[leaf + 1 :]] for each in choices[leaf]]
        exchanges = [each for each in exchanges if affordable(each)]
        place, fitness = await judges.best([build(each) for each in exchanges]) if exchanges else (0, -math.inf)
        if fitness > best + _NOTHING:
            leaves, best, unchanged = exchanges[place], fitness, 0
        else:
            unchanged += 1
        leaf = (leaf + 1) % len(leaves)
    return leaves
