"""A folder of prompt templates that somebody gives to a run: whether they stand in for any of those shipped."""

from pathlib import Path

from adrs import resources
from adrs.errors import UserError, did_you_mean

SUFFIX = ".md.j2"


def check(folder: Path) -> None:
    """Raises UserError for a folder whose templates would have no effect, by their names or because there are none.

    A template of another name may be a part of those in the folder, which then name it.
    """
    if not folder.is_dir():
        raise UserError(f"the folder of prompts {folder} does not exist")
    known = sorted(path.name for path in resources.folder("prompts").glob(f"*{SUFFIX}"))
    given = {path.name: path.read_text(errors="replace") for path in sorted(folder.iterdir()) if path.suffix == ".j2"}
    if not given:
        raise UserError(f"{folder} holds no prompt templates; they are named {', '.join(known)}")
    for name in given:
        if name not in known and not any(name in text for other, text in given.items() if other != name):
            raise UserError(f"{folder / name} replaces no prompt template{did_you_mean(name, known)}")
