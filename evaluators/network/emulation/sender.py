"""The sender in real time: the engine's flow, a socket, and whoever decides."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evaluators.network.emulation import datagrams
from evaluators.network.emulation.datagrams import HEADER, PAYLOAD, READS
from evaluators.network.emulation.flow import EmulatedFlow
from evaluators.network.emulation.real_time import clock, wait

Decide = Callable[[NDArray[np.float64]], float]
"""From an observation, float64[30], to an action."""


@dataclass
class Sender:
    """One flow through one socket. Decisions are waited for; what is due meanwhile is made up for at once."""

    flow: EmulatedFlow
    descriptor: int
    """Non-blocking, connected."""
    end: int
    """ns from the start."""
    decide: Decide
    behind: int = 0
    """ns that an event was handled after it was due, at most."""
    waited: int = 0
    """ns that a decision took, at most."""
    refused: int = 0
    """Datagrams that the kernel did not take."""
    acknowledged: int = 0
    """Datagrams that came back, those after the end included."""

    def run(self, start: int) -> None:
        """Send until the end; time begins at `start` of `real_time.clock`."""
        datagram = bytearray(PAYLOAD)
        flow = self.flow
        while True:
            now = clock() - start
            if now > self.end:
                return
            more = self._read(start)
            for _ in range(READS):
                now = clock() - start
                if flow.due > now:
                    break
                self.behind = max(self.behind, now - flow.due)
                if flow.sends:
                    HEADER.pack_into(datagram, 0, flow.number, now)
                    if not datagrams.write(self.descriptor, datagram):
                        self.refused += 1
                    flow.sent(now)
                elif (observation := flow.timer()) is not None:
                    flow.decide(self.decide(observation))
                    self.waited = max(self.waited, clock() - start - now)
            if not more:
                wait([self.descriptor], min(flow.due, self.end + 1) - (clock() - start))

    def drain(self) -> None:
        """Count what still comes back."""
        while datagrams.read(self.descriptor) is not None:
            self.acknowledged += 1

    def _read(self, start: int) -> bool:
        """Take in what has come back; whether there may be more."""
        for _ in range(READS):
            data = datagrams.read(self.descriptor)
            if data is None:
                return False
            self.acknowledged += 1
            self.flow.acknowledged(HEADER.unpack_from(data)[0], clock() - start)
        return True
