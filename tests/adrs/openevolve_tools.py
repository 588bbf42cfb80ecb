"""Folders of OpenEvolve's form for tests: those beside this file, copied so that a test may change them."""

import shutil
from pathlib import Path

FOLDERS = Path(__file__).with_name("openevolve_folders")


def folder(name: str, place: Path, config: str | None = None) -> Path:
    """A copy of an example folder, with another config.yaml if one is given."""
    made = place / name
    shutil.copytree(FOLDERS / name, made)
    if config is not None:
        (made / "config.yaml").write_text(config)
    return made


def write(place: Path, evaluator: str, program: str = "def run():\n    return 1\n", config: str | None = None) -> Path:
    """A folder with these texts."""
    place.mkdir(exist_ok=True)
    (place / "evaluator.py").write_text(evaluator)
    (place / "initial_program.py").write_text(program)
    if config is not None:
        (place / "config.yaml").write_text(config)
    return place
