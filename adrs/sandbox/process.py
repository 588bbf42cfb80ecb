"""Backend `process`: a forked process with limits, and no isolation at all."""

from typing import ClassVar

from adrs.sandbox.base import SandboxSpec, SandboxUnavailable
from adrs.sandbox.layout import layout, package_folder
from adrs.sandbox.settings import settings
from adrs.sandbox.zygote import Broken, Zygote


class PlainProcess:
    """For programs that you wrote yourself."""

    name: ClassVar[str] = "process"
    rank: ClassVar[int] = 100
    isolates: ClassVar[tuple[str, ...]] = ("memory", "time")
    warning: ClassVar[str] = (
        "sandbox `process` is unsafe for code you do not trust, as a model's: programs can read and write your files "
        "and use the network (`adrs doctor` says which others work here, or why not)"
    )

    def start(self, spec: SandboxSpec, watch: int | None = None) -> Zygote:
        """Start a zygote. Raises SandboxUnavailable."""
        seen = layout(spec)
        inside = settings(spec, seen, namespaces=False, restrict=False, package_root=None)
        environment = seen.environment(spec.numba_cache)
        environment["PYTHONPATH"] = seen.search_path(package_folder().parent)
        try:
            return Zygote([str(seen.executable), "-S", "-P", "-m", "inside"], inside, environment, watch)
        except Broken as broken:
            raise SandboxUnavailable(f"a Python process was started and answered: {broken}") from None
