"""Trains the neural teacher of `congestion-control` from a seed, on links of the family `single` that no workload has.

    python -m evaluators.network.train_teacher --seed 0 --output teacher.npz

A perceptron of Aurora's kind (arXiv 1810.03259), 30-32-16-1 with tanh, first clones a hand rule and then improves by
evolution strategies (Salimans et al., arXiv 1703.03864): mirrored pairs, centred ranks, steps of fixed length.
"""

import argparse
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evaluators.network import measures, perceptron, random_stream, wide_area
from evaluators.network.congestion_control import link_value
from evaluators.network.layout import HISTORY
from evaluators.network.perceptron import Perceptron
from evaluators.network.scenario import Scenario
from evaluators.network.simulation import Simulation

SIZES = (HISTORY, 32, 16, 1)
_LOWS, _HIGHS, _SCALES = (-10.0, 1.0, 0.05), (10.0, 1000.0, 20.0), (10.0, 1.0, 1.0)
_LOGARITHMIC = (0, 1, 1)
_CLONED_LINKS, _CLONED_ROWS = 96, 100
_NOISE = 0.5
"""Of the actions in the hand rule's recordings, so that they show recovery."""
_STEPS, _BATCH, _RATE = 4000, 256, 2e-3
_PAIRS, _SIGMA, _LINKS = 16, 0.03, 8
_STEP = 0.002
"""Length of a generation's step, by square root of parameters."""


def hand_rule(inputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Actions float64[rows] for prepared inputs float64[rows, HISTORY]: 4 tanh of a linear rule on the newest three."""
    gradient, ratio, sending = inputs[:, -3], inputs[:, -2], inputs[:, -1]
    return np.asarray(4.0 * np.tanh(0.4 - 0.8 * gradient - 2.0 * ratio - 1.5 * sending))


def links(seed: int, purpose: str, count: int) -> list[Scenario]:
    """Fresh links of the family `single`; no workload has their seeds, which are numbers of 64 bits."""
    return wide_area.draw_links("single", ["single"], random_stream.stream_seed(seed, f"teacher: {purpose}"), count)


def value(network: Perceptron, scenarios: Sequence[Scenario]) -> float:
    """Mean value of links whose flows a network drives."""
    simulation = Simulation(scenarios, network)
    simulation.run()
    return float(np.mean([link_value(measures.measure(simulation, number)) for number in range(len(scenarios))]))


def record(network: Perceptron, scenarios: Sequence[Scenario], generator: np.random.Generator) -> NDArray[np.float64]:
    """Observations float64[rows, HISTORY] of the hand rule with noisy actions, evenly many of each link."""
    rows: list[list[NDArray[np.float64]]] = [[] for _ in scenarios]

    def decide(asked: NDArray[np.int64], observations: NDArray[np.float64]) -> NDArray[np.float64]:
        for flow, observation in zip(asked, observations, strict=True):
            rows[flow].append(observation.copy())
        return hand_rule(network.inputs(observations)) + generator.normal(0.0, _NOISE, len(asked))

    Simulation(scenarios).run(decide)
    chosen = [np.linspace(0, len(each) - 1, min(len(each), _CLONED_ROWS)).astype(np.int64) for each in rows]
    return np.array([each[place] for each, places in zip(rows, chosen, strict=True) for place in places])


def untrained(generator: np.random.Generator) -> Perceptron:
    """Weights of variance 1 / inputs, no biases, and a small last layer."""
    parts = []
    for inputs, outputs in pairwise(SIZES):
        scale = (0.1 if outputs == 1 else 1.0) / np.sqrt(inputs)
        parts += [generator.normal(0.0, scale, inputs * outputs), np.zeros(outputs)]
    return Perceptron(
        np.concatenate(parts), np.array(SIZES), np.array(_LOWS), np.array(_HIGHS), np.array(_SCALES),
        np.array(_LOGARITHMIC),
    )  # fmt: skip


def clone(network: Perceptron, seed: int, generator: np.random.Generator) -> None:
    """Fit the hand rule by least squares with Adam (arXiv 1412.6980), in place."""
    rows = network.inputs(record(network, links(seed, "clone", _CLONED_LINKS), generator))
    wanted = hand_rule(rows)
    first, second = np.zeros_like(network.numbers), np.zeros_like(network.numbers)
    for step in range(1, _STEPS + 1):
        batch = generator.integers(0, len(rows), _BATCH)
        slope = _gradient(network, rows[batch], wanted[batch])
        first += 0.1 * (slope - first)
        second += 0.001 * (slope**2 - second)
        rate = _RATE * (1.0 - step / (_STEPS + 1))
        network.numbers[:] -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)


def _gradient(network: Perceptron, rows: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of half the mean squared error, in the order of the numbers."""
    matrices = network.matrices()
    layers = [rows]
    for weights, biases in matrices[:-1]:
        layers.append(np.tanh(layers[-1] @ weights + biases))
    weights, biases = matrices[-1]
    error = (layers[-1] @ weights + biases - wanted[:, None]) / len(rows)
    parts: list[NDArray[np.float64]] = []
    for place in range(len(matrices) - 1, -1, -1):
        parts = [(layers[place].T @ error).ravel(), error.sum(axis=0), *parts]
        if place:
            error = (error @ matrices[place][0].T) * (1.0 - layers[place] ** 2)
    return np.concatenate(parts)


def evolve(network: Perceptron, seed: int, generations: int, generator: np.random.Generator) -> None:
    """Evolution strategies, in place. All networks of a generation meet the same fresh links."""
    middle = network.numbers.copy()
    length = _STEP * np.sqrt(len(middle))
    for generation in range(generations):
        scenarios = links(seed, f"{generation}", _LINKS)
        directions = generator.normal(size=(_PAIRS, len(middle)))
        values = np.zeros((2, _PAIRS))
        for place, direction in enumerate(directions):
            for side, sign in enumerate((1.0, -1.0)):
                network.numbers[:] = middle + sign * _SIGMA * direction
                values[side, place] = value(network, scenarios)
        ranks = values.ravel().argsort().argsort().reshape(values.shape) / (values.size - 1) - 0.5
        slope = (ranks[0] - ranks[1]) @ directions
        middle += length * slope / np.linalg.norm(slope)
    network.numbers[:] = middle


def train(seed: int, generations: int) -> Perceptron:
    """The whole course; the same seed gives the same weights."""
    generator = np.random.default_rng(seed)
    network = untrained(generator)
    clone(network, seed, generator)
    evolve(network, seed, generations, generator)
    return network


def main() -> None:
    """Train and write the weights; print what the clone and the teacher are worth on unseen links."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--generations", type=int, default=200)
    parser.add_argument("--output", type=Path, required=True)
    arguments = parser.parse_args()
    unseen = links(arguments.seed, "unseen", 64)
    print(f"clone of the hand rule: {value(train(arguments.seed, 0), unseen):.3f} on 64 unseen links")
    network = train(arguments.seed, arguments.generations)
    network.save(arguments.output)
    print(f"teacher: {value(perceptron.load(arguments.output), unseen):.3f}; written to {arguments.output}")


if __name__ == "__main__":
    main()
