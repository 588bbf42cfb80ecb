"""What an emulation has found: every entrant under every condition, and whether the order of simulation holds."""

import itertools
import json
import statistics
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from adrs.emulate.rank_correlation import rank_correlation
from adrs.evaluation import Condition, Deviation


@dataclass(frozen=True)
class Entrant:
    """What is emulated: a program, or a native baseline."""

    name: str
    source: str = ""
    native: str = ""


@dataclass(frozen=True)
class Outcome:
    """One entrant under one condition."""

    condition: str
    entrant: str
    simulated: Mapping[str, float]
    emulated: Mapping[str, float]
    """Metrics; empty where that one failed."""
    failure: str
    """Why there is no result; empty where there is one."""
    deviations: tuple[Deviation, ...] = ()


@dataclass
class Report:
    """All that was measured; it grows while it is measured."""

    problem: str
    metric: str
    direction: str
    backend: str
    conditions: tuple[Condition, ...]
    entrants: tuple[Entrant, ...]
    machine: Mapping[str, Any]
    outcomes: list[Outcome] = field(default_factory=list)
    load: list[float] = field(default_factory=list)
    """Of the machine, over the last minute, after each outcome."""

    @property
    def complete(self) -> bool:
        """Whether everything was measured that was wanted."""
        return len(self.outcomes) == len(self.conditions) * len(self.entrants)

    @property
    def programs_measured(self) -> bool:
        """Whether any program, which no baseline is, has a result."""
        programs = {each.name for each in self.entrants if not each.native}
        return any(outcome.entrant in programs and not outcome.failure for outcome in self.outcomes)

    @property
    def _sign(self) -> float:
        return 1.0 if self.direction == "maximize" else -1.0

    def values(self, condition: str, kind: str) -> dict[str, float]:
        """The primary metric of entrants that have a result, in `simulated` or `emulated`; more is better."""
        return {outcome.entrant: self._sign * getattr(outcome, kind)[self.metric] for outcome in self.outcomes
                if outcome.condition == condition and not outcome.failure}  # fmt: skip

    def overall(self, kind: str) -> dict[str, float]:
        """Means over conditions, of entrants that have a result under all of them."""
        by_condition = [self.values(condition.name, kind) for condition in self.conditions]
        everywhere = [each.name for each in self.entrants if all(each.name in values for values in by_condition)]
        return {name: statistics.fmean(values[name] for values in by_condition) for name in everywhere}

    def ranking(self, condition: str | None = None) -> "Ranking":
        """Of the programs among themselves, and of all, under one condition or over all of them."""
        simulated, emulated = (
            self.overall(kind) if condition is None else self.values(condition, kind)
            for kind in ("simulated", "emulated")
        )
        programs = [each.name for each in self.entrants if not each.native and each.name in simulated]
        winner = max(emulated, key=emulated.__getitem__, default=None)
        best = max(simulated, key=lambda name: (simulated[name], name == winner), default=None)
        return Ranking(
            rank_correlation([simulated[name] for name in programs], [emulated[name] for name in programs]),
            rank_correlation(list(simulated.values()), list(emulated.values())),
            best,
            winner,
            {name: self._sign * value for name, value in simulated.items()},
            {name: self._sign * value for name, value in emulated.items()},
        )

    def plain(self) -> dict[str, Any]:
        """The stable machine-readable form."""
        return {
            "problem": self.problem, "metric": self.metric, "backend": self.backend, "complete": self.complete,
            "machine": {**self.machine, "load": self.load},
            "conditions": [{"name": each.name, "description": each.description, "seconds": each.seconds,
                            **asdict(self.ranking(each.name))} for each in self.conditions],
            "programs": [{"name": each.name, "native": bool(each.native)} for each in self.entrants],
            "overall": asdict(self.ranking()),
            "outcomes": [{**asdict(outcome), "deviations": [{**asdict(each), "within": each.within}
                          for each in outcome.deviations]} for outcome in self.outcomes],
        }  # fmt: skip


@dataclass(frozen=True)
class Ranking:
    """How well the order of simulation holds in emulation."""

    correlation: float | None
    """Spearman's, over the programs; None for fewer than two, or where all are equal."""
    correlation_with_baselines: float | None
    winner_simulated: str | None
    winner_emulated: str | None
    """Among all; None where nothing has a result."""
    simulated: Mapping[str, float]
    emulated: Mapping[str, float]
    """The primary metric, in native units, of all entrants that have a result."""


def save(report: Report, folder: Path) -> Path:
    """Write the report into `emulation/` of a run's folder, beside those that are there; where to."""
    target = folder / "emulation"
    target.mkdir(exist_ok=True)
    stem = time.strftime("%Y%m%d-%H%M%S", time.localtime(report.machine["begun"]))
    names = itertools.chain([f"{stem}.json"], (f"{stem}-{number}.json" for number in itertools.count(2)))
    path = next(target / name for name in names if not (target / name).exists())
    path.write_text(json.dumps(report.plain(), indent=2))
    return path
