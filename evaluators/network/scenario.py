"""What is simulated: a bottleneck and the flows on it, as plain records."""

from dataclasses import dataclass

from evaluators.network.layout import NEVER, SECOND, UNLIMITED


@dataclass(frozen=True)
class Flow:
    """One sender."""

    kind: int
    """MONITOR, EPOCH, RENO ... of the layout."""
    base: int
    """Propagation there and back, ns."""
    rate: int
    """First pacing rate, bit/s."""
    rate_low: int = 1
    rate_high: int = 10**12
    """Where the rate is kept, bit/s; of a datacentre flow the upper one is the card's."""
    start: int = 0
    size: int = 1500
    """Bytes of a packet."""
    window: int = UNLIMITED
    """First window, bytes."""
    message: int = -1
    """Bytes to send; -1 = endless."""
    least_timeout: int = SECOND // 5
    """ns without an acknowledgement after which all in flight counts as lost, at least."""
    first_timeout: int = SECOND
    """The same before a round trip was measured (RFC 6298, section 2.1); three propagation times where that is longer,
    which is what section 2.2 makes of an empty path's first round trip."""


@dataclass(frozen=True)
class Scenario:
    """One link with its flows."""

    rates: tuple[tuple[int, int], ...]
    """Time (ns, the first one 0) and capacity (bit/s) from then on."""
    limit: int
    """Bytes of queue, the packet in service included."""
    end: int
    """ns."""
    flows: tuple[Flow, ...]
    loss: float = 0.0
    """Probability that a packet is lost before the queue."""
    loss_every: int = 0
    """Packets of a flow whose number, from 1, is a multiple of this are lost before the queue; 0 = none."""
    seed: int = 0
    """Of the losses."""
    mark_above: int = NEVER
    """Bytes of queue above which a departing packet is marked."""
    telemetry: bool = False
    epoch: int = 0
    """ns between decisions of all flows together; 0 where flows decide by themselves."""
    measured_from: int = 0
    """ns from which on the queue is integrated."""
    slice_length: int = 0
    """ns of a slice in which departures are counted; by default a hundredth of the whole."""
    slice_parts: int = 1
    """Equal parts of a slice in which they are counted apart, for traces finer than slices."""

    @property
    def part_length(self) -> int:
        """ns in which departures are counted together."""
        return (self.slice_length or max(1, self.end // 100)) // self.slice_parts

    def capacity(self, begin: int, end: int) -> float:
        """Bits that fit between two times."""
        bits = 0.0
        times = [time for time, _ in self.rates] + [NEVER]
        for (start, rate), stop in zip(self.rates, times[1:], strict=True):
            bits += rate * max(0, min(stop, end) - max(start, begin)) / SECOND
        return bits
