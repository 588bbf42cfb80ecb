"""How pages write numbers, times and the texts of others."""

import time
from collections.abc import Mapping
from typing import Any

from adrs import lineage
from adrs.propose.model.text import visible
from adrs.store import Reader
from adrs.text import change, dollars, metric, number, seconds

VERDICTS: Mapping[str, str] = {
    "ok": "evaluated on all workloads of train",
    "invalid": "broke a rule of the problem",
    "error": "raised an exception",
    "timeout": "took too long",
    "memory": "used too much memory",
    "killed": "was ended by the sandbox",
    "rejected": "did not parse, has the wrong interface, or repeats an earlier program",
    "infrastructure": "failed by no fault of its own",
    "suspect": "better than a proven bound, hence not believed",
    "pending": "not evaluated yet",
}
STATES: Mapping[str, str] = {
    "running": "a process works on it",
    "paused": "nothing new is asked until somebody says to go on",
    "stopping": "what is in flight is finished, then the winner is chosen",
    "finished": "its last session ended as it should",
    "died": "its process ended without a word; adrs resume goes on with it",
    "open": "an agent works on it, one call at a time",
}


def count(value: float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{int(value):,}".replace(",", "\u2009")


def score(value: float | None) -> str:
    """A score with as many digits as in the terminal."""
    return number(value, 2)


def when(value: float | None) -> str:
    """A time, in the time zone of this machine."""
    return "–" if value is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(value))


def machine_time(value: float) -> str:
    """A time as an attribute of an element."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(value))


def leading(reader: Reader) -> str:
    """What the program is called that a run stands for: the winner once one is chosen, until then the best so far."""
    return "best so far" if lineage.chosen(reader) is None else "winner"


def line(text: str, limit: int = 200) -> str:
    """The first line of somebody's text."""
    first = visible(text).strip().partition("\n")[0]
    return first if len(first) <= limit else first[: limit - 1] + "…"


def hidden(text: str) -> int:
    """How many characters of a text do not print, and are shown as escapes."""
    return sum(not (character.isprintable() or character in "\r\n\t") for character in text)


FILTERS: Mapping[str, Any] = {
    "score": score, "number": metric, "gain": change, "count": count, "usd": dollars, "seconds": seconds, "when": when,
    "machine_time": machine_time, "line": line, "visible": visible,
}  # fmt: skip
