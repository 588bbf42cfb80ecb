"""CPU time of one full order of the published batches: the trusted executor beside the same rules in plain Python.

    python benchmarks/transaction_scheduling.py

Conversion of the answer, a list of numbers, is included. Target: 70 microseconds on batch 1, 10 on batch 3. Both sides
run in turn within one process; compare the ratio, since the times are of this machine at this moment.
"""

import sys
import time
from collections.abc import Callable
from random import Random

import numpy as np

from adrs import resources
from adrs.errors import UserError
from evaluators.systems import transaction_workloads
from evaluators.systems.transaction_simulator import Batch

ORDERS = 20
REPETITIONS = 50
TARGETS = {1: 70.0, 3: 10.0}
"""CPU microseconds of a full order, by number of the batch."""

Operation = tuple[int, int, int]
"""Key, position, whether it writes."""


def operations(batch: Batch) -> list[list[Operation]]:
    """Operations of each transaction."""
    columns = zip(batch.key.tolist(), batch.position.tolist(), batch.is_write.tolist(), strict=True)
    all_operations = list(columns)
    return [all_operations[batch.offset[t] : batch.offset[t + 1]] for t in range(len(batch))]


def plain_makespan(transactions: list[list[Operation]], length: list[int], order: list[int]) -> int:
    """Each key keeps a list of its accesses, which every later transaction on it reads again."""
    accesses: dict[int, list[tuple[int, int]]] = {}
    makespan = 0
    for number in order:
        start = 1
        for key, position, is_write in transactions[number]:
            for tick, was_write in accesses.get(key, ()):
                if is_write or was_write:
                    start = max(start, tick - position + 2)
        for key, position, is_write in transactions[number]:
            accesses.setdefault(key, []).append((start + position - 1, is_write))
        makespan = max(makespan, start + length[number] - 1)
    return makespan


def microseconds(run: Callable[[list[int]], int], orders: list[list[int]], repetitions: int) -> float:
    """Least CPU time of a run over all orders, divided by their number."""
    best = float("inf")
    for _ in range(repetitions):
        started = time.process_time()
        for order in orders:
            run(order)
        best = min(best, time.process_time() - started)
    return best / len(orders) * 1e6


def measure(number: int) -> str:
    """One line on one published batch."""
    batch = transaction_workloads.read(resources.data_file(f"transactions/workload_{number}.json"))
    transactions, length = operations(batch), batch.length.tolist()
    generator = Random(number)
    orders = [generator.sample(range(len(batch)), len(batch)) for _ in range(ORDERS)]

    def trusted(order: list[int]) -> int:
        return batch.makespan(np.array(order, dtype=np.int64))

    def plain(order: list[int]) -> int:
        return plain_makespan(transactions, length, order)

    assert [trusted(order) for order in orders] == [plain(order) for order in orders]
    fast, slow = microseconds(trusted, orders, REPETITIONS), microseconds(plain, orders, 3)
    return (f"batch {number}: {fast:7.1f} us an order (target {TARGETS[number]:.0f}), plain Python {slow:8.1f} us, "
            f"{slow / fast:6.1f} times")  # fmt: skip


def main() -> None:
    """Print a line for each batch."""
    try:
        for number in TARGETS:
            print(measure(number))
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
