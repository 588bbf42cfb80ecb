"""Errors that a user can cause: one clear sentence, no traceback."""

import difflib
from collections.abc import Iterable


class UserError(Exception):
    """What is wrong, where, and what to do, in one sentence. The command line prints it and exits with code 1."""


class PluginError(UserError):
    """A plugin broke a promise of its seam or failed: what a run has recorded can be gone on with once it is mended."""


class Diverged(UserError):  # noqa: N818 - says what happened
    """A record cannot be followed to its end: the search chooses otherwise than it says."""


class Refused(UserError):  # noqa: N818 - says what happened
    """A server refuses what no retry mends: the key, the model, the request. A run ends with what it has."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "..."?` for the closest known word, or a list of the known ones, to append to a sentence."""
    known = sorted(known)
    return closest(word, known) or (f"; known: {', '.join(known)}" if known else "")


def closest(word: str, known: Iterable[str]) -> str:
    """The same, but empty where none is close: for words of which there are many."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""
