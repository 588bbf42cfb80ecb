"""Decision times out of scripted round trips."""

import numpy as np
import pytest

from adrs.evaluation import Invalid
from evaluators.systems import decision_time
from evaluators.systems.decision_time import FLOOR_SECONDS, Protocol, measure


class ScriptedPolicy:
    """Answers and seconds by (round, decision); each round begins in a fresh process with one untimed call."""

    def __init__(self, seconds, answers=None, cpu=(), echo=0.0, busy=()):
        self.script, self.answers, self.cpu, self.echo_seconds = seconds, answers, cpu, echo
        self.round, self.number = 0, -1
        self.seconds = 0.0
        self.busy = list(busy)
        self.log = []

    def reset(self, seed, scenarios=1):
        self.log.append(("reset", seed))

    def call(self, function, *arguments):
        self.log.append((function, *arguments))
        if self.number == -1:
            self.seconds, answer = 100.0, "untimed"
        else:
            self.seconds = self.script[self.round][self.number]
            answer = self.answers[self.round][self.number] if self.answers else self.number
        self.number += 1
        return answer

    def echo(self, *arguments):
        self.log.append(("echo", *arguments))
        self.echo_seconds, now = self.echo_seconds / 2, self.echo_seconds
        return now

    def pause(self, seconds):
        self.log.append(("pause", seconds))
        return self.busy.pop(0) if self.busy else 0.0

    def restart(self):
        self.log.append(("restart",))
        used = self.cpu[self.round] if self.cpu else 0.0
        self.round, self.number = self.round + 1, -1
        return used


def run(policy, decisions=2, check=lambda number, answer: None, **protocol):
    calls = [(f"interval {number}",) for number in range(decisions)]
    return measure(policy, "decide", calls, ("throw away",), 7, check, Protocol(**protocol))


def test_least_time_over_rounds_less_least_echo():
    policy = ScriptedPolicy([[0.5, 0.2], [0.3, 0.4], [0.6, 0.3]], echo=0.16)
    decisions = run(policy, rounds=3, patience_seconds=1e9)
    assert decisions.echo_seconds == 0.01
    np.testing.assert_allclose(decisions.seconds, [0.29, 0.19])
    np.testing.assert_allclose(decisions.slowest_seconds, 0.44)
    assert decisions.answers == [0, 1]
    assert decisions.unstable == 0


def test_each_round_replays_the_workload_in_a_fresh_process_after_a_throw_away_call():
    policy = ScriptedPolicy([[0.1, 0.1]] * 2)
    run(policy, rounds=2, patience_seconds=1e9)
    one_round = [
        ("reset", 7), ("decide", "throw away"), ("reset", 7), ("decide", "interval 0"), ("decide", "interval 1"),
    ]  # fmt: skip
    echoes = [("echo", "interval 0")] * decision_time.ECHOES
    assert policy.log == [*one_round, *echoes, ("restart",), *one_round, ("restart",)]


def test_no_decision_is_faster_than_the_floor():
    decisions = run(ScriptedPolicy([[1e-7, 0.2]], echo=0.1), rounds=1)
    assert decisions.seconds[0] == FLOOR_SECONDS


def test_only_rounds_with_the_scored_answer_count():
    policy = ScriptedPolicy([[0.5, 0.5], [0.1, 0.1]], answers=[["good", "good"], ["hasty", "good"]])
    decisions = run(policy, rounds=2, patience_seconds=1e9)
    assert decisions.answers == ["good", "good"]
    np.testing.assert_allclose(decisions.seconds, [0.5, 0.1])
    assert decisions.unstable == 0.5
    assert decisions.slowest_seconds == 0.5


def test_answers_are_compared_by_value():
    first = {"order": np.arange(3), "count": 1}
    again = {"order": np.arange(3), "count": 1}
    other = {"order": np.array([0, 2, 1]), "count": 1}
    policy = ScriptedPolicy([[0.1]] * 3, answers=[[first], [again], [other]])
    assert run(policy, decisions=1, rounds=3, patience_seconds=1e9).unstable == 0.5


def test_answers_of_the_first_round_are_checked_as_they_come():
    def check(number, answer):
        if number == 1:
            raise Invalid("rule", f"decision {number}")

    policy = ScriptedPolicy([[0.1, 0.1, 0.1]])
    with pytest.raises(Invalid, match="decision 1"):
        run(policy, decisions=3, check=check)
    assert ("decide", "interval 2") not in policy.log


def test_a_slow_policy_is_not_asked_again():
    policy = ScriptedPolicy([[3.0, 3.0]] * 5)
    assert run(policy, rounds=5, patience_seconds=5.0).round_trips.shape == (1, 2)


def test_cpu_time_that_the_calls_explain_is_fine():
    run(ScriptedPolicy([[0.1, 0.1]], cpu=[1.3 * (100.0 + 0.2) + 0.049]), rounds=1)


@pytest.mark.parametrize("answer", ["good", "other"])
def test_cpu_time_outside_the_calls_makes_the_program_invalid(answer):
    """In whichever round, and whatever is answered there."""
    explained = 1.3 * (100.0 + 0.2)
    policy = ScriptedPolicy([[0.1, 0.1]] * 2, answers=[["good"] * 2, [answer] * 2], cpu=[explained, explained + 0.051])
    with pytest.raises(Invalid) as broken:
        run(policy, rounds=2, patience_seconds=1e9)
    assert broken.value.rule == "work outside the call"
    assert policy.log[-1] == ("restart",)
    assert policy.round == 2


def test_a_process_is_watched_once_whether_it_is_idle():
    policy = ScriptedPolicy([[0.1, 0.1]] * 3)
    run(policy, rounds=3, patience_seconds=1e9, idle_seconds=0.2)
    rests = [entry for entry in policy.log if entry[0] == "pause"]
    assert rests == [("pause", pytest.approx(0.2 + 0.3 * 100.2))]


@pytest.mark.parametrize(("busy", "fine"), [([9.0], True), ([30.0, 9.0], True), ([9.2, 9.2], False)])
def test_a_process_that_is_busy_after_its_last_answer_is_watched_again(busy, fine):
    policy = ScriptedPolicy([[0.1, 0.1]], busy=busy)
    if fine:
        run(policy, rounds=1, idle_seconds=0.2)
    else:
        with pytest.raises(Invalid, match=r"9\.200 s in the 30\.260 s after its last answer"):
            run(policy, rounds=1, idle_seconds=0.2)
    assert [entry[0] for entry in policy.log].count("pause") == len(busy)
