"""All that was measured on one link, in native units: what the metrics of a workload are means of, and more."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from evaluators.network.layout import SECOND
from evaluators.network.measures import LinkMeasures
from evaluators.network.simulation import Simulation

_MILLI, _MICRO, _MEGA, _GIGA = 1e6, 1e3, 1e6, 1e9


def of_wide_area(link: LinkMeasures) -> dict[str, float]:
    """Times in ms, but for `queue_delay` in base round-trip times; rates in Mbit/s, where several flows share the link
    also that of the first, which is the policy's if any is.

    A `queue_delay` is the queue in bytes over the mean capacity. Packets wait 1 / utilisation as long on
    average, and the percentiles of the two have little in common where the capacity changes; what packets wait is in
    `rtt_ms` and `rtt_95_ms`.
    """
    told = {
        "utilisation": link.utilisation,
        "queue_delay_ms": link.mean_queue * 8e3 / link.mean_rate,
        "queue_delay_95_ms": link.queue_95 * 8e3 / link.mean_rate,
        "queue_delay": link.queue_delay,
        "rtt_ms": link.mean_rtt / _MILLI,
        "rtt_95_ms": link.rtt_95 / _MILLI,
        "queue_drop_rate": link.drop_rate,
        "goodput_mbit_s": link.goodput / _MEGA,
    }
    if len(link.departed) > 1:
        share = float(link.departed[0]) / max(1, int(link.departed.sum()))
        told["first_flow_mbit_s"] = share * told["goodput_mbit_s"]
    return told


def of_incast(link: LinkMeasures) -> dict[str, float]:
    """Times in us, rates in Gbit/s."""
    return {
        "utilisation": link.utilisation,
        "mean_queue_bytes": link.mean_queue,
        "p99_queue_bytes": link.queue_99,
        "throughput_gbit_s": link.goodput / _GIGA,
        "queue_drop_rate": link.drop_rate,
        "jain": link.jain,
        "rtt_us": link.mean_rtt / _MICRO,
    }


def condition(simulation: Simulation, number: int) -> dict[str, Any]:
    """What the link is like."""
    scenario = simulation.scenarios[number]
    rates = [rate for _, rate in scenario.rates]
    return {
        "seconds": int(simulation.arrays.links[number]["finished"]) / SECOND,
        "capacity_mbit_s": {"least": min(rates) / _MEGA, "most": max(rates) / _MEGA},
        "base_rtt_ms": [flow.base / _MILLI for flow in scenario.flows],
        "queue_bytes": scenario.limit,
        "random_loss": scenario.loss,
    }


def in_megabits(rates: NDArray[np.float64]) -> list[list[float]]:
    """A trace in bit/s as plain numbers of Mbit/s, to a bit/s."""
    megabits: list[list[float]] = (rates / _MEGA).round(6).tolist()
    return megabits
