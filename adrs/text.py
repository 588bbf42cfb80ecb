"""How numbers, runs and other people's text are shown: in the terminal, in reports and in the dashboard alike."""

import reprlib
import shlex
from pathlib import Path
from typing import IO

_RUNS = Path("runs")
"""Where the command line looks for runs unless it is told otherwise."""
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel, _BRIEF.maxstring = 2, 80


def printable(text: str) -> str:
    """Text of candidates and models without control characters or marks that change its direction.

    What Unicode calls neither printable nor space is written as an escape: terminal codes, bidirectional controls, by
    which source can be made to look like other source (Boucher and Anderson 2021, arXiv 2111.00169), invisible marks.
    """
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else _escape(ord(c)) for c in text)


def as_output(text: str, stream: IO[str]) -> str:
    """Text of candidates for whoever reads a stream: to the letter in a pipe or a file, `printable` on a terminal."""
    return printable(text) if stream.isatty() else text


def encodable(text: str) -> str:
    """The text with question marks for lone surrogates, which a candidate or a model may write, and UTF-8 cannot."""
    return text.encode(errors="replace").decode()


def _escape(code: int) -> str:
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def number(value: float | None, digits: int = 1) -> str:
    """A score: fixed digits, or a dash."""
    if value is None:
        return "–"
    text = f"{value:.{digits}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def metric(value: float | None) -> str:
    """A metric in native units: six significant digits, or a dash."""
    return "–" if value is None else f"{value:.6g}"


def change(value: float | None) -> str:
    """A difference of scores, with its sign; small ones keep two significant digits. Empty where there is none."""
    if value is None:
        return ""
    if value == 0:
        return "="
    return f"{value:+.1f}" if abs(value) >= 0.1 else f"{value:+.2g}"


def seconds(value: float) -> str:
    """A duration: `45 s`, `12 min 5 s`, `3 h 20 min`."""
    if value < 60:
        return f"{value:.0f} s" if value >= 10 else f"{value:.2g} s"
    minutes, rest = divmod(round(value), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def dollars(value: float) -> str:
    """An amount of US dollars, with cents, or more digits where it is less than one."""
    return f"${value:.2f}" if value >= 1 or value == 0 else f"${value:.4f}"


def brief(value: object) -> str:
    """A value as Python writes it, cut where it is long: a few lines of YAML may stand for more than memory holds."""
    return _BRIEF.repr(value)


def first_line(text: str) -> str:
    """The first line of a text; empty for an empty one."""
    return text.splitlines()[0] if text.strip() else ""


def run_in_command(folder: Path) -> str:
    """How a printed command names a run, so that it can be pasted in the same working directory: by its path where it
    does not lie in the default folder."""
    return shlex.quote(folder.name if folder.parent.resolve() == _RUNS.resolve() else str(folder))
