"""A bandit on gain per cost, whose arms get better and worse as the run goes on."""

import random
from collections.abc import Iterable, Mapping

from adrs.program import Program

_MEMORY = 0.985
_PRIOR_COST = 4.0
_PRIOR_RATE = 0.1
_FLOOR = 0.15


class Rates:
    """Probability matching (Goldberg 1990; Fialho et al. 2010) on discounted gain per discounted cost.

    Cost is counted in evaluations: one when an arm is drawn, so that draws in flight count at once and spread a window
    of them, and more or less when it is known. Every arm starts with the same hopeful prior and keeps a least share of
    the draws, so that one that becomes useful late is noticed. Weights multiply the shares.
    """

    def __init__(self, weights: Mapping[str, float]) -> None:
        """weights: above 0, by arm."""
        self._weights = dict(weights)
        self._costs = dict.fromkeys(self._weights, 0.0)
        self._gains = dict.fromkeys(self._weights, 0.0)

    def pull(self, arm: str) -> None:
        """Count a draw of an arm as one evaluation."""
        for name in self._weights:
            self._costs[name] *= _MEMORY
            self._gains[name] *= _MEMORY
        self._costs[arm] += 1.0

    def tell(self, arm: str, gain: float, further_cost: float = 0.0) -> None:
        """Credit an arm with a gain in 0..1, and correct what was counted of its cost, in evaluations."""
        self._gains[arm] += gain
        self._costs[arm] = max(0.0, self._costs[arm] + further_cost)

    def rate(self, arm: str) -> float:
        """Gain per evaluation's worth of cost, drawn towards the prior where little is known."""
        return (self._gains[arm] + _PRIOR_RATE * _PRIOR_COST) / (self._costs[arm] + _PRIOR_COST)

    def choose(self, rng: random.Random, arms: Iterable[str] | None = None) -> str:
        """Draw one of some arms, by default of all."""
        candidates = list(self._weights if arms is None else arms)
        total = sum(self.rate(arm) for arm in candidates)
        shares = [self._weights[arm] * (_FLOOR + self.rate(arm) / total) for arm in candidates]
        return rng.choices(candidates, shares)[0]


USD_PER_EVALUATION = 0.01
"""What one evaluation is worth when dollars and evaluations are added up."""
_UNEVALUATED_SAVES = 0.8
"""Part of an evaluation that a program which was refused or known already did not cost."""


def further_cost(program: Program) -> float:
    """What a program cost besides the evaluation that its draw was counted as; `usd` of its detail are its dollars."""
    usd = program.detail.get("usd", 0.0)
    dollars = usd / USD_PER_EVALUATION if isinstance(usd, int | float) else 0.0
    evaluated = program.duplicate_of is None and program.verdict != "rejected"
    return dollars if evaluated else dollars - _UNEVALUATED_SAVES
