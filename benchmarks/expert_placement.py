"""Speed of expert placement, as ratios within one run: `python benchmarks/expert_placement.py [repetitions]`.

Trusted part: the check and the score of one interval, against a plain double loop over layers and experts (goal: a
hundredth, and below 2 ms for 58 x 256). Baselines: the zigzag in numpy against the hierarchical greedy rule in plain
Python (goal: a fifth), and both rules where experts may go anywhere.
"""

import sys
import time
from collections.abc import Callable
from runpy import run_path

import numpy as np

from adrs import resources
from evaluators.systems.expert_load import FAMILIES, draw
from evaluators.systems.expert_placement import Deployment, balancedness, check_placement, slot_loads


def least_seconds(repetitions: int, function: Callable[..., object], *arguments: object) -> float:
    """Least wall time of a call."""
    times = []
    for _ in range(repetitions):
        started = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - started)
    return min(times)


def double_loop(placement: np.ndarray, load: np.ndarray, gpus: int) -> float:
    """Balancedness by a plain loop over layers, experts and their slots."""
    slots = placement.shape[1]
    mean = largest = 0.0
    for layer in range(load.shape[0]):
        of_slots = np.zeros(slots)
        for expert in range(load.shape[1]):
            mine = np.flatnonzero(placement[layer] == expert)
            of_slots[mine] += load[layer, expert] / len(mine)
        of_gpus = of_slots.reshape(gpus, -1).sum(axis=1)
        mean += of_gpus.mean()
        largest += of_gpus.max()
    return mean / largest


def score(placement: np.ndarray, deployment: Deployment) -> float:
    """The trusted part of an interval."""
    check_placement(placement, deployment, 0)
    loads = slot_loads(placement, deployment.loads[1])
    balancedness(loads)
    return balancedness(loads.reshape(len(placement), deployment.gpus, -1).sum(axis=2))


def main() -> None:
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    baselines = resources.folder("problems") / "expert-placement" / "baselines"
    greedy = run_path(str(baselines / "eplb_greedy.py"))["place"]
    zigzag = run_path(str(baselines / "zigzag.py"))["place"]
    for family in ("trace-64", "trace-256"):
        deployment = Deployment(draw(FAMILIES[family], 1), groups_stay_on_node=False)
        load, config = deployment.loads[0], deployment.config(0)
        placement = greedy(load, config, {})
        case = (placement, deployment.loads[1], deployment.gpus)
        assert np.isclose(score(placement, deployment), double_loop(*case))
        ours = least_seconds(repetitions, score, placement, deployment)
        reference = least_seconds(3, double_loop, *case)
        print(f"{family}: scoring an interval {1e3 * ours:.3f} ms, 1/{reference / ours:.0f} of the double loop")
        for local, name in ((True, "hierarchical"), (False, "global")):
            asked = {**config, "groups_stay_on_node": local}
            slow = least_seconds(repetitions, greedy, load, asked, {})
            fast = least_seconds(repetitions, zigzag, load, asked, {})
            print(f"{family}: {name} zigzag {1e3 * fast:.3f} ms, 1/{slow / fast:.1f} of the greedy rule")


if __name__ == "__main__":
    main()
