"""A run in one line: for lists of runs, and for the head of a page."""

from collections.abc import Mapping
from dataclasses import dataclass

from adrs.lineage.scores import scores
from adrs.lineage.state import state
from adrs.lineage.winner import winner
from adrs.program import Split
from adrs.store import Reader


@dataclass(frozen=True, slots=True)
class Winner:
    """The program that the run stands for."""

    id: int | None
    """The one chosen on `validation` where one was, else the best on `train` so far."""
    score: Mapping[Split, float | None]
    """By split, and on fresh workloads; None where it was not measured or has no scale."""


@dataclass(frozen=True, slots=True)
class Overview:
    """A run at a glance."""

    run: str
    path: str
    problem: str
    trust: str
    search: str
    seed: int
    created: float
    """Seconds since 1970."""
    programs: int
    evaluations: int
    """Paid ones on `train`."""
    best: int | None
    """The best on `train` so far."""
    score: float | None
    fitness: float | None
    """Of that program on `train`."""
    winner: Winner
    stopped_by: str | None
    """What ended the last session; None while one works, or where it was cut off."""
    live: bool
    """Whether a process writes to it now."""


def overview(reader: Reader) -> Overview:
    """A run at a glance; reads indices only."""
    info = reader.info
    best = next(iter(reader.best(1)), None)
    evaluation = reader.evaluation(best) if best is not None else None
    now, chosen = state(reader), winner(reader)
    return Overview(
        run=reader.folder.name, path=str(reader.folder), problem=info.problem, trust=info.trust,
        search=str(info.configuration.get("search", "")), seed=info.seed, created=info.created,
        programs=reader.count(), evaluations=reader.evaluations(), best=best,
        score=evaluation.score if evaluation else None, fitness=evaluation.fitness if evaluation else None,
        winner=Winner(chosen, scores(reader, chosen)), stopped_by=now.stopped_by, live=now.live,
    )  # fmt: skip
