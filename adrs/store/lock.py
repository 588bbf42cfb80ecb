"""One process at a time may write to a run; it leaves its id for whoever comes later."""

import fcntl
import os
import time
from pathlib import Path
from typing import IO

from adrs.errors import UserError

_NAME = "run.lock"
_LOOK_SECONDS = 0.02
"""After which a lock that was only looked at, as `holder` does, is free again."""


def open_lock(folder: Path) -> IO[str]:
    """The lock of a run, taken; closing it lets go. Raises UserError if another process has it."""
    try:
        lock = (folder / _NAME).open("a+")
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from None
    try:
        take(lock, folder)
    except UserError:
        lock.close()
        raise
    return lock


def take(lock: IO[str], folder: Path) -> None:
    """Lock the file and leave the process id in it."""
    if not _taken(lock):
        time.sleep(_LOOK_SECONDS)
        if not _taken(lock):
            lock.seek(0)
            other = lock.read().strip() or "unknown"
            raise UserError(f"run {folder.name} is being written by process {other}; stop that one first")
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()


def _taken(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def in_place(lock: IO[str], folder: Path) -> bool:
    """Whether the lock still lies in the folder: one that was removed or moved takes its log with it."""
    try:
        return os.path.samestat(os.fstat(lock.fileno()), (folder / _NAME).stat())
    except OSError:
        return False


def release(lock: IO[str]) -> None:
    """Let other processes write, until the lock is taken again."""
    fcntl.flock(lock, fcntl.LOCK_UN)


def holder(folder: Path) -> int | None:
    """The id of the process that writes to a run now; None where nobody does."""
    try:
        with (folder / _NAME).open() as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                text = lock.read().strip()
                return int(text) if text.isdigit() else 0
    except OSError:
        return None
    return None
