"""The memory of the simulator: flat arrays of records, so that one compiled call advances many links.

Times are int64 nanoseconds, rates int64 bit/s, sizes int64 bytes. A link owns the flows `first .. first + flows - 1`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

SECOND = 1_000_000_000
NEVER = 2**60
"""Later than any time, and still four times of it fit 64 bits."""
UNLIMITED = 2**60
"""Bytes of a window that never blocks."""

ACK, TIMER, SEND = 1, 2, 3
"""Order of events at the same time; departures come first, but nobody sees them before the next of these."""

RUNNING, WAITING, DONE, RING_FULL, LOSSES_FULL, SAMPLES_FULL = range(6)
"""Of a link: what stops it."""

MONITOR, EPOCH, RENO, CUBIC, BBR, COPA, POWER_TCP, THETA_POWER_TCP, VIVACE = range(9)
"""Who decides for a flow: a policy once a monitor interval, a policy once an epoch, an algorithm, or nobody."""

HISTORY = 30
"""Ten intervals of three features."""
OWN = 72
"""Numbers that an algorithm may keep for a flow."""
LEVELS = 4096
"""Bins of queue length and of round-trip time."""

_INTEGERS = np.dtype(np.int64)


def _record(integers: str, floats: str = "") -> np.dtype[np.void]:
    fields = [(name, np.int64) for name in integers.split()] + [(name, np.float64) for name in floats.split()]
    return np.dtype(fields)


LINK = _record(
    # what it is
    "first flows limit mark_above end rate_first rate_last telemetry stamped epoch measured_from slice_length "
    "slice_last level_shift delay_shift ring_offset ring_mask "
    # what it is doing
    "status rate_index rate quotient remainder carry packet_size busy queued bytes_in bytes_out accepted departed "
    "floor clock slice_index slice_end next_epoch open_messages "
    # what is measured
    "area arrived dropped finished"
)
"""`status`: RUNNING ...; `floor`: ring entries below it are acknowledged; `area`: byte nanoseconds of queue."""

FLOW = _record(
    # what it is
    "kind link number start size base rate_low rate_high timeout_floor first_timeout "
    "loss_threshold loss_seed loss_every "
    # sending
    "rate quotient remainder carry pace_size pace_rate window next_send sent remaining completed "
    # what became of packets
    "head tail acked delivered departed departed_packets random_lost dropped lost inflight lost_through loss_offset "
    "loss_mask loss_pushed loss_popped progress srtt rttvar timer rtt_sum "
    # the monitor interval
    "waiting warm interval_start interval_length interval_sent interval_acked interval_sum sample_offset "
    "sample_capacity last_sum last_count decisions clamped undefined "
    # since the last decision of an epoch
    "decided acks bytes_acked rtt_last rtt_epoch_sum rtt_min rtt_used rtt_used_at rtt_last_at marked lost_new "
    "window_then stamp_queue stamp_in stamp_out stamp_time used_queue used_in used_out used_time",
    "least_mean ratio",
)
"""`head`, `tail`: of the flow's packets in the link's ring, -1 for none; `lost_through`: all up to this number are
declared lost after a time-out."""

ENTRY = _record("finish sent number next flow size")
"""A packet in the link's ring: `next` is the flow's next one, -1 for none; `flow` is -1 once it is acknowledged."""

STAMP = _record("queue bytes_in bytes_out marked delivered delivered_at first_sent window")
"""Telemetry at departure, and the sender's own account when the packet was sent."""


STATE = _record(
    "links flows keys rates ring stamps losses samples own history slices levels delays "
    "link_count flow_count slices_each program network"
)
"""Addresses of the arrays below, and how long they are: what compiled functions take. `program`, `network`: of a rule
(rule_code.py) or a perceptron that decides for policies' flows, 0 where a policy is asked."""


class Arrays(NamedTuple):
    """All memory of a batch of links."""

    links: NDArray[np.void]
    flows: NDArray[np.void]
    keys: NDArray[np.int64]
    """[flows], 4 x time + kind of each flow's next event."""
    rates: NDArray[np.int64]
    """[changes, 2], time and bit/s from then on; link l owns `rate_first .. rate_last`."""
    ring: NDArray[np.void]
    stamps: NDArray[np.void]
    """As long as the ring, or of length 1 where no link needs it."""
    losses: NDArray[np.int64]
    """[pool, 2], number and size of packets that will never be acknowledged."""
    samples: NDArray[np.int64]
    """[pool], round-trip times of running intervals."""
    own: NDArray[np.float64]
    """[flows, OWN], of algorithms."""
    history: NDArray[np.float64]
    """[flows, HISTORY], oldest interval first."""
    slices: NDArray[np.int64]
    """[flows, slices], bytes departed in each slice of time."""
    levels: NDArray[np.int64]
    """[links, LEVELS], nanoseconds at each queue length."""
    delays: NDArray[np.int64]
    """[flows, LEVELS], acknowledgements with each round-trip time above the base."""

    def state(self) -> NDArray[np.void]:
        """The record of addresses, as an array of one; it must not outlive the arrays."""
        record = np.zeros(1, dtype=STATE)
        for name, array in self._asdict().items():
            record[name] = array.ctypes.data
        record["link_count"], record["flow_count"] = len(self.links), len(self.flows)
        record["slices_each"] = self.slices.shape[1]
        return record
