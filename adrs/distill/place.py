"""Where the files of a distillation go: never over those of an earlier one."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from adrs.errors import UserError


def free(folder: Path) -> Path:
    """The folder; where something lies there already, the first of FOLDER-2, FOLDER-3, ... where nothing does."""
    return next(each for each in _numbered(folder) if not _taken(each))


def earlier(folder: Path) -> list[Path]:
    """The folders that `free` passes over, the newest first."""
    return list(itertools.takewhile(_taken, _numbered(folder)))[::-1]


def asked_for(folder: Path) -> Path:
    """A folder that somebody named. Raises UserError where something lies there."""
    if _taken(folder):
        raise UserError(f"{folder} is not an empty folder, and nothing is written over; choose another --output")
    return folder


def make(folder: Path) -> None:
    """Make it. Raises UserError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}; choose another --output") from None


def _numbered(folder: Path) -> Iterator[Path]:
    yield folder
    yield from (folder.with_name(f"{folder.name}-{number}") for number in itertools.count(2))


def _taken(folder: Path) -> bool:
    return folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))
