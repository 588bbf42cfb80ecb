"""Puts runs of one problem side by side, with best-of-n as the control."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adrs import folders, lineage
from adrs.errors import UserError
from adrs.lineage import curves
from adrs.lineage.control import CONTROL
from adrs.lineage.curve import AXES, Axis, Curve
from adrs.lineage.curves import Quartiles
from adrs.program import Split
from adrs.store import Reader
from adrs.store.reader import RunInfo


@dataclass(frozen=True)
class Entry:
    """One run."""

    name: str
    path: Path
    info: RunInfo
    curve: Curve
    winner: int | None
    score: Mapping[Split, float | None]
    """Of the winner, by split; None where it was not measured or there is no scale."""

    @property
    def search(self) -> str:
        """Its strategy."""
        return str(self.info.configuration["search"])

    @property
    def kind(self) -> str:
        """What it searched with; runs of one kind differ in their seed, or in nothing."""
        configuration = self.info.configuration
        who = [*configuration["models"]] or [configuration["proposer"]]
        return " ".join([self.search, *filter(None, who)])


@dataclass(frozen=True)
class Group:
    """Runs of one kind together, at the common number of evaluations."""

    kind: str
    runs: int
    best: Quartiles
    mean: Quartiles
    """Of the mean of the best so far."""
    to_state_of_the_art: Quartiles | None
    """Evaluations to score 100, infinite where it was not reached; None without a scale."""


@dataclass(frozen=True)
class Comparison:
    """Runs of one problem."""

    entries: tuple[Entry, ...]
    control: Entry | None
    """One of the entries."""
    found: bool
    """Whether the control was not named, but found among the other runs."""

    @property
    def problem(self) -> str:
        """Name of the problem."""
        return self.entries[0].info.problem

    @property
    def scaled(self) -> bool:
        """Whether values are scores."""
        return self.entries[0].curve.scaled

    @property
    def rescaled(self) -> bool:
        """Whether the baselines of the runs were measured differently, so that scores are on a scale of their own."""
        scalings = [entry.curve.scaling for entry in self.entries if entry.curve.scaling is not None]
        return self.scaled and any(
            not math.isclose(getattr(each, end), getattr(scalings[0], end), rel_tol=1e-9)
            for each in scalings for end in ("trivial", "state_of_the_art")
        )  # fmt: skip

    def common(self, axis: Axis) -> float:
        """How far all runs got on an axis."""
        return min(entry.curve.end(axis) for entry in self.entries)

    def groups(self) -> list[Group]:
        """Runs by kind, in the order in which the kinds come."""
        until = int(self.common("evaluations"))
        kinds: defaultdict[str, list[Curve]] = defaultdict(list)
        for entry in self.entries:
            kinds[entry.kind].append(entry.curve)
        made = []
        for kind, members in kinds.items():
            best = curves.quartiles([curve.at(until) for curve in members])
            mean = curves.quartiles([curve.area(until) for curve in members])
            reached = curves.quartiles([_within(curve, 100.0, until) for curve in members]) if self.scaled else None
            if best is not None and mean is not None:
                made.append(Group(kind, len(members), best, mean, reached))
        return made

    def to_control(self, entry: Entry) -> float | None:
        """Evaluations until a run had what the control had at the common number; None if it never had.

        Scores are compared as they are shown: half a digit is no difference.
        """
        until = int(self.common("evaluations"))
        level = None if self.control is None else self.control.curve.at(until)
        return None if level is None else _within(entry.curve, level - (0.005 if self.scaled else 0.0), until)

    def plain(self) -> dict[str, Any]:
        """The stable machine-readable form."""
        return {
            "problem": self.problem, "trust": self.entries[0].info.trust,
            "value": "score" if self.scaled else "fitness", "rescaled": self.rescaled,
            "common": {axis: self.common(axis) for axis in AXES},
            "control": None if self.control is None else self.control.name,
            "runs": [self._plain(entry) for entry in self.entries],
            "groups": [
                {"kind": group.kind, "runs": group.runs, "best": _spread(group.best), "mean": _spread(group.mean),
                 "evaluations_to_100": _spread(group.to_state_of_the_art)}
                for group in self.groups()
            ],
        }  # fmt: skip

    def _plain(self, entry: Entry) -> dict[str, Any]:
        until = int(self.common("evaluations"))
        curve = entry.curve
        levels = {"0": curve.first(0.0), "100": curve.first(100.0)} if self.scaled else {}
        return {
            "run": entry.name, "path": str(entry.path), "search": entry.search, "kind": entry.kind,
            "seed": entry.info.seed, "evaluations": curve.evaluations, "seconds": curve.seconds, "usd": curve.usd,
            "best": curve.best, "best_at_common": curve.at(until), "mean_to_common": curve.area(until),
            "evaluations_to": {**levels, "control": self.to_control(entry)},
            "winner": {"id": entry.winner, "score": dict(entry.score)}, "curve": [*curve.plain()["points"]],
        }  # fmt: skip


def load(names: Sequence[str], runs_dir: Path) -> Comparison:
    """Read runs by name, prefix, `last` or path, and find a control if none is among them.

    Raises UserError for a run that cannot be read or has nothing to show, and for runs that cannot be compared.
    """
    paths = list(dict.fromkeys(folders.find_run(name, runs_dir).resolve() for name in names))
    entries = [read(path) for path in paths]
    for entry in entries:
        if not entry.info.configuration:
            raise UserError(
                f"run {entry.name} was repaired and has lost what it was made with, so nothing says what it can be "
                "compared with"
            )
        if entry.curve.best is None:
            raise UserError(
                f"run {entry.name} ended before its search had heard of a program that works, so there is nothing to "
                "compare"
            )
        different = _difference(entries[0].info, entry.info)
        if different:
            raise UserError(f"runs {entries[0].name} and {entry.name} cannot be compared: {different}")
    given = any(entry.search == CONTROL for entry in entries)
    other = None if given else find_control(entries[0].path, runs_dir)
    entries += [other] if other else []
    scaled = curves.on_one_scale([entry.curve for entry in entries])
    entries = [replace(entry, curve=curve) for entry, curve in zip(entries, scaled, strict=True)]
    control = next((entry for entry in entries if entry.search == CONTROL), None)
    return Comparison(tuple(entries), control, found=other is not None)


def read(path: Path) -> Entry:
    """One run out of its log."""
    with Reader(path) as reader:
        number = lineage.winner(reader)
        return Entry(path.name, path, reader.info, lineage.told(reader), number, lineage.scores(reader, number))


def find_control(path: Path, runs_dir: Path) -> Entry | None:
    """The longest run with best-of-n on a run's problem, the latest of equals; None where there is none."""
    found: list[tuple[int, float, Path]] = []
    with Reader(path) as reader:
        for folder in lineage.controls(reader, runs_dir):
            with Reader(folder) as other:
                found.append((other.evaluations(), other.info.created, folder.resolve()))
    return read(max(found)[2]) if found and max(found)[0] else None


def _difference(one: RunInfo, other: RunInfo) -> str:
    """Why the scores of two runs mean different things; empty if they do not."""
    if one.problem != other.problem:
        return f"one is of {one.problem}, the other of {other.problem}"
    if one.configuration["workloads"] != other.configuration["workloads"]:
        return "one was trained on the published workloads, the other on the standard ones"
    if one.problem_digest != other.problem_digest:
        return f"the problem {one.problem} was changed between them"
    if one.configuration["evaluator_digest"] != other.configuration["evaluator_digest"]:
        return f"the evaluator of {one.problem} was changed between them, or data that it can read"
    return ""


def _within(curve: Curve, level: float, until: int) -> float | None:
    first = curve.first(level)
    return None if first is None or first > until else first


def _spread(values: Quartiles | None) -> dict[str, float | None] | None:
    if values is None:
        return None
    return {name: value if math.isfinite(value) else None
            for name, value in (("low", values.low), ("median", values.median), ("high", values.high))}  # fmt: skip
