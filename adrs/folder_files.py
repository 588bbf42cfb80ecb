"""Which files of a folder are its owner's: not what tools and runs have left in it."""

import os
from pathlib import Path

_NOT_THEIRS = ("__pycache__", "node_modules", "openevolve_output", "venv")
_LOG = "run.db"


def folder_files(folder: Path) -> list[Path]:
    """All files but hidden ones, caches and what runs have written, in order."""
    found: list[Path] = []
    for root, folders, names in os.walk(folder):
        here = Path(root)
        folders[:] = [name for name in folders if not _is_foreign(here / name)]
        found += [here / name for name in names if not name.startswith(".") and (here / name).is_file()]
    return sorted(found)


def _is_foreign(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _NOT_THEIRS:
        return True
    return (folder / _LOG).is_file() or any(folder.glob(f"*/{_LOG}"))
