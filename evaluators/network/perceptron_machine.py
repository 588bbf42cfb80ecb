"""The forward pass of a perceptron inside the engine."""

from math import log, tanh
from typing import Any

from evaluators.network import memory, perceptron
from evaluators.network.compiled import compiled
from evaluators.network.layout import HISTORY
from evaluators.network.memory import read, read_float, write_float

network_at = memory.record_at(perceptron.NETWORK)
"""(state.network, 0) -> the record of the network's addresses."""
_FEATURES = perceptron.FEATURES


@compiled
def decide(state: Any, index: int) -> float:
    """The network's answer for a flow whose history is up to date."""
    network = network_at(state.network, 0)
    layer, following, numbers = network.layer, network.following, network.numbers
    _enter(network, state.history + 8 * HISTORY * index, layer)
    for number in range(network.layers):
        inputs, outputs = read(network.sizes, number), read(network.sizes, number + 1)
        for place in range(outputs):
            write_float(following, place, 0.0)
        for source in range(inputs):
            value, row = read_float(layer, source), source * outputs
            for place in range(outputs):
                write_float(following, place, read_float(following, place) + value * read_float(numbers, row + place))
        row = inputs * outputs
        for place in range(outputs):
            value = read_float(following, place) + read_float(numbers, row + place)
            write_float(following, place, value if number == network.layers - 1 else tanh(value))
        numbers += 8 * (inputs + 1) * outputs
        layer, following = following, layer
    return float(read_float(layer, 0))


@compiled
def _enter(network: Any, row: int, layer: int) -> None:
    """Inputs of the first layer."""
    for place in range(HISTORY):
        feature = place % _FEATURES
        value = read_float(row, place)
        value = min(max(value, read_float(network.lows, feature)), read_float(network.highs, feature))
        if read(network.logarithmic, feature):
            value = log(value)
        write_float(layer, place, value * read_float(network.scales, feature))
