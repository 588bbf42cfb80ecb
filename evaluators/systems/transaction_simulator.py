"""Transaction batches and the executor that starts each transaction as early as its conflicts allow.

The makespan rule is that of the ADRS transaction scheduling problem (arXiv 2510.06189, arXiv 2512.14806), after
"Towards Optimal Transaction Scheduling" (VLDB 2024). Ticks count from 1, both ends of a transaction are inclusive.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(signature: str) -> Callable[[Function], Function]:
    return cast(Callable[[Function], Function], njit(signature, cache=True))


@dataclass(frozen=True)
class Batch:
    """Transactions in order of arrival. The operations of transaction t are `offset[t]:offset[t + 1]`."""

    length: NDArray[np.int32]
    """[n], ticks that a transaction takes, gaps included."""
    offset: NDArray[np.int32]
    """[n + 1]."""
    key: NDArray[np.int32]
    """[m], 0..keys-1."""
    position: NDArray[np.int32]
    """[m], tick within the transaction, from 1."""
    is_write: NDArray[np.uint8]
    """[m], 1 = write, 0 = read."""
    keys: int

    def __len__(self) -> int:
        return len(self.length)

    def instance(self, seed: int) -> dict[str, Any]:
        """What a policy sees: everything, since the problem is offline."""
        return {
            "num_transactions": len(self),
            "num_keys": self.keys,
            "seed": seed,
            "length": self.length,
            "offset": self.offset,
            "key": self.key,
            "position": self.position,
            "is_write": self.is_write,
        }

    def makespan(self, order: NDArray[np.int64]) -> int:
        """Makespan in ticks of a full or partial order of transaction numbers in 0..n-1."""
        return self.trace(order)[0]

    def trace(self, order: NDArray[np.int64]) -> tuple[int, NDArray[np.int32]]:
        """Makespan, and for each place of the order the operation that its transaction waited for, -1 for none."""
        awaited = np.empty(len(order), dtype=np.int32)
        clocks = np.zeros(2 * self.keys, dtype=np.int32)
        makespan = _execute(self.length, self.offset, self.key, self.position, self.is_write, order, clocks, awaited)
        return makespan, awaited

    def lower_bound(self) -> int:
        """Ticks that no order can beat: the longest transaction, or what one key forces.

        All writes of a key have ticks of their own, and so has the first read of a transaction that writes it only
        later; any other read needs one more, which such reads can share. Before the first of these ticks comes the head
        of its transaction, after the last one a tail.
        """
        bound = int(self.length.max(initial=0))
        owner = np.repeat(np.arange(len(self)), np.diff(self.offset))
        tail = self.length[owner] - self.position
        for key in range(self.keys):
            of_key = self.key == key
            written = self.is_write[of_key] == 1
            first_write, first_read = (
                _least_by(owner[of_key][kind], self.position[of_key][kind]) for kind in (written, ~written)
            )
            alone = sum(tick < first_write.get(reader, 0) for reader, tick in first_read.items())
            ticks = int(written.sum()) + alone + (1 if first_read and not alone else 0)
            bound = max(bound, int(self.position[of_key].min()) - 1 + ticks + int(tail[of_key].min()))
        return bound


def _least_by(owners: NDArray[np.int64], values: NDArray[np.int32]) -> dict[int, int]:
    """The least of the values of each owner."""
    least: dict[int, int] = {}
    for owner, value in zip(owners.tolist(), values.tolist(), strict=True):
        least[owner] = min(value, least.get(owner, value))
    return least


@_compiled(
    "int64(Array(int32, 1, 'C', readonly=True), Array(int32, 1, 'C', readonly=True), "
    "Array(int32, 1, 'C', readonly=True), Array(int32, 1, 'C', readonly=True), "
    "Array(uint8, 1, 'C', readonly=True), Array(int64, 1, 'C', readonly=True), int32[::1], int32[::1])"
)
def _execute(
    length: NDArray[np.int32],
    offset: NDArray[np.int32],
    key: NDArray[np.int32],
    position: NDArray[np.int32],
    is_write: NDArray[np.uint8],
    order: NDArray[np.int64],
    clocks: NDArray[np.int32],
    awaited: NDArray[np.int32],
) -> int:
    """Run an order. clocks: at 2 k the latest access of key k, at 2 k + 1 its latest write, all 0 at first."""
    makespan = 0
    for place in range(len(order)):
        transaction = order[place]
        first, last = offset[transaction], offset[transaction + 1]
        start = 1
        awaited[place] = -1
        for operation in range(first, last):
            earliest = clocks[2 * key[operation] + 1 - is_write[operation]] - position[operation] + 2
            if earliest > start:
                start = earliest
                awaited[place] = operation
        # Operations of one transaction never wait for each other, so the clocks move only now.
        for operation in range(first, last):
            tick = start + position[operation] - 1
            access = 2 * key[operation]
            clocks[access] = max(clocks[access], tick)
            if is_write[operation]:
                clocks[access + 1] = max(clocks[access + 1], tick)
        makespan = max(makespan, start + length[transaction] - 1)
    return makespan
