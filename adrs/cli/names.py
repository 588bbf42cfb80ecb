"""How verbs take the names that people type: a run by a prefix is said, a run stands for its problem too."""

import sys
from pathlib import Path

from adrs import folders
from adrs.errors import UserError
from adrs.text import printable


def find_run(name: str, runs_dir: Path) -> Path:
    """The folder of a run by its name, a prefix of it, `last` or a path; says on stderr which run a prefix meant."""
    folder = folders.find_run(name, runs_dir)
    if name != "last" and Path(name).name != folder.name:
        print(f'"{name}" is taken for run {printable(folder.name)}', file=sys.stderr)
    return folder


def is_problem(name: str) -> bool:
    """Whether it names a problem: one that comes with adrs, or a folder or file that is no run."""
    from adrs.problem import shipped

    return name in shipped() or (Path(name).exists() and not (Path(name) / "run.db").is_file())


def find_problem(name: str, runs_dir: Path) -> str:
    """What a problem is loaded by: its own name or folder, or what a run was made with. Raises UserError for neither,
    with the problems that are known.
    """
    if is_problem(name) or not folders.list_runs(runs_dir):
        return name
    try:
        folder = find_run(name, runs_dir)
    except UserError:
        return name  # no run either: problems are what is said to be known
    return problem_of(folder)


def find_run_of(name: str, runs_dir: Path, needs: str) -> Path:
    """The same as `find_run`; where a problem has the name, and no run, UserError says what a problem needs beside."""
    if is_problem(name) and name not in (run.name for run in folders.list_runs(runs_dir)):
        raise UserError(f"{name} is a problem: {needs}")
    return find_run(name, runs_dir)


def problem_of(folder: Path) -> str:
    """What the problem of a run is loaded by."""
    from adrs.store import Reader

    with Reader(folder) as reader:
        return folders.made_from(reader)
