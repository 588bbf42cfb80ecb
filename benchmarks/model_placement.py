"""Model placement: what the trusted side costs, and how fast the helper searches.

    python benchmarks/model_placement.py

Times are CPU seconds of one run on one machine; compare the ratios, not the seconds.
"""

import time
from collections.abc import Callable

import numpy as np

from adrs_helpers import placement as helper
from evaluators.systems.model_placement import checked_pressures
from evaluators.systems.model_placement_cases import MEMORY, Case, Placement, draw, round_robin
from evaluators.systems.model_placement_optimum import find_optimum

Model = dict[str, float]


def seconds(work: Callable[[], object], rounds: int) -> float:
    """Least CPU seconds of one call."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def plain_pressure(placed: dict[int, list[Model]], models: int) -> float:
    """KVPR of the worst GPU as the public evaluators compute it: lists of models, one GPU after another.

    With the two checks of the strict rules: each model on one GPU, no GPU overfull.
    """
    if sorted(model["number"] for gpu in placed.values() for model in gpu) != list(range(models)):
        raise ValueError("a model is placed never or twice")
    largest = -np.inf
    for gpu in placed.values():
        size = sum(model["size"] for model in gpu)
        load = sum(model["rate"] / model["slo"] for model in gpu)
        if size > MEMORY:
            raise ValueError("a GPU is overfull")
        largest = max(largest, load / (MEMORY - size) if MEMORY - size > 0 else 1e6)
    return largest


def as_lists(case: Case, gpus: Placement) -> dict[int, list[Model]]:
    """The answer of a leaderboard program."""
    placed: dict[int, list[Model]] = {gpu: [] for gpu in range(case.gpus)}
    for number, gpu in enumerate(gpus.tolist()):
        size, rate, slo = (float(column[number]) for column in (case.size, case.request_rate, case.slo))
        placed[gpu].append({"number": number, "size": size, "rate": rate, "slo": slo})
    return placed


def scoring() -> None:
    cases = draw("published", None)
    placements = [gpus for case in cases if (gpus := round_robin(case)) is not None]
    lists = [as_lists(case, gpus) for case, gpus in zip(cases, placements, strict=True)]
    pairs = list(zip(cases, placements, strict=True))
    ours = seconds(lambda: [checked_pressures(case, gpus, 0).max() for case, gpus in pairs], 200)
    plain = seconds(
        lambda: [plain_pressure(placed, len(case.size)) for case, placed in zip(cases, lists, strict=True)], 200
    )
    print(f"50 published instances: trusted side {ours * 1e3:.3f} ms, plain Python {plain * 1e3:.3f} ms", end="")
    print(f" (ratio {plain / ours:.2f})")


def optimum() -> None:
    cases = draw("published", None)
    find_optimum(cases[0])
    print(f"50 published optima proven in {seconds(lambda: [find_optimum(case) for case in cases], 3) * 1e3:.0f} ms")


def plain_best_move(source: int, gpu: Placement, case: Case, used: list[float], demand: list[float]) -> float:
    """Best move off a GPU in plain Python."""
    best = np.inf
    size, load = case.size.tolist(), case.load.tolist()
    for model in range(len(size)):
        if gpu[model] != source:
            continue
        left = (demand[source] - load[model]) / (MEMORY - used[source] + size[model])
        for target in range(case.gpus):
            free = MEMORY - used[target] - size[model]
            if target != source and free > 0:
                best = min(best, max(left, (demand[target] + load[model]) / free))
    return best


def moves() -> None:
    helper.warm()
    for family, seed in (("small", 3000), ("fragmented", 3002), ("large", 3004)):
        moves_of(family, max(draw(family, seed), key=lambda case: len(case.size)))


def moves_of(family: str, case: Case) -> None:
    gpu = np.arange(len(case.size)) % case.gpus
    used, demand = helper.totals(gpu, case.size, case.load, case.gpus)
    arguments = (gpu, case.size, case.load, used, demand, MEMORY)
    source = helper.worst_gpu(used, demand, MEMORY)
    tried = int((gpu == source).sum()) * (case.gpus - 1)
    swapped = int((gpu == source).sum() * (gpu != source).sum())
    move = seconds(lambda: [helper.best_move(source, *arguments) for _ in range(1000)], 20) / 1000
    swap = seconds(lambda: [helper.best_swap(source, *arguments) for _ in range(1000)], 20) / 1000
    sums = used.tolist(), demand.tolist()
    plain = seconds(lambda: plain_best_move(source, gpu, case, *sums), 50)
    one = seconds(lambda: [helper.move_value(0, 1, *arguments) for _ in range(1000)], 20) / 1000
    print(f"{family}, {len(case.size)} models on {case.gpus} GPUs, million a second:", end=" ")
    print(f"best_move {tried / move / 1e6:.1f} ({plain / move:.0f} x plain Python),", end=" ")
    print(f"best_swap {swapped / swap / 1e6:.1f}, move_value one at a time {1e-6 / one:.2f}")


if __name__ == "__main__":
    scoring()
    optimum()
    moves()
