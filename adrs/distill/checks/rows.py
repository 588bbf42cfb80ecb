"""What exports are tried on: sequences of raw features, float64[scenarios, intervals, features], each from rest."""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from adrs.rule.form import Rule

Floats = NDArray[np.float64]
_CORNERS = 4096
_LONG_SCENARIOS = 8
_DENORMAL = 5e-324
_LEAST_NORMAL = 2.2250738585072014e-308


@dataclass(frozen=True)
class Trial:
    """How much exports are tried on."""

    seed: int = 0
    rows: int = 10_000
    """Random histories."""
    corners: int = 4096
    """The most corners of the input box over a window."""
    intervals: int = 1000
    """Of long sequences."""
    recorded: Floats | None = None
    """Observations float64[rows, window, features] as they were made in closed loop."""


def sequences(rule: Rule, trial: Trial) -> dict[str, Floats]:
    """Random histories in the input box, its corners, long sequences and recorded histories, by name.

    Random values are spread evenly, gather at rest on a logarithmic scale, or lie about a branch's threshold, in equal
    shares, since rules of ratios decide little far from rest.
    """
    generator = np.random.default_rng(trial.seed)
    inputs = rule.inputs
    made = {
        "random rows": _drawn(rule, generator, (trial.rows, inputs.window)),
        "corners": _corners(rule, generator, trial.corners),
        "long sequences": _held(_drawn(rule, generator, (_LONG_SCENARIOS, trial.intervals)), generator),
    }
    if trial.recorded is not None and len(trial.recorded):
        made["recorded rows"] = np.asarray(trial.recorded, dtype=np.float64)
    return made


def extremes(rule: Rule) -> Floats:
    """Each feature at its limits, at rest, at zero and at the least numbers where they are within its range.

    All combinations, at most 4,096; each is held for a window, then goes back to rest, as without samples.
    """
    inputs = rule.inputs
    special = [
        sorted({value for value in (each.low, each.high, each.rest, 0.0, _DENORMAL, -_DENORMAL, _LEAST_NORMAL)
                if each.low <= value <= each.high or value == each.rest})
        for each in inputs.features
    ]  # fmt: skip
    rows = np.array(list(itertools.islice(itertools.product(*special), _CORNERS)))
    resting = np.array([each.rest for each in inputs.features])
    held = np.repeat(rows[:, None, :], inputs.window, axis=1)
    after = np.broadcast_to(resting, (len(rows), 2, len(resting)))
    return np.concatenate([held, after], axis=1)


def _drawn(rule: Rule, generator: np.random.Generator, shape: tuple[int, int]) -> Floats:
    columns = []
    for place, feature in enumerate(rule.inputs.features):
        thresholds = [
            _raw(rule, place, split.threshold)
            for split in rule.splits
            if split.terminal.feature == place and split.terminal.reducer != "slope"
        ]
        kind = generator.integers(3, size=shape)
        even = generator.uniform(feature.low, feature.high, shape)
        span = np.where(generator.random(shape) < 0.5, feature.low - feature.rest, feature.high - feature.rest)
        resting = feature.rest + span * 10.0 ** generator.uniform(-6.0, 0.0, shape)
        about = generator.choice(np.array(thresholds or [feature.rest]), shape)
        about = about + np.maximum(np.abs(about), 0.01) * generator.normal(0.0, 0.2, shape)
        drawn = np.select([kind == 0, kind == 1], [even, resting], about)
        columns.append(np.clip(drawn, feature.low, feature.high))
    return np.stack(columns, axis=-1)


def _raw(rule: Rule, place: int, entered: float) -> float:
    """The raw value that enters as this one: x = (2 + t) / (2 - t) for the bounded logarithm."""
    feature = rule.inputs.features[place]
    if feature.transform == "bounded-logarithm" and abs(entered) < 2.0:
        return (2.0 + entered) / (2.0 - entered)
    return entered


def _held(values: Floats, generator: np.random.Generator) -> Floats:
    """Features stay for one to five intervals, so that branches see runs of all lengths about their patience."""
    scenarios, intervals, _ = values.shape
    held = values.copy()
    for scenario in range(scenarios):
        starts = np.cumsum(generator.integers(1, 6, intervals))
        place = np.searchsorted(starts, np.arange(intervals), side="right")
        held[scenario] = values[scenario, place]
    return held


def _corners(rule: Rule, generator: np.random.Generator, most: int) -> Floats:
    inputs = rule.inputs
    low = np.array([each.low for each in inputs.features])
    high = np.array([each.high for each in inputs.features])
    shape = (inputs.window, len(inputs.features))
    sides = inputs.window * len(inputs.features)
    if sides <= most.bit_length() - 1:
        chosen = np.array(list(itertools.product((False, True), repeat=sides))).reshape(-1, *shape)
    else:
        chosen = generator.random((most, *shape)) < 0.5
    return np.where(chosen, high, low)


def counted(sets: Mapping[str, Floats]) -> str:
    """In words."""
    return ", ".join(f"{values.shape[0]:,} {name} of {values.shape[1]:,}" for name, values in sets.items())
