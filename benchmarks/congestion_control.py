"""What the congestion-control problems cost, as ratios within one run.

    python benchmarks/congestion_control.py

The engine beside the same rules in plain Python with an event heap, in events (a send, a departure or an
acknowledgement) a CPU second: both simulate the same links and must count the same events. Targets: 100 times for a
single flow, 25 times for an incast, 100 times for the environment of Aurora. Then rules inside the engine beside rules
that are asked (target 100,000 intervals a CPU second), and whole evaluations of the seed programs on `train`, in a
sandbox, with all workloads in lock step and one by one.
"""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf
from typing import Any

import numpy as np
from compatibility_heap import CompatibilityHeap
from event_heap import EventHeap

from adrs import problem as problems
from adrs import sandbox
from adrs.evaluate.harness import Line, load_evaluator
from adrs.evaluate.policy import SandboxedPolicy
from adrs.program import Job
from adrs.rule.form import Constant, Leaf, Operation, Rule, Split, Terminal
from adrs.rule.policy import RulePolicy
from adrs.sandbox import SandboxSpec
from evaluators.network import incast_links, layout
from evaluators.network.compatibility import STEPS, CompatibilityLink
from evaluators.network.congestion_control import CongestionControl
from evaluators.network.layout import SECOND
from evaluators.network.random_stream import Stream
from evaluators.network.scenario import Flow, Scenario
from evaluators.network.simulation import Simulation

_REPETITIONS = 5
_LINKS = 16
"""In lock step, as in a workload of the problems."""


def single() -> Scenario:
    """One paced flow at 95 % of 6 Mbit/s, 100 ms, 2 % loss, for five minutes."""
    flow = Flow(layout.MONITOR, SECOND // 10, 5_700_000, 480_000, 12_000_000)
    return Scenario(((0, 6_000_000),), 75_000, 300 * SECOND, (flow,), loss=0.02, seed=1)


def measure(name: str, scenario: Scenario, answer: float, windows: Sequence[float], goal: int) -> str:
    """One line: both rates and their ratio."""
    fast = 0.0
    for _ in range(_REPETITIONS):
        simulation = Simulation([scenario] * _LINKS)
        if windows:
            simulation.set_windows(np.array([*windows] * _LINKS))
        started = time.process_time()
        simulation.run(lambda asked, rows: np.full(len(asked), answer))
        fast = max(fast, simulation.events / (time.process_time() - started))
    slow = EventHeap(scenario, lambda number, row: answer, windows)
    started = time.process_time()
    slow.run()
    rate = slow.events / (time.process_time() - started)
    assert _LINKS * slow.events == simulation.events, (slow.events, simulation.events)
    return (f"{name}: {slow.events} events a link, engine {fast / 1e6:.1f} million/s, plain Python {rate / 1e6:.2f} "
            f"million/s, {fast / rate:.0f} times (goal {goal})")  # fmt: skip


def compatibility() -> str:
    """One line: Aurora's environment, compiled and with an event heap."""
    link = (137.0, 0.25, 1000.0, 0.05, 190.0)

    def losses() -> Iterator[float]:
        stream = Stream(5)
        while True:
            yield stream.uniform()

    rates = []
    for make in (lambda: CompatibilityLink(*link, seed=5), lambda: CompatibilityHeap(*link, losses())):
        best = 0.0
        for _ in range(3):
            episode, actions = make(), Stream(6)
            started = time.process_time()
            for _ in range(STEPS):
                episode.step(8.0 * actions.uniform() - 4.0)
            best = max(best, episode.events / (time.process_time() - started))
        rates.append(best)
    return (f"environment of Aurora: {episode.events} events, compiled {rates[0] / 1e6:.1f} million/s, plain Python "
            f"{rates[1] / 1e6:.2f} million/s, {rates[0] / rates[1]:.0f} times (goal 100)")  # fmt: skip


def rules() -> str:
    """One line: intervals a CPU second of a branched rule, inside the engine and asked."""
    problem = problems.load("congestion-control")
    evaluator = load_evaluator(problem)
    assert isinstance(evaluator, CongestionControl)
    assert problem.distillation is not None
    weights = zip((20.0, 4.0, 2.0), range(3), strict=True)
    first, second, third = (
        Operation("mul", (Constant(weight), Terminal(feature, "last"))) for weight, feature in weights
    )
    leaf = Leaf(Operation("sub", (Constant(1.0), Operation("add", (first, Operation("add", (second, third)))))))
    rule = Rule(problem.distillation.inputs, Split(Terminal(2, "mean"), 0.06, leaf, leaf))
    specs = problem.workloads["train"]
    links = [evaluator.load(spec) for spec in specs]
    intervals, inside = 0.0, float("inf")
    for _ in range(_REPETITIONS):
        started = time.process_time()
        found = [evaluator.evaluate_rule(rule, *pair) for pair in zip(links, specs, strict=True)]
        inside = min(inside, time.process_time() - started)
        intervals = sum(metrics["decisions"] for metrics in found)
    started = time.process_time()
    for batch, spec in zip(links, specs, strict=True):
        evaluator.evaluate(RulePolicy(rule, "on_interval"), batch, replace(spec, parameters={}))
    asked = time.process_time() - started
    return (f"a branched rule on train: {intervals:.0f} intervals, {intervals / inside:,.0f} a CPU second inside the "
            f"engine (goal 100,000), {intervals / asked:,.0f} where it is asked")  # fmt: skip


class Counted(SandboxedPolicy):
    """Counts crossings and decisions."""

    crossings = decisions = 0

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """See adrs.evaluation.Policy."""
        answers = super().map(function, *columns, scenarios=scenarios)
        self.crossings, self.decisions = self.crossings + 1, self.decisions + len(answers)
        return answers


def evaluation(name: str) -> Iterator[str]:
    """A line for all workloads of `train` together and one for one by one, measured in turn: the seed program's."""
    problem = problems.load(name)
    line = Line(problem)
    zygote = sandbox.named(sandbox.choose(None).name).start(SandboxSpec(imports=problem.limits.imports))
    source = problem.seed.read_text()
    jobs = {"together": Job(source, "train"), "one by one": Job(source, "train", digests=True)}
    least = dict.fromkeys(jobs, (inf, inf, inf, 0.0, 0, 0))
    for _ in range(1 + _REPETITIONS):  # what workloads are drawn the first time is not the least
        for how, job in jobs.items():
            policy = Counted(zygote, problem.functions, problem.limits)
            policy.load(source)
            wall, used = time.perf_counter(), time.process_time()
            assert line.evaluate(policy, job).verdict == "ok"
            wall, used = time.perf_counter() - wall, time.process_time() - used
            policy.close()
            own = policy.cpu_seconds
            least[how] = min(least[how], (used + own, wall, used, own, policy.crossings, policy.decisions))
    zygote.close()
    for how, (total, wall, used, own, crossings, decisions) in least.items():
        yield (
            f"{name}, seed program on train, {how}: {decisions} decisions in {crossings} crossings, {wall:.2f} s, CPU "
            f"{used:.3f} s in the evaluator and {own:.3f} s in the program's process, {used / total:.0%} outside"
        )


def main() -> None:
    """Print a line for each comparison."""
    print(measure("single flow", single(), 0.0, (), 100))
    links = incast_links.draw_links("burst", 1, 1, [10], 25, True)
    print(measure("incast of 11", links[0], 0.1, [0.1] * 11, 25))
    print(compatibility())
    print(rules())
    for name in ("congestion-control", "congestion-control-incast"):
        for line in evaluation(name):
            print(line)


if __name__ == "__main__":
    main()
