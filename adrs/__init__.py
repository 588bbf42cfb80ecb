"""adrs: evolve policies for computer systems, score them where they cannot cheat, keep every ancestor."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adrs.api import Run, evolve
    from adrs.errors import UserError

__all__ = ["Run", "UserError", "__version__", "evolve"]
__version__ = "0.1.0"

_LAZY = {"Run": "adrs.api", "evolve": "adrs.api", "UserError": "adrs.errors"}


def __getattr__(name: str) -> Any:
    """The Python API, imported when it is used: the command line starts without it."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY})
