"""The process that returns the first bytes of every datagram."""

from typing import Any

from evaluators.network.emulation import datagrams
from evaluators.network.emulation.real_time import Control, wait

_LOOK = 10**9


def serve(control: Control, descriptor: int) -> dict[str, Any]:
    """Return headers until asked to stop; how many datagrams came, and how many of them the kernel took back."""
    control.ready()
    received = returned = 0
    while True:
        for _ in range(datagrams.READS):
            data = datagrams.read(descriptor)
            if data is None:
                break
            received += 1
            returned += datagrams.write(descriptor, data[: datagrams.HEADER.size])
        else:
            continue
        if control in wait([descriptor, control], _LOOK):
            return {"received": received, "returned": returned}
