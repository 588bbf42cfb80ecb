"""Copies of shared evaluators' folders, for policy processes to read: what lies beside the original stays unseen."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from adrs import openevolve, openevolve_secrets, resources
from adrs.errors import UserError

_KEPT_SECONDS = 60 * 24 * 3600.0
"""A copy that nobody has asked for during so long is removed when another is made."""


def copy_of(folder: Path) -> Path:
    """A copy of the files that belong to an evaluator, readable by everyone, named by what they hold.

    Secrets of configurations are left out. Made once and checked before each use. Raises UserError where it cannot be
    made.
    """
    files = openevolve.files(folder)
    digest = _digest(folder, files)
    copy = resources.cache_folder() / "evaluators" / digest
    if copy.is_dir() and _digest(copy, openevolve.files(copy)) == digest:
        with contextlib.suppress(OSError):
            os.utime(copy)
        return copy.resolve()
    try:
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(copy, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=copy.parent, ignore_cleanup_errors=True) as made:
            place = Path(made) / digest
            _copy(folder, files, place)
            if not copy.exists():
                place.rename(copy)
        _forget_unused(copy.parent)
    except FileExistsError:
        pass  # another worker was faster
    except OSError as error:
        if not copy.is_dir():
            raise UserError(
                f"{folder} cannot be copied to {copy}: {error.strerror}; ADRS_CACHE names another place"
            ) from None
    return copy.resolve()


def _forget_unused(copies: Path) -> None:
    oldest = time.time() - _KEPT_SECONDS
    for copy in copies.iterdir():
        if copy.stat().st_mtime < oldest:
            shutil.rmtree(copy, ignore_errors=True)


def _copy(folder: Path, files: Iterable[Path], place: Path) -> None:
    place.mkdir()
    for file in files:
        target = place / file.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(openevolve_secrets.content(file))
        target.chmod(0o555 if os.access(file, os.X_OK) else 0o444)
    for path in (place, *place.rglob("*")):
        if path.is_dir():
            path.chmod(0o755)


def _digest(folder: Path, files: Iterable[Path]) -> str:
    total = sha256()
    for file in files:
        content = sha256(openevolve_secrets.content(file)).hexdigest()
        total.update(f"{file.relative_to(folder)}\0{os.access(file, os.X_OK)}\0{content}\0".encode())
    return total.hexdigest()
