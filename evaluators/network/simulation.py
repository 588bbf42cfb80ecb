"""A batch of links in lock step: each runs until it needs decisions, then one crossing asks for all of them."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from evaluators.network import epoch, kernel, layout, random_stream
from evaluators.network.layout import EPOCH, LEVELS, MONITOR, NEVER, SECOND, Arrays
from evaluators.network.scenario import Scenario

Decide = Callable[[NDArray[np.int64], NDArray[np.float64]], NDArray[np.float64]]
"""From the flows that are asked and their observations, [flows, features], to one answer each."""

_FIRST_RING = 256
_FIRST_LOSSES = 64
_FIRST_SAMPLES = 256
_MOST_ENTRIES = 2**24


class Inside(Protocol):
    """What decides in the engine: a rule's code or a perceptron."""

    place: str
    """Of its address in layout.STATE."""

    def record(self) -> NDArray[np.void]:
        """Its addresses, as an array of one."""


class MachineFault(Exception):  # noqa: N818 - whose fault it is
    """The simulator has broken a law of its own: no program is to blame."""


class Simulation:
    """Links with their flows, from the first packet to the last."""

    def __init__(self, scenarios: Sequence[Scenario], inside: Inside | None = None) -> None:
        """`inside` decides for the flows of policies in place of a policy."""
        self.scenarios = tuple(scenarios)
        self.arrays = _allocate(self.scenarios)
        self._used = {name: len(getattr(self.arrays, name)) for name in ("ring", "losses", "samples")}
        self._inside = inside
        self._record = inside.record() if inside else None
        self._waiting = np.zeros(len(self.arrays.flows), dtype=np.int64)
        self.locate()
        self._features = len(epoch.FIELDS) if any(scenario.epoch for scenario in scenarios) else layout.HISTORY
        kernel.begin(self._address)

    def run(self, decide: Decide | None = None) -> None:
        """Run to the end, asking `decide` whenever flows wait. Raises MachineFault."""
        while True:
            while (count := kernel.advance(self._address, self._waiting)) < 0:
                self._grow()
            if count == 0:
                break
            asked = self._waiting[:count]
            if decide is None:
                raise MachineFault("a flow waits for a decision that nobody takes")
            answers = decide(asked, self.arrays.history[asked, : self._features])
            kernel.decide(self._address, asked, np.ascontiguousarray(answers, dtype=np.float64))
        self._check()

    def flows_of(self, number: int, links: int = 1) -> NDArray[np.void]:
        """Records of the flows of a link, or of several from `number` on."""
        first, last = self.arrays.links[number], self.arrays.links[number + links - 1]
        return self.arrays.flows[int(first["first"]) : int(last["first"] + last["flows"])]

    @property
    def events(self) -> int:
        """Sends, departures and acknowledgements."""
        flows = self.arrays.flows
        return int(flows["sent"].sum() + flows["departed_packets"].sum() + flows["acked"].sum())

    def set_windows(self, windows: NDArray[np.float64]) -> None:
        """First windows of all epoch flows, in bandwidth-delay products: float64[flows], before the run."""
        for flow, window in zip(self.arrays.flows, windows, strict=True):
            if flow["kind"] == EPOCH:
                cut = min(max(float(window), 0.001), 4.0)
                flow["clamped"] += cut != window
                product = int(flow["rate_high"]) * int(flow["base"]) / (8 * SECOND)
                flow["window"] = int(cut * product)
                flow["rate"] = min(int(cut * int(flow["rate_high"])), int(flow["rate_high"]))
        kernel.begin(self._address)

    def _grow(self) -> None:
        """Twice the memory for what has stopped links."""
        for number, link in enumerate(self.arrays.links):
            if link["status"] == layout.RING_FULL:
                self._grow_ring(number)
            elif link["status"] == layout.LOSSES_FULL:
                self._grow_losses(int(link["finished"]))
            elif link["status"] == layout.SAMPLES_FULL:
                self._grow_samples(int(link["finished"]))
            else:
                continue
            link["status"] = layout.RUNNING
        self.locate()

    def locate(self) -> int:
        """Take the addresses of the arrays, which have been replaced; the address of all of them."""
        self._state = self.arrays.state()
        if self._inside is not None and self._record is not None:
            self._state[self._inside.place] = self._record.ctypes.data
        self._address = int(self._state.ctypes.data)
        return self._address

    def _grow_ring(self, number: int) -> None:
        link = self.arrays.links[number]
        old, old_mask = int(link["ring_offset"]), int(link["ring_mask"])
        length = 2 * (old_mask + 1)
        if length > _MOST_ENTRIES:
            raise MachineFault(f"link {number} has more than {_MOST_ENTRIES} packets on their way")
        new = self._append("ring", length)
        kept = np.arange(int(link["floor"]), int(link["accepted"]))
        ring, stamps = self.arrays.ring, self.arrays.stamps
        ring[new + (kept & (length - 1))] = ring[old + (kept & old_mask)]
        if len(stamps) > 1:
            stamps = _longer(stamps, len(ring))
            stamps[new + (kept & (length - 1))] = stamps[old + (kept & old_mask)]
            self.arrays = self.arrays._replace(stamps=stamps)
        link["ring_offset"], link["ring_mask"] = new, length - 1

    def _grow_losses(self, index: int) -> None:
        flow = self.arrays.flows[index]
        old, old_mask = int(flow["loss_offset"]), int(flow["loss_mask"])
        length = 2 * (old_mask + 1)
        new = self._append("losses", length)
        kept = np.arange(int(flow["loss_popped"]), int(flow["loss_pushed"]))
        losses = self.arrays.losses
        losses[new + (kept & (length - 1))] = losses[old + (kept & old_mask)]
        flow["loss_offset"], flow["loss_mask"] = new, length - 1

    def _grow_samples(self, index: int) -> None:
        flow = self.arrays.flows[index]
        old, capacity = int(flow["sample_offset"]), int(flow["sample_capacity"])
        new = self._append("samples", 2 * capacity)
        samples = self.arrays.samples
        samples[new : new + capacity] = samples[old : old + capacity]
        flow["sample_offset"], flow["sample_capacity"] = new, 2 * capacity

    def _append(self, name: str, length: int) -> int:
        """Where in a pool so many entries are free; it is made twice as long as need be, so that this costs little."""
        pool, start = getattr(self.arrays, name), self._used[name]
        self._used[name] = start + length
        if self._used[name] > len(pool):
            self.arrays = self.arrays._replace(**{name: _longer(pool, 2 * self._used[name])})
        return start

    def _check(self) -> None:
        """Conservation of packets on every link."""
        for number, link in enumerate(self.arrays.links):
            flows = self.flows_of(number)
            queued = int(link["accepted"] - link["departed"])
            on_their_way = int(link["departed"] - flows["acked"].sum())
            gone = int(flows["random_lost"].sum() + flows["dropped"].sum())
            if int(flows["sent"].sum()) != int(flows["acked"].sum()) + gone + queued + on_their_way or on_their_way < 0:
                raise MachineFault(
                    f"link {number}: packets sent are not those delivered, lost, queued and on their way"
                )
            if int(link["bytes_in"] - link["bytes_out"]) != int(link["queued"]) or int(link["queued"]) < 0:
                raise MachineFault(f"link {number}: bytes in the queue are not those that came less those that went")


def _longer(pool: NDArray[Any], length: int) -> NDArray[Any]:
    """The pool with zeros behind; itself if it is that long."""
    if len(pool) == length:
        return pool
    longer = np.zeros((length, *pool.shape[1:]), dtype=pool.dtype)
    longer[: len(pool)] = pool
    return longer


def _allocate(scenarios: Sequence[Scenario]) -> Arrays:
    count = sum(len(scenario.flows) for scenario in scenarios)
    links, flows = np.zeros(len(scenarios), dtype=layout.LINK), np.zeros(count, dtype=layout.FLOW)
    rates = np.array([row for scenario in scenarios for row in scenario.rates], dtype=np.int64)
    stamped = any(_stamped(scenario) for scenario in scenarios)
    entries = _FIRST_RING * len(scenarios)
    first = changes = 0
    most_slices = 1
    for number, (link, scenario) in enumerate(zip(links, scenarios, strict=True)):
        _fill_link(link, scenario)
        most_slices = max(most_slices, int(link["slice_last"]) + 1)
        link["first"], link["flows"] = first, len(scenario.flows)
        link["rate_first"], link["rate_last"] = changes, changes + len(scenario.rates)
        link["rate_index"] = changes
        link["ring_offset"], link["ring_mask"] = number * _FIRST_RING, _FIRST_RING - 1
        for place in range(len(scenario.flows)):
            _fill_flow(flows[first + place], scenario, place)
            flows[first + place]["link"] = number
            flows[first + place]["loss_offset"] = (first + place) * _FIRST_LOSSES
            flows[first + place]["sample_offset"] = (first + place) * _FIRST_SAMPLES
        first += len(scenario.flows)
        changes += len(scenario.rates)
    history = np.zeros((count, layout.HISTORY))
    history[:, 1::3] = history[:, 2::3] = 1.0
    return Arrays(
        links, flows, np.zeros(count, dtype=np.int64), rates, np.zeros(entries, dtype=layout.ENTRY),
        np.zeros(entries if stamped else 1, dtype=layout.STAMP), np.zeros((_FIRST_LOSSES * count, 2), dtype=np.int64),
        np.zeros(_FIRST_SAMPLES * count, dtype=np.int64), np.zeros((count, layout.OWN)), history,
        np.zeros((count, most_slices), dtype=np.int64), np.zeros((len(scenarios), LEVELS), dtype=np.int64),
        np.zeros((count, LEVELS), dtype=np.int64),
    )  # fmt: skip


def _stamped(scenario: Scenario) -> bool:
    return scenario.telemetry or any(flow.kind not in (MONITOR, layout.RENO) for flow in scenario.flows)


def _shift(most: int) -> int:
    """Bits to leave out so that numbers up to `most` fit the bins."""
    return max(0, most.bit_length() - (LEVELS - 1).bit_length())


def _fill_link(link: np.void, scenario: Scenario) -> None:
    slowest = max(min(rate for _, rate in scenario.rates), 10**6)
    length = scenario.part_length
    values = {
        "limit": scenario.limit, "mark_above": scenario.mark_above, "end": scenario.end,
        "telemetry": scenario.telemetry, "stamped": _stamped(scenario), "epoch": scenario.epoch,
        "measured_from": scenario.measured_from, "slice_length": length, "slice_end": length,
        "slice_last": -(-scenario.end // length) - 1, "level_shift": _shift(scenario.limit),
        "delay_shift": _shift(scenario.limit * 8 * SECOND // slowest), "status": layout.RUNNING,
        "next_epoch": scenario.epoch or NEVER,
        "open_messages": sum(flow.message >= 0 for flow in scenario.flows) or -1,
    }  # fmt: skip
    for name, value in values.items():
        link[name] = value


def _fill_flow(record: np.void, scenario: Scenario, place: int) -> None:
    flow = scenario.flows[place]
    seed = random_stream.stream_seed(scenario.seed, f"loss of flow {place}")
    values = {
        "kind": flow.kind, "number": place, "start": flow.start, "size": flow.size, "base": flow.base,
        "rate_low": flow.rate_low, "rate_high": flow.rate_high, "timeout_floor": flow.least_timeout,
        "first_timeout": max(flow.first_timeout, 3 * flow.base),
        "loss_threshold": random_stream.threshold(scenario.loss), "loss_every": scenario.loss_every,
        "loss_seed": seed - (seed >> 63 << 64),
        "rate": flow.rate, "window": flow.window, "remaining": flow.message, "completed": -1, "head": -1, "tail": -1,
        "lost_through": -1, "loss_mask": _FIRST_LOSSES - 1, "timer": NEVER, "sample_capacity": _FIRST_SAMPLES,
        "least_mean": np.inf, "ratio": 1.0, "decided": flow.start,
    }  # fmt: skip
    for name, value in values.items():
        record[name] = value
