"""Tables of 257 entries for functions in fixed point, read by linear interpolation; errors are below 5e-5.

log: of a mantissa in [1, 2). exp: of the fraction of an exponent of two, below 1e-5 of the result. tanh: to 5.5, beyond
which it is 1 within 3.4e-5; its entries lie between the curve and the chords, which halves the error.
"""

import math
from collections.abc import Callable

SCALE = 30
"""Entries count units of 2 to the power of minus this."""
_STEPS = 256
_TANH_END = 5.5


def log_entries() -> list[int]:
    """ln(1 + i / 256)."""
    return _entries(lambda x: math.log1p(x), 1.0)


def exp_entries() -> list[int]:
    """2 to the power of i / 256."""
    return _entries(lambda x: 2.0**x, 1.0)


def tanh_entries() -> list[int]:
    """tanh of 5.5 i / 256, less h^2 / 16 times its second derivative -2 tanh (1 - tanh^2)."""
    step = _TANH_END / _STEPS

    def moved(x: float) -> float:
        value = math.tanh(x)
        return value + step * step / 16.0 * 2.0 * value * (1.0 - value * value)

    return _entries(moved, _TANH_END)


def _entries(function: Callable[[float], float], end: float) -> list[int]:
    return [round(function(end * place / _STEPS) * 2**SCALE) for place in range(_STEPS + 1)]


def declared(name: str, entries: list[int]) -> str:
    """A table in C."""
    rows = [", ".join(f"INT64_C({entry})" for entry in entries[at : at + 6]) for at in range(0, len(entries), 6)]
    return f"static const int64_t {name}[{len(entries)}] = {{\n    " + ",\n    ".join(rows) + "\n};"
