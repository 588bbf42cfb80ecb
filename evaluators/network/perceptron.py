"""Multilayer perceptrons that decide inside the engine, as plain memory; perceptron_machine.py computes them.

A file holds, as float32, `w0`, `b0`, `w1`, `b1`, ... with weights [inputs, outputs], and for each of the three features
of an interval `lows`, `highs` (it is cut to them first) and `scales` (it is multiplied by them last), and as texts
`transforms` (by feature: identity or logarithm) and `activation` (tanh). The last layer is linear and has one output,
which is the action. Inputs are those of an observation, the newest interval last.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluators.network.layout import HISTORY

FEATURES = 3
"""Of a monitor interval."""
_ADDRESSES = ("lows", "highs", "scales", "logarithmic", "sizes", "numbers", "layer", "following")
NETWORK = np.dtype([(name, np.int64) for name in (*_ADDRESSES, "layers")])
"""Addresses of a network's arrays; `layer` and `following` are room to compute in."""


@dataclass(frozen=True)
class Perceptron:
    """Weights, and how inputs are prepared."""

    numbers: NDArray[np.float64]
    """Layer by layer the weights [inputs, outputs], then the biases."""
    sizes: NDArray[np.int64]
    """Of the input and of every layer."""
    lows: NDArray[np.float64]
    highs: NDArray[np.float64]
    scales: NDArray[np.float64]
    logarithmic: NDArray[np.int64]
    """1 where the logarithm of the feature enters."""
    place = "network"
    """Of its address in the engine's record."""

    @cached_property
    def layer(self) -> NDArray[np.float64]:
        """Room for the layer at hand."""
        return np.zeros(int(self.sizes.max()))

    @cached_property
    def following(self) -> NDArray[np.float64]:
        """Room for the one that is made of it."""
        return np.zeros(int(self.sizes.max()))

    def record(self) -> NDArray[np.void]:
        """The NETWORK, as an array of one; it must not outlive the arrays."""
        record = np.zeros(1, dtype=NETWORK)
        for name in _ADDRESSES:
            record[name] = getattr(self, name).ctypes.data
        record["layers"] = len(self.sizes) - 1
        return record

    def matrices(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Weights [inputs, outputs] and biases of each layer: views of the numbers."""
        found, begin = [], 0
        for inputs, outputs in pairwise(self.sizes.tolist()):
            middle, end = begin + inputs * outputs, begin + (inputs + 1) * outputs
            found.append((self.numbers[begin:middle].reshape(inputs, outputs), self.numbers[middle:end]))
            begin = end
        return found

    def inputs(self, observations: NDArray[np.float64]) -> NDArray[np.float64]:
        """What the first layer gets for raw observations, both float64[rows, HISTORY]."""
        repeat = HISTORY // FEATURES
        cut = np.clip(observations, np.tile(self.lows, repeat), np.tile(self.highs, repeat))
        chosen = np.tile(self.logarithmic, repeat) > 0
        return np.asarray(np.where(chosen, np.log(np.where(chosen, cut, 1.0)), cut) * np.tile(self.scales, repeat))

    def answers(self, observations: NDArray[np.float64]) -> NDArray[np.float64]:
        """Actions float64[rows] for raw observations float64[rows, HISTORY]."""
        layer = self.inputs(observations)
        *hidden, (weights, biases) = self.matrices()
        for matrix, bias in hidden:
            layer = np.tanh(layer @ matrix + bias)
        return np.asarray((layer @ weights + biases)[:, 0])

    def save(self, path: Path) -> None:
        """Write the file."""
        arrays = {f"{kind}{layer}": each.astype(np.float32) for layer, pair in enumerate(self.matrices())
                  for kind, each in zip("wb", pair, strict=True)}  # fmt: skip
        texts = np.array(["logarithm" if each else "identity" for each in self.logarithmic])
        limits = {name: getattr(self, name).astype(np.float32) for name in ("lows", "highs", "scales")}
        np.savez(path, allow_pickle=False, activation=np.array(["tanh"]), transforms=texts, **limits, **arrays)


def load(path: Path) -> Perceptron:
    """Read a file that `Perceptron.save` has written. Raises ValueError where it is another one."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    if arrays["activation"].tolist() != ["tanh"] or not {*arrays["transforms"].tolist()} <= {"identity", "logarithm"}:
        raise ValueError(f"{path}: only tanh, and inputs as they are or their logarithms, are known here")
    layers = [(arrays[f"w{layer}"], arrays[f"b{layer}"]) for layer in range((len(arrays) - 5) // 2)]
    sizes = [HISTORY, *(len(biases) for _, biases in layers)]
    for (weights, _), expected in zip(layers, pairwise(sizes), strict=True):
        if weights.shape != expected:
            raise ValueError(f"{path}: weights are {weights.shape} where {expected} fits")
    lows, highs, scales = (arrays[name].astype(np.float64) for name in ("lows", "highs", "scales"))
    return Perceptron(
        np.concatenate([part.astype(np.float64).ravel() for layer in layers for part in layer]),
        np.array(sizes, dtype=np.int64), lows, highs, scales, (arrays["transforms"] == "logarithm").astype(np.int64),
    )  # fmt: skip
