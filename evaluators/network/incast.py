"""The trusted side of `congestion-control-incast`: a datacentre sender sets its window once an epoch.

Workload shapes and baselines: PowerTCP (NSDI 2022, arXiv 2112.14309).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Metrics, Policy, WorkloadSpec
from evaluators.network import congestion_control, details, epoch, incast_links, layout, lock_step, measures
from evaluators.network.congestion_control import LINKS, means
from evaluators.network.layout import SECOND
from evaluators.network.lock_step import LockStep
from evaluators.network.measures import LinkMeasures
from evaluators.network.scenario import Scenario
from evaluators.network.simulation import Simulation

NATIVE = {"power-tcp": layout.POWER_TCP, "theta-power-tcp": layout.THETA_POWER_TCP}
_KEYS: Mapping[str, Any] = {"shuffles": 1, "others": [10], "gigabits": 25, "telemetry": True}
FIXED = "fixed"
"""A family of links of which nothing is drawn."""
_OF_FIXED: Mapping[str, Any] = {"others": 10, "microseconds": 12}
_MICRO = 1e3
_FIRST_WINDOW = 1.0
"""Of programs that do not name one, in bandwidth-delay products."""


@dataclass(frozen=True)
class Incasts:
    """One workload."""

    scenarios: tuple[Scenario, ...]


class Incast(Evaluator[Incasts]):
    """Utilisation less queueing, drops, and unfairness or slow messages, on batches of incasts in lock step."""

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        for name in self.parameters:
            raise UserError(f'unknown key "evaluator.parameters.{name}"')

    def load(self, spec: WorkloadSpec) -> Incasts:
        """Draw the links. Keys of a workload: `others` (lists how many flows join, taken in turn), `gigabits`,
        `telemetry`, `shuffles`; of the family `fixed`, which is one link without a draw, `others` (how many join) and
        `microseconds`, the base round-trip time. Raises UserError.
        """
        known = _OF_FIXED if spec.family == FIXED else _KEYS
        for key in spec.parameters:
            if key not in known:
                raise UserError(f'workload {spec.name}: unknown key "{key}"{did_you_mean(key, known)}')
        if spec.family == FIXED:
            return Incasts((incast_links.fixed(**{**_OF_FIXED, **spec.parameters}),))
        if spec.family not in incast_links.FAMILIES:
            families = [*incast_links.FAMILIES, FIXED]
            raise UserError(f'unknown family "{spec.family}"{did_you_mean(spec.family, families)}')
        if spec.seed is None:
            raise UserError(f'workload "{spec.name}" needs seeds = [...]')
        keys = {**_KEYS, **spec.parameters}
        links = incast_links.draw_links(
            spec.family, spec.seed, LINKS, keys["others"], keys["gigabits"], keys["telemetry"]
        )
        return Incasts(tuple(links))

    def evaluate(self, policy: Policy, workload: Incasts, spec: WorkloadSpec) -> Metrics:
        """Run the links against the policy. With `shuffles` each link is there so many times, among the others, and in
        all its copies every digit must be the same.
        """
        (metrics,) = _in_lock_step(policy, [(workload, spec)])
        return metrics

    def evaluate_together(self, policy: Policy, workloads: Sequence[tuple[Incasts, WorkloadSpec]]) -> list[Metrics]:
        """Run the links of many workloads at once, as `evaluate` does those of one."""
        return [metrics for batch in lock_step.batches(workloads) for metrics in _in_lock_step(policy, batch)]

    def reference(self, name: str, workload: Incasts, spec: WorkloadSpec) -> Metrics:
        """The links with all flows driven by an algorithm, once per acknowledgement."""
        if name == "whole-window":
            simulation = Simulation([replace(scenario, epoch=0) for scenario in workload.scenarios])
            simulation.run()
            return link_metrics(workload, simulation)
        if name not in NATIVE:
            known = ["whole-window", *NATIVE]
            raise UserError(f'there is no native baseline "{name}"{did_you_mean(name, known)}')
        telemetry = all(scenario.telemetry for scenario in workload.scenarios)
        kind = NATIVE[name] if telemetry else layout.THETA_POWER_TCP
        simulation = Simulation([_driven(scenario, kind) for scenario in workload.scenarios])
        simulation.run()
        return link_metrics(workload, simulation)

    def summarise(self, results: Sequence[tuple[WorkloadSpec, Metrics]]) -> dict[str, float]:
        """`value` is the mean of the families' values, each from all links of the family."""
        return congestion_control.summarise(results)


def _in_lock_step(policy: Policy, batch: Sequence[tuple[Incasts, WorkloadSpec]]) -> list[Metrics]:
    return lock_step.run(policy, batch, _ask_each_epoch, link_metrics)


def _ask_each_epoch(step: LockStep[Incasts]) -> None:
    everyone = np.arange(len(step.simulation.arrays.flows))
    step.simulation.set_windows(step.crossing.ask("on_start", everyone, None, left_out=_FIRST_WINDOW))
    step.simulation.run(lambda asked, samples: step.crossing.ask("on_ack", asked, samples, epoch.FIELDS))


def _driven(scenario: Scenario, kind: int) -> Scenario:
    return replace(scenario, flows=tuple(replace(flow, kind=kind) for flow in scenario.flows), epoch=0)


def slowdown(scenario: Scenario, simulation: Simulation, number: int) -> float:
    """Completion of the last message over the least possible: all messages through the link, and a base RTT."""
    sizes = [flow.message for flow in scenario.flows if flow.message >= 0]
    rate = scenario.rates[0][1]
    least = sum(sizes) * 8 * SECOND / rate + scenario.flows[0].base
    finished = int(simulation.arrays.links[number]["finished"])
    return (finished - min(flow.start for flow in scenario.flows if flow.message >= 0)) / least


def link_value(link: LinkMeasures, queue: float, last: float | None) -> float:
    """U - Q / (4 + Q) - 2 min(0.5, L), less 0.5 (1 - J), or with messages 0.25 min(4, S - 1).

    queue: Q, mean in bandwidth-delay products; last: S, the slowdown, None for endless flows. The term of the queue is
    Q / 4 for short ones and never flat: beyond a cap, a sender could fill the rest of the buffer for nothing.
    """
    fair = 0.5 * (1.0 - link.jain) if last is None else 0.25 * min(4.0, max(0.0, last - 1.0))
    return link.utilisation - queue / (4.0 + queue) - 2.0 * min(0.5, link.drop_rate) - fair


def link_metrics(workload: Incasts, simulation: Simulation, first: int = 0) -> Metrics:
    """Metrics of a workload whose links have run; `link_00` ... are the links' values. `first`: number of its first."""
    numbers = range(first, first + len(workload.scenarios))
    found = [measures.measure(simulation, number) for number in numbers]
    flows = simulation.flows_of(first, len(numbers))
    natives, values = [], []
    for number, link, scenario in zip(numbers, found, workload.scenarios, strict=True):
        product = scenario.rates[0][1] * scenario.flows[0].base / (8 * SECOND)
        natives.append({**details.of_incast(link), **_of_messages(scenario, simulation, number)})
        values.append(link_value(link, link.mean_queue / product, natives[-1].get("slowdown")))
    metrics = Metrics(value=measures.family_value(np.array(values)), bounds={"value": 1.001, "utilisation": 1.001})
    metrics.update(means(natives))
    metrics.update(clamped_actions=float(flows["clamped"].sum()), decisions=float(flows["decisions"].sum()))
    if "slowdown" in metrics:
        pairs = zip(workload.scenarios, numbers, strict=True)
        times = [time for scenario, number in pairs for time in _completion_times(scenario, simulation, number)]
        metrics["fct_99_us"] = float(np.quantile(times, 0.99))
    metrics.update({f"link_{number:02d}": float(value) for number, value in enumerate(values)})
    metrics.feedback = _feedback(metrics)
    conditions = [details.condition(simulation, number) for number in numbers]
    metrics.details = lambda: [
        {**condition, "value": value, **native}
        for condition, value, native in zip(conditions, values, natives, strict=True)
    ]
    return metrics


def _of_messages(scenario: Scenario, simulation: Simulation, number: int) -> dict[str, float]:
    """Of a link's messages, if it has any: slowdown, and us that they take, on average and at the 99th percentile."""
    times = _completion_times(scenario, simulation, number)
    if not times:
        return {}
    return {
        "slowdown": slowdown(scenario, simulation, number),
        "fct_us": sum(times) / len(times),
        "fct_99_us": float(np.quantile(times, 0.99)),
    }


def _completion_times(scenario: Scenario, simulation: Simulation, number: int) -> list[float]:
    """us of each message; one that did not finish counts with the time that it had."""
    link = simulation.arrays.links[number]
    times = []
    for flow, record in zip(scenario.flows, simulation.flows_of(number), strict=True):
        if flow.message >= 0:
            stop = int(record["completed"]) if record["completed"] >= 0 else int(link["finished"])
            times.append((stop - flow.start) / _MICRO)
    return times


def _feedback(metrics: Metrics) -> str:
    text = (
        f"utilisation {metrics['utilisation']:.3f}, queue {metrics['mean_queue_bytes'] / 1e3:.1f} kB on average and "
        f"{metrics['p99_queue_bytes'] / 1e3:.0f} kB at the 99th percentile, {100 * metrics['queue_drop_rate']:.2f} % "
        f"dropped, Jain's index {metrics['jain']:.3f}"
    )
    return f"{text}; last message after {metrics['slowdown']:.2f} x the least time" if "slowdown" in metrics else text
