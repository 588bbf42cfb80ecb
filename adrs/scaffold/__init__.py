"""`adrs new`: a small problem that runs as generated, to be changed into one's own; or one out of another's folder."""

import shutil
from collections.abc import Callable
from pathlib import Path

from adrs import openevolve, openevolve_secrets
from adrs.errors import UserError

_TEMPLATE = Path(__file__).with_name("template")
_OPENEVOLVE = Path(__file__).with_name("openevolve")
_THEIRS = "openevolve"


def make(folder: Path) -> list[Path]:
    """Copy the template into a new folder; returns the files written. Raises UserError where that is impossible."""

    def write() -> None:
        shutil.copytree(_TEMPLATE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        for path in (folder / "README.md", folder / "problem.toml"):
            path.write_text(path.read_text().replace("@NAME@", folder.name))

    _new(folder, write)
    return files(folder)


def import_openevolve(folder: Path, theirs: Path) -> list[str]:
    """Make a problem out of a folder of OpenEvolve's form, whose files are copied but for secrets and links away.

    Returns a line for each key of its configuration, and what else to know of its files. Raises UserError.
    """
    if not openevolve.is_folder(theirs):
        raise UserError(f"{theirs} holds no evaluator.py with an initial_program beside it")
    imported = openevolve.read(theirs, f"{_THEIRS}/")
    copied = openevolve.files(theirs)

    def write() -> None:
        for path in copied:
            target = folder / _THEIRS / path.relative_to(theirs)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
            target.write_bytes(openevolve_secrets.content(path))
        (folder / "problem.toml").write_text(imported.declaration)
        readme = (_OPENEVOLVE / "README.md").read_text()
        (folder / "README.md").write_text(readme.replace("@NAME@", folder.name))
        options = "".join(f"{name} = {value}\n" for name, value in imported.options.items())
        (folder / "run.toml").write_text(f"# adrs run ./{folder.name} --config {folder.name}/run.toml\n{options}")

    _new(folder, write)
    return imported.lines()


def files(folder: Path) -> list[Path]:
    """All files of a problem, in order."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _new(folder: Path, write: Callable[[], None]) -> None:
    if not folder.name.replace("-", "").replace("_", "").isalnum() or not folder.name.isascii():
        raise UserError(f'"{folder.name}" cannot name a problem; use letters, digits, - and _')
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another name")
    try:
        write()
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from None
