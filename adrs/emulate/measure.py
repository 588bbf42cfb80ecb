"""Runs entrants one after another, in simulation and with the real thing."""

import math
import os
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from adrs import __version__, plugins
from adrs.emulate.report import Entrant, Outcome, Report
from adrs.errors import UserError, did_you_mean
from adrs.evaluate.executor import Executor
from adrs.evaluate.harness import load_evaluator
from adrs.evaluation import Condition, WorkloadSpec
from adrs.problem import Problem
from adrs.program import Evaluation, Job
from adrs.source import Rejected, Screen


class Observer(Protocol):
    """Who is told how far it is."""

    def working(self, condition: Condition, entrant: Entrant, number: int, total: int) -> None:
        """One entrant begins under one condition, as `number` of `total`, from 1."""

    def done(self, outcome: Outcome) -> None:
        """It has ended."""


def plan(
    problem: Problem, entrants: Sequence[Entrant], backend: str | None, conditions: Sequence[str],
    seconds: float | None, baselines: Sequence[str] | None,
) -> Report:  # fmt: skip
    """What will be measured: programs, then baselines. Raises UserError, also for a program that would be rejected."""
    emulation = load_evaluator(problem).emulation()
    backend = backend or emulation.backends[0]
    if backend not in emulation.backends:
        raise UserError(f'--backend "{backend}"{did_you_mean(backend, emulation.backends)}')
    screen = Screen(problem)
    for entrant in entrants:
        try:
            screen.check(entrant.source, anywhere=True)
        except Rejected as rejected:
            raise UserError(f"{entrant.name} is no program for {problem.name}: {rejected}") from None
    wanted = emulation.baselines(backend, baselines)
    machine = {
        "adrs": __version__, "python": platform.python_version(), "kernel": platform.release(),
        "architecture": platform.machine(), "cores": len(os.sched_getaffinity(0)), "begun": time.time(),
    }  # fmt: skip
    return Report(
        problem.name, problem.objective.metric, problem.objective.direction, backend,
        tuple(emulation.conditions(backend, conditions, seconds)),
        (*entrants, *(Entrant(name, native=name) for name in wanted)), machine,
    )  # fmt: skip


async def measure(problem: Problem, report: Report, sandbox: str | None, observer: Observer) -> None:
    """Run everything one after another, condition by condition, and add it to the report."""
    emulation = load_evaluator(problem).emulation()
    patient = replace(problem, limits=replace(problem.limits, evaluator_seconds=math.inf))  # conditions have their time
    executor: Executor = plugins.load("executor", "local")(patient, 1, sandbox)
    total = len(report.conditions) * len(report.entrants)
    try:
        await executor.start()
        for condition in report.conditions:
            for entrant in report.entrants:
                observer.working(condition, entrant, len(report.outcomes) + 1, total)
                simulated = await _evaluate(executor, entrant, condition.simulated)
                emulated = await _evaluate(executor, entrant, condition.emulated)
                failed = next((each for each in (simulated, emulated) if each.verdict != "ok"), None)
                both = _metrics(simulated), _metrics(emulated)
                found = () if failed else emulation.deviations(condition.name, entrant.native, *both)
                reason = "" if failed is None else f"{failed.verdict}: {failed.reason}"
                outcome = Outcome(condition.name, entrant.name, *both, reason, tuple(found))
                report.outcomes.append(outcome)
                report.load.append(os.getloadavg()[0])
                observer.done(outcome)
    finally:
        await executor.close()


def _metrics(evaluation: Evaluation) -> dict[str, float]:
    return dict(evaluation.workloads[0].metrics) if evaluation.verdict == "ok" else {}


async def _evaluate(executor: Executor, entrant: Entrant, workload: WorkloadSpec) -> Evaluation:
    return await executor.evaluate(Job(entrant.source, "fresh", workloads=(workload,), native=entrant.native))
