"""A bandit whose arms get better and worse as the run goes on."""

import random
from collections.abc import Iterable, Sequence

_MEMORY = 0.985
_PRIOR_WEIGHT = 2.0
_PRIOR_REWARD = 0.05
_FLOOR = 0.06


class Bandit:
    """Probability matching (Goldberg 1990; Fialho et al. 2010) on discounted mean rewards in 0..1.

    Every arm starts with the same hopeful prior and keeps a least share of the draws, so that an arm that becomes
    useful late is noticed. Pulls still in flight count as pulls without reward, which spreads a window of draws.
    """

    def __init__(self, arms: Iterable[str]) -> None:
        self._pulls: dict[str, float] = dict.fromkeys(arms, 0.0)
        self._rewards: dict[str, float] = dict.fromkeys(self._pulls, 0.0)

    def pull(self, arm: str) -> None:
        """Count a draw of an arm."""
        for name in self._pulls:
            self._pulls[name] *= _MEMORY
            self._rewards[name] *= _MEMORY
        self._pulls[arm] += 1.0

    def reward(self, arm: str, value: float) -> None:
        """Credit an arm with a reward in 0..1."""
        self._rewards[arm] += value

    def mean(self, arm: str) -> float:
        """Discounted mean reward, drawn towards the prior where little is known."""
        prior = _PRIOR_WEIGHT * _PRIOR_REWARD
        return (self._rewards[arm] + prior) / (self._pulls[arm] + _PRIOR_WEIGHT)

    def shares(self, arms: Sequence[str]) -> list[float]:
        """What to draw some arms by: their means in units of the sum of these, and the least share on top."""
        means = [self.mean(arm) for arm in arms]
        total = sum(means)
        return [_FLOOR + mean / total for mean in means]

    def order(self, rng: random.Random) -> list[str]:
        """All arms in a random order, drawn without replacement by their means."""
        left = list(self._pulls)
        order: list[str] = []
        while left:
            order.append(left.pop(rng.choices(range(len(left)), self.shares(left))[0]))
        return order
