"""What an emulation shows: a line that moves while it goes on, then simulation against emulation as a table."""

import time
from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.live import Live
from rich.text import Text

from adrs.cli.output import console, metric, safe, table
from adrs.emulate import Entrant, Outcome, Ranking, Report
from adrs.evaluation import Condition, Deviation


class Progress:
    """An observer of an emulation. On a terminal a line that is redrawn, elsewhere a line for each result."""

    def __init__(self, report: Report, quiet: bool) -> None:
        self._report = report
        self._quiet = quiet
        self._console: Console = console(stderr=True)
        self._live: Live | None = None
        self._text = ""
        self._seconds = 0.0
        self._began = time.monotonic()

    def __enter__(self) -> "Progress":
        if not self._quiet and self._console.is_terminal:
            self._live = Live(get_renderable=self._draw, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()

    def working(self, condition: Condition, entrant: Entrant, number: int, total: int) -> None:
        """Show what runs now."""
        self._text = f"{number} of {total}: {safe(entrant.name)} on {condition.name} ({condition.description})"
        self._seconds, self._began = condition.seconds, time.monotonic()

    def done(self, outcome: Outcome) -> None:
        """Show what came of it."""
        if self._quiet:
            return
        if outcome.failure:
            said = f"[red]{safe(outcome.failure)}[/]"
        else:
            said = "; ".join(f"{each.metric} {each.simulated:.4g} {each.unit} simulated, {each.emulated:.4g} "
                             f"emulated" for each in outcome.deviations)  # fmt: skip
        self._console.print(f"{outcome.condition}  {safe(outcome.entrant)}: {said}", soft_wrap=True)

    def _draw(self) -> Text:
        passed = int(time.monotonic() - self._began)
        return Text.from_markup(f"{self._text}  {passed} of {self._seconds:g} s")


def print_report(report: Report, saved: Path | None) -> None:
    """Simulation against emulation, then what becomes of the ranking."""
    out = console()
    real_time = all(outcome.emulated.get("real_time", 1.0) for outcome in report.outcomes)
    load = f", load {min(report.load):.1f} to {max(report.load):.1f}" if report.load else ""
    out.print(f"[bold]{safe(report.problem)}[/]: simulation against emulation, backend {report.backend}{load}"
              f"{'' if real_time else ', without real-time priority'}", soft_wrap=True)  # fmt: skip
    for condition in report.conditions:
        out.print(f"  {condition.name}: {condition.description}, {condition.seconds:g} s", style="dim", soft_wrap=True)
    compared = next((outcome.deviations for outcome in report.outcomes if outcome.deviations), ())
    columns = [column for each in compared for column in (f">{each.unit} sim", ">emu", ">error")]
    rows = [_row(outcome) for outcome in report.outcomes if not outcome.failure]
    out.print()
    if rows:
        out.print(f"{' and '.join(each.metric for each in compared)}, in simulation (sim) and in emulation (emu):")
        out.print(table(["condition", "program", *columns, "limits"], rows))
    for outcome in report.outcomes:
        if outcome.failure:
            out.print(f"{outcome.condition}  {safe(outcome.entrant)}: {safe(outcome.failure)}", soft_wrap=True)
    out.print()
    for line in conclusions(report):
        out.print(safe(line), soft_wrap=True)
    if saved is not None:
        out.print(f"written to {safe(str(saved))}", soft_wrap=True)


def _row(outcome: Outcome) -> list[str]:
    cells = [cell for each in outcome.deviations for cell in
             (f"{each.simulated:.4g}", f"{each.emulated:.4g}", _error(each))]  # fmt: skip
    within = all(each.within for each in outcome.deviations)
    return [outcome.condition, safe(outcome.entrant), *cells, "[green]within[/]" if within else "[red]outside[/]"]


def _error(each: Deviation) -> str:
    share = 100 * (each.emulated / each.simulated - 1) if each.simulated else 0.0
    return f"{share:+.1f}%" if each.within else f"[red]{share:+.1f}%[/]"


def conclusions(report: Report) -> list[str]:
    """Sentences about the ranking, by condition and over all of them; none where there is nothing to rank."""
    if len(report.entrants) < 2:
        return []
    lines = []
    for condition in report.conditions:
        lines.append(f"{condition.name}: {_said(report.ranking(condition.name), report)}")
    if len(report.conditions) > 1:
        lines.append(f"all conditions: {_said(report.ranking(), report)}")
    return lines


def _said(ranking: Ranking, report: Report) -> str:
    if ranking.winner_simulated is None or ranking.winner_emulated is None:
        return "no result"
    programs = [each.name for each in report.entrants if not each.native]
    measured = sum(name in ranking.simulated for name in programs)
    parts = []
    if len(programs) > 1:
        parts.append(f"{_correlation(ranking.correlation)} over {measured} programs")
    if len(report.entrants) > len(programs):
        parts.append(f"{_correlation(ranking.correlation_with_baselines)} with baselines")
    parts[0] = f"rank correlation (Spearman) {parts[0]}"
    missing = [each.name for each in report.entrants if each.name not in ranking.simulated]
    if missing:
        parts.append(f"without {', '.join(missing)}, so that no winner is named")
    elif ranking.winner_simulated == ranking.winner_emulated:
        parts.append(f"{ranking.winner_emulated} wins both")
    else:
        leads = f"{ranking.winner_simulated} leads in simulation, {ranking.winner_emulated} in emulation"
        parts.append(f"the winner changes: {leads}")
    values = ", ".join(
        f"{name} {metric(value)} / {metric(ranking.emulated[name])}" for name, value in ranking.simulated.items()
    )
    return f"{', '.join(parts)}; {report.metric} in simulation / emulation: {values}"


def _correlation(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.2f}"
