"""A run in one line: for lists of runs, and for the head of a page."""

from dataclasses import dataclass

from adrs.lineage.winner import winner
from adrs.store import Reader
from adrs.store.lock import holder


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
    """The winner where one was chosen, else the best on `train` so far."""
    score: float | None
    fitness: float | None
    """Of that program on `train`."""
    stopped_by: str | None
    """What ended the last session; None while one works, or where it was cut off."""
    live: bool
    """Whether a process writes to it now."""


def overview(reader: Reader) -> Overview:
    """A run at a glance; reads indices only."""
    info = reader.info
    best = winner(reader)
    evaluation = reader.evaluation(best) if best is not None else None
    live = holder(reader.folder) is not None
    return Overview(
        run=reader.folder.name, path=str(reader.folder), problem=info.problem, trust=info.trust,
        search=str(info.configuration.get("search", "")), seed=info.seed, created=info.created,
        programs=reader.count(), evaluations=reader.evaluations(), best=best,
        score=evaluation.score if evaluation else None, fitness=evaluation.fitness if evaluation else None,
        stopped_by=None if live else _stopped_by(reader), live=live,
    )  # fmt: skip


def _stopped_by(reader: Reader) -> str | None:
    """What the last session says of its end; None where it began and said nothing."""
    kinds = "SELECT MAX(id) FROM event WHERE ticket IS NULL AND kind = ?"
    stopped, started = reader.rows(kinds, "stopped")[0][0], reader.rows(kinds, "started")[0][0]
    if stopped is None or (started or 0) > stopped:
        return None
    return str(reader.events("stopped")[-1][1].get("by", ""))
