"""What a session ends with: the winner, the table's numbers, and for a replay the first difference."""

import itertools
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adrs.budget import Budget
from adrs.calibrate import Calibration
from adrs.choose import Choice
from adrs.errors import Diverged, UserError
from adrs.problem import Problem
from adrs.program import SPLITS, Evaluation, Program, Split
from adrs.store import Reader


@dataclass
class Outcome:
    """What a session ends with; `plain` is the object that `--json` prints."""

    run: str
    path: Path
    problem: Problem
    seed: int
    evaluations: int
    budget: Budget
    """Evaluations of the whole run, seconds of this session."""
    stopped_by: str
    choice: Choice
    winner_file: Path | None
    calibration: Calibration
    verdicts: Mapping[str, int]
    spend: Mapping[str, float]
    phases: Mapping[str, float]
    """Wall seconds of the parts of the session, see adrs.phases."""
    warnings: tuple[str, ...] = ()
    """What did not go as it was asked for, though the run went on."""
    exhausted: str = ""
    """Where dollars or tokens ended it: how much of them is spent, and what the next call may take."""
    difference: str | None = None
    """Of a replay: the first difference."""
    extra: dict[str, Any] = field(default_factory=dict)

    def of(self, number: int | None) -> dict[Split, Evaluation | None]:
        """Evaluations of a program by split."""
        return {split: self.choice.of(number, split) for split in SPLITS}

    def baselines_left_out(self) -> dict[str, list[Split]]:
        """By baseline, the splits with workloads that it was not measured on, such as for want of time."""
        splits = [split for split in SPLITS if self.problem.workloads[split]]
        left = {each.name: [split for split in splits if (each.name, split) not in self.calibration.evaluations]
                for each in self.problem.baselines}  # fmt: skip
        return {name: missing for name, missing in left.items() if missing}

    def plain(self) -> dict[str, Any]:
        """The stable machine-readable form."""
        winner = None
        if self.choice.winner is not None:
            measured = self.of(self.choice.winner)
            winner = {
                "id": self.choice.winner,
                "file": str(self.winner_file),
                "score": {split: found.score if found else None for split, found in measured.items()},
                "metrics": {split: dict(found.metrics) if found else {} for split, found in measured.items()},
                "why_not": dict(self.choice.why_not),
            }
        return {
            "run": self.run, "path": str(self.path), "problem": self.problem.name, "trust": self.problem.trust,
            "seed": self.seed, "evaluations": self.evaluations, "stopped_by": self.stopped_by, "winner": winner,
            "no_score": {split: why for split in SPLITS if (why := self.calibration.why_no_score(split))},
            "rechecked": self._rechecked(), "baselines": self._baselines(), "verdicts": dict(self.verdicts),
            "spend": dict(self.spend), "phases": dict(self.phases), "warnings": list(self.warnings), **self.extra,
        }  # fmt: skip

    def _rechecked(self) -> list[dict[str, Any]]:
        """The best few beside what they reach on fresh workloads, the winner first."""
        splits: tuple[Split, ...] = ("train", "validation", "fresh")
        return [
            {"id": number, "score": {split: found.score if (found := self.choice.of(number, split)) else None
                                     for split in splits}}
            for number in self.choice.rechecked if self.choice.of(number, "fresh") is not None
        ]  # fmt: skip

    def _baselines(self) -> dict[str, Any]:
        measured: dict[str, Any] = {}
        for baseline in self.problem.baselines:
            found = {split: self.calibration.evaluations.get((baseline.name, split)) for split in SPLITS}
            if any(found.values()):
                measured[baseline.name] = {
                    "role": baseline.role,
                    "score": {split: self.calibration.score(baseline, split) for split in SPLITS},
                    "metrics": {split: dict(each.metrics) if each else {} for split, each in found.items()},
                }
        return measured


def write_winner(
    reader: Reader, winner: int | None, path: Path, instead: str = "`adrs best --output` writes it elsewhere"
) -> Path | None:
    """Write a program's source to a file, as it was proposed. Raises UserError, with what to do instead."""
    if winner is None:
        return None
    try:
        path.write_text(reader.program(winner).source, errors="surrogatepass")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}; {instead}") from None
    return path


def first_difference(original: Reader, repeated: Reader) -> str | None:
    """The first program in which two runs differ, or None. What one of them did not get to evaluate is left out.

    Where evaluator and program share a process, metrics beside the score may be of any kind, such as a time that was
    measured: see `metrics_that_differ`.
    """
    for ours, theirs in itertools.zip_longest(original.programs(), repeated.programs()):
        if ours is None or theirs is None:
            if (ours or theirs).evaluation is None:
                continue
            which = "original" if theirs is None else "replay"
            return f"program {(ours or theirs).id} exists in the {which} alone"
        found = _difference(ours, theirs, original.info.trust == "shared")
        if found is not None:
            return found
    return None


def why_diverged(original: Reader, repeated: Reader, error: Diverged) -> UserError:
    """What to say where a replay came to its end early: the first program that was measured otherwise, if any was."""
    pairs = zip(original.programs(), repeated.programs(), strict=False)
    found = (_difference(ours, theirs, shared=True) for ours, theirs in pairs)
    difference = next((each for each in found if each is not None), None)
    return error if difference is None else UserError(f"{difference}; from there on the log cannot be followed")


def _difference(ours: Program, theirs: Program, shared: bool) -> str | None:
    """What differs between a program and its repetition, or None; what one of them did not get to is left out."""
    if ours.evaluation is None or theirs.evaluation is None:
        return None
    for name in ("source", "parents", "operator", "verdict", "score", "fitness"):
        before, after = getattr(ours, name), getattr(theirs, name)
        if before != after:
            shown = "differs" if name == "source" else f"was {before}, is {after}"
            return f"program {ours.id}: {name} {shown}"
    if not shared and dict(ours.evaluation.metrics) != dict(theirs.evaluation.metrics):
        return f"program {ours.id}: metrics were {ours.evaluation.metrics}, are {theirs.evaluation.metrics}"
    return None


def metrics_that_differ(original: Reader, repeated: Reader) -> dict[str, int]:
    """By name of a metric, in how many programs of two runs it differs, such as a time that the evaluator measured."""
    counts: Counter[str] = Counter()
    for ours, theirs in zip(original.programs(), repeated.programs(), strict=False):
        if ours.evaluation is not None and theirs.evaluation is not None:
            before, after = ours.evaluation.metrics, theirs.evaluation.metrics
            counts.update(name for name in {**before, **after} if before.get(name) != after.get(name))
    return dict(counts)
