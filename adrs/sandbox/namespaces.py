"""Backend `namespaces`: what `bwrap` does, from the standard library."""

from typing import Any, ClassVar

from adrs.sandbox.base import SandboxSpec, SandboxUnavailable
from adrs.sandbox.layout import DEVICES, INSIDE, SCRATCH, Layout, layout, package_folder
from adrs.sandbox.reasons import explained
from adrs.sandbox.settings import settings
from adrs.sandbox.zygote import Broken, Zygote


class Namespaces:
    """Needs user namespaces; root gives its policy processes to the user nobody."""

    name: ClassVar[str] = "namespaces"
    rank: ClassVar[int] = 20
    isolates: ClassVar[tuple[str, ...]] = (
        "files", "scratch", "network", "processes", "ipc", "users", "system calls", "memory", "time",
    )  # fmt: skip
    warning: ClassVar[str] = ""

    def start(self, spec: SandboxSpec, watch: int | None = None) -> Zygote:
        """Start a zygote. Raises SandboxUnavailable."""
        seen = layout(spec)
        inside = settings(spec, seen, namespaces=True, restrict=True, package_root=INSIDE)
        inside["isolate"] = _plan(seen)
        environment = seen.environment(spec.numba_cache)
        environment["PYTHONPATH"] = seen.search_path(package_folder().parent)
        try:
            return Zygote([str(seen.executable), "-S", "-P", "-m", "inside"], inside, environment, watch)
        except Broken as broken:
            raise SandboxUnavailable(
                f"fresh namespaces were asked of the kernel, which answered: {explained(str(broken))}"
            ) from None


def _plan(seen: Layout) -> dict[str, Any]:
    return {
        "readable": [
            *((str(path), str(path)) for path in seen.readable),
            (str(package_folder()), str(INSIDE / "inside")),
        ],
        "covered": [str(path) for path in seen.covered],
        "links": [(str(link), target) for link, target in seen.links],
        "devices": list(DEVICES),
        "folders": [str(SCRATCH)],
    }
