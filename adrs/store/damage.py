"""What is said of a log that cannot be read or written."""

import json
import sqlite3
import zlib
from pathlib import Path

from adrs.errors import UserError
from adrs.text import run_in_command

SIGNS = (sqlite3.Error, zlib.error, json.JSONDecodeError, UnicodeDecodeError)
"""What reading a damaged page ends in, where it does not go unnoticed."""


OURS = (sqlite3.IntegrityError, sqlite3.ProgrammingError)
"""Errors of SQLite that tell nothing of a file: what was asked of it is a mistake of adrs."""
_FULL = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
"""Codes for want of room, in a log and in the index of its write-ahead log."""


def explain(path: Path, error: BaseException) -> UserError:
    """One sentence for what went wrong with the file; nothing that was committed before is lost by a full disk."""
    text, run = str(error), run_in_command(path.parent)
    if getattr(error, "sqlite_errorcode", None) in _FULL:
        return UserError(
            f"the disk of {path.parent} is full: what was recorded is safe; make room, then `adrs resume {run}`"
        )
    if "disk I/O" in text:
        code = getattr(error, "sqlite_errorname", "SQLITE_IOERR")
        return UserError(
            f"the disk of {path.parent} failed ({text}, {code}): a quota is used up, it is broken, or it cannot be "
            f"reached; once it works again, `adrs resume {run}` goes on with what was recorded"
        )
    if "readonly" in text:
        return UserError(f"{path} cannot be written; check its permissions")
    if "unable to open" in text:
        return UserError(f"{path} cannot be opened; check its permissions")
    if "locked" in text:
        return UserError(f"{path} is locked by another process; wait until that one has ended")
    return UserError(f"{path} is damaged ({text}); `adrs repair {run}` saves what can be read into a new run")
