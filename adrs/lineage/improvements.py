"""Reads the best so far off the log, in one of two orders.

Evaluations end in whatever order machines make them: that is what happened, it is in an index, and a page that follows
a run of any length can ask for it. Told they are in an order that repeats at any number of workers, which is needed
where runs are compared evaluation by evaluation.
"""

import json
from collections import defaultdict
from collections.abc import Iterator

from adrs.lineage.curve import Curve, Point, Scaling
from adrs.store import Reader


def curve(reader: Reader) -> Curve:
    """Best so far as evaluations ended, up to now. Reads indices, not the programs."""
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
        points.append(Point(evaluations, clock.worked(time), clock.spent(time), fitness, score, program))
    return Curve(tuple(points), reader.evaluations(), reader.seconds(), clock.total, _scaling(reader))


def told(reader: Reader) -> Curve:
    """Best so far as the search was told of it: in the order that repeats, without what choosing the winner costs."""
    usd = dict(reader.rows("SELECT ticket, SUM(usd) FROM model_call GROUP BY ticket"))
    clock = _Clock(reader)
    points: list[Point] = []
    count, dollars, seconds = 0, 0.0, 0.0
    for ticket, time, paid, program, fitness, score in _told(reader):
        count += paid
        dollars += usd.get(ticket, 0.0)
        seconds = clock.worked(time)
        if fitness is not None and (not points or fitness > points[-1].fitness):
            points.append(Point(count, seconds, dollars, fitness, score, program))
    return Curve(tuple(points), count, seconds, dollars, _scaling(reader))


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


def _scaling(reader: Reader) -> Scaling | None:
    """What any two evaluations with a score say of it: scores are fitness, moved and stretched."""
    query = "SELECT fitness, score FROM evaluation WHERE split = 'train' AND score IS NOT NULL AND fitness IS NOT NULL"
    ends = [reader.rows(f"{query} ORDER BY fitness {order} LIMIT 1") for order in ("ASC", "DESC")]
    if not ends[0]:
        return None
    (low, low_score), (high, high_score) = ends[0][0], ends[1][0]
    if low_score == high_score:  # also where their fitness differs by a rounding
        return None
    slope = (high - low) / (high_score - low_score)
    return Scaling(low - low_score * slope, low + (100.0 - low_score) * slope)


def _told(reader: Reader) -> Iterator[tuple[int, float, bool, int, float | None, float | None]]:
    """Tickets in the order of telling: when, whether it was paid for, its program with fitness and score."""
    paid = {row[0] for row in reader.rows("SELECT ticket FROM event WHERE kind = 'evaluated' AND ticket IS NOT NULL")}
    programs = dict(reader.rows("SELECT ticket, id FROM program"))
    asked = "SELECT ticket, payload FROM event WHERE kind = 'asked' AND payload LIKE '%\"promote\"%'"
    programs |= {ticket: json.loads(payload)["promote"] for ticket, payload in reader.rows(asked)}
    evaluations: defaultdict[int, list[tuple[float | None, float | None]]] = defaultdict(list)
    query = "SELECT program, fitness, score FROM evaluation WHERE split = 'train' ORDER BY id"
    for number, fitness, score in reader.rows(query):
        evaluations[number].append((fitness, score))
    for ticket, time in reader.rows("SELECT ticket, time FROM event WHERE kind = 'told' ORDER BY id"):
        number = programs.get(ticket)
        if number is not None:  # a repaired log may lack it
            left = evaluations[number]  # a promoted program has one evaluation for each of its tickets
            yield ticket, time, ticket in paid, number, *(left.pop(0) if left else (None, None))


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
