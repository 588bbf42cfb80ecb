"""SHA-256 of files; that of a large one is remembered, so that a run on gigabytes of data starts as fast as any."""

import hashlib
import time
from pathlib import Path

from adrs import resources
from adrs.cache_entries import write_entry
from adrs.errors import UserError

_LARGE_BYTES = 1 << 20
_SETTLED_SECONDS = 2.0
"""A file that changed so lately may change again within one tick of its clock, which nobody would see."""


def file_digest(path: Path) -> str:
    """SHA-256 of what a file holds, in hexadecimal. Raises UserError where it cannot be read."""
    try:
        status = path.stat()
        if status.st_size < _LARGE_BYTES:
            return hashlib.sha256(path.read_bytes()).hexdigest()
        state = (path.resolve(), status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        name = hashlib.sha256(repr(state).encode()).hexdigest()
        entry = resources.cache_folder() / "digests" / name
        return _known(entry) or _read(path, entry if time.time() - status.st_mtime > _SETTLED_SECONDS else None)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def _known(entry: Path) -> str:
    try:
        known = entry.read_text()
    except (OSError, UnicodeDecodeError):
        return ""
    return known if len(known) == hashlib.sha256().digest_size * 2 else ""


def _read(path: Path, entry: Path | None) -> str:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if entry is not None:
        write_entry(entry, digest)
    return digest
