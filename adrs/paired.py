"""Whether two programs can be told apart: the bootstrap interval of the difference of their metrics.

Evaluators that know instances within a workload compute the primary metric again on resampled instances, with the same
draws for every program (adrs.evaluation.Metrics.replicates), so that differences by replicate are paired (Efron and
Tibshirani, An Introduction to the Bootstrap, 1993, chapter 8).
"""

import numpy as np

from adrs.program import Evaluation

PERCENTILES = (2.5, 97.5)


def interval(ours: Evaluation, theirs: Evaluation) -> tuple[float, float] | None:
    """The 95 % interval of the difference of two evaluations on the same workloads, in units of the metric.

    Of the mean over workloads by weight, which is what a problem's metric must be for this; None where one of the two
    has no replicates. A workload of which neither has any is left out, as one without the metric is of its mean.
    """
    before = {result.name: result for result in theirs.workloads}
    total, weights = np.zeros(0), 0.0
    for result in ours.workloads:
        other = before.get(result.name)
        if other is not None and not result.replicates and not other.replicates:
            continue
        if other is None or not result.replicates or len(result.replicates) != len(other.replicates):
            return None
        weight = 1.0 if result.weight is None else result.weight
        difference = weight * (np.asarray(result.replicates) - np.asarray(other.replicates))
        total, weights = difference if not len(total) else total + difference, weights + weight
    if not weights:
        return None
    low, high = np.percentile(total / weights, PERCENTILES, method="linear")
    return float(low), float(high)


def half_width(ours: Evaluation, theirs: Evaluation) -> float | None:
    """Half of the width of that interval; None where it is not known."""
    found = interval(ours, theirs)
    return None if found is None else (found[1] - found[0]) / 2


def alike(ours: Evaluation, theirs: Evaluation) -> bool:
    """Whether two programs cannot be told apart: the interval is known and contains 0."""
    found = interval(ours, theirs)
    return found is not None and found[0] <= 0.0 <= found[1]
