"""What a run was made with, beside its own settings: for whoever wants to repeat it."""

import platform
from importlib import metadata

_PACKAGES = ("numpy", "numba", "cma", "libcst", "openai")


def versions() -> dict[str, str]:
    """Versions of the interpreter, the machine's kernel and architecture, and the packages that results depend on."""
    found = {"python": platform.python_version(), "system": f"{platform.system()} {platform.release()}",
             "machine": platform.machine()}  # fmt: skip
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
