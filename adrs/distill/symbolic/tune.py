"""Constants of a rule tuned in closed loop, and rounded as far as the rule stays as good."""

import math
from collections.abc import Callable, Sequence

from adrs.distill.symbolic.choose import Judges
from adrs.distill.symbolic.closed_loop import ClosedLoop
from adrs.distill.symbolic.constants import rule_constants, rule_with_constants
from adrs.distill.symbolic.simplify import folded
from adrs.evaluation import WorkloadSpec
from adrs.propose.embedded import optimizers
from adrs.rule.form import Leaf, Node, Rule, Split

EVALUATIONS = 300
_LEAST_SCALE = 0.05
_FIRST_STEP = 0.2 / optimizers.SPREAD
"""So that the first steps are a fifth of a constant."""
_WORST = 1e9
"""Cost of a rule that breaks a rule of the problem."""
_PLAIN = (0.0, 1.0, -1.0)
_DIGITS = (1, 2, 3)


async def tuned(
    loop: ClosedLoop, rule: Rule, specs: Sequence[WorkloadSpec], seed: int, evaluations: int = EVALUATIONS,
    enough: Callable[[], bool] = lambda: False,
) -> Rule:  # fmt: skip
    """The rule with the constants and thresholds that are best on the workloads, by CMA-ES (Hansen, arXiv 1604.00772).

    `enough` is asked between generations. The rule itself where nothing better is found.
    """
    first = rule_constants(rule)
    if not first:
        return rule
    scales = [max(abs(number), _LEAST_SCALE) for number in first]
    best, fitness = rule, (await loop.outcomes([rule], specs))[0].fitness
    strategy = optimizers.make([_FIRST_STEP] * len(first), seed, _cost(fitness))
    used = 1
    while used < evaluations and not enough() and not strategy.converged:
        vectors = strategy.ask()
        rules = [
            rule_with_constants(rule, [number + scale * step
                                       for number, scale, step in zip(first, scales, vector, strict=True)])
            for vector in vectors
        ]  # fmt: skip
        found = [outcome.fitness for outcome in await loop.outcomes(rules, specs)]
        strategy.tell(vectors, [_cost(each) for each in found])
        used += len(rules)
        place = max(range(len(rules)), key=lambda each: (found[each], -each))
        if found[place] > fitness:
            best, fitness = rules[place], found[place]
    return best


async def rounded(judges: Judges, rule: Rule, margin: float) -> Rule:
    """The rule with constants as plain as may be: all to as few digits as will do together, then one after the other
    plainer still, to 0, 1 or -1 where that will do; folded.

    A change is taken while the fitness stays within the margin of the rule's own, on both sets of workloads. The last
    constants go first: those of outer operations say most, and are left for last.
    """
    numbers = rule_constants(rule)
    on_screen = (await judges.loop.outcomes([rule], judges.screen))[0].fitness - margin
    decided = (await judges.loop.outcomes([rule], judges.decide))[0].fitness - margin
    together = [[_rounded(number, digits) for number in numbers] for digits in _DIGITS]
    for place in (None, *reversed(range(len(numbers)))):
        if place is None:
            choices = together
        else:
            choices = [[*numbers[:place], each, *numbers[place + 1 :]] for each in _plainer(numbers[place])]
        good = await judges.first_at_least([rule_with_constants(rule, each) for each in choices], on_screen, decided)
        numbers = numbers if good is None else choices[good]
    return Rule(rule.inputs, _folded(rule_with_constants(rule, numbers).root), rule.patience)


def _cost(fitness: float) -> float:
    return -fitness if math.isfinite(fitness) else _WORST


def _rounded(number: float, digits: int) -> float:
    return float(f"{number:.{digits}g}")


def _plainer(number: float) -> list[float]:
    """The plainest first, up to what is as plain as the number itself."""
    choices = list(dict.fromkeys([*_PLAIN, *(_rounded(number, digits) for digits in _DIGITS)]))
    return choices[: choices.index(number)] if number in choices else choices


def _folded(node: Node) -> Node:
    if isinstance(node, Split):
        return Split(node.terminal, node.threshold, _folded(node.below), _folded(node.above))
    return Leaf(folded(node.expression))
