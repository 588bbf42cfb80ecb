"""Backend `bubblewrap`: the zygote in fresh namespaces made by the program `bwrap`."""

import contextlib
import json
import os
import shutil
from pathlib import Path
from typing import Any, ClassVar

from adrs.sandbox.base import SandboxSpec, SandboxUnavailable
from adrs.sandbox.inside import isolate
from adrs.sandbox.layout import DEVICES, INSIDE, SCRATCH, Layout, layout, package_folder
from adrs.sandbox.reasons import explained
from adrs.sandbox.settings import settings
from adrs.sandbox.zygote import Broken, Zygote

_NOBODY = "65534"


class Bubblewrap:
    """Works as root and as an ordinary user, with a set-user-id `bwrap` or with user namespaces."""

    name: ClassVar[str] = "bubblewrap"
    rank: ClassVar[int] = 10
    isolates: ClassVar[tuple[str, ...]] = (
        "files", "scratch", "network", "processes", "ipc", "users", "system calls", "memory", "time",
    )  # fmt: skip
    warning: ClassVar[str] = ""

    def start(self, spec: SandboxSpec, watch: int | None = None) -> Zygote:
        """Start a zygote. Raises SandboxUnavailable."""
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxUnavailable("the program bwrap is not installed (package bubblewrap)")
        seen = layout(spec)
        inside = settings(spec, seen, namespaces=True, restrict=True, package_root=INSIDE)
        try:
            if os.getuid() == 0:
                with contextlib.suppress(Broken):
                    return _as_nobody(program, spec, seen, dict(inside), watch)
                inside["threads"] = False
            users = ["--disable-userns", "--uid", _NOBODY, "--gid", _NOBODY, "--cap-add", "CAP_SYS_ADMIN"]
            return Zygote([program, *users, *_arguments(spec, seen)], inside, {}, watch)
        except Broken as broken:
            raise SandboxUnavailable(f"bwrap was run and answered: {explained(str(broken))}") from None


def _as_nobody(program: str, spec: SandboxSpec, seen: Layout, inside: dict[str, Any], watch: int | None) -> Zygote:
    """For root: two users are mapped from here, so that the zygote can become nobody, whose processes can be counted.

    The kernel does not hold root to a limit of processes. User namespaces are then forbidden by the zygote itself,
    since `--disable-userns` leaves one user only.
    """
    go_read, go = os.pipe()
    told, tell = os.pipe()
    users = ["--uid", "0", "--gid", "0", "--userns-block-fd", str(go_read), "--info-fd", str(tell), "--proc", "/proc"]
    for capability in ("CAP_SYS_ADMIN", "CAP_SYS_RESOURCE", "CAP_SETUID", "CAP_SETGID"):
        users += ["--cap-add", capability]

    def started(inside: dict[str, Any]) -> None:
        os.close(tell)
        said = b""
        while chunk := os.read(told, 1 << 12):
            said += chunk
            if b"}" in chunk:
                break
        if not said or isolate.write_maps(json.loads(said)["child-pid"]) != 2:
            raise Broken("two users cannot be mapped")
        os.write(go, b"x")
        inside["become_nobody"] = True

    try:
        return Zygote(
            [program, *users, *_arguments(spec, seen)], inside, {}, watch, descriptors=(go_read, tell), started=started
        )
    finally:
        for descriptor in (go_read, go, told):
            os.close(descriptor)


def _arguments(spec: SandboxSpec, seen: Layout) -> list[str]:
    arguments = [
        "--unshare-all", "--unshare-user", "--die-with-parent", "--new-session", "--clearenv", "--hostname", "sandbox",
    ]  # fmt: skip
    for name, value in seen.environment(spec.numba_cache).items():
        arguments += ["--setenv", name, value]
    arguments += ["--setenv", "PYTHONPATH", seen.search_path(INSIDE)]
    parents = {
        parent
        for path in (*seen.readable, INSIDE / "inside", SCRATCH / "x", Path("/dev/null"))
        for parent in path.parents
    }
    for path in sorted(parents)[1:]:
        arguments += ["--perms", "0755", "--dir", str(path)]
    for path in seen.readable:
        arguments += ["--ro-bind", str(path), str(path)]
    for link, target in seen.links:
        arguments += ["--symlink", target, str(link)]
    arguments += ["--ro-bind", str(package_folder()), str(INSIDE / "inside")]
    for device in DEVICES:
        arguments += ["--dev-bind-try", device, device]
    for path in seen.covered:
        if path.is_file():
            arguments += ["--dev-bind", "/dev/null", str(path)]
            continue
        arguments += ["--perms", "0000", "--tmpfs", str(path), "--remount-ro", str(path)]
    arguments += ["--remount-ro", "/", "--chdir", str(SCRATCH), "--"]
    return [*arguments, str(seen.executable), "-S", "-P", "-m", "inside"]
