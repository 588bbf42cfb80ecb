"""Who works on a run: the process that holds the lock of its log."""

import fcntl
from pathlib import Path

LOCK = "run.lock"


def working_process(folder: Path) -> int | None:
    """Number of the process that writes to a run's log now; None where nobody does, 0 where it cannot be known.

    The lock is tried for as long as it takes to let it go, which a writer that begins at that moment waits for.
    """
    try:
        with (folder / LOCK).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                text = file.read().strip()
                return int(text) if text.isdecimal() else 0
            fcntl.flock(file, fcntl.LOCK_UN)
    except OSError:
        return None
    return None
