"""Where runs lie, and how people name them and their problems."""

import contextlib
import itertools
import os
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from adrs import resources
from adrs.errors import UserError, closest

_RECENT = 20
"""So many runs, those that changed last, are asked when their sessions began."""
_NAMED = 4
"""So many runs are named where none is meant."""
_NAME = re.compile(r"\w[\w.+-]{0,99}")

if TYPE_CHECKING:  # every verb names runs, and few need problems
    from adrs.problem import Problem
    from adrs.store import Reader


def find_run(name: str, runs_dir: Path) -> Path:
    """The folder of a run given its name, a prefix that fits one run, or a path.

    `last` is the run that was begun or gone on with last, whatever else was written to others meanwhile.
    """
    if (Path(name) / "run.db").is_file():
        return Path(name)
    runs = list_runs(runs_dir)
    if not runs:
        raise UserError(f"there are no runs in {runs_dir}; `adrs run PROBLEM` makes one")
    if name == "last":
        return max(latest_first(runs)[:_RECENT], key=_last_session)
    exact = [path for path in runs if path.name == name]
    matching = exact or [path for path in runs if path.name.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        some = ", ".join(path.name for path in matching[:_NAMED])
        raise UserError(f'"{name}" fits {len(matching)} runs: {some}; give more of the name')
    latest = ", ".join(path.name for path in latest_first(runs)[:_NAMED])
    hint = closest(name, (path.name for path in runs)) or f"; the latest: {latest}"
    raise UserError(f'there is no run "{name}" in {runs_dir}{hint}')


def latest_first(runs: Iterable[Path]) -> list[Path]:
    """Runs, those first that changed last."""
    return sorted(runs, key=lambda path: (changed(path), path.name), reverse=True)


def changed(folder: Path) -> int:
    """When the log of a run was written last, in nanoseconds since 1970; 0 where it is gone. A look at it is no change,
    though it leaves an empty write-ahead log behind."""
    found = 0
    for name in ("run.db", "run.db-wal"):
        with contextlib.suppress(OSError):  # what is folded in vanishes at any moment, and so may the run
            status = (folder / name).stat()
            found = max(found, status.st_mtime_ns if status.st_size else 0)
    return found


def problem_reference(problem: "Problem") -> str:
    """What a problem is loaded by: its name if it comes with adrs, else its folder."""
    return problem.name if problem.folder == resources.folder("problems") / problem.name else str(problem.folder)


def made_from(reader: "Reader") -> str:
    """What the problem of a run is loaded by; raises UserError where its folder is gone.

    A log, which may be somebody else's, never means what happens to lie in the working folder.
    """
    place = resources.folder("problems") / str(reader.info.configuration["problem"])  # whose folder may be any other
    if not place.exists():
        raise UserError(
            f"run {reader.folder.name} was made from {place}, which is gone: put it back there, unchanged; what is "
            "recorded can be looked at without it"
        )
    return str(place)


def _last_session(path: Path) -> tuple[bool, float]:
    """Whether a run is no replay, since by `last` people mean what that repeats; and when its last session began."""
    from adrs.store import Reader

    try:
        with Reader(path) as reader:
            sessions = reader.events("started")
    except UserError:  # damaged, which is for whoever reads it to say
        return True, changed(path) / 1e9
    replayed = bool(sessions) and all("replay_of" in payload for _, payload in sessions)
    return not replayed, max((time for time, _ in sessions), default=0.0)


def list_runs(runs_dir: Path) -> list[Path]:
    """Folders of runs, by name."""
    return sorted(path.parent for path in runs_dir.glob("*/run.db"))


def check_name(name: str) -> None:
    """Raises UserError for a name that no verb would find a run by."""
    if not _NAME.fullmatch(name) or name == "last":
        raise UserError(
            f'--name "{name}": a run is named by letters, digits, "-", "_", "." and "+", beginning with a letter or a '
            'digit, 100 at most, and not "last"; --runs-dir says where it lies'
        )


@contextlib.contextmanager
def new_folder(runs_dir: Path, name: str | None, stem: str) -> Iterator[Path]:
    """Where a new run will lie; refuses early what would fail when the baselines are measured already.

    The folder is made at once, so that runs begun together have names of their own, and is removed if it stays empty.
    """
    if name is not None:
        check_name(name)
    existing = next(path for path in (runs_dir.absolute(), *runs_dir.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"{runs_dir / (name or stem)} cannot be made in {existing}; choose another --runs-dir")
    day = time.strftime("%Y%m%d")
    names = [name] if name is not None else (f"{stem}-{day}-{number}" for number in itertools.count(1))
    folder = next((folder for each in names if _make(folder := runs_dir / each, even_if_empty=name is not None)), None)
    if folder is None:
        raise UserError(f"{runs_dir / str(name)} exists already; choose another --name")
    try:
        yield folder
    finally:
        with contextlib.suppress(OSError):  # it holds something
            folder.rmdir()
            if runs_dir.absolute() != existing:
                runs_dir.rmdir()


def _make(folder: Path, even_if_empty: bool) -> bool:
    """Make a folder; False where there is one already, unless it is empty and that is as good."""
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        return even_if_empty and folder.is_dir() and next(folder.iterdir(), None) is None
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}; choose another --runs-dir") from None
    return True
