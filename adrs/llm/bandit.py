"""Which model next: the one that promises most gain for its cost."""

import random
from collections.abc import Mapping

_MEMORY = 0.99
_PRIOR_GAIN = 0.5
_PRIOR_MISS = 1.0
_PRIOR_CALLS = 3.0
_COST_OF_ANY_CALL = 0.1
_EXPLORED = 0.05
_MOST_EXPLORED = 0.5
"""Of all draws, however many arms there are."""


class CostAwareBandit:
    """Budgeted Thompson sampling (Xia et al., IJCAI 2015, algorithm 1) with discounting (Raj and Kalyani 2017).

    The gain of a call, as a share of the largest one lately, is a draw from a Beta posterior; the arm with the highest
    ratio of drawn gain to mean cost wins. A call also costs its evaluation and its time: to each arm's dollars a tenth
    of the mean over all arms is added, so that a free model does not win by dividing by nothing. Where everything is
    free, costs are equal and the ratio is gain per call. Each arm keeps a twentieth of the draws.
    """

    def __init__(self, expected_usd: Mapping[str, float]) -> None:
        """expected_usd: what a call of each arm is thought to cost before any is made."""
        self._calls = dict.fromkeys(expected_usd, 0.0)
        self._gains = dict.fromkeys(expected_usd, 0.0)
        self._usd = dict.fromkeys(expected_usd, 0.0)
        self._expected_usd = dict(expected_usd)
        self._largest = 0.0

    def tell(self, arm: str, gain: float, usd: float) -> None:
        """Credit a call with its gain (0 or more, in any unit that all arms share) and its cost in dollars."""
        self._largest *= _MEMORY
        rescale = min(1.0, self._largest / gain) if gain > 0.0 else 1.0
        for name in self._calls:
            self._calls[name] *= _MEMORY
            self._gains[name] *= _MEMORY * rescale
            self._usd[name] *= _MEMORY
        self._largest = max(self._largest, gain)
        self._calls[arm] += 1.0
        self._gains[arm] += gain / self._largest if gain > 0.0 else 0.0
        self._usd[arm] += usd

    def mean_usd(self, arm: str) -> float:
        """Discounted mean cost of a call, drawn towards what was expected where little is known."""
        known = self._usd[arm] + _PRIOR_CALLS * self._expected_usd[arm]
        return known / (self._calls[arm] + _PRIOR_CALLS)

    def choose(self, seed: int) -> str:
        """An arm: a function of the seed and of the tells so far. Changes nothing."""
        rng = random.Random(seed)
        arms = list(self._calls)
        if rng.random() < min(_MOST_EXPLORED, _EXPLORED * len(arms)):
            return rng.choice(arms)
        worths = self._worths(rng)
        return max(arms, key=worths.__getitem__)

    def worths(self, seed: int) -> dict[str, float]:
        """What `choose` compares for this seed unless it explores: gain per dollar as it is drawn, by arm."""
        rng = random.Random(seed)
        rng.random()
        return self._worths(rng)

    def _worths(self, rng: random.Random) -> dict[str, float]:
        costs = {arm: self.mean_usd(arm) for arm in self._calls}
        overhead = _COST_OF_ANY_CALL * sum(costs.values()) / len(costs) or 1.0
        worths = {}
        for arm, cost in costs.items():
            hits = _PRIOR_GAIN + self._gains[arm]
            misses = _PRIOR_MISS + self._calls[arm] - self._gains[arm]
            worths[arm] = rng.betavariate(hits, misses) / (cost + overhead)
        return worths
