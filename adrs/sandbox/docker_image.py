"""The image of backend `docker`: this interpreter, the packages that programs may import, the libraries they need.

No registry is asked: the image is a tar of files that are here, at the paths where they lie here, imported into the
engine. Its tag is a digest of what it is made of, so that an image that exists is the right one.
"""

import hashlib
import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from adrs.errors import UserError
from adrs.sandbox.base import SandboxSpec
from adrs.sandbox.layout import INSIDE, SCRATCH, Layout, layout

CONTROL = "/control"
"""Folder, seen from inside, in which the engine's side listens."""
ENGINE = "unix:///var/run/docker.sock"
"""Where an engine listens unless DOCKER_HOST says otherwise."""
_REPOSITORY = "adrs-sandbox"
_MADE_LIKE = b"2"
"""Changes when images are made in another way from the same files."""
_BASE = ("numpy", "msgpack", "numba")
_NO_PROGRAM_NEEDS = frozenset(
    ("site-packages", "dist-packages", "test", "idlelib", "tkinter", "turtledemo", "ensurepip", "lib2to3")
)
_FOLDERS = ("/proc", "/sys", "/dev", "/etc", "/tmp", CONTROL, str(SCRATCH), str(INSIDE / "inside"))
_LOADER_CACHE = Path("/etc/ld.so.cache")
_LIBRARY = re.compile(r"(?:=> )?(/\S+) \(0x")
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def connect() -> Any:
    """A client of the engine. Raises ImportError, docker.errors.DockerException and OSError."""
    import docker

    return docker.DockerClient(base_url=address(), version="auto", timeout=60)


def address() -> str:
    """Where the engine is."""
    return os.environ.get("DOCKER_HOST") or ENGINE


def files(imports: Iterable[str], seen: Layout) -> dict[Path, Path]:
    """What the image is made of but for shared libraries: where each file is in the image, and where it lies here."""
    found: dict[Path, Path] = {}
    for scheme in ("stdlib", "platstdlib"):
        variables = {"platbase": sys.base_exec_prefix, "installed_platbase": sys.base_exec_prefix}
        found.update(_tree(Path(sysconfig.get_path(scheme, vars=variables)).resolve()))
    found[seen.executable] = seen.executable
    tops = dict.fromkeys((*_BASE, *(name.split(".")[0] for name in imports)))
    for name in tops:
        if name != "adrs_helpers" and name not in sys.stdlib_module_names:
            found.update(_package(name))
    return found


def tag(found: dict[Path, Path]) -> str:
    """The name of the image made of these files, from their paths, sizes and times of change."""
    state = hashlib.sha256(_MADE_LIKE)
    for place, source in sorted(found.items()):
        if "__pycache__" not in place.parts:
            _add(state, place, source)
    if _LOADER_CACHE.is_file():
        _add(state, _LOADER_CACHE, _LOADER_CACHE)
    return f"{_REPOSITORY}:{state.hexdigest()[:16]}"


def build(imports: Iterable[str] = ()) -> tuple[str, bool]:
    """Make the image for programs that may import these, unless the engine has it.

    Returns its name and whether it was made now. Raises UserError where the engine cannot be used.
    """
    try:
        import docker.errors
    except ImportError:
        raise UserError("the Python package docker is not installed: pip install 'adrs[docker]'") from None
    seen = layout(SandboxSpec(imports=tuple(imports)))
    found = files(imports, seen)
    name = tag(found)
    try:
        client = connect()
        if client.images.list(name):
            return name, False
        with tempfile.TemporaryFile() as archive:
            _write(archive, found | _libraries(found.values()), seen)
            archive.seek(0)
            repository, version = name.split(":")
            answer = client.api.import_image(archive, repository=repository, tag=version)
        if not client.images.list(name):
            raise UserError(f"the engine at {address()} did not import the image: {answer.strip()}")
    except (docker.errors.DockerException, OSError) as error:
        raise UserError(f"the engine at {address()} cannot be used: {error}") from None
    return name, True


def _add(state: Any, place: Path, source: Path) -> None:
    found = source.stat()
    state.update(f"{place}\0{found.st_size}\0{found.st_mtime_ns}\0{found.st_mode}\n".encode(errors="surrogateescape"))


def _tree(root: Path) -> Iterator[tuple[Path, Path]]:
    """All files of a folder but those that no program needs."""
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _NO_PROGRAM_NEEDS)
        for name in names:
            path = Path(folder, name)
            if path.is_file():
                yield path, path.resolve()


def _package(name: str) -> dict[Path, Path]:
    """The files of an installed package and of those that it needs."""
    specification = importlib.util.find_spec(name)
    if specification is None:
        return {}  # the zygote's own import says so in words
    found: dict[Path, Path] = {}
    for distribution in _with_requirements(_distributions(name)):
        root = Path(str(distribution.locate_file(""))).resolve()
        for entry in distribution.files or ():
            path = Path(os.path.normpath(root / entry))
            if path.is_relative_to(root) and path.is_file():
                found[path] = path.resolve()
    origin = Path(str(specification.origin)).resolve()
    if origin not in found and origin.is_file():
        # Installed without a list of its files.
        found.update(_tree(origin.parent) if specification.submodule_search_locations else {origin: origin})
    return found


def _distributions(package: str) -> list[str]:
    try:
        return [metadata.distribution(package).name]
    except metadata.PackageNotFoundError:
        return list(metadata.packages_distributions().get(package, ()))


def _with_requirements(names: Iterable[str]) -> Iterator[metadata.Distribution]:
    """The distributions with all that they require, optional extras left out."""
    waiting, met = list(names), set[str]()
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in met:
            continue
        met.add(name)
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        yield distribution
        for requirement in distribution.requires or ():
            named = _NAME.match(requirement)
            if named and "extra ==" not in requirement:
                waiting.append(named[0])


def _libraries(sources: Iterable[Path]) -> dict[Path, Path]:
    """The shared libraries that the interpreter and the extension modules among some files are linked to."""
    linked = sorted({str(path) for path in sources if ".so" in path.name or path.stat().st_mode & 0o111})
    try:
        said = subprocess.run(["ldd", *linked], capture_output=True, text=True, check=False).stdout
    except OSError as error:
        raise UserError(f"the program ldd is needed to make the image: {error.strerror}") from None
    paths = {Path(path) for path in _LIBRARY.findall(said)}
    found = {path.parent.resolve() / path.name: path.resolve() for path in paths if path.is_file()}
    if _LOADER_CACHE.is_file():
        found[_LOADER_CACHE] = _LOADER_CACHE
    return found


def _write(archive: Any, found: dict[Path, Path], seen: Layout) -> None:
    """The root file system: everything belongs to root and can be read by everybody."""
    with tarfile.open(fileobj=archive, mode="w") as tar:
        folders = {parent for place in found for parent in place.parents}
        folders |= {path for name in _FOLDERS for path in (Path(name), *Path(name).parents)}
        for folder in sorted(folders)[1:]:
            entry = tarfile.TarInfo(str(folder).lstrip("/"))
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == SCRATCH else 0o755
            tar.addfile(entry)
        for link, target in seen.links:
            entry = tarfile.TarInfo(str(link).lstrip("/"))
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            tar.addfile(entry)
        for place, source in sorted(found.items()):
            status = source.stat()
            entry = tarfile.TarInfo(str(place).lstrip("/"))
            entry.size, entry.mtime = status.st_size, int(status.st_mtime)
            entry.mode = 0o755 if status.st_mode & 0o111 else 0o644
            with source.open("rb") as content:
                tar.addfile(entry, content)
