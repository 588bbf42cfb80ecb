"""The least of the values of a moving window of time, from three samples (K. Nichols' filter, as used by BBR)."""

from evaluators.network.compiled import compiled
from evaluators.network.memory import read, write

WORDS = 6
"""Memory of a filter: three pairs of time and value."""


@compiled
def reset(address: int, time: int, value: int) -> int:
    """Forget all but one value; returns it."""
    for pair in range(3):
        write(address, 2 * pair, time)
        write(address, 2 * pair + 1, value)
    return value


@compiled
def least(address: int, window: int, time: int, value: int) -> int:
    """Add a value; returns the least one not older than the window. A filter of zeros is empty."""
    if read(address, 1) == 0 or value <= read(address, 1) or time - read(address, 4) > window:
        return reset(address, time, value)
    if value <= read(address, 3):
        _set(address, 1, time, value)
        _set(address, 2, time, value)
    elif value <= read(address, 5):
        _set(address, 2, time, value)
    age = time - read(address, 0)
    if age > window:
        _shift(address, time, value)
        if time - read(address, 0) > window:
            _shift(address, time, value)
    elif read(address, 2) == read(address, 0) and age > window // 4:
        _set(address, 1, time, value)
        _set(address, 2, time, value)
    elif read(address, 4) == read(address, 2) and age > window // 2:
        _set(address, 2, time, value)
    return int(read(address, 1))


@compiled
def _set(address: int, pair: int, time: int, value: int) -> None:
    write(address, 2 * pair, time)
    write(address, 2 * pair + 1, value)


@compiled
def _shift(address: int, time: int, value: int) -> None:
    """The oldest sample has gone out of date."""
    _set(address, 0, read(address, 2), read(address, 3))
    _set(address, 1, read(address, 4), read(address, 5))
    _set(address, 2, time, value)
