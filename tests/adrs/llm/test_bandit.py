from collections import Counter

from adrs.llm.bandit import CostAwareBandit


def shares(bandit: CostAwareBandit, draws: int = 400) -> Counter[str]:
    return Counter(bandit.choose(seed) for seed in range(draws))


def test_a_choice_is_a_function_of_seed_and_tells() -> None:
    def make() -> CostAwareBandit:
        bandit = CostAwareBandit({"a": 0.01, "b": 0.02})
        for index in range(20):
            bandit.tell("ab"[index % 2], index % 3, 0.01)
        return bandit

    first, second = make(), make()
    once = [first.choose(seed) for seed in range(50)]
    assert once == [first.choose(seed) for seed in range(50)] == [second.choose(seed) for seed in range(50)]


def test_equal_gains_go_to_the_cheaper_model() -> None:
    bandit = CostAwareBandit({"cheap": 0.01, "dear": 0.1})
    for _ in range(30):
        bandit.tell("cheap", 1.0, 0.01)
        bandit.tell("dear", 1.0, 0.1)
    assert shares(bandit)["cheap"] > 300


def test_a_dear_model_that_gains_enough_more_is_worth_it() -> None:
    bandit = CostAwareBandit({"cheap": 0.01, "dear": 0.02})
    for _ in range(40):
        bandit.tell("cheap", 0.02, 0.01)
        bandit.tell("dear", 1.0, 0.02)
    assert shares(bandit)["dear"] > 300


def test_where_all_is_free_gain_per_call_decides() -> None:
    bandit = CostAwareBandit({"good": 0.0, "bad": 0.0})
    for _ in range(40):
        bandit.tell("good", 0.5, 0.0)
        bandit.tell("bad", 0.0, 0.0)
    assert shares(bandit)["good"] > 300


def test_a_free_model_that_gains_nothing_does_not_win_for_being_free() -> None:
    bandit = CostAwareBandit({"free": 0.0, "dear": 0.02})
    for _ in range(60):
        bandit.tell("free", 0.0, 0.0)
        bandit.tell("dear", 1.0, 0.02)
    assert shares(bandit)["dear"] > 250


def test_every_model_keeps_a_share() -> None:
    bandit = CostAwareBandit({"good": 0.001, "bad": 1.0})
    for _ in range(100):
        bandit.tell("good", 1.0, 0.001)
        bandit.tell("bad", 0.0, 1.0)
    assert shares(bandit)["bad"] > 5


def test_the_unit_of_gain_does_not_matter() -> None:
    small, large = (CostAwareBandit({"a": 0.01, "b": 0.02}) for _ in range(2))
    for index in range(30):
        small.tell("ab"[index % 2], (index % 5) * 0.001, 0.01)
        large.tell("ab"[index % 2], (index % 5) * 1000.0, 0.01)
    assert shares(small) == shares(large)


def test_a_model_that_becomes_useful_late_is_noticed() -> None:
    bandit = CostAwareBandit({"early": 0.01, "late": 0.01})
    for _ in range(50):
        bandit.tell("early", 1.0, 0.01)
        bandit.tell("late", 0.0, 0.01)
    for _ in range(150):
        bandit.tell("early", 0.0, 0.01)
        bandit.tell("late", 1.0, 0.01)
    assert shares(bandit)["late"] > 250


def test_what_is_known_counts_however_many_models_there_are() -> None:
    bandit = CostAwareBandit({"good": 0.01, **{f"bad {number}": 0.01 for number in range(29)}})
    for _ in range(10):
        for arm in ("good", *(f"bad {number}" for number in range(29))):
            bandit.tell(arm, float(arm == "good"), 0.01)
    chosen = [bandit.choose(seed) for seed in range(400)]
    assert chosen.count("good") > 3 * max(chosen.count(f"bad {number}") for number in range(29))
    assert len(set(chosen)) > 10
