"""How pages write numbers, times and the texts of others."""

import time
from collections.abc import Mapping
from typing import Any

from adrs.propose.model.text import visible

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


def score(value: float | None) -> str:
    """A score with one decimal, or a dash."""
    if value is None:
        return "–"
    shown = f"{value:.1f}".replace("-", "−")
    return "0.0" if shown == "−0.0" else shown


def number(value: float | None) -> str:
    """A metric in native units with as many digits as tell programs apart, or a dash."""
    return "–" if value is None else f"{value:.6g}"


def gain(value: float | None) -> str:
    """A difference with its sign; small ones keep two significant digits."""
    if value is None:
        return ""
    if value == 0:
        return "±0"
    return (f"{value:+.1f}" if abs(value) >= 0.1 else f"{value:+.2g}").replace("-", "−")


def count(value: float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{int(value):,}".replace(",", "\u2009")


def usd(value: float) -> str:
    """Dollars."""
    return f"${value:.2f}" if value == 0 or value >= 0.1 else f"${value:.4f}"


def seconds(value: float) -> str:
    """A duration."""
    if value < 60:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    minutes = int(value) // 60
    return f"{minutes} min {int(value) % 60} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def when(value: float | None) -> str:
    """A time, in the time zone of this machine."""
    return "–" if value is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(value))


def machine_time(value: float) -> str:
    """A time as an attribute of an element."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(value))


def line(text: str, limit: int = 200) -> str:
    """The first line of somebody's text."""
    first = visible(text).strip().partition("\n")[0]
    return first if len(first) <= limit else first[: limit - 1] + "…"


def hidden(text: str) -> int:
    """How many characters of a text do not print, and are shown as escapes."""
    return sum(not (character.isprintable() or character in "\r\n\t") for character in text)


FILTERS: Mapping[str, Any] = {
    "score": score, "number": number, "gain": gain, "count": count, "usd": usd, "seconds": seconds, "when": when,
    "machine_time": machine_time, "line": line, "visible": visible,
}  # fmt: skip
