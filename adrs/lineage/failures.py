"""How programs ended, and why those failed that did."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

from adrs.store import Reader

_NUMBER = re.compile(r"(?:(?<!\w)-)?\d+(?:\.\d+)?(?:e[+-]?\d+)?")
_DIFFERENT = "…"
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """Programs that failed alike: the same verdict, and the same reason but for the numbers in it."""

    verdict: str
    reason: str
    """With an ellipsis for each number in which they differ."""
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
    counts: Counter[tuple[str, tuple[str, ...]]] = Counter()
    latest: dict[tuple[str, tuple[str, ...]], int] = {}
    shared: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for verdict, reason, count, number in reader.rows(
        "SELECT verdict, substr(reason, 1, ?), COUNT(*), MAX(program) FROM evaluation"
        " WHERE split = 'train' AND verdict != 'ok' GROUP BY 1, 2", _LONGEST,
    ):  # fmt: skip
        kind, numbers = (verdict, tuple(_NUMBER.split(reason))), _NUMBER.findall(reason)
        counts[kind] += count
        latest[kind] = max(latest.get(kind, 0), number)
        pairs = zip(shared.get(kind, numbers), numbers, strict=True)
        shared[kind] = [one if one == other else _DIFFERENT for one, other in pairs]
    return [
        Failure(kind[0], _joined(kind[1], shared[kind]), count, latest[kind])
        for kind, count in counts.most_common(limit)
    ]


def _joined(words: Sequence[str], numbers: Sequence[str]) -> str:
    """A reason again from what stands around its numbers, and these."""
    return "".join(chain.from_iterable(zip_longest(words, numbers, fillvalue="")))
