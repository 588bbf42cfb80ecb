"""One call a scenario where single calls may fail: how what came back is read."""

from typing import Any

import numpy as np

from adrs.evaluate.rows import Rows
from adrs.evaluation import Attempts, Failure, Invalid

_VERDICTS = ("error", "timeout")
_REASON_LIMIT = 1000


def read_attempts(rows: Rows, answer: Any, most_failures: int) -> Attempts:
    """What came of the calls, with the answers checked. Raises Invalid for one that is wrong, or malformed.

    Only more than `most_failures` failures end the asking early; a process that leaves out calls before that, which
    would be neither failed nor answered, does not answer.
    """
    name, count = rows.kind.name, rows.count
    if not isinstance(answer, list) or len(answer) != 3:
        raise Invalid("answer", f"{name}: not a well-formed answer")
    answers, failed, seconds = answer
    failures = _failures(failed, name)
    asked = len(seconds) if isinstance(seconds, np.ndarray) and seconds.ndim == 1 else -1
    places = [failure.row for failure in failures]
    all_or_given_up = asked == count or (0 <= asked < count and len(failures) > most_failures)
    if not all_or_given_up or places != sorted(set(places)) or any(place >= asked for place in places):
        raise Invalid("answer", f"{name}: not a well-formed answer")
    succeeded = np.zeros(count, dtype=bool)
    succeeded[:asked] = True
    succeeded[places] = False
    good = None if succeeded.all() else np.flatnonzero(succeeded).tolist()
    values = None if rows.kind.keeps or not succeeded.any() else rows.check(answers, good)
    times = np.zeros(count)
    times[:asked] = np.where(np.isfinite(seconds), seconds, 0.0)
    return Attempts(values, succeeded, failures, times, asked == count)


def _failures(said: Any, name: str) -> tuple[Failure, ...]:
    """What the policy's process says of failed calls; it may lie, about itself only."""
    failures = []
    entries: list[Any] = said if isinstance(said, list) else [None]
    for entry in entries:
        known = isinstance(entry, list) and [type(part) for part in entry] == [int, str, str]
        if not known or entry[0] < 0 or entry[1] not in _VERDICTS:
            raise Invalid("answer", f"{name}: not a well-formed answer")
        failures.append(Failure(entry[0], entry[1], entry[2][:_REASON_LIMIT]))
    return tuple(failures)
