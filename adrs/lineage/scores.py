"""Scores of one program on everything that it was measured on."""

import statistics

from adrs.program import SPLITS, Split
from adrs.store import Reader

SHOWN: tuple[Split, ...] = (*SPLITS, "fresh")
"""The splits, and workloads like those of train that nothing has seen before."""


def scores(reader: Reader, number: int | None) -> dict[Split, float | None]:
    """Scores of a program on each split and on fresh workloads; None where it was not measured or has no scale."""
    return {split: None if number is None else _score(reader, number, split) for split in SHOWN}


def _score(reader: Reader, number: int, split: Split) -> float | None:
    """Of several measurements that ended `ok`, the median low one, as where the winner is chosen."""
    found = reader.evaluations_of(number, split)
    measured = [each.score for each in found if each.verdict == "ok" and each.score is not None]
    if measured:
        return statistics.median_low(measured)
    return found[-1].score if found else None
