"""What an evaluator's numbers depend on besides its problem's declaration: its code, and the data that it can read."""

import contextlib
import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import Any

from adrs import resources
from adrs.errors import UserError
from adrs.file_digest import file_digest
from adrs.folder_files import folder_files
from adrs.problem import FILE, Problem


def evaluator_digest(problem: Problem) -> str:
    """Hash of the evaluator's code and data; empty if they cannot be found.

    Data is what lies beside the evaluator and in the problem's folder, its programs, prompts and README aside, and
    what workloads name. A shared evaluator's files are part of the problem, hence of its digest.
    Raises UserError where a file cannot be read.
    """
    files = _files(problem)
    if files is None:
        return ""
    total = sha256()
    code, data = files
    for file in code:
        try:
            total.update(file.read_bytes())
        except OSError as error:
            raise UserError(f"{file} cannot be read: {error.strerror}") from None
    for file, name in data.items():
        total.update(f"{name}\0{file_digest(file)}\0".encode(errors="surrogatepass"))
    return total.hexdigest()


def changed_files(problem: Problem, since: float) -> list[Path]:
    """The evaluator's files that were written later than `since`, in seconds since 1970."""
    code, data = _files(problem) or ((), {})
    return [file for file in (*code, *data) if file.stat().st_mtime > since]


def _files(problem: Problem) -> tuple[list[Path], dict[Path, str]] | None:
    """The evaluator's module with its neighbours, and all else that it may import or read, with how that is called.

    Found without importing anything; None where the module cannot be found.
    """
    if problem.trust == "shared":
        return [], {}
    parts = problem.evaluator.partition(":")[0].split(".")
    data = {file: file.name for file in _named(problem)}
    beside = _own(problem.folder)
    module = problem.folder.joinpath(*parts).with_suffix(".py")
    if module.is_file():
        code = _modules(module.parent)
    else:
        folder = _package_folder(parts)
        if folder is None:
            return None
        helpers = resources.import_root() / "adrs_helpers"
        code = [*_modules(folder), *_modules(helpers)]
        beside = [file for file in beside if file.suffix != ".py"]  # the others are programs
        data |= {file: str(file.relative_to(folder.parent)) for file in folder_files(folder)}
    data |= {file: str(file.relative_to(problem.folder)) for file in beside}
    for file in (*code, *problem.files, *(cheat.path for cheat in problem.cheats)):
        data.pop(file, None)
    return code, dict(sorted(data.items(), key=itemgetter(1)))


def _modules(folder: Path) -> list[Path]:
    """Without hidden files, which editors leave beside what they have open."""
    return sorted(file for file in folder.glob("*.py") if not file.name.startswith(".") and file.is_file())


def _package_folder(parts: Sequence[str]) -> Path | None:
    try:
        spec = importlib.util.find_spec(parts[0])
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))).joinpath(*parts[1:-1])


def _own(folder: Path) -> list[Path]:
    """A problem's files but its README, and without those of problems within it."""
    files = [file for file in folder_files(folder) if not file.name.startswith("README")]
    within = {file.parent for file in files if file.name == FILE and file.parent != folder}
    return [file for file in files if within.isdisjoint(file.parents)]


def _named(problem: Problem) -> Iterator[Path]:
    """Files that workloads name, or the parameters of the evaluator."""
    specs = [spec for specs in problem.workloads.values() for spec in specs]
    for text in _texts([*problem.data, problem.evaluator_parameters, *(spec.parameters for spec in specs)]):
        with contextlib.suppress(OSError, ValueError):  # a text that is no path at all
            path = problem.data_path(text)
            if path.is_file():
                yield path


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for entry in value.values():
            yield from _texts(entry)
    elif isinstance(value, list | tuple):
        for entry in value:
            yield from _texts(entry)
