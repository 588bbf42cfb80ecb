"""Best so far: which evaluations found something better, and what had been spent by then."""

from dataclasses import dataclass

from adrs.store import Reader


@dataclass(frozen=True, slots=True)
class Point:
    """An evaluation on `train` that was better than all before it, in the order in which they came."""

    program: int
    evaluations: int
    """Paid ones so far, with this one."""
    seconds: float
    """Worked on the run so far, breaks between its sessions left out."""
    usd: float
    """Spent on models so far."""
    score: float | None
    fitness: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Best-so-far, and where it ends."""

    points: tuple[Point, ...]
    evaluations: int
    seconds: float
    usd: float
    """Of the whole run so far: the best stayed the best until then."""


def curve(reader: Reader) -> Curve:
    """Best-so-far against evaluations, seconds and dollars. Reads an index, not the programs."""
    clock = _Clock(reader)
    points: list[Point] = []
    evaluations, last = 0, 0
    for key, program, fitness in improvements(reader):
        score, event, time = reader.rows(
            "SELECT e.score, e.event, v.time FROM evaluation e LEFT JOIN event v ON v.id = e.event WHERE e.id = ?", key
        )[0]
        time = clock.latest if time is None else time  # a repaired log may lack the event
        evaluations += reader.rows(
            "SELECT COUNT(*) FROM event INDEXED BY event_evaluated"
            " WHERE kind = 'evaluated' AND ticket IS NOT NULL AND id > ? AND id <= ?",
            last, event,
        )[0][0]  # fmt: skip
        last = event
        points.append(Point(program, evaluations, clock.worked(time), clock.spent(time), score, fitness))
    return Curve(tuple(points), reader.evaluations(), reader.seconds(), clock.total)


def improvements(reader: Reader) -> list[tuple[int, int, float]]:
    """Evaluation, program and fitness of what was the best so far when it came."""
    query = (
        "SELECT id, program, fitness FROM evaluation INDEXED BY evaluation_with_fitness"
        " WHERE split = 'train' AND fitness IS NOT NULL AND id > ? AND fitness > ? ORDER BY id LIMIT 1"
    )
    found: list[tuple[int, int, float]] = []
    rows = reader.rows(query, 0, float("-inf"))
    while rows:
        found.append(rows[0])
        rows = reader.rows(query, rows[0][0], rows[0][2])
    return found


class _Clock:
    """Turns times of the log into seconds of work and dollars."""

    def __init__(self, reader: Reader) -> None:
        sessions = reader.rows("SELECT id, time FROM event WHERE kind = 'started' AND ticket IS NULL ORDER BY id")
        self._offsets: list[tuple[float, float]] = []
        """Beginning of each session, and the seconds of the breaks before it."""
        breaks = 0.0
        for place, (event, began) in enumerate(sessions):
            if place:
                breaks += began - reader.worked_until(event)
            self._offsets.append((began, breaks))
        self._calls = reader.rows("SELECT time, usd FROM model_call ORDER BY time")
        self._used, self._sum = 0, 0.0
        self.latest = sessions[0][1] if sessions else 0.0
        """The latest time that was asked about."""
        self.total = sum(usd for _, usd in self._calls)

    def worked(self, time: float) -> float:
        """Seconds of work until a time."""
        self.latest = time
        if not self._offsets:
            return 0.0
        breaks = next((pause for began, pause in reversed(self._offsets) if began <= time), 0.0)
        return max(0.0, time - self._offsets[0][0] - breaks)

    def spent(self, time: float) -> float:
        """Dollars until a time; to be called with times that do not fall."""
        while self._used < len(self._calls) and self._calls[self._used][0] <= time:
            self._sum += self._calls[self._used][1]
            self._used += 1
        return self._sum
