"""Backend `bubblewrap`: the zygote in fresh namespaces made by the program `bwrap`."""

import shutil
from typing import ClassVar

from adrs.sandbox.base import SandboxSpec, SandboxUnavailable
from adrs.sandbox.layout import DEVICES, INSIDE, SCRATCH, Layout, layout, package_folder
from adrs.sandbox.settings import settings
from adrs.sandbox.zygote import Broken, Zygote

_NOBODY = "65534"


class Bubblewrap:
    """Works as root and as an ordinary user, with a set-user-id `bwrap` or with user namespaces."""

    name: ClassVar[str] = "bubblewrap"
    rank: ClassVar[int] = 10
    isolates: ClassVar[tuple[str, ...]] = (
        "files", "network", "processes", "ipc", "users", "system calls", "memory", "time",
    )  # fmt: skip
    warning: ClassVar[str] = ""

    def start(self, spec: SandboxSpec, watch: int | None = None) -> Zygote:
        """Start a zygote. Raises SandboxUnavailable."""
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxUnavailable("the program bwrap is not installed (package bubblewrap)")
        seen = layout(spec.imports, spec.hidden, spec.numba_cache)
        inside = settings(spec, seen, namespaces=True, restrict=True, package_root=INSIDE)
        try:
            return Zygote([program, *_arguments(spec, seen)], inside, {}, watch)
        except Broken as broken:
            raise SandboxUnavailable(f"bwrap was run and answered: {broken}") from None


def _arguments(spec: SandboxSpec, seen: Layout) -> list[str]:
    arguments = [
        "--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent", "--new-session", "--clearenv",
        "--uid", _NOBODY, "--gid", _NOBODY, "--hostname", "sandbox", "--cap-add", "CAP_SYS_ADMIN",
    ]  # fmt: skip
    for name, value in seen.environment(spec.numba_cache).items():
        arguments += ["--setenv", name, value]
    arguments += ["--setenv", "PYTHONPATH", seen.search_path(INSIDE)]
    for path in seen.readable:
        arguments += ["--ro-bind", str(path), str(path)]
    for link, target in seen.links:
        arguments += ["--symlink", target, str(link)]
    arguments += ["--ro-bind", str(package_folder()), str(INSIDE / "inside")]
    for device in DEVICES:
        arguments += ["--dev-bind-try", device, device]
    arguments += ["--dir", str(SCRATCH)]
    for path in seen.covered:
        if path.is_file():
            arguments += ["--dev-bind", "/dev/null", str(path)]
            continue
        arguments += ["--perms", "0000", "--tmpfs", str(path), "--remount-ro", str(path)]
    arguments += ["--remount-ro", "/", "--chdir", str(SCRATCH), "--"]
    return [*arguments, str(seen.executable), "-S", "-P", "-m", "inside"]
