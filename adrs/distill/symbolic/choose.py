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
) -> list[Rule]:
    """Leaves chosen jointly: from each front's knee, one leaf at a time, until no exchange helps; and the same once
    more with the unbranched expression among the choices. Both rules, the second only if it differs.
    """
    start = [front[knee(front)].expression for front in fronts]
    choices = [[member.expression for member in front] for front in fronts]
    first = await _coordinate_steps(judges, build, start, choices)
    second = await _coordinate_steps(judges, build, first, [[unbranched] for _ in choices])
    rules = [build(first), build(second)]
    return rules if rules[0] != rules[1] else rules[:1]


async def _coordinate_steps(
    judges: Judges,
    build: Callable[[Sequence[Expression]], Rule],
    start: Sequence[Expression],
    choices: Sequence[Sequence[Expression]],
) -> list[Expression]:
    """Exchanges of single leaves until none raises the fitness."""
    leaves = list(start)
    _, best = await judges.best([build(leaves)])
    unchanged = 0
    leaf = 0
    while unchanged < len(leaves):
        rules = [build([*leaves[:leaf], each, *leaves[leaf + 1 :]]) for each in choices[leaf]]
        place, fitness = await judges.best(rules)
        if fitness > best + _NOTHING:
            leaves[leaf], best, unchanged = choices[leaf][place], fitness, 0
        else:
            unchanged += 1
        leaf = (leaf + 1) % len(leaves)
    return leaves
