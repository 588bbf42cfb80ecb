"""Workloads that an evaluator takes together: fewer crossings, and no other verdict than one by one."""

from dataclasses import replace

import numpy as np
import pytest

from adrs.evaluate import harness
from adrs.evaluation import Evaluator, Metrics
from adrs.problem_records import Stage
from adrs.program import Job, Threshold
from adrs.testing.policy import InProcessPolicy

GOOD = "def solve(values):\n    return 3\n"
LATE = """
CALLS = [0]

def solve(values):
    CALLS[0] += 1
    return {}
"""


class Together(Evaluator):
    """Five numbers a workload; the value of the one that is chosen."""

    def __init__(self):
        super().__init__()
        self.taken = []
        """Names of the workloads that were taken, in groups."""

    def load(self, spec):
        return np.random.default_rng(spec.seed).random(5)

    def evaluate(self, policy, workload, spec):
        self.taken.append([spec.name])
        return self._metrics(policy, workload)

    def evaluate_together(self, policy, workloads):
        self.taken.append([spec.name for _, spec in workloads])
        return [self._metrics(policy, workload) for workload, _ in workloads]

    def _metrics(self, policy, workload):
        return Metrics(regret=float(workload.max() - workload[policy.call("solve", workload)]))


@pytest.fixture
def problem(toy):
    first = toy.workloads["train"][0]
    train = tuple(replace(first, name=f"even-{seed}", seed=seed) for seed in (1, 2, 3, 4))
    return replace(toy, workloads={**toy.workloads, "train": train}, stages=(Stage("smoke", ("even-1",)),))


def run(problem, source, **asked):
    evaluator = Together()
    policy = InProcessPolicy(problem, source)
    job = Job(source, "train", **asked)
    return harness.evaluate(problem, evaluator, harness.Workloads(evaluator), policy, job), evaluator.taken


def one_by_one(problem, source, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Together, "evaluate_together", Evaluator.evaluate_together)
        return run(problem, source)


ALL = ["even-1", "even-2", "even-3", "even-4"]


def test_all_workloads_go_together_where_only_a_failure_ends_an_evaluation(problem, monkeypatch):
    evaluation, taken = run(problem, GOOD)
    assert taken == [ALL]
    alone, taken = one_by_one(problem, GOOD, monkeypatch)
    assert taken == [[name] for name in ALL]
    assert evaluation == alone


@pytest.mark.parametrize("wrong", ["9 if CALLS[0] == 3 else 3", "3 if CALLS[0] < 3 else [][1]", "'x'", "1 // 0"])
def test_what_fails_together_has_the_verdict_and_reason_of_one_by_one(problem, monkeypatch, wrong):
    evaluation, taken = run(problem, LATE.format(wrong))
    alone, _ = one_by_one(problem, LATE.format(wrong), monkeypatch)
    assert evaluation == alone
    assert evaluation.verdict != "ok"
    assert taken[0] == ALL
    assert taken[1] == ["even-1"]  # from the beginning: what breaks after some calls does so again


def test_an_evaluation_that_may_end_after_a_stage_does_not_go_beyond_it(problem):
    assert run(problem, GOOD, until="smoke")[1] == [["even-1"]]
    threshold = Threshold(-1.0, {name: {"regret": 0.0} for name in ALL}, dict.fromkeys(ALL, 1.0))
    assert run(problem, GOOD, threshold=threshold)[1] == [["even-1"], ALL[1:]]
    weak = replace(problem, stages=(Stage("smoke", ("even-1",), least_score=50.0),))
    assert run(weak, GOOD)[1] == [["even-1"], ALL[1:]]
    assert run(weak, GOOD, thorough=True)[1] == [ALL]
    hasty = replace(problem, stages=(Stage("smoke", ("even-1",), decision_seconds=0.1),))
    assert run(hasty, GOOD)[1] == [["even-1"], ALL[1:]]


def test_a_hopeless_program_leaves_what_it_would_one_by_one(problem, monkeypatch):
    threshold = Threshold(0.0, {name: {"regret": 0.0} for name in ALL}, dict.fromkeys(ALL, 1.0))
    best = "import numpy as np\n\n\ndef solve(values):\n    return int(np.argmax(values)) if values[0] {} 0.9 else 0\n"
    for compared in ("<", ">"):
        source = best.format(compared)
        evaluation, _ = run(problem, source, threshold=threshold)
        with monkeypatch.context() as patch:
            patch.setattr(Together, "evaluate_together", Evaluator.evaluate_together)
            assert evaluation == run(problem, source, threshold=threshold)[0]


def test_one_by_one_workloads_behind_a_failure_are_not_loaded(problem, monkeypatch):
    loaded = []
    monkeypatch.setattr(Together, "evaluate_together", Evaluator.evaluate_together)
    monkeypatch.setattr(Together, "load", lambda self, spec: loaded.append(spec.name) or np.arange(5.0))
    assert run(problem, "def solve(values):\n    return 'x'\n")[0].verdict == "invalid"
    assert loaded == ["even-1"]


def test_workloads_of_one_name_are_told_apart_by_what_else_is_said_of_them(problem):
    evaluator = Together()
    workloads = harness.Workloads(evaluator)
    first = problem.workloads["train"][0]
    one, other = workloads.get(first), workloads.get(replace(first, seed=99))
    assert one.tolist() != other.tolist()
    assert workloads.get(replace(first)) is one


def test_one_by_one_a_call_has_all_of_its_time(problem):
    limits = []

    class Policy(InProcessPolicy):
        def call(self, function, *arguments):
            limits.append(self.decision_seconds)
            if self.decision_seconds < problem.limits.decision_seconds:
                raise harness.PolicyFailure("timeout", "solve took too long")
            return super().call(function, *arguments)

    evaluator = Together()
    job = Job(GOOD, "train")
    policy = Policy(problem, GOOD)
    assert harness.evaluate(problem, evaluator, harness.Workloads(evaluator), policy, job).verdict == "ok"
    assert evaluator.taken == [ALL, *([name] for name in ALL)]
    assert limits[1:] == [problem.limits.decision_seconds] * len(ALL)


def test_calls_that_are_written_down_are_made_one_by_one(problem):
    evaluation, taken = run(problem, GOOD, digests=True)
    assert taken == [[name] for name in ALL]
    assert evaluation.verdict == "ok"


def test_workloads_are_loaded_anew_where_that_is_asked_for(toy):
    line = harness.Line(toy)
    policy = InProcessPolicy(toy, toy.seed.read_text())
    kept = line._workloads._loaded
    for anew, loaded in ((False, True), (True, False)):
        kept.clear()
        assert line.evaluate(policy, Job("", "train", anew=anew)).verdict == "ok"
        assert bool(kept) is loaded
