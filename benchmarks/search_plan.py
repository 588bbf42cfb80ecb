"""The runs that `search.py` is to make, kept beside its results, so that a table knows what it lacks."""

import json
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

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


def add(folder: Path, wanted: Iterable[Trial], evaluations: int) -> None:
    """Note that these runs are wanted, with so many evaluations; those of earlier calls stay so."""
    plan = _read(folder)
    plan |= {trial: max(evaluations, plan.get(trial, 0)) for trial in wanted}
    text = json.dumps([{**asdict(trial), "evaluations": count} for trial, count in plan.items()], indent=1)
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


def _read(folder: Path) -> dict[Trial, int]:
    """Evaluations wanted, by run; empty where no run was ever planned."""
    path = folder / _FILE
    if not path.is_file():
        return {}
    return {Trial(each["problem"], each["search"], each["seed"]): each["evaluations"]
            for each in json.loads(path.read_text())}  # fmt: skip
