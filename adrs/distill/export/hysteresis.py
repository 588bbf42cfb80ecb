"""How a branch waits in C before it changes its side: as little as its patience needs.

With a patience of 2 the interval before is all that must be known: two in a row on one side are that side.
"""

from collections.abc import Mapping

_SAID = "/* A side changes after {patience} intervals on the other one; the first interval decides at once. */\n"
_AT_ONCE = """static void watch({prefix}_branch *branch, int seen)
{{
    branch->above = seen;
}}"""
_TWO = """static void watch({prefix}_branch *branch, int seen)
{{
    if (seen == branch->before)
        branch->above = seen;
    branch->before = seen;
}}"""
_COUNTED = """static void watch({prefix}_branch *branch, int seen)
{{
    branch->waited = seen == branch->above ? 0 : branch->waited + 1;
    if (branch->waited >= {patience}) {{
        branch->above = seen;
        branch->waited = 0;
    }}
}}"""


def start(patience: int) -> Mapping[str, int]:
    """Fields of a branch, with what makes the first interval decide."""
    if patience == 1:
        return {"above": 0}
    return {"above": 0, "before": 1} if patience == 2 else {"above": 0, "waited": patience}


def function(patience: int, prefix: str) -> str:
    """Of a branch and on which side it sees an interval."""
    if patience == 1:
        return _AT_ONCE.format(prefix=prefix)
    return (_SAID + (_TWO if patience == 2 else _COUNTED)).format(prefix=prefix, patience=patience)


def waited(patience: int, branch: str) -> str:
    """Intervals that a branch has waited, out of its fields, once it has seen one."""
    if patience == 1:
        return "0"
    return f"{branch}.before != {branch}.above" if patience == 2 else f"{branch}.waited"
