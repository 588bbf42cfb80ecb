"""What a run goes on with: its settings and its problem, which must be what they were."""

from pathlib import Path

from adrs import problem
from adrs.errors import UserError
from adrs.evaluator_digest import changed_files, evaluator_digest
from adrs.folders import made_from
from adrs.problem import Problem
from adrs.settings import Settings
from adrs.store import Reader

_NAMED = 3
"""So many files are named where an evaluator has changed."""


def read_settings(folder: Path) -> tuple[Settings, Problem]:
    """What a run is made with; raises UserError where its problem has changed since it began."""
    with Reader(folder) as reader:
        # what models were asked is only shown: nothing steers by it
        if any(payload["lost"].keys() - {"request"} for _, payload in reader.events("repaired")):
            raise UserError(
                f"run {folder.name} was repaired and has lost a part of its log: it can be looked at, but not be gone "
                "on with; start a new run"
            )
        settings = Settings.from_plain(reader.configuration())
        digest, created = reader.info.problem_digest, reader.info.created
        loaded = problem.load(made_from(reader), settings.workloads)
    if loaded.digest() != digest:
        raise UserError(
            f"the problem {loaded.folder} has changed since run {folder.name} began, so their scores cannot be "
            "compared; start a new run"
        )
    if settings.evaluator_digest != evaluator_digest(loaded):
        raise UserError(
            f"the evaluator of {loaded.name} has changed since run {folder.name} began, or a file that it can read"
            f"{_newer(loaded, created)}, so their scores cannot be compared; start a new run"
        )
    return settings, loaded


def _newer(loaded: Problem, created: float) -> str:
    """Which files that may be, so that one that only lies there can be put elsewhere."""
    newer = [file.name for file in changed_files(loaded, created)]
    more = [f"{len(newer) - _NAMED} more"] if len(newer) > _NAMED else []
    return f" (newer than the run: {', '.join([*newer[:_NAMED], *more])})" if newer else ""
