"""What tuning has learnt about numbers, by their names: of how different a size their steps should be."""

import math
from collections import OrderedDict
from collections.abc import Sequence

_MOST_REMEMBERED = 2048
_LARGEST = math.log(4.0)
"""Of a scale's logarithm, either way: one lucky session must not freeze a number for ever."""
_WEIGHT = 0.5
"""Of the last session in what is remembered."""


class StepMemory:
    """Step sizes in comparison to each other that CMA-ES has adapted to, by the name of the number.

    A program keeps the names of its parent's variables and holes, so what one of a lineage has learnt serves the
    others, also where their structure has changed, and a later session on the same program goes on from there.
    """

    def __init__(self) -> None:
        self._scales: OrderedDict[str, float] = OrderedDict()
        """Logarithms."""

    def scales(self, names: Sequence[str]) -> list[float]:
        """First steps for some numbers, in comparison: their geometric mean is 1."""
        logarithms = [self._scales.get(name, 0.0) for name in names]
        mean = sum(logarithms) / len(logarithms)
        return [math.exp(value - mean) for value in logarithms]

    def learn(self, names: Sequence[str], steps: Sequence[float]) -> None:
        """Remember the steps that a session ended with; all are above 0."""
        logarithms = [math.log(step) for step in steps]
        mean = sum(logarithms) / len(logarithms)
        for name, value in zip(names, logarithms, strict=True):
            known = self._scales.pop(name, 0.0)
            learnt = known + _WEIGHT * (value - mean - known)
            self._scales[name] = min(max(learnt, -_LARGEST), _LARGEST)
        while len(self._scales) > _MOST_REMEMBERED:
            self._scales.popitem(last=False)
