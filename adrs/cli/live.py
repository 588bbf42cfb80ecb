"""What a person sees while a run goes on: where it stands against the baselines, how fast, and what got better."""

import time
from collections import Counter, deque
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.text import Text

from adrs.budget import Budget
from adrs.calibrate import Calibration
from adrs.cli.output import console, metric, number, print_trust, safe, trust_mark
from adrs.lineage.curves import sparkline
from adrs.problem import Problem
from adrs.program import Program

_IMPROVEMENTS = 6
_TOLD_IN_VAIN = (1, 10, 100, 1000)
_PACE = 5.0
"""Seconds between lines about how far the same thing is, where there is no panel to show it."""


class View:
    """An observer of a run. On a terminal a panel that is redrawn, elsewhere a line for each improvement."""

    def __init__(self, problem: Problem, name: str, quiet: bool, budget: Budget | None = None) -> None:
        self._problem = problem
        self._name = name
        self._quiet = quiet
        self._budget = budget or Budget()
        self._console: Console = console(stderr=True)
        self._note = ""
        self._noted = 0.0
        self._calibration: Calibration | None = None
        self._best: Program | None = None
        self._curve: list[float] = []
        self._verdicts: Counter[str] = Counter()
        self._asked_of_models = 0
        self._in_vain = 0
        self._refusal = ""
        self._improvements: deque[Text] = deque(maxlen=_IMPROVEMENTS)
        self._evaluations = 0
        self._began = time.monotonic()
        self._recent: deque[float] = deque(maxlen=50)
        self._live: Live | None = None

    def __enter__(self) -> "View":
        if not self._quiet and self._console.is_terminal:
            self._live = Live(get_renderable=self._draw, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        elif not self._quiet:
            print_trust(self._console, self._problem.trust)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def note(self, text: str) -> None:
        """Show what the run is doing."""
        phase, now = text.partition(":")[0], time.monotonic()
        goes_on = phase == self._note.partition(":")[0]
        self._note = text
        self._recent.clear()  # the rate of one phase says nothing of the next
        if self._live is None and not self._quiet and not (goes_on and now - self._noted < _PACE):
            self._noted = now
            self._console.print(f"{self._elapsed()}  {text}", soft_wrap=True)

    def calibrated(self, calibration: Calibration) -> None:
        """Show the baselines."""
        self._calibration = calibration

    def told(self, program: Program, evaluations: int) -> None:
        """Count a program, and show it if it is the best so far."""
        self._evaluations = evaluations
        self._recent.append(time.monotonic())
        self._verdicts[program.verdict] += 1
        self._count_answer(program)
        fitness = program.fitness
        if fitness is not None and (self._best is None or fitness > (self._best.fitness or 0.0)):
            self._best = program
            self._improvements.append(self._line(program))
            if self._live is None and not self._quiet:
                self._console.print(self._improvements[-1], soft_wrap=True)
        if self._best is not None and self._best.fitness is not None:
            self._curve.append(self._best.fitness)

    def _count_answer(self, program: Program) -> None:
        """Say that language models give no programs: at the first time, the tenth, the hundredth."""
        self._asked_of_models += bool(program.model)
        if not program.model or program.verdict != "rejected" or program.duplicate_of is not None:
            return
        self._in_vain += 1
        reason = program.evaluation.reason if program.evaluation else ""
        count = f"{self._in_vain} of {self._asked_of_models}"
        self._refusal = f"{count} requests to models gave nothing to evaluate; the last: {reason}"
        if self._live is None and not self._quiet and self._in_vain in _TOLD_IN_VAIN:
            self._console.print(f"{self._elapsed()}  {safe(self._refusal)}", soft_wrap=True)

    def _line(self, program: Program) -> Text:
        score = self._score(program)
        what = program.rationale or program.operator
        return Text.from_markup(f"{self._elapsed()}  [bold]{score:>9}[/]  #{program.id:<5} {safe(what)}", style="")

    def _score(self, program: Program) -> str:
        if program.score is not None:
            return number(program.score, 2)
        value = program.evaluation.metrics.get(self._problem.objective.metric) if program.evaluation else None
        return metric(value)

    def _elapsed(self) -> str:
        return f"{_clock(time.monotonic() - self._began):>6}"

    def _draw(self) -> Any:
        width = max(20, self._console.width - 8)
        lines: list[Any] = [self._scale(), self._sparkline(width), self._counts(width)]
        if self._refusal:
            lines.append(Text.from_markup(safe(self._refusal), style="yellow", overflow="ellipsis"))
            lines[-1].truncate(width, overflow="ellipsis")
        if self._improvements:
            lines += [Text(""), Text("last improvements", style="bold")]
            for line in self._improvements:
                shown = line.copy()
                shown.truncate(width, overflow="ellipsis")
                lines.append(shown)
        hint = Text("Ctrl-C ends the run cleanly: the winner is chosen and reported", style="dim")
        title = f"[bold]{self._name}[/]  {safe(self._problem.title)}{trust_mark(self._problem.trust)}"
        return Panel(Group(*lines, Text(""), hint), title=title, title_align="left", padding=(0, 2))

    def _scale(self) -> Text:
        if self._best is None:
            return Text(self._note)
        evaluation = self._best.evaluation
        objective = self._problem.objective
        value = metric(evaluation.metrics.get(objective.metric) if evaluation else None)
        text = Text.assemble(
            ("best ", "bold"), (self._score(self._best), "bold green"), f"  {objective.metric} {value}"
        )
        for role in ("trivial", "state-of-the-art"):
            baseline = self._problem.baseline(role)
            if self._calibration is not None and baseline is not None:
                measured = self._calibration.evaluations.get((baseline.name, "train"))
                shown = metric(measured.metrics.get(objective.metric) if measured else None)
                text.append(f"   {role} {shown}", style="dim")
        return text

    def _sparkline(self, width: int) -> Text:
        if len(self._curve) < 2:
            return Text("")
        step = len(self._curve) / min(width, len(self._curve))
        points = [self._curve[int(index * step)] for index in range(min(width, len(self._curve)))]
        points[-1] = self._curve[-1]
        return Text(sparkline(points, min(points), max(points)), style="cyan")

    def _counts(self, width: int) -> Text:
        rate = 0.0
        if len(self._recent) > 1 and self._recent[-1] > self._recent[0]:
            rate = (len(self._recent) - 1) / (self._recent[-1] - self._recent[0])
        counts = "  ".join(f"{name} {count}" for name, count in self._verdicts.most_common())
        seconds, evaluations = self._budget.seconds, self._budget.evaluations
        elapsed = self._elapsed().strip() + ("" if seconds is None else f" of {_clock(seconds)}")
        done = f"{self._evaluations}" + ("" if evaluations is None else f" of {evaluations}")
        text = Text(f"{elapsed}  {self._note}  evaluations {done}  {rate:.1f}/s  {counts}")
        text.truncate(width, overflow="ellipsis")
        return text


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
