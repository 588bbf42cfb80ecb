"""Backend `landlock`: a forked process that restricts itself, where no namespaces can be had."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from adrs.sandbox.base import SandboxSpec, SandboxUnavailable
from adrs.sandbox.inside import landlock, seccomp
from adrs.sandbox.layout import layout, package_folder
from adrs.sandbox.settings import settings
from adrs.sandbox.zygote import Broken, Zygote


class Landlock:
    """Needs nothing but Linux 5.13. Programs see that files exist, not what is in them; their files share the disk."""

    name: ClassVar[str] = "landlock"
    rank: ClassVar[int] = 40
    isolates: ClassVar[tuple[str, ...]] = ("files", "network", "processes", "system calls", "memory", "time")
    warning: ClassVar[str] = ""

    def start(self, spec: SandboxSpec, watch: int | None = None) -> Zygote:
        """Start a zygote. Raises SandboxUnavailable."""
        if not landlock.abi():
            raise SandboxUnavailable("the kernel was asked for Landlock and has none (Linux 5.13 with lsm=landlock)")
        if not seccomp.supported():
            raise SandboxUnavailable("there is no table of system calls for this machine's processor")
        seen = layout(spec)
        readable = [path for root in seen.readable for path in _without(root, seen.covered)]
        inside = settings(spec, seen, namespaces=False, restrict=True, package_root=None, readable=readable)
        environment = seen.environment(spec.numba_cache)
        environment["PYTHONPATH"] = seen.search_path(package_folder().parent)
        try:
            return Zygote([str(seen.executable), "-S", "-P", "-m", "inside"], inside, environment, watch)
        except Broken as broken:
            raise SandboxUnavailable(f"a process was started under Landlock and answered: {broken}") from None


def _without(root: Path, covered: Iterable[Path]) -> Iterator[Path]:
    """The folder itself, or its entries where it holds something that must not be read: a rule cannot take back."""
    within = [path for path in covered if path.is_relative_to(root)]
    if not within:
        yield root
    elif root not in within:
        for entry in root.iterdir():
            if not entry.is_symlink():
                yield from _without(entry, within)
