"""Where an axis has its numbers: round ones."""

import math


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two values, at most about `most` of them."""
    span = high - low
    if not span > 0:
        return [low]
    raw = span / most
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(magnitude * factor for factor in (1, 2, 5, 10) if magnitude * factor >= raw)
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]
