"""Backend `docker`: the zygote in a container without network or capabilities."""

import importlib.util
import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar

from adrs.sandbox import docker_image
from adrs.sandbox.base import SandboxSpec, SandboxUnavailable
from adrs.sandbox.layout import DEVICES, INSIDE, SCRATCH, Layout, layout, package_folder
from adrs.sandbox.settings import settings
from adrs.sandbox.zygote import Broken, Zygote

_MB = 1 << 20
_ZYGOTE_MB = 1024
_TOGETHER = 2
"""Programs that may be at work in one container at once."""
_ZYGOTE_TASKS = 64
_NOBODY = 65534
_PASSED_ON = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "TMPDIR", "DOCKER_HOST")
_REPORT_BYTES = 1 << 16


class Docker:
    """Needs an engine on this machine, the Python package `docker` and the image of `adrs sandbox build-image`.

    In the container the zygote makes namespaces for each program. Where the engine or the kernel refuses them, programs
    are shut in by Landlock, seccomp and limits instead, and the container keeps all of them from the machine.
    """

    name: ClassVar[str] = "docker"
    rank: ClassVar[int] = 30
    isolates: ClassVar[tuple[str, ...]] = (
        "files", "scratch", "network", "processes", "ipc", "users", "system calls", "memory", "time",
    )  # fmt: skip
    warning: ClassVar[str] = ""

    def start(self, spec: SandboxSpec, watch: int | None = None) -> Zygote:
        """Start a zygote. Raises SandboxUnavailable."""
        if importlib.util.find_spec("docker") is None:
            raise SandboxUnavailable("the Python package docker is not installed: pip install 'adrs[docker]'")
        seen = layout(spec)
        image = docker_image.tag(docker_image.files(spec.imports, seen))
        try:
            zygote = _start(spec, seen, image, watch, namespaces=True)
            zygote.note = "each program has namespaces of its own in the container"
            return zygote
        except Broken as broken:
            refused = str(broken)
        try:
            zygote = _start(spec, seen, image, watch, namespaces=False)
        except Broken as broken:
            raise SandboxUnavailable(
                f"a container was started; with namespaces for each program it answered: {refused}; "
                f"with Landlock instead: {broken}"
            ) from None
        zygote.note = (
            "programs are shut in by Landlock and seccomp in one container, since namespaces were asked for in it "
            f"and it answered: {refused}"
        )
        return zygote


def _start(spec: SandboxSpec, seen: Layout, image: str, watch: int | None, *, namespaces: bool) -> Zygote:
    """Raises Broken where the container runs and the zygote in it does not, SandboxUnavailable where none runs."""
    mounts = _mounts(spec, seen)
    for path in mounts.values():
        if os.getuid() == 0 and not path.stat().st_mode & 0o004:
            raise SandboxUnavailable(f"{path} cannot be read by the sandbox's user; give others the right to read it")
    shown = sorted({*_tops(spec, seen), *mounts})
    readable = [path for path in shown if not any(path != top and path.is_relative_to(top) for top in shown)]
    inside = settings(spec, seen, namespaces=namespaces, restrict=True, package_root=INSIDE, readable=readable)
    if namespaces:
        inside["isolate"] = _plan(seen, readable)
    environment = seen.environment(spec.numba_cache)
    environment["PYTHONPATH"] = seen.search_path(INSIDE)
    report, ours = os.pipe()
    container = {
        "image": image,
        "command": [str(seen.executable), "-S", "-P", "-m", "inside.join"],
        "environment": environment,
        "user": f"{os.getuid()}:{os.getgid()}" if os.getuid() else f"{_NOBODY}:{_NOBODY}",
        "mounts": [(str(source), str(target)) for target, source in mounts.items()],
        "covered": [str(path) for path in _covered(seen, mounts)],
        "scratch": None if namespaces else _scratch_options(inside),
        "memory_bytes": _ZYGOTE_MB * _MB + _TOGETHER * (spec.memory_mb + spec.scratch_mb) * _MB,
        "tasks": _ZYGOTE_TASKS + _TOGETHER * (_ZYGOTE_TASKS + spec.processes),
        "parent": os.getpid(),
        "report": ours,
    }

    def started(inside: dict[str, Any]) -> None:
        os.close(ours)
        said = b""
        while chunk := os.read(report, _REPORT_BYTES):
            said += chunk
        if not said:
            raise Broken("the process that holds the container died")
        reason = json.loads(said)["unavailable"]
        if reason is not None:
            raise SandboxUnavailable(reason)
        if not namespaces:
            inside["scratch"] = str(SCRATCH)

    argv = [sys.executable, "-P", "-m", "adrs.sandbox.docker_container", json.dumps(container)]
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    try:
        return Zygote(argv, inside, kept, watch, descriptors=(ours,), started=started)
    finally:
        os.close(report)


def _mounts(spec: SandboxSpec, seen: Layout) -> dict[Path, Path]:
    """What is not in the image, or changes too often for it: where it is shown, and where it lies here."""
    mounts = {INSIDE / "inside": package_folder()}
    if seen.programs:
        return mounts | {path: path for path in seen.readable}
    paths = [path.resolve() for path in spec.readable]
    if any(name.split(".")[0] == "adrs_helpers" for name in spec.imports):
        paths += [path / "adrs_helpers" for path in seen.python_path if (path / "adrs_helpers").is_dir()]
    if spec.numba_cache is not None:
        paths.append(spec.numba_cache.resolve())
    return mounts | {path: path for path in paths}


def _tops(spec: SandboxSpec, seen: Layout) -> Iterable[Path]:
    """Outermost folders of the image, all of which may be read; of /etc only what the loader needs."""
    if seen.programs:
        return ()
    own = [path.resolve() for path in (*spec.readable, spec.numba_cache) if path is not None]
    held = [path for path in seen.readable if path not in own and path.name != "adrs_helpers"]
    return {path if path.parts[1] == "etc" else Path(*path.parts[:2]) for path in held}


def _covered(seen: Layout, mounts: Iterable[Path]) -> list[Path]:
    """What must be hidden although it lies in something that is mounted; the image holds nothing of the kind."""
    return [path for path in seen.covered if any(path.is_relative_to(mount) for mount in mounts)]


def _plan(seen: Layout, readable: Iterable[Path]) -> dict[str, Any]:
    return {
        "readable": [(str(path), str(path)) for path in readable],
        "covered": [],
        "links": [(str(link), target) for link, target in seen.links],
        "devices": list(DEVICES),
        "folders": [str(SCRATCH)],
    }


def _scratch_options(inside: dict[str, Any]) -> str:
    """Of the tmpfs that a container's programs share one after the other."""
    return f"size={inside['scratch_bytes']},nr_inodes={inside['scratch_inodes']},mode=1777,nosuid,nodev,noexec"
