"""Finds implementations of a seam by entry point, so that an installed package can add one."""

from importlib.metadata import entry_points
from typing import Any

from adrs.errors import UserError, closest

_CALLED = {"search": "search strategy"}


def names(seam: str) -> list[str]:
    """Names registered for `search`, `proposer`, `sandbox`, `executor` or `probe`."""
    return sorted({entry.name for entry in entry_points(group=f"adrs.{seam}")})


def load(seam: str, name: str) -> Any:
    """The class, or function, registered under a name; raises UserError for an unknown or broken one."""
    called = _CALLED.get(seam, seam)
    for entry in entry_points(group=f"adrs.{seam}", name=name):
        try:
            return entry.load()
        except (ImportError, AttributeError) as error:
            raise UserError(f'{called} "{name}" ({entry.value}) cannot be imported: {error}') from error
    known = names(seam)
    hint = closest(name, known) or ";"  # there are few, so all are named: a close one need not be what was meant
    raise UserError(f'there is no {called} "{name}"{hint} known: {", ".join(known)}')
