"""What a policy process must be able to read, and nothing more: the interpreter, its libraries, numpy, the helpers.

The evaluators, the problems and the engine hold what a program must not know (the generators of workloads, hence
their hidden future), so they stay out, or are covered where they lie among the installed packages.
"""

import importlib.util
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from adrs import resources
from adrs.errors import UserError
from adrs.sandbox import inside
from adrs.sandbox.base import SandboxSpec

INSIDE = Path("/opt/adrs")
"""The folder, seen from inside, that holds the package `inside`."""
SCRATCH = Path("/scratch")
_PACKAGES = ("site-packages", "dist-packages")
_LIBRARIES = ("/lib", "/lib64", "/lib32", "/usr/lib", "/usr/lib64", "/usr/lib32")
_PROGRAMS = ("/bin", "/usr/bin", "/usr/local/bin", "/usr/libexec", "/usr/include")
_WRITABLE = (Path("/tmp"), Path("/dev/shm"))
"""Where programs expect to be able to write; the latter holds the locks of processes that work together."""
_ENGINE = ("adrs", "evaluators")
DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")


@dataclass(frozen=True)
class Layout:
    """Paths are absolute and resolved."""

    executable: Path
    readable: tuple[Path, ...]
    """Files and folders; none lies within another."""
    covered: tuple[Path, ...]
    """Folders and files within the readable ones that must be hidden."""
    links: tuple[tuple[Path, str], ...]
    """Symbolic links, such as /lib -> usr/lib; for backends with a file system of their own."""
    python_path: tuple[Path, ...]
    """What comes on `sys.path` after the standard library."""
    programs: bool
    """Whether the machine's programs are among the readable files."""
    over: tuple[Path, ...]
    """Folders that should be the scratch folder but hold something readable: it is laid over them."""

    def environment(self, numba_cache: Path | None) -> dict[str, str]:
        """Everything that the zygote finds in its environment. The package `inside` is added by the backend."""
        values = {
            "HOME": str(SCRATCH), "TMPDIR": str(SCRATCH), "LANG": "C.UTF-8",
            "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1",
        }  # fmt: skip
        if self.programs:
            values["PATH"] = os.pathsep.join(dict.fromkeys((str(self.executable.parent), *_PROGRAMS[2::-1])))
        for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "BLIS", "VECLIB_MAXIMUM", "NUMBA"):
            values[f"{name}_NUM_THREADS"] = "1"
        values["MALLOC_ARENA_MAX"] = "2"
        values["NUMBA_CACHE_DIR"] = str(numba_cache or INSIDE / "numba")
        return values

    def search_path(self, package_root: Path) -> str:
        """PYTHONPATH, given the folder that holds the package `inside`."""
        return os.pathsep.join(map(str, (package_root, *self.python_path)))


def package_folder() -> Path:
    """The package `inside`, seen from here."""
    return Path(inside.__file__).resolve().parent


def layout(spec: SandboxSpec) -> Layout:
    """What must be seen by a zygote. Raises UserError where this user may not read the interpreter or its packages."""
    packages = _package_folders(spec.imports)
    helpers = resources.import_root() / "adrs_helpers"
    executable = Path(_executable())
    _check_readable(executable, Path(os.__file__).parent, *packages, helpers)
    readable = [*_interpreter(), *packages, helpers, *spec.readable]
    if spec.numba_cache is not None:
        # Numba names a folder of its cache after the one of the source; the others hold compiled evaluators.
        readable += spec.numba_cache.glob(f"{helpers.name}_*")
    programs = spec.processes > 0
    system = (*_LIBRARIES, *_PROGRAMS) if programs else _LIBRARIES
    links = [(Path(name), str(Path(name).readlink())) for name in system if Path(name).is_symlink()]
    readable += [Path(name) for name in system if Path(name).is_dir() and not Path(name).is_symlink()]
    if programs:
        readable.append(executable.parent)
    loader_cache = Path("/etc/ld.so.cache")
    if loader_cache.is_file():
        readable.append(loader_cache)
    roots = _outermost(readable)
    taken = {parent for root in roots for parent in (root, *root.parents)}
    writable = _WRITABLE if programs else ()
    links += [(path, str(SCRATCH)) for path in writable if path not in taken]
    over = tuple(path for path in writable if path in taken)
    folders = _all_package_folders(roots)
    # os.path and not pathlib: what this user may not look into need not be hidden from his own processes
    covered = [folder / name for folder in folders for name in _ENGINE if os.path.isdir(folder / name)]  # noqa: PTH112
    covered += [Path(path).resolve() for path in spec.hidden if os.path.exists(path)]  # noqa: PTH110
    within = [path for path in covered if any(path.is_relative_to(root) for root in roots)]
    python_path = dict.fromkeys((*packages, helpers.parent))
    return Layout(executable, roots, _outermost(within), tuple(links), tuple(python_path), programs, over)


def _executable() -> str:
    """The interpreter itself, not the link to it in a virtual environment."""
    return os.path.realpath(getattr(sys, "_base_executable", sys.executable))


def _check_readable(*paths: Path) -> None:
    for path in paths:
        for part in (*reversed(path.parents), path):
            wanted = os.R_OK if part == path else os.X_OK
            if not os.access(part, wanted):
                raise UserError(
                    f"this user may not read {part}, so no program can be run with {_executable()}: install adrs with "
                    "an interpreter that every user may read, for example `/usr/bin/python3 -m venv .venv`"
                )


def _interpreter() -> list[Path]:
    prefixes = {Path(sys.base_prefix), Path(sys.base_exec_prefix)}
    library = [
        Path(entry).resolve()
        for entry in sys.path
        if any(Path(entry).is_relative_to(prefix) for prefix in prefixes)
        and not any(name in Path(entry).parts for name in _PACKAGES)
        and os.path.exists(entry)  # noqa: PTH110 - pathlib raises where it may not look
    ]
    return [Path(_executable()), *library, *_loaded_libraries()]


@cache
def _loaded_libraries() -> tuple[Path, ...]:
    """Folders of the shared libraries that numpy and msgpack have loaded into this process."""
    import msgpack  # noqa: F401
    import numpy as np  # noqa: F401

    with Path("/proc/self/maps").open() as maps:
        paths = {line.split(maxsplit=5)[5].rstrip("\n") for line in maps if line.count("/") and ".so" in line}
    return tuple(sorted({Path(path).parent for path in paths if path.startswith("/") and Path(path).is_file()}))


def _package_folders(imports: Iterable[str]) -> list[Path]:
    """Folders of `sys.path` in which the packages to import are installed."""
    folders: dict[Path, None] = {}
    for name in ("numpy", "msgpack", *imports):
        top = name.split(".")[0]
        if top == "adrs_helpers" or top in sys.stdlib_module_names:
            continue
        found = importlib.util.find_spec(top)
        if found is None:
            continue  # the zygote's own import says so in words
        locations = found.submodule_search_locations
        folder = Path(next(iter(locations))).parent if locations else Path(str(found.origin)).parent
        folders[folder.resolve()] = None
    return list(folders)


def _all_package_folders(roots: Iterable[Path]) -> set[Path]:
    """Every folder of installed packages that can be seen."""
    entries = {Path(entry).resolve() for entry in sys.path if entry}
    for root in roots:
        entries.add(root)
        entries.update(root / name for name in _PACKAGES)
    return entries


def _outermost(paths: Iterable[Path]) -> tuple[Path, ...]:
    """Without those that lie within others."""
    kept: list[Path] = []
    for path in sorted({Path(os.path.realpath(path)) for path in paths}):
        if not any(path.is_relative_to(other) for other in kept):
            kept.append(path)
    return tuple(kept)
