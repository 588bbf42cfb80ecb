"""The sender in real time: the engine's flows, a socket, and whoever decides.

When an acknowledgement came is what the kernel noted, so that neither a wake-up nor a decision that took its time
makes a round trip longer, and an interval sees what came before its end and nothing else.
"""

import socket
import time
from collections import deque
from collections.abc import Sequence
from operator import attrgetter

from evaluators.network.emulation import datagrams
from evaluators.network.emulation.datagrams import HEADER, PAYLOAD, READS
from evaluators.network.emulation.decider import Decider
from evaluators.network.emulation.flow import EmulatedFlow
from evaluators.network.emulation.real_time import clock, wait

_key = attrgetter("key")


class Sender:
    """Flows through one socket. Packets go on at the old rate until a decision is there, or the next one is due."""

    def __init__(
        self, flows: Sequence[EmulatedFlow], connected: socket.socket, end: int, deciders: Sequence[Decider]
    ) -> None:
        """Send through a non-blocking socket until `end`, ns from the start. deciders: one for each flow."""
        self.behind = 0
        """ns that an event was handled after it was due at most."""
        self.acknowledged = 0
        """Datagrams that came back, those after the end included."""
        self._flows = flows
        self._socket = connected
        self._end = end
        self._deciders = deciders
        self._came: deque[tuple[int, int]] = deque()
        """When acknowledgements came, and their labels."""
        self._datagram = bytearray(PAYLOAD)

    def run(self, start: int) -> None:
        """Send until the end; time begins at `start` of `real_time.clock`."""
        while clock() - start <= self._end:
            more = self._read(start)
            for _ in range(2 * READS):
                if not self._event(start):
                    break
            else:
                more = True
            if not more:
                wait([self._socket, *self._deciders], min(self._next().due, self._end + 1) - (clock() - start))
        while self._read(start):
            pass
        while self._came and self._came[0][0] <= self._end:
            self._acknowledge()

    def drain(self) -> None:
        """Count what still comes back."""
        while datagrams.receive(self._socket) is not None:
            self.acknowledged += 1

    def _next(self) -> EmulatedFlow:
        """The flow that does something by itself next."""
        return min(self._flows, key=_key)

    def _acknowledge(self) -> None:
        came, label = self._came.popleft()
        flow, number = datagrams.labelled(label)
        self._flows[flow].acknowledged(number, came)

    def _event(self, start: int) -> bool:
        """Handle the next event in the order of time; whether there was one."""
        for flow, decider in zip(self._flows, self._deciders, strict=True):
            if decider.ready:
                flow.steer(decider.take(), clock() - start)
        flow = self._next()
        if self._came and self._came[0][0] <= flow.due:
            self._acknowledge()
            return True
        now = clock() - start
        if flow.due > now or now > self._end:
            return False
        self.behind = max(self.behind, now - flow.due)
        if flow.sends:
            HEADER.pack_into(self._datagram, 0, datagrams.label(flow.place, flow.number), now)
            datagrams.write(self._socket.fileno(), self._datagram)
            flow.sent(now)
            return True
        decider = self._deciders[flow.place]
        if decider.busy:
            flow.steer(decider.take(), clock() - start)
        observation = flow.timer()
        if observation is not None:
            decider.ask(observation)
            flow.go_on()
        return True

    def _read(self, start: int) -> bool:
        """Take in what has come back; whether there may be more."""
        shift = time.time_ns() - clock() + start
        for _ in range(READS):
            found = datagrams.receive(self._socket)
            if found is None:
                return False
            data, came = found
            self.acknowledged += 1
            now = clock() - start
            self._came.append((now if came is None else min(came - shift, now), HEADER.unpack_from(data)[0]))
        return True
