"""Starts the zygote."""

import os
import sys
from collections.abc import Callable
from typing import Any

_register = os.register_at_fork


def _register_at_fork(**hooks: Callable[[], Any]) -> None:
    """Leave out the standard library's hooks.

    They mend locks held by other threads, of which a zygote has none, and seed `random` anew, which would make programs
    score differently each time; and each of them costs every child pages.
    """
    if sys._getframe(1).f_globals.get("__name__", "").split(".")[0] not in sys.stdlib_module_names:
        _register(**hooks)


os.register_at_fork = _register_at_fork  # type: ignore[assignment]

from .zygote import main  # noqa: E402 - what it imports registers hooks

main()
