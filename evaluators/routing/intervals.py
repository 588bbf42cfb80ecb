"""Cluster bootstrap: how far a metric would move if other instances had been drawn.

Whole clusters are drawn with replacement, and every metric is computed again from sums over clusters (Field and
Welsh, Bootstrapping clustered data, JRSS B 69(3), 2007).
"""

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from adrs.evaluation import Metrics

REPLICATES = 2000
PERCENTILES = (2.5, 97.5)


@lru_cache(maxsize=2)
def draws(clusters: int) -> np.ndarray:
    """float64[REPLICATES, clusters]: how often each cluster is in each replicate, the same at every call."""
    rng = np.random.default_rng(0)
    counts = np.zeros((REPLICATES, clusters))
    for replicate in range(REPLICATES):
        counts[replicate] = np.bincount(rng.integers(0, clusters, size=clusters), minlength=clusters)
    counts.flags.writeable = False
    return counts


def add(metrics: Metrics, replicates: Mapping[str, np.ndarray], theirs: np.ndarray | None = None, of: str = "") -> None:
    """Add the 95 % interval of each metric as `NAME_low` and `NAME_high`: float64[REPLICATES] by name.

    theirs: of the state-of-the-art baseline, the metric `of`; then that of what is gained over it is added as well,
    higher being better.
    """
    values = dict(replicates)
    if theirs is not None:
        values["gain_over_baseline"] = values[of] - theirs
    for name, found in values.items():
        if np.isfinite(found).all():
            low, high = np.percentile(found, PERCENTILES, method="linear").tolist()
            metrics[f"{name}_low"], metrics[f"{name}_high"] = low, high


def cluster_sums(clusters: np.ndarray, *quantities: np.ndarray) -> np.ndarray:
    """float64[clusters, quantities]: sums over the rows of each cluster; clusters: int64[rows], 0, 1, ..."""
    number = int(clusters.max()) + 1 if len(clusters) else 0
    columns = [np.bincount(clusters, weights=quantity, minlength=number) for quantity in quantities]
    return np.stack(columns, axis=1)
