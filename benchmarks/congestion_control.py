"""Events per CPU second of the congestion-control engine beside the same rules in plain Python with an event heap.

    python benchmarks/congestion_control.py

An event is a send, a departure or an acknowledgement. Both sides simulate the same links in turn within one process and
must count the same events; compare the ratio. Targets: 100 times for a single flow, 25 times for an incast.
"""

import time
from collections.abc import Sequence

import numpy as np
from event_heap import EventHeap

from evaluators.network import incast_links, layout
from evaluators.network.layout import SECOND
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


def main() -> None:
    """Print a line for a single flow and one for an incast."""
    print(measure("single flow", single(), 0.0, (), 100))
    links = incast_links.draw_links("burst", 1, 1, [10], 25, True)
    print(measure("incast of 11", links[0], 0.1, [0.1] * 11, 25))


if __name__ == "__main__":
    main()
