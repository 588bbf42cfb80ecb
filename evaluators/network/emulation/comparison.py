"""How far emulation may lie from simulation before a simulated score is doubted."""

from collections.abc import Mapping

from adrs.evaluation import Deviation
from evaluators.network.emulation.conditions import Condition

_THROUGHPUT, _DYNAMIC = 0.05, 0.10
_LOSS_FACTOR = 1.5
"""Of algorithms that take every loss for congestion, on a link with random loss: their throughput hangs on when the
few losses fall."""
_ROUND_TRIP, _LEAST_MS = 0.05, 3.0
LOSS_BASED = ("reno", "cubic")


def deviations(
    condition: Condition, native: str, simulated: Mapping[str, float], emulated: Mapping[str, float]
) -> list[Deviation]:
    """Throughput within 5 %, 10 % where capacity changes or is shared, and then it is the first flow's; 95th percentile
    of round-trip times within 5 % or 3 ms.
    """
    name = "goodput_mbit_s" if condition.beside is None else "first_flow_mbit_s"
    rate, delay = simulated[name], simulated["rtt_95_ms"]
    share = _THROUGHPUT if not condition.dynamic and condition.beside is None else _DYNAMIC
    if condition.loss and native.rpartition("-")[2] in LOSS_BASED:
        share = _LOSS_FACTOR - 1.0 if emulated[name] > rate else 1.0 - 1.0 / _LOSS_FACTOR
    return [
        Deviation("throughput", "Mbit/s", rate, emulated[name], share * rate),
        Deviation("RTT, 95th percentile", "ms", delay, emulated["rtt_95_ms"],
                  max(_ROUND_TRIP * delay, _LEAST_MS)),
    ]  # fmt: skip
