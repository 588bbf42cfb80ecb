"""The runs that `search.py` is to make, kept beside its results, so that a table knows what it lacks."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from adrs.errors import UserError
from adrs.store import Reader

_FILE = "plan.json"


@dataclass(frozen=True)
class Trial:
    """One run to be made."""

    problem: str
    search: str
    seed: int

    @property
    def name(self) -> str:
        """Of the run's folder and of the file with its result."""
        return f"{self.problem}-{self.search}-{self.seed}"


@dataclass(frozen=True)
class Wanted:
    """How a run is to be made."""

    evaluations: int
    settings: Mapping[str, Any]
    """What else its result depends on."""


def add(folder: Path, wanted: Iterable[Trial], evaluations: int, settings: Mapping[str, Any]) -> None:
    """Note that these runs are wanted, with so many evaluations; those of earlier calls stay so.

    Raises UserError where runs of one of the problems were begun with other settings: a table would compare the two.
    """
    plan, wanted = _read(folder), list(wanted)
    problems = {trial.problem for trial in wanted}
    for trial, how in plan.items():
        if trial.problem in problems and how.settings != settings:
            raise UserError(
                f"{folder} holds runs of {trial.problem} with {_said(how.settings)}, which must not be mixed with "
                f"{_said(settings)}; name another folder"
            )
    for trial in wanted:
        known = plan.get(trial)
        plan[trial] = Wanted(max(evaluations, known.evaluations if known else 0), settings)
    text = json.dumps([{"trial": asdict(trial), **asdict(how)} for trial, how in plan.items()], indent=1)
    temporary = (folder / _FILE).with_suffix(".tmp")
    temporary.write_text(text)
    temporary.replace(folder / _FILE)


def missing(folder: Path, there: Collection[Trial]) -> list[str]:
    """A line for each problem and strategy of which runs are wanted and not there, and how far those have come."""
    plan = _read(folder)
    groups: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for trial in plan:
        if trial not in there:
            done = evaluations(folder, trial)
            groups[trial.problem, trial.search].append(f"{trial.seed} (at {done})" if done else str(trial.seed))
    lines = [f"- {name} `{search}`: seed {', '.join(seeds)}" for (name, search), seeds in groups.items()]
    lacking = sum(len(seeds) for seeds in groups.values())
    return (
        ["", f"Missing, {lacking} of {len(plan)} runs (at how many evaluations they are):", "", *lines] if lines else []
    )


def evaluations(folder: Path, trial: Trial) -> int:
    """How many evaluations a run has done; 0 before it has begun."""
    try:
        with Reader(folder / "runs" / trial.name) as reader:
            return reader.evaluations()
    except UserError:
        return 0


def _said(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value!r}" for name, value in settings.items())


def _read(folder: Path) -> dict[Trial, Wanted]:
    """How runs are to be made; empty where no run was ever planned. Raises UserError for a plan of another version."""
    path = folder / _FILE
    if not path.is_file():
        return {}
    try:
        return {
            Trial(**each["trial"]): Wanted(each["evaluations"], each["settings"])
            for each in json.loads(path.read_text())
        }
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} is damaged or of another version: name another folder") from error
