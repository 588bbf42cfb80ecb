"""Scores of one program on everything that it was measured on."""

from adrs.program import SPLITS, Split
from adrs.store import Reader

SHOWN: tuple[Split, ...] = (*SPLITS, "fresh")
"""The splits, and workloads like those of train that nothing has seen before."""


def scores(reader: Reader, number: int | None) -> dict[Split, float | None]:
    """Scores of a program on each split and on fresh workloads; None where it was not measured or has no scale."""
    found = {split: None if number is None else reader.evaluation(number, split) for split in SHOWN}
    return {split: evaluation.score if evaluation else None for split, evaluation in found.items()}
