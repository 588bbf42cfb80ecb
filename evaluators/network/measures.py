"""What is measured on a link once it has run: all of it integrated over time, none of it reported by a sender."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.network.layout import LEVELS, SECOND
from evaluators.network.scenario import Scenario
from evaluators.network.simulation import Simulation

POINTS = 100
"""Of a trace."""
_STAYS = 5 * SECOND


@dataclass(frozen=True)
class LinkMeasures:
    """One link, from the first send to the end."""

    utilisation: float
    """Departed over capacity."""
    mean_queue: float
    """Bytes, over time from `measured_from` on."""
    queue_95: float
    """Bytes that the queue exceeds during 5 % of that time."""
    queue_99: float
    queue_delay: float
    """Mean queue over the mean capacity, in base round-trip times; by Little's law packets wait 1 / utilisation as long
    on average.
    """
    drop_rate: float
    """Dropped at the queue over arrived at it."""
    mean_rtt: float
    """ns, over acknowledgements of all flows."""
    rtt_95: float
    goodput: float
    """Acknowledged bit/s of all flows."""
    jain: float
    """Mean of Jain's index over slices, of the flows that are active throughout each; 1 for a single flow."""
    departed: NDArray[np.int64]
    """[flows], bytes."""
    base_round_trip: float
    """ns."""
    mean_rate: float
    """bit/s."""
    convergence: float | None = None
    """Mean seconds from a rise of the capacity, after which it stays for 5 s, until a slice of time has departures at
    90 % of it; None where it does not rise so."""


def measure(simulation: Simulation, number: int) -> LinkMeasures:
    """The measures of one link of a simulation that has ended."""
    scenario, link = simulation.scenarios[number], simulation.arrays.links[number]
    first = int(link["first"])
    chosen = slice(first, first + int(link["flows"]))
    flows = simulation.arrays.flows[chosen]
    begin, end = min(flow.start for flow in scenario.flows), int(link["finished"])
    seconds = (end - begin) / SECOND
    mean_rate = scenario.capacity(begin, end) / seconds
    base = scenario.flows[0].base + scenario.flows[0].size * 8 * SECOND / mean_rate
    watched = end - max(begin, int(link["measured_from"]))
    mean_queue = float(link["area"]) / watched
    shift = int(link["level_shift"])
    levels = simulation.arrays.levels[number]
    acked = int(flows["acked"].sum())
    delays = simulation.arrays.delays[chosen]
    return LinkMeasures(
        utilisation=float(link["bytes_out"]) * 8 / (mean_rate * seconds),
        mean_queue=mean_queue,
        queue_95=_quantile(levels, 0.95, shift, watched),
        queue_99=_quantile(levels, 0.99, shift, watched),
        queue_delay=mean_queue * 8 * SECOND / mean_rate / base,
        drop_rate=float(link["dropped"]) / max(1, int(link["arrived"])),
        mean_rtt=float(flows["rtt_sum"].sum()) / acked if acked else base,
        rtt_95=_round_trip(delays, flows["base"], int(link["delay_shift"])) if acked else base,
        goodput=float(flows["delivered"].sum()) * 8 / seconds,
        jain=_jain(simulation, number),
        departed=flows["departed"].copy(),
        base_round_trip=base,
        mean_rate=mean_rate,
        convergence=_convergence(scenario, *_sliced(simulation, number), end),
    )


def rate_trace(simulation: Simulation, number: int) -> NDArray[np.float64]:
    """[flows, at most 100], bit/s that departed in equal parts of the time of a link, usually a hundredth each."""
    link, counts = simulation.arrays.links[number], _counts(simulation, number)
    together = -(-counts.shape[1] // (POINTS + 1))  # the last part may be a short one, and is left out
    length = together * int(link["slice_length"])
    points = min(POINTS, int(link["finished"]) // length)
    counts = counts[:, : points * together].reshape(len(counts), points, together)
    return np.asarray(counts.sum(axis=2) * (8 * SECOND / length))


def _counts(simulation: Simulation, number: int) -> NDArray[np.int64]:
    """[flows, parts], bytes departed in each part of a slice of a link's time."""
    link = simulation.arrays.links[number]
    first = int(link["first"])
    return simulation.arrays.slices[first : first + int(link["flows"]), : int(link["slice_last"]) + 1]


def _sliced(simulation: Simulation, number: int) -> tuple[NDArray[np.int64], int]:
    """[flows, slices], bytes departed in each slice, and the ns of one."""
    counts, parts = _counts(simulation, number), simulation.scenarios[number].slice_parts
    whole = np.pad(counts, ((0, 0), (0, -counts.shape[1] % parts)))
    sliced: NDArray[np.int64] = whole.reshape(len(counts), -1, parts).sum(axis=2)
    return sliced, int(simulation.arrays.links[number]["slice_length"]) * parts


def _convergence(scenario: Scenario, sliced: NDArray[np.int64], length: int, end: int) -> float | None:
    """Of LinkMeasures; a rise that is never followed counts with the time that the capacity stays."""
    found, departed = [], sliced.sum(axis=0)
    for place in range(1, len(scenario.rates)):
        time, rate = scenario.rates[place]
        until = min(end, scenario.rates[place + 1][0] if place + 1 < len(scenario.rates) else end)
        if rate <= scenario.rates[place - 1][1] or until - time < _STAYS:
            continue
        slices = np.arange(-(-time // length), until // length)
        followed = slices[departed[slices] * 8 * SECOND >= 0.9 * rate * length]
        found.append(((int(followed[0]) + 1) * length if len(followed) else until) - time)
    return sum(found) / len(found) / SECOND if found else None


def _quantile(counts: NDArray[np.int64], share: float, shift: int, total: int) -> float:
    """The middle of the bin that holds a quantile; what the bins do not hold is at 0."""
    missing = total - int(counts.sum())
    wanted = share * total - missing
    if wanted <= 0:
        return 0.0
    place = int(np.searchsorted(np.cumsum(counts), wanted))
    return (min(place, LEVELS - 1) + 0.5) * 2.0**shift


def _round_trip(delays: NDArray[np.int64], bases: NDArray[np.int64], shift: int) -> float:
    """95th percentile of round-trip times of all flows, ns."""
    flows, places = np.nonzero(delays)
    values = bases[flows] + (places + 0.5) * 2.0**shift
    order = np.argsort(values)
    sums = np.cumsum(delays[flows, places][order])
    return float(values[order][np.searchsorted(sums, 0.95 * sums[-1])])


def jain_index(throughputs: NDArray[np.float64]) -> float:
    """(sum x)^2 / (n sum x^2), Jain, Chiu and Hawe, DEC-TR-301 (1984); 1 where nothing was sent at all."""
    squares = float((throughputs**2).sum()) * len(throughputs)
    return float(throughputs.sum()) ** 2 / squares if squares > 0 else 1.0


def _jain(simulation: Simulation, number: int) -> float:
    scenario, link = simulation.scenarios[number], simulation.arrays.links[number]
    if len(scenario.flows) < 2:
        return 1.0
    sliced, length = _sliced(simulation, number)
    counts, end = sliced.astype(np.float64), int(link["finished"])
    starts = np.array([flow.start for flow in scenario.flows])
    completed = simulation.flows_of(number)["completed"]
    stops = np.where(completed < 0, end, completed)
    indices = []
    for part in range(counts.shape[1]):
        begin, stop = part * length, (part + 1) * length
        active = (starts <= begin) & (stops >= stop)
        if begin >= int(link["measured_from"]) and active.sum() > 1:
            indices.append(jain_index(counts[active, part]))
    return float(np.mean(indices)) if indices else 1.0


def family_value(values: NDArray[np.float64]) -> float:
    """0.75 x mean + 0.25 x mean of the lowest tenth (at least one): a rule must hold on the worst links, too."""
    worst = np.sort(values)[: max(1, round(len(values) / 10))]
    return 0.75 * float(values.mean()) + 0.25 * float(worst.mean())
