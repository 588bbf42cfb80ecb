"""Cluster bootstrap: how far a metric would move if other instances had been drawn.

Whole clusters are drawn with replacement, and every metric is computed again from sums over clusters (Field and
Welsh, Bootstrapping clustered data, JRSS B 69(3), 2007).
"""

from collections.abc import Callable

import numpy as np

REPLICATES = 2000
PERCENTILES = (2.5, 97.5)

Statistic = Callable[[np.ndarray], np.ndarray]
"""From sums, float64[replicates, quantities], to the metric, float64[replicates]."""


def draws(clusters: int) -> np.ndarray:
    """float64[REPLICATES, clusters]: how often each cluster is in each replicate, the same at every call."""
    rng = np.random.default_rng(0)
    counts = np.zeros((REPLICATES, clusters))
    for replicate in range(REPLICATES):
        counts[replicate] = np.bincount(rng.integers(0, clusters, size=clusters), minlength=clusters)
    return counts


def cluster_sums(clusters: np.ndarray, *quantities: np.ndarray) -> np.ndarray:
    """float64[clusters, quantities]: sums over the rows of each cluster; clusters: int64[rows], 0, 1, ..."""
    number = int(clusters.max()) + 1 if len(clusters) else 0
    columns = [np.bincount(clusters, weights=quantity, minlength=number) for quantity in quantities]
    return np.stack(columns, axis=1)


def interval(sums: np.ndarray, statistic: Statistic, counts: np.ndarray | None = None) -> tuple[float, float]:
    """The 95 % interval of a metric. sums: float64[clusters, quantities]; counts: as of `draws`, to share them."""
    values = statistic((draws(len(sums)) if counts is None else counts) @ sums)
    low, high = np.percentile(values, PERCENTILES, method="linear")
    return float(low), float(high)
