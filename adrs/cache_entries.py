"""Files that are kept between sessions to save time: any of them may be missing."""

from pathlib import Path


def write_entry(path: Path, text: str) -> None:
    """Write a cache entry whole or not at all; a cache that cannot be written costs time, nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_suffix(f".{id(text)}.tmp")
        temporary.write_text(text)
        temporary.replace(path)
    except OSError:
        pass
