"""The control of every search strategy: best-of-n on the same problem, which always starts from the seed program."""

from collections.abc import Callable
from pathlib import Path

from adrs.errors import UserError
from adrs.store import Reader, RunInfo

CONTROL = "best-of-n"
_SAME = ("workloads", "evaluator_digest")


def controls(reader: Reader, runs_dir: Path) -> list[Path]:
    """Folders of other runs in `runs_dir` by best-of-n, with the same problem, workloads and evaluator."""
    return siblings(reader, runs_dir, lambda theirs: _search(theirs) == CONTROL)


def siblings(reader: Reader, runs_dir: Path, wanted: Callable[[RunInfo], bool]) -> list[Path]:
    """Folders of other runs in `runs_dir` with the same problem, workloads and evaluator that are `wanted`."""
    found = []
    for path in sorted(runs_dir.glob("*/run.db")):
        if path.parent.resolve() == reader.folder.resolve():
            continue
        try:
            with Reader(path.parent) as other:
                theirs = other.info
        except UserError:  # a damaged run is no control
            continue
        alike = all(theirs.configuration.get(key) == reader.info.configuration.get(key) for key in _SAME)
        if alike and theirs.problem_digest == reader.info.problem_digest and wanted(theirs):
            found.append(path.parent)
    return found


def _search(info: RunInfo) -> str:
    return str(info.configuration.get("search", ""))
