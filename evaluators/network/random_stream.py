"""SplitMix64 (Steele, Lea and Flood, OOPSLA 2014): counter-based, so that the n-th number needs no earlier one."""

from hashlib import sha256
from math import cos, exp, log, pi, sqrt
from typing import Any

import numpy as np

from evaluators.network.compiled import compiled

_MASK = 2**64 - 1
_GAMMA = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_UNIT = 2.0**-53

_GAMMA_64, _FIRST_64, _SECOND_64 = np.uint64(_GAMMA), np.uint64(_FIRST), np.uint64(_SECOND)
_ONE, _ELEVEN, _27, _30, _31 = np.uint64(1), np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)


@compiled
def draw(seed: Any, number: Any) -> Any:
    """Top 53 bits of number 0, 1, ... of a stream, as int64: u < p is draw < p x 2^53, without any float."""
    z = seed + (np.uint64(number) + _ONE) * _GAMMA_64
    z = (z ^ (z >> _30)) * _FIRST_64
    z = (z ^ (z >> _27)) * _SECOND_64
    return np.int64((z ^ (z >> _31)) >> _ELEVEN)


def threshold(probability: float) -> int:
    """What a draw must be below in order to happen with a probability."""
    return round(probability * 2**53)


def stream_seed(seed: int, purpose: str) -> int:
    """Seed of the stream that a workload's seed has for one purpose."""
    return int.from_bytes(sha256(f"{seed}/{purpose}".encode()).digest()[:8], "big")


class Stream:
    """The numbers of one stream in order."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def integer(self) -> int:
        """Next 64 bits."""
        self._state = z = (self._state + _GAMMA) & _MASK
        z = ((z ^ (z >> 30)) * _FIRST) & _MASK
        z = ((z ^ (z >> 27)) * _SECOND) & _MASK
        return z ^ (z >> 31)

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Uniform in [low, high), from the top 53 bits."""
        return low + (high - low) * ((self.integer() >> 11) * _UNIT)

    def log_uniform(self, low: float, high: float) -> float:
        """Uniform in the logarithm."""
        return exp(self.uniform(log(low), log(high)))

    def choose(self, count: int) -> int:
        """Uniform in 0..count-1."""
        return int(self.uniform() * count)

    def normal(self) -> float:
        """Standard normal (Box and Muller); uses two numbers."""
        radius = sqrt(-2.0 * log(1.0 - self.uniform()))
        return radius * cos(2.0 * pi * self.uniform())
