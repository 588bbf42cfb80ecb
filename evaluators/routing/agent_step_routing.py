"""The trusted side of agent-step-routing: a tier for every call of an agent, on recorded prompts or in simulated runs.

TwinRouterBench (arXiv 2605.18859): its static track with recorded prompts, and a simulation in place of its live one.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from adrs import resources
from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec
from evaluators.routing import agent_accounting, agent_bank, agent_live, agent_prefixes, agent_runs, asking, reference

STATIC_FAMILIES = ("same", "heavy")
FIT_RUNS = 150


class RecordedSteps(Evaluator[agent_prefixes.Task]):
    """Combined of the tiers chosen for recorded calls. It has no parameters."""

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        _refuse_parameters(self.parameters)
        self._baseline = reference.Remembered()

    def load(self, spec: WorkloadSpec) -> agent_prefixes.Task:
        """Draw banks from the seed, or read the question bank in `file` and split it. Raises UserError."""
        _refuse_keys(spec)
        if spec.seed is None:
            name = spec.parameters.get("file")
            if not isinstance(name, str):
                raise UserError(f'workload "{spec.name}" needs seeds = [...] or files = [...]')
            fit_bank, bank = agent_prefixes.split(agent_prefixes.read_bank(resources.data_file(name)))
            if not len(bank.facts):
                raise UserError(f"workload {spec.name}: {name} has too few runs to keep some for asking")
            return agent_prefixes.Task(fit_bank, bank)
        if spec.family not in STATIC_FAMILIES:
            raise UserError(f'unknown family "{spec.family}"{did_you_mean(spec.family, STATIC_FAMILIES)}')
        fit, asked = (np.random.default_rng([spec.seed, part]) for part in (1, 0))
        return agent_prefixes.Task(agent_bank.draw(fit), agent_bank.draw(asked, heavy=spec.family == "heavy"))

    def evaluate(self, policy: Policy, workload: agent_prefixes.Task, spec: WorkloadSpec) -> Metrics:
        """Play all trajectories, then a tenth of them again in a fresh process and another order."""
        rng = np.random.default_rng(spec.policy_seed)
        facts = workload.bank.facts
        number = int(facts.trajectory.max()) + 1
        played = agent_prefixes.play(policy, workload, spec.policy_seed, rng.permutation(number))
        asking.check_cpu(policy.restart(), played.seconds)
        again = rng.permutation(number)[: -(-number // asking.REPLAYED)]
        second = agent_prefixes.play(policy, workload, spec.policy_seed, again)
        differ = np.zeros(number, dtype=bool)
        differ[facts.trajectory[played.chosen != second.chosen]] = True
        asking.compare(differ[again], (played.late | second.late)[again], "runs")
        metrics = agent_prefixes.measure(workload, played.chosen)
        metrics["failed_decisions"] = float((played.chosen == agent_accounting.ERROR).sum())
        metrics.replicates = lambda: agent_prefixes.resampled(workload, played.chosen)["combined"].tolist()
        if spec.split == "test":
            asking.add_times(metrics, played.seconds)
            theirs = self._baseline.of(spec.name, lambda: _combined_of_baseline(workload, spec.policy_seed, number))
            agent_prefixes.add_intervals(metrics, workload, played.chosen, theirs)
        return metrics


class SimulatedRuns(Evaluator[agent_live.Task]):
    """Bill of simulated runs. Parameter: `runs`, of a workload."""

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        values = dict(self.parameters)
        runs = values.pop("runs", 400)
        _refuse_parameters(values)
        if type(runs) is not int or runs < 10:
            raise UserError(f"evaluator.parameters.runs must be a whole number from 10, not {runs!r}")
        self._runs = runs
        self._baseline = reference.Remembered()

    def load(self, spec: WorkloadSpec) -> agent_live.Task:
        """Draw runs to fit to and runs to play from the seed. Raises UserError."""
        _refuse_keys(spec)
        if spec.family not in agent_runs.SCENES or spec.seed is None:
            raise UserError(f'unknown family "{spec.family}"{did_you_mean(spec.family, agent_runs.SCENES)}')
        scene = agent_runs.SCENES[spec.family]
        fit = agent_runs.draw(np.random.default_rng([spec.seed, 1]), FIT_RUNS, scene)
        runs = agent_runs.draw(np.random.default_rng([spec.seed, 0]), self._runs, scene)
        return agent_live.Task(agent_live.record(fit, spec.seed), runs)

    def evaluate(self, policy: Policy, workload: agent_live.Task, spec: WorkloadSpec) -> Metrics:
        """Play all runs, then a tenth of them again in a fresh process and another order."""
        rng = np.random.default_rng(spec.policy_seed)
        number = len(workload.runs)
        played = agent_live.play(policy, workload, spec.policy_seed, rng.permutation(number))
        for tally in played.tallies:
            tally.close()
        seconds = played.seconds[played.chosen != agent_live.NOT_ASKED]
        asking.check_cpu(policy.restart(), seconds)
        again = rng.permutation(number)[: -(-number // asking.REPLAYED)]
        second = agent_live.play(policy, workload, spec.policy_seed, again)
        differ = (played.chosen != second.chosen).any(axis=1)
        asking.compare(differ[again], (played.late | second.late)[again], "runs")
        metrics = agent_live.measure(workload, played)
        metrics["failed_decisions"] = float((played.chosen == agent_live.FAILED).sum())
        metrics.replicates = lambda: agent_live.resampled(played)["bill_2"].tolist()
        if spec.split == "test":
            asking.add_times(metrics, seconds)
            theirs = self._baseline.of(spec.name, lambda: _bill_of_baseline(workload, spec.policy_seed))
            agent_live.add_intervals(metrics, played, theirs)
        return metrics


def _combined_of_baseline(workload: agent_prefixes.Task, seed: int, trajectories: int) -> np.ndarray:
    """float64[replicates]: Combined of the state-of-the-art baseline on resampled trajectories."""
    policy = reference.ReferencePolicy("agent-step-routing")
    chosen = agent_prefixes.play(policy, workload, seed, np.arange(trajectories)).chosen
    return agent_prefixes.resampled(workload, chosen)["combined"]


def _bill_of_baseline(workload: agent_live.Task, seed: int) -> np.ndarray:
    """float64[replicates]: bill_2 of the state-of-the-art baseline on resampled runs."""
    policy = reference.ReferencePolicy("agent-step-routing-trajectory")
    played = agent_live.play(policy, workload, seed, np.arange(len(workload.runs)))
    return agent_live.resampled(played)["bill_2"]


def _refuse_parameters(parameters: Mapping[str, Any]) -> None:
    for name in parameters:
        raise UserError(f'unknown key "evaluator.parameters.{name}"')


def _refuse_keys(spec: WorkloadSpec) -> None:
    for key in spec.parameters:
        if key != "file":
            raise UserError(f'workload {spec.name}: unknown key "{key}"{did_you_mean(key, ["file"])}')
