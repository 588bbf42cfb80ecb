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


def test_an_arm_that_never_gained_keeps_a_share_among_many() -> None:
    arms = [f"arm {number}" for number in range(17)]
    bandit = Bandit(arms)
    for _ in range(40):
        bandit.pull("arm 0")
        bandit.pull("arm 1")
        bandit.reward("arm 1", 1.0)
    shares = dict(zip(arms, bandit.shares(arms), strict=True))
    assert shares["arm 1"] > 2 * shares["arm 0"]
    assert shares["arm 0"] / sum(shares.values()) > 0.02
