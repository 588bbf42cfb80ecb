"""The trusted side of expert-placement: which expert sits in each slot of a mixture-of-experts deployment.

Replicated experts and the slowest GPU of a layer: DeepSeek-V3 (arXiv 2412.19437) and its Expert Parallelism Load
Balancer (github.com/deepseek-ai/EPLB). Score and workloads: ADRS (arXiv 2510.06189, arXiv 2512.14806).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from adrs import resources
from adrs.errors import UserError, did_you_mean
from adrs.evaluation import Evaluator, Invalid, Metrics, Policy, WorkloadSpec
from evaluators.systems import decision_time, expert_load, expert_placement_legacy

SLOTS, GPUS, NODES = 288, 32, 4


@dataclass(frozen=True)
class Deployment:
    """One workload: a placement is decided after every interval but the last, and serves the next one."""

    loads: np.ndarray
    """int64[intervals, layers, experts], tokens."""
    groups_stay_on_node: bool
    slots: int = SLOTS
    gpus: int = GPUS
    nodes: int = NODES
    groups: int = expert_load.GROUPS

    def config(self, interval: int) -> dict[str, Any]:
        """What a policy is told beside the load."""
        return {
            "slots": self.slots, "gpus": self.gpus, "nodes": self.nodes, "groups": self.groups,
            "groups_stay_on_node": self.groups_stay_on_node, "interval": interval,
        }  # fmt: skip

    def throw_away(self) -> tuple[np.ndarray, dict[str, Any]]:
        """Arguments of the untimed call: nearly even loads, of the shape of the real ones."""
        mean = self.loads[0].mean()
        return np.random.default_rng(0).poisson(mean, self.loads[0].shape).astype(np.int64), self.config(0)


def replica_counts(placement: np.ndarray, experts: int) -> np.ndarray:
    """int64[layers, experts]: how often each expert stands in a layer of `placement`, int64[layers, slots]."""
    layers = len(placement)
    flat = placement + experts * np.arange(layers)[:, None]
    return np.bincount(flat.ravel(), minlength=layers * experts).reshape(layers, experts)


def slot_loads(placement: np.ndarray, load: np.ndarray) -> np.ndarray:
    """float64[layers, slots], tokens: an expert's load is split evenly over its slots."""
    per_replica = load / replica_counts(placement, load.shape[1])
    return np.take_along_axis(per_replica, placement, axis=1)


def balancedness(loads: np.ndarray) -> float:
    """Sum over layers of the mean load, over the sum of the largest one: loads is [layers, GPUs or slots].

    0 where there is no load at all, as in the public evaluator.
    """
    largest = float(loads.max(axis=1).sum())
    return float(loads.mean(axis=1).sum()) / largest if largest else 0.0


def nodes_of_groups(placement: np.ndarray, experts: int, groups: int, nodes: int) -> np.ndarray:
    """bool[layers, groups, nodes]: whether a replica of the group is on the node."""
    layers, slots = placement.shape
    present = np.zeros((layers, groups, nodes), dtype=bool)
    node = np.arange(slots) // (slots // nodes)
    present[np.arange(layers)[:, None], placement // (experts // groups), node] = True
    return present


def check_placement(placement: np.ndarray, deployment: Deployment, interval: int) -> None:
    """Raise Invalid where an expert has no slot or, if groups must stay on their node, where one does not."""
    experts = deployment.loads.shape[2]
    missing = replica_counts(placement, experts) == 0
    if missing.any():
        layer, expert = np.argwhere(missing)[0]
        raise Invalid("expert without slot", f"interval {interval}, layer {layer}: expert {expert} has no slot")
    if not deployment.groups_stay_on_node:
        return
    rule = "groups stay on their node"
    present = nodes_of_groups(placement, experts, deployment.groups, deployment.nodes)
    nodes = present.sum(axis=2)
    if (nodes != 1).any():
        layer, group = np.argwhere(nodes != 1)[0]
        raise Invalid(rule, f"interval {interval}, layer {layer}: group {group} is on {nodes[layer, group]} nodes")
    groups = present.sum(axis=1)
    each = deployment.groups // deployment.nodes
    if (groups != each).any():
        layer, node = np.argwhere(groups != each)[0]
        raise Invalid(
            rule, f"interval {interval}, layer {layer}: node {node} has {groups[layer, node]} groups, not {each}"
        )


def leaderboard(balance: float, seconds: float) -> float:
    """Points of the ADRS leaderboard for mean balancedness and mean decision time; 100 is the best thinkable."""
    slow = min(20 * seconds, 20.0) if seconds > 0.01 else 0.0
    return 90 * balance + 5 * min(0.002 / seconds, 2.0) - slow


class ExpertPlacement(Evaluator[Deployment]):
    """Balance of the placements over the GPUs, in the interval after the decision, and the time of the decisions.

    Parameters: `rounds` and `patience_seconds` of the timing (decision_time.Protocol); `rules`, which is `strict`, or
    `legacy` for those of the public evaluator, where an answer may be the three maps that it reads.
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(parameters)
        timing = dict(self.parameters)
        rules = timing.pop("rules", "strict")
        if rules not in ("strict", "legacy"):
            raise UserError(f'evaluator.parameters.rules must be "strict" or "legacy", not {rules!r}')
        known = {"rounds": int, "patience_seconds": int | float}
        for name, value in timing.items():
            if name not in known:
                raise UserError(f'unknown key "evaluator.parameters.{name}"{did_you_mean(name, [*known, "rules"])}')
            if isinstance(value, bool) or not isinstance(value, known[name]) or value <= 0:
                raise UserError(f"evaluator.parameters.{name} must be a number above 0, not {value!r}")
        self._timing = timing
        self._legacy = rules == "legacy"

    def load(self, spec: WorkloadSpec) -> Deployment:
        """Draw the family from the seed, or read the trace in `file`. Raises UserError.

        Key of a workload: `idle_seconds`, see decision_time.Protocol.
        """
        for key in spec.parameters:
            if key not in ("file", "idle_seconds"):
                raise UserError(f'workload {spec.name}: unknown key "{key}"{did_you_mean(key, ["idle_seconds"])}')
        if spec.seed is None:
            name = spec.parameters.get("file")
            if not isinstance(name, str):
                raise UserError(f'workload "{spec.name}" needs seeds = [...] or files = [...]')
            return Deployment(expert_load.load_trace(resources.data_file(name)), groups_stay_on_node=False)
        if spec.family not in expert_load.FAMILIES:
            raise UserError(f'unknown family "{spec.family}"{did_you_mean(spec.family, expert_load.FAMILIES)}')
        family = expert_load.FAMILIES[spec.family]
        return Deployment(expert_load.draw(family, spec.seed), family.groups_stay_on_node)

    def evaluate(self, policy: Policy, workload: Deployment, spec: WorkloadSpec) -> Metrics:
        """Time the decisions, and score those of the first round."""
        protocol = decision_time.Protocol(**self._timing, idle_seconds=spec.parameters.get("idle_seconds", 0.0))
        calls = [(load, workload.config(interval)) for interval, load in enumerate(workload.loads[:-1])]
        decisions = decision_time.measure(
            policy, "place", calls, workload.throw_away(), spec.policy_seed,
            lambda interval, answer: None if self._legacy else check_placement(answer, workload, interval), protocol,
        )  # fmt: skip
        served = zip(decisions.answers, workload.loads[1:], strict=True)
        if self._legacy:
            return balance(workload, [expert_placement_legacy.slot_loads(*pair) for pair in served], decisions)
        metrics = balance(workload, [slot_loads(*pair) for pair in served], decisions)
        metrics.update(movement(workload, np.array(decisions.answers)))
        return metrics


def balance(deployment: Deployment, of_slots: list[np.ndarray], decisions: decision_time.Decisions) -> Metrics:
    """Metrics of the loads of the slots, [layers, slots] in each scored interval, and of the decisions' time."""
    layers = deployment.loads.shape[1]
    of_gpus = [loads.reshape(layers, deployment.gpus, -1).sum(axis=2) for loads in of_slots]
    balances = np.array([balancedness(loads) for loads in of_gpus])
    mean, seconds = float(balances.mean()), float(decisions.seconds.mean())
    best = leaderboard(1.0, decision_time.FLOOR_SECONDS)
    return Metrics(
        leaderboard=leaderboard(mean, seconds),
        balancedness=mean,
        balancedness_slot=float(np.mean([balancedness(loads) for loads in of_slots])),
        decision_time=seconds,
        decision_time_slowest=decisions.slowest_seconds,
        echo_time=decisions.echo_seconds,
        unstable=decisions.unstable,
        bounds={"balancedness": 1.0, "balancedness_slot": 1.0, "leaderboard": best},
        feedback=_feedback(balances, of_gpus, decisions),
    )


def movement(deployment: Deployment, placements: np.ndarray) -> dict[str, float]:
    """Metrics of where experts are: placements is int64[decisions, layers, slots]."""
    experts = deployment.loads.shape[2]
    moved = placements[1:] != placements[:-1]
    present = [nodes_of_groups(placement, experts, deployment.groups, deployment.nodes) for placement in placements]
    return {
        "moved_slots": float(moved.mean()) if moved.size else 0.0,
        "nodes_per_group": float(np.sum(present, axis=-1).mean()),
    }


def _feedback(balances: np.ndarray, of_gpus: list[np.ndarray], decisions: decision_time.Decisions) -> str:
    pace = np.mean([loads.max(axis=1) / np.maximum(loads.mean(axis=1), 1e-9) for loads in of_gpus], axis=0)
    text = (
        f"balancedness {balances.mean():.4f}, in single intervals {balances.min():.3f} to {balances.max():.3f}; "
        f"the slowest GPU has {pace.max():.2f} times the mean load in layer {pace.argmax()}, "
        f"{pace.min():.2f} times in layer {pace.argmin()}; {1000 * decisions.seconds.mean():.3f} ms a decision"
    )
    if decisions.unstable:
        text += f"; unstable: {decisions.unstable:.0%} of the repeated decisions came out differently"
    return text
