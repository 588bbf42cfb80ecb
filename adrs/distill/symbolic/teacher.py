"""Neural teachers: a small multilayer perceptron read from a file of plain arrays, in the place of a policy."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.errors import UserError, did_you_mean
from adrs.rule.form import Inputs
from adrs.rule.interpret import Floats, bounded_logarithm
from adrs.rule.policy import HistoryPolicy

Function = Callable[[Floats], Floats]
ACTIVATIONS: Mapping[str, Function] = {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0.0)}
TRANSFORMS: Mapping[str, Function] = {
    "identity": lambda x: x,
    "logarithm": np.log,
    "bounded-logarithm": bounded_logarithm,
}
_MOST_WEIGHTS = 1_000_000


@dataclass(frozen=True, eq=False)
class Network:
    """Layers of a perceptron; the last one is linear and has one output.

    Input `feature` of each interval is cut to [low, high], transformed and multiplied by its scale.
    """

    weights: tuple[Floats, ...]
    """[inputs, outputs] of each layer."""
    biases: tuple[Floats, ...]
    activation: str
    transforms: tuple[str, ...]
    """By feature of an interval."""
    lows: Floats
    highs: Floats
    scales: Floats

    def answers(self, history: Floats) -> Floats:
        """float64[rows] for raw histories float64[rows, window, features], the newest interval last."""
        layer = self.entered(history)
        for weights, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            layer = ACTIVATIONS[self.activation](_product(layer, weights) + bias)
        return (_product(layer, self.weights[-1]) + self.biases[-1])[:, 0]

    def entered(self, history: Floats) -> Floats:
        """What the first layer gets: float64[rows, window x features], cut, transformed and scaled."""
        cut = np.clip(history, self.lows, self.highs)
        columns = [
            self.scales[place] * TRANSFORMS[name](cut[:, :, place]) for place, name in enumerate(self.transforms)
        ]
        return np.stack(columns, axis=-1).reshape(len(history), -1)

    @property
    def parameters(self) -> int:
        """Weights and biases."""
        return sum(each.size for each in (*self.weights, *self.biases))

    @property
    def operations(self) -> int:
        """Of one answer: a multiply-add counts as two, an activation as one."""
        return sum(2 * each.size for each in self.weights) + sum(each.size for each in self.biases[:-1])


def _product(rows: Floats, weights: Floats) -> Floats:
    """The matrix product, summed in one order: with a library's, digits would depend on how many rows are asked."""
    if weights.shape[1] > 1:
        return np.asarray((rows[:, :, None] * weights).sum(axis=1))  # outputs lie innermost: inputs are added in order
    total: Floats = rows[:, :1] * weights[0]
    for place in range(1, len(weights)):
        total = total + rows[:, place : place + 1] * weights[place]
    return total


class TeacherPolicy(HistoryPolicy):
    """Decides by a network; it is data, so there is no sandbox."""

    def __init__(self, network: Network, inputs: Inputs, function: str) -> None:
        super().__init__(inputs, function)
        self._network = network

    def decide(self, history: Floats, scenarios: Sequence[int]) -> Floats:
        """The network's answers, cut to the range of the problem's."""
        return np.clip(self._network.answers(history), self._inputs.low, self._inputs.high)

    def forget(self, scenarios: int) -> None:
        """A network has no state."""


def load_network(path: Path, inputs: Inputs) -> Network:
    """Read `w0`, `b0`, `w1`, `b1`, ... as float32, `activation`, and for each feature of an interval `transforms`,
    `lows`, `highs` and `scales`. Nothing is unpickled. Raises UserError for whatever does not fit the inputs.
    """
    try:
        found = np.load(path, allow_pickle=False)
        if not isinstance(found, np.lib.npyio.NpzFile):
            raise ValueError("one array alone")
        with found as file:
            arrays = {name: file[name] for name in file.files}
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}") from None
    except (TypeError, ValueError, zipfile.BadZipFile, EOFError):  # TypeError: a single array, as a .npy has it
        raise UserError(f"{path} is no file of numpy arrays (.npz)") from None
    reader = _Reader(path, arrays)
    layers = sum(name.startswith("w") and name[1:].isdigit() for name in arrays)
    expected = [f"{kind}{layer}" for layer in range(layers) for kind in "wb"]
    expected += ["activation", "transforms", "lows", "highs", "scales"]
    if not layers or set(arrays) != set(expected):
        raise UserError(f"{path} must hold exactly w0, b0, ..., activation, transforms, lows, highs and scales")
    features, width = len(inputs.features), inputs.window * len(inputs.features)
    weights, biases = [], []
    for layer in range(layers):
        last = layer == layers - 1
        weight = reader.numbers(f"w{layer}", (width, 1 if last else None))
        bias = reader.numbers(f"b{layer}", (weight.shape[1],))
        weights.append(weight)
        biases.append(bias)
        width = weight.shape[1]
    names = tuple(reader.texts("transforms", (features,), list(TRANSFORMS)))
    (activation,) = reader.texts("activation", (1,), list(ACTIVATIONS))
    lows, highs, scales = (reader.numbers(name, (features,)) for name in ("lows", "highs", "scales"))
    if not (lows < highs).all() or any(low <= 0 for low, name in zip(lows, names, strict=True) if name == "logarithm"):
        raise UserError(f"{path}: lows must be below highs, and above 0 where a logarithm is taken")
    return Network(tuple(weights), tuple(biases), activation, names, lows, highs, scales)


class _Reader:
    """Arrays of one file, checked."""

    def __init__(self, path: Path, arrays: dict[str, NDArray[Any]]) -> None:
        self._path, self._arrays = path, arrays

    def numbers(self, name: str, shape: tuple[int | None, ...]) -> Floats:
        """An array of float32, of a given shape, where None stands for any length, as float64."""
        array = self._arrays[name]
        fits = len(array.shape) == len(shape) and all(
            wanted in (None, length) for wanted, length in zip(shape, array.shape, strict=True)
        )
        if array.dtype != np.float32 or not fits or array.size > _MOST_WEIGHTS:
            said = "x".join("any" if wanted is None else str(wanted) for wanted in shape)
            raise UserError(f"{self._path}: {name} must be float32[{said}], not {array.dtype}{list(array.shape)}")
        if not np.isfinite(array).all():
            raise UserError(f"{self._path}: {name} holds numbers that are not finite")
        return array.astype(np.float64)

    def texts(self, name: str, shape: tuple[int], known: Sequence[str]) -> list[str]:
        """An array of texts, each one of those known."""
        array = np.atleast_1d(self._arrays[name])
        if array.dtype.kind != "U" or array.shape != shape:
            raise UserError(f"{self._path}: {name} must be {shape[0]} of {', '.join(known)}")
        for text in array.tolist():
            if text not in known:
                raise UserError(f'{self._path}: {name} = "{text}"{did_you_mean(text, known)}')
        return [str(text) for text in array.tolist()]
