"""What is said of a log that cannot be read or written."""

import json
import sqlite3
import zlib
from pathlib import Path

from adrs.errors import UserError
from adrs.text import run_in_command

SIGNS = (sqlite3.Error, zlib.error, json.JSONDecodeError, UnicodeDecodeError)
"""What reading a damaged page ends in, where it does not go unnoticed."""


def explain(path: Path, error: BaseException) -> UserError:
    """One sentence for what went wrong with the file; nothing that was committed before is lost by it."""
    text, run = str(error), run_in_command(path.parent)
    if "full" in text or "disk I/O" in text:
        return UserError(
            f"the disk of {path.parent} is full: what was recorded is safe; make room, then `adrs resume {run}`"
        )
    if "readonly" in text:
        return UserError(f"{path} cannot be written; check its permissions")
    if "unable to open" in text:
        return UserError(f"{path} cannot be opened; check its permissions")
    if "locked" in text:
        return UserError(f"{path} is locked by another process; wait until that one has ended")
    return UserError(f"{path} is damaged ({text}); `adrs repair {run}` saves what can be read into a new run")
