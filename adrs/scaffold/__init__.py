"""`adrs new`: a small problem that runs as generated, to be changed into one's own."""

import shutil
from pathlib import Path

from adrs.errors import UserError

_TEMPLATE = Path(__file__).with_name("template")


def make(folder: Path) -> list[Path]:
    """Copy the template into a new folder; returns the files written. Raises UserError where that is impossible."""
    if not folder.name.replace("-", "").replace("_", "").isalnum() or not folder.name.isascii():
        raise UserError(f'"{folder.name}" cannot name a problem; use letters, digits, - and _')
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another name")
    try:
        shutil.copytree(_TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (folder / "README.md", folder / "problem.toml"):
            path.write_text(path.read_text().replace("@NAME@", folder.name))
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from None
    return sorted(path for path in folder.rglob("*") if path.is_file())
