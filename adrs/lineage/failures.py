"""How programs ended, and why those failed that did."""

import re
from collections import Counter
from dataclasses import dataclass

from adrs.store import Reader

_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """Programs that failed alike: the same verdict, and the same reason but for the numbers in it."""

    verdict: str
    reason: str
    """Of the latest of them."""
    count: int
    latest: int
    """Number of the latest program."""


def verdicts(reader: Reader) -> dict[str, int]:
    """How many programs ended in each verdict on `train`, commonest first; `pending` where there is none yet."""
    found = reader.verdicts()
    known = reader.rows(
        "SELECT COUNT(*) FROM (SELECT 1 FROM evaluation INDEXED BY evaluation_by_program"
        " WHERE split = 'train' GROUP BY program)"
    )[0][0]
    pending = reader.count() - known
    return {**found, "pending": pending} if pending else found


def failures(reader: Reader, limit: int = 10) -> list[Failure]:
    """The commonest reasons of failure, most frequent first."""
    counts: Counter[tuple[str, str]] = Counter()
    latest: dict[tuple[str, str], tuple[int, str]] = {}
    for verdict, reason, count, number in reader.rows(
        "SELECT verdict, substr(reason, 1, ?), COUNT(*), MAX(program) FROM evaluation"
        " WHERE split = 'train' AND verdict != 'ok' GROUP BY 1, 2", _LONGEST,
    ):  # fmt: skip
        kind = (verdict, _NUMBER.sub("#", reason))
        counts[kind] += count
        latest[kind] = max(latest.get(kind, (0, "")), (number, reason))
    return [Failure(kind[0], latest[kind][1], count, latest[kind][0]) for kind, count in counts.most_common(limit)]
