"""The bandit over operators."""

import random
from collections import Counter

from adrs.propose.embedded.bandit import Bandit


def play(bandit: Bandit, rewards: dict[str, float], rounds: int) -> Counter[str]:
    played: Counter[str] = Counter()
    for index in range(rounds):
        arm = bandit.order(random.Random(index))[0]
        played[arm] += 1
        bandit.pull(arm)
        bandit.reward(arm, rewards[arm])
    return played


def test_prefers_what_pays_gives_up_nothing_and_changes_its_mind() -> None:
    bandit = Bandit(["a", "b", "c"])
    first = play(bandit, {"a": 0.0, "b": 0.5, "c": 0.05}, 400)
    assert first["b"] > 2 * first["a"]
    assert min(first.values()) > 10
    second = play(bandit, {"a": 0.5, "b": 0.0, "c": 0.05}, 400)
    assert second["a"] > second["b"]


def test_order_names_every_arm_once() -> None:
    bandit = Bandit(["a", "b", "c"])
    assert sorted(bandit.order(random.Random(3))) == ["a", "b", "c"]
