"""Finds implementations of a seam by entry point, so that an installed package can add one."""

import contextlib
import traceback
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Any

from adrs.errors import PluginError, UserError, closest
from adrs.text import printable

_CALLED = {"search": "search strategy"}


def names(seam: str) -> list[str]:
    """Names registered for `search`, `proposer`, `sandbox`, `executor` or `probe`."""
    return sorted({entry.name for entry in entry_points(group=f"adrs.{seam}")})


def called(seam: str, name: str) -> str:
    """How a plugin is called in sentences."""
    return f'{_CALLED.get(seam, seam)} "{name}"'


def load(seam: str, name: str) -> Any:
    """The class, or function, registered under a name.

    Raises UserError for an unknown or broken one, and for a name that stands for several: a run's log has nothing but
    the name, which must not mean something else tomorrow.
    """
    found = {entry.value: entry for entry in entry_points(group=f"adrs.{seam}", name=name)}
    if not found:
        known = names(seam)
        hint = closest(name, known) or ";"  # there are few, so all are named: a close one need not be what was meant
        raise UserError(f"there is no {called(seam, name)}{hint} known: {', '.join(known)}")
    if len(found) > 1:
        raise UserError(
            f"{called(seam, name)} is registered more than once, as {' and '.join(sorted(found))}; uninstall all but "
            "one, or register it under a name of its own"
        )
    [entry] = found.values()
    with blamed(f"{called(seam, name)} ({entry.value}) cannot be imported", entry.module):
        return entry.load()


def lacking(plugin: object, *methods: str) -> str:
    """What a plugin lacks of its protocol, with the plugin as the subject of the sentence; empty if it has all."""
    return next((f"has no method `{name}`" for name in methods if not callable(getattr(plugin, name, None))), "")


@contextlib.contextmanager
def blamed(what: str, module: str, but: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """The edge to a plugin's code: whatever that raises becomes a PluginError of one sentence.

    what: begins the sentence. module: the plugin's; the last line of its package that ran is named. but: what passes as
    it is, besides user errors.
    """
    try:
        yield
    except (Exception, SystemExit) as error:  # the edge: what the code of others raises is theirs, and is said so
        if isinstance(error, (UserError, *but)):
            raise
        said = printable(f"{type(error).__name__}: {error}".removesuffix(": ")).splitlines()[0]
        raise PluginError(f"{what}: {said}{_place(error, module)}") from error


def _place(error: BaseException, module: str) -> str:
    """Where in the module's package it happened; empty where no line of that ran, or the error says it itself."""
    if isinstance(error, SyntaxError):
        return ""
    package = module.partition(".")[0]
    lines = [
        f" ({frame.f_code.co_filename}, line {line})"
        for frame, line in traceback.walk_tb(error.__traceback__)
        if str(frame.f_globals.get("__name__")).partition(".")[0] == package
    ]
    return lines[-1] if lines else ""
