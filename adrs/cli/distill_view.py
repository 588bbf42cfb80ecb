"""What a distillation shows: a line that moves while a stage works, a line for what each found, then the result."""

import threading
import time
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from adrs.cli.output import console, printable
from adrs.cli.pareto_view import legend, pareto_table
from adrs.distill.checks.record import Check
from adrs.distill.report import FILE, headline
from adrs.distill.session import Outcome
from adrs.distill.table import entries
from adrs.rule.text import text as rule_text

_EVERY = 20.0
"""Seconds between two lines where there is no terminal."""
_LABEL = 11


class Progress:
    """Watches a distillation. On a terminal a line that is redrawn, elsewhere one now and then; on stderr both."""

    def __init__(self, quiet: bool = False, every: float = _EVERY) -> None:
        self._quiet, self._every = quiet, every
        self._console: Console = console(stderr=True)
        self._stage, self._what = "distill", "starting"
        self._began = time.monotonic()
        self._seconds: float | None = None
        """Of the stage, at most; None where nobody said."""
        self._live: Live | None = None
        self._spoke = self._began
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, name="progress", daemon=True)

    def __enter__(self) -> "Progress":
        if self._quiet:
            return self
        if self._console.is_terminal:
            self._live = Live(get_renderable=self._draw, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        else:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._live is not None:
            self._live.stop()
        if self._ticker.is_alive():
            self._ticker.join()

    def began(self, stage: str, seconds: float) -> None:
        """A stage begins."""
        self._stage, self._what = stage, "starting"
        self._began, self._seconds = time.monotonic(), seconds
        self._print(f"at most {_clock(seconds)}" if seconds >= 1 else "no time is left but for the least")

    def at(self, what: str) -> None:
        """What the stage is at now."""
        self._what = what

    def said(self, line: str) -> None:
        """What a stage found."""
        self._print(line)

    def _print(self, line: str) -> None:
        if not self._quiet:
            self._spoke = time.monotonic()
            print_row(self._console, self._stage, line)

    def _now(self) -> str:
        passed = time.monotonic() - self._began
        left = ""
        if self._seconds is not None:
            left = (
                f"; {_clock(self._seconds - passed)} left" if passed < self._seconds else "; its time is over, it ends"
            )
        return f"{printable(self._what)}{left}"

    def _draw(self) -> Table:
        return _row(self._stage, Text(self._now(), style="dim"))

    def _tick(self) -> None:
        while not self._ended.wait(max(0.01, self._spoke + self._every - time.monotonic())):
            if time.monotonic() >= self._spoke + self._every:
                self._print(self._now())


def print_row(out: Console, label: str, text: str) -> None:
    """A label and a text beside it, which is folded within its column on a terminal and one line elsewhere."""
    if out.is_terminal:
        out.print(_row(label, Text(printable(text))))
    else:
        out.print(Text(f"{label:<{_LABEL}}{printable(text)}"), soft_wrap=True)


def _row(label: str, text: Text) -> Table:
    grid = Table.grid(padding=0)
    grid.add_column(width=_LABEL)
    grid.add_column(overflow="fold")
    grid.add_row(Text(label), text)
    return grid


def _word(check: Check) -> str:
    return "skipped" if check.skipped else "ok" if check.ok else "FAILED"


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min" if minutes else f"{rest} s"


def print_outcome(outcome: Outcome) -> None:
    """What came of it: in a sentence, as the table, the rule, the checks, notes, and where to read more."""
    out, work = console(), outcome.work
    rows = entries(work)
    out.print(Text(printable(headline(work))), "", soft_wrap=not out.is_terminal)
    out.print(pareto_table(rows, out.width, out.is_terminal))
    for sentence in legend(rows, out.width, out.is_terminal):
        out.print(sentence, style="dim")
    out.print("")
    if work.rule is not None:
        out.print(Text(rule_text(work.rule)), "", soft_wrap=True)
    for word, detail in dict.fromkeys((_word(check), check.detail) for check in work.checks):
        titles = ", ".join(each.title for each in work.checks if (_word(each), each.detail) == (word, detail))
        print_row(out, word, f"{titles}: {detail}" if detail else titles)
    for sentence in work.not_done:
        print_row(out, "note", sentence)
    for name, number in outcome.number.items():
        print_row(out, "program", f"{number} in the run's log: {name}")
    names = sorted(path.name for path in work.files if path.name != FILE)
    print_row(out, "written", f"{work.folder / FILE}, and beside it {', '.join(names)}")
