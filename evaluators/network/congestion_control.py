"""The trusted side of `congestion-control`: a wide-area sender sets its rate once a monitor interval.

Observations and actions: Aurora (arXiv 1810.03259). Links: wide_area.py. The value of a link is made of packets and
integrated over time, never over intervals, whose lengths a policy could choose.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs import resources
from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Emulation, Evaluator, Invalid, Metrics, Policy, WorkloadSpec
from adrs.rule.form import Rule
from evaluators.network import details, layout, lock_step, measures, perceptron, recorded, rule_code, wide_area
from evaluators.network.emulation import workloads
from evaluators.network.emulation.decider import Decide
from evaluators.network.emulation.emulator import NetworkEmulation
from evaluators.network.layout import MONITOR
from evaluators.network.lock_step import Crossing, LockStep
from evaluators.network.measures import LinkMeasures
from evaluators.network.scenario import Scenario
from evaluators.network.simulation import Simulation

LINKS = 16
"""Of a workload."""
NATIVE = {"reno": layout.RENO, "cubic": layout.CUBIC, "bbr": layout.BBR, "copa": layout.COPA, "vivace": layout.VIVACE}
TEACHER = "teacher"
"""The native baseline that is a perceptron; train_teacher.py made its weights."""
BASELINES = (*NATIVE, TEACHER)
_WEIGHTS = resources.folder("problems") / "congestion-control" / "teacher.npz"
_KEYS = ("kinds", "shuffles", "trace")


@dataclass(frozen=True)
class Links:
    """One workload."""

    scenarios: tuple[Scenario, ...]
    fair: tuple[float, ...]
    """Bytes of the others where the policy's flow is one more of their kind; 0 on links without others."""
    backend: str = ""
    """Of an emulation in real time; empty where the links are simulated."""


class CongestionControl(Evaluator[Links]):
    """Utilisation less queueing, drops and unfairness, on batches of links in lock step.

    Parameter: `published`, the algorithm that stands for the state of the art in each family of links. No single one
    would do: BBR leads where loss is random, Copa where capacity changes or is shared.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        for name in self.parameters:
            if name != "published":
                raise UserError(f'unknown key "evaluator.parameters.{name}"{did_you_mean(name, ["published"])}')
        self._published = dict(self.parameters.get("published", {}))
        for family, algorithm in self._published.items():
            if family not in wide_area.FAMILIES or algorithm not in BASELINES:
                raise UserError(
                    f'evaluator.parameters.published: "{family} = {algorithm}" names no family or algorithm'
                )

    def load(self, spec: WorkloadSpec) -> Links:
        """Draw the links. Keys of a workload: `kinds` of link, taken in turn, `shuffles`, and `trace`, a file of
        recorded capacities in place of kinds (recorded.py). Raises UserError.
        """
        if spec.family in workloads.FAMILIES:
            scenario, backend = workloads.load(spec)
            return Links((scenario,), (_others_alone(scenario),), backend)
        for key in spec.parameters:
            if key not in _KEYS:
                raise UserError(f'workload {spec.name}: unknown key "{key}"{did_you_mean(key, _KEYS)}')
        if spec.family not in wide_area.FAMILIES:
            raise UserError(f'unknown family "{spec.family}"{did_you_mean(spec.family, wide_area.FAMILIES)}')
        if spec.seed is None:
            raise UserError(f'workload "{spec.name}" needs seeds = [...]')
        if "trace" in spec.parameters:
            scenarios = _recorded(spec, spec.seed)
        else:
            known = wide_area.FAMILIES[spec.family]
            kinds = list(spec.parameters.get("kinds", known))
            for kind in kinds:
                if kind not in known:
                    raise UserError(f'workload {spec.name}: unknown kind "{kind}"{did_you_mean(str(kind), known)}')
            scenarios = wide_area.draw_links(spec.family, kinds, spec.seed, LINKS)
        return Links(tuple(scenarios), tuple(_others_alone(scenario) for scenario in scenarios))

    def evaluate(self, policy: Policy, workload: Links, spec: WorkloadSpec) -> Metrics:
        """Run the links against the policy. With `shuffles` each link is there so many times, among the others, and in
        all its copies every digit must be the same.
        """
        if workload.backend:
            return self._emulate(workload, lambda: _asking(policy, spec, len(workload.scenarios[0].flows)))
        (metrics,) = _in_lock_step(policy, [(workload, spec)])
        return metrics

    def evaluate_together(self, policy: Policy, workloads: Sequence[tuple[Links, WorkloadSpec]]) -> list[Metrics]:
        """Run the links of many workloads at once, as `evaluate` does those of one; none where links are emulated."""
        if any(workload.backend for workload, _ in workloads):
            return []
        return [metrics for batch in lock_step.batches(workloads) for metrics in _in_lock_step(policy, batch)]

    def evaluate_rule(self, rule: Rule, workload: Links, spec: WorkloadSpec) -> Metrics:
        """Run the links with a rule inside the engine. Raises UserError for one that is shown something else, and
        Invalid where an answer is no number.
        """
        flows = sum(len(scenario.flows) for scenario in workload.scenarios)
        simulation = Simulation(workload.scenarios, rule_code.lower(rule, flows))
        simulation.run()
        undefined = int(simulation.arrays.flows["undefined"].sum())
        if undefined:
            raise Invalid("finite", f"{undefined} answers of the rule are no finite number")
        return link_metrics(workload, simulation)

    def reference(self, name: str, workload: Links, spec: WorkloadSpec) -> Metrics:
        """The links with the policy's flows driven by an algorithm, or by the teacher.

        `kernel-...` is the operating system's where the link is emulated, and the engine's of that name elsewhere.
        """
        if workload.backend:
            return self._emulated_reference(name, workload)
        name = name.removeprefix(workloads.KERNEL)
        if name == "best-published":
            name = self._published.get(spec.family, "")
        if name == "constant-rate":
            simulation = Simulation(workload.scenarios)
            simulation.run(lambda asked, observations: np.zeros(len(asked)))
        elif name == TEACHER:
            simulation = Simulation(workload.scenarios, perceptron.load(_WEIGHTS))
            simulation.run()
        elif name in NATIVE:
            simulation = Simulation([_driven(scenario, NATIVE[name]) for scenario in workload.scenarios])
            simulation.run()
        else:
            raise _unknown(name, ["constant-rate", "best-published", *BASELINES])
        return link_metrics(workload, simulation)

    def _emulated_reference(self, name: str, workload: Links) -> Metrics:
        if name.startswith(workloads.KERNEL):
            return self._emulate(workload, kernel=name.removeprefix(workloads.KERNEL))
        if name == "constant-rate":
            return self._emulate(workload, lambda: lambda flow, observation: 0.0)
        if name == TEACHER:
            answers = perceptron.load(_WEIGHTS).answers
            return self._emulate(workload, lambda: lambda flow, observation: float(answers(observation[None, :])[0]))
        if name not in NATIVE:
            raise _unknown(name, ["constant-rate", *BASELINES])
        return self._emulate(replace(workload, scenarios=(_driven(workload.scenarios[0], NATIVE[name]),)))

    def _emulate(self, workload: Links, asking: workloads.Asking | None = None, kernel: str = "") -> Metrics:
        """The link in real time, with the metrics of a simulation and those of the emulation."""
        simulation, beside = workloads.emulate(workload.scenarios[0], workload.backend, asking, kernel)
        metrics = link_metrics(workload, simulation)
        metrics.update(beside)
        return metrics

    def emulation(self) -> Emulation:
        """Real packets in real time, see `emulation`."""
        return NetworkEmulation(("constant-rate", *BASELINES))

    def instances(self, workload: Links) -> list[tuple[Mapping[str, float], Links]]:
        """Each link by itself, with what it is like; none where links are emulated."""
        if workload.backend:
            return []
        pairs = zip(workload.scenarios, workload.fair, strict=True)
        return [(_condition(scenario), Links((scenario,), (fair,))) for scenario, fair in pairs]

    def summarise(self, results: Sequence[tuple[WorkloadSpec, Metrics]]) -> dict[str, float]:
        """`value` is the mean of the families' values, each from all links of the family."""
        return summarise(results)


def _in_lock_step(policy: Policy, batch: Sequence[tuple[Links, WorkloadSpec]]) -> list[Metrics]:
    return lock_step.run(policy, batch, _ask_each_interval, link_metrics)


def _ask_each_interval(step: LockStep[Links]) -> None:
    step.simulation.run(lambda asked, observations: step.crossing.ask("on_interval", asked, observations))


def _asking(policy: Policy, spec: WorkloadSpec, flows: int) -> Decide:
    """Asks for one decision at a time, of a policy whose states are empty."""
    crossing = Crossing(policy, np.ones(flows, dtype=np.int64), spec.policy_seed)
    return lambda flow, observation: float(crossing.ask("on_interval", np.array([flow]), observation[None, :])[0])


def _unknown(name: str, known: Sequence[str]) -> UserError:
    return UserError(f'there is no native baseline "{name}"{did_you_mean(name, known)}')


def _recorded(spec: WorkloadSpec, seed: int) -> list[Scenario]:
    """Links of a workload with a trace."""
    if spec.family != "dynamic" or "kinds" in spec.parameters:
        raise UserError(f'workload {spec.name}: "trace" is for the family dynamic, and stands in place of "kinds"')
    return recorded.draw_links(resources.data_file(str(spec.parameters["trace"])), seed, LINKS)


def _condition(scenario: Scenario) -> dict[str, float]:
    """Capacity, delay and queue as logarithms, for they are drawn over decades; random loss; and how many share it."""
    return {
        "rate": float(np.log([rate for _, rate in scenario.rates]).mean()),
        "delay": float(np.log(scenario.flows[0].base)),
        "queue": float(np.log(scenario.limit)),
        "loss": scenario.loss,
        "flows": float(len(scenario.flows)),
    }


def _driven(scenario: Scenario, kind: int) -> Scenario:
    flows = [wide_area.with_native(flow, kind) if flow.kind == MONITOR else flow for flow in scenario.flows]
    return replace(scenario, flows=tuple(flows))


def _others_alone(scenario: Scenario) -> float:
    """Bytes that the other flows get where the policy's flow is one more of their kind."""
    others = [flow.kind for flow in scenario.flows if flow.kind != MONITOR]
    if not others:
        return 0.0
    simulation = Simulation([_driven(scenario, others[0])])
    simulation.run()
    return float(measures.measure(simulation, 0).departed[1:].sum())


def link_value(link: LinkMeasures, unfairness: float = 0.0) -> float:
    """U - 0.5 min(2, D) - 2 min(0.5, L), less unfairness in 0..1."""
    return link.utilisation - 0.5 * min(2.0, link.queue_delay) - 2.0 * min(0.5, link.drop_rate) - unfairness


def link_metrics(workload: Links, simulation: Simulation, first: int = 0) -> Metrics:
    """Metrics of a workload whose links have run; `link_00` ... are the links' values. `first`: number of its first."""
    numbers = range(first, first + len(workload.scenarios))
    found = [measures.measure(simulation, number) for number in numbers]
    unfair = [
        1.0 - link.jain if not fair else max(0.0, 1.0 - float(link.departed[1:].sum()) / fair)
        for link, fair in zip(found, workload.fair, strict=True)
    ]
    values = np.array([link_value(*pair) for pair in zip(found, unfair, strict=True)])

    natives = [details.of_wide_area(link) for link in found]
    flows = simulation.flows_of(first, len(numbers))
    metrics = Metrics(
        value=measures.family_value(values),
        **means(natives),
        fairness=mean([1.0 - each for each in unfair]),
        clamped_actions=float(flows["clamped"].sum()),
        decisions=float(flows["decisions"].sum()),
        bounds={"value": 1.001, "utilisation": 1.001},
        feedback=_feedback(found, unfair, values),
    )
    followed = [link.convergence for link in found if link.convergence is not None]
    if followed:
        metrics["convergence_s"] = mean(followed)
    metrics.update({f"link_{number:02d}": float(value) for number, value in enumerate(values)})
    kept = [(details.condition(simulation, number), measures.rate_trace(simulation, number)) for number in numbers]
    metrics.details = lambda: [  # without the simulation itself, which is large
        {**condition, "value": float(value), **native, "jain": link.jain, "convergence_s": link.convergence,
         "rate_trace_mbit_s": details.in_megabits(rates)}
        for (condition, rates), value, native, link in zip(kept, values, natives, found, strict=True)
    ]  # fmt: skip
    return metrics


def mean(numbers: Sequence[float]) -> float:
    """Of at least one."""
    return sum(numbers) / len(numbers)


def means(tables: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """By name, of tables with the same names."""
    return {name: mean([table[name] for table in tables]) for name in tables[0]}


def _feedback(found: list[LinkMeasures], unfair: list[float], values: NDArray[np.float64]) -> str:
    parts = []
    for name, number in (("best", int(values.argmax())), ("worst", int(values.argmin()))):
        link = found[number]
        sharing = f", unfairness {unfair[number]:.2f}" if len(link.departed) > 1 else ""
        parts.append(
            f"{name} link {values[number]:.3f}: utilisation {link.utilisation:.3f}, queue {link.queue_delay:.2f} base "
            f"round-trip times on average, {100 * link.drop_rate:.2f} % dropped{sharing}"
        )
    return f"{len(found)} links; {'; '.join(parts)}"


def summarise(results: Sequence[tuple[WorkloadSpec, Metrics]]) -> dict[str, float]:
    """Means over workloads, but for `value`, which is made of the values of all links, family by family."""
    families = dict.fromkeys(spec.family for spec, _ in results)
    values = {
        family: measures.family_value(
            np.array([value for spec, metrics in results if spec.family == family
                      for name, value in metrics.items() if name.startswith("link_")])
        )
        for family in families
    }  # fmt: skip
    names = [name for name in dict.fromkeys(name for _, metrics in results for name in metrics)
             if not name.startswith("link_") and name != "value"]  # fmt: skip
    summary = {"value": sum(values.values()) / len(values)}
    if len(values) > 1:
        summary.update({f"value_{family.replace('-', '_')}": value for family, value in values.items()})
    for name in names:
        having = [metrics[name] for _, metrics in results if name in metrics]
        summary[name] = sum(having) / len(having)
    return summary
