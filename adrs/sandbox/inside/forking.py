"""The standard library's hooks of `fork`: left out for the zygote's forks, put back where a program may fork itself.

They mend locks held by other threads, of which a zygote has none, and seed `random` anew, which would make programs
score differently each time; and each of them costs every child pages.
"""

import os
import sys
from collections.abc import Callable
from typing import Any

_register = os.register_at_fork
_left_out: list[dict[str, Callable[[], Any]]] = []


def install() -> None:
    """From now on, keep the standard library's hooks aside."""
    os.register_at_fork = _register_at_fork  # type: ignore[assignment]


def restore() -> None:
    """Register what was kept aside; before the first thread is started."""
    os.register_at_fork = _register
    for hooks in _left_out:
        _register(**hooks)
    _left_out.clear()


def _register_at_fork(**hooks: Callable[[], Any]) -> None:
    if sys._getframe(1).f_globals.get("__name__", "").split(".")[0] in sys.stdlib_module_names:
        _left_out.append(hooks)
    else:
        _register(**hooks)
