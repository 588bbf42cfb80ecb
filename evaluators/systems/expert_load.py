"""Token counts of the experts of a mixture-of-experts model, interval by interval: drawn, or read from a trace."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adrs.errors import UserError

TOKENS = 200_000
"""Tokens of an interval."""
EXPERTS_PER_TOKEN = 8
GROUPS = 8
INTERVALS = 11
RECORDS_PER_INTERVAL = 100
"""Records of a trace that are summed to one interval."""


@dataclass(frozen=True)
class Family:
    """Popularity of expert e is exp(deviation z_e + group_deviation h_g), with z and h drifting from one interval to
    the next (autoregressive of order 1, unit variance), renewed for half of the experts at a change of topic."""

    layers: int
    experts: int
    deviation: float
    group_deviation: float
    correlation: float
    """Of z, and of h, between neighbouring intervals."""
    topic_change: float
    """Probability of a change of topic between two intervals."""
    groups_stay_on_node: bool = False


FAMILIES = {
    "trace-64": Family(26, 64, 1.0, 0.5, 0.95, 0.2),
    "trace-64-local": Family(26, 64, 1.0, 0.5, 0.95, 0.2, groups_stay_on_node=True),
    "trace-256": Family(58, 256, 1.0, 0.5, 0.95, 0.2),
    "steady-256": Family(58, 256, 1.0, 0.3, 0.99, 0.0),
    "skewed-64": Family(26, 64, 1.5, 0.5, 0.95, 0.2),
}


def draw(family: Family, seed: int) -> np.ndarray:
    """int64[intervals, layers, experts], tokens; the draws follow each other in the order written here."""
    generator = np.random.default_rng(seed)
    shape = (family.layers, family.experts)
    own = generator.standard_normal(shape)
    shared = generator.standard_normal((family.layers, GROUPS))
    group = np.arange(family.experts) // (family.experts // GROUPS)
    rest = np.sqrt(1 - family.correlation**2)
    intervals = []
    for _ in range(INTERVALS):
        popularity = np.exp(family.deviation * own + family.group_deviation * shared[:, group])
        share = popularity / popularity.sum(axis=1, keepdims=True)
        intervals.append(generator.poisson(share * TOKENS * EXPERTS_PER_TOKEN))
        own = family.correlation * own + rest * generator.standard_normal(shape)
        shared = family.correlation * shared + rest * generator.standard_normal(shared.shape)
        if generator.random() < family.topic_change:
            renewed = generator.random(shape) < 0.5
            own = np.where(renewed, generator.standard_normal(shape), own)
    return np.array(intervals, dtype=np.int64)


def load_trace(path: Path) -> np.ndarray:
    """Read a recorded trace: int64[intervals, layers, experts], tokens.

    The file is JSON: a list of records, or an object with such a list under `load_history`; each record has
    `logical_expert_load[layer][expert]`, the tokens of one step. A hundred records make an interval; the last one
    may have fewer.
    Raises UserError that names the file where it is missing or reads otherwise.
    """
    try:
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise UserError(f"trace {path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise UserError(f"trace {path} is not JSON: {error}") from None
    records = content.get("load_history") if isinstance(content, dict) else content
    loads = [_record(record) for record in records] if isinstance(records, list) else []
    shapes = {None if load is None else load.shape for load in loads}
    if len(shapes) != 1 or None in shapes:
        raise UserError(f"trace {path} must hold records with logical_expert_load[layer][expert], all of one shape")
    if len(loads) <= RECORDS_PER_INTERVAL:
        raise UserError(f"trace {path} has {len(loads)} records; more than {RECORDS_PER_INTERVAL} are needed")
    starts = np.arange(0, len(loads), RECORDS_PER_INTERVAL)
    return np.add.reduceat(np.array(loads, dtype=np.int64), starts, axis=0)


def _record(record: Any) -> np.ndarray | None:
    """int64[layers, experts] of one record, None where it has another form."""
    try:
        load = np.array(record["logical_expert_load"])
    except (TypeError, KeyError, IndexError, ValueError):
        return None
    whole = load.ndim == 2 and load.dtype.kind in "iu" and bool((load >= 0).all())
    return load.astype(np.int64) if whole else None
