"""How many workers this machine has a use for."""

import os

from adrs.errors import UserError

WORKERS_PER_CORE = 4
"""An evaluation keeps a core busy, now in the worker and now in the policy process, with pauses between: a few for each
core fill these. On two busy cores (120 evaluations of the problem of `adrs new`, three rounds), sixteen workers took
0.89 to 0.96 of the time of eight for the search, and 1.5 to 1.6 of it to start, which was more than that gained."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def most_workers() -> int:
    """More than these would only wait for each other."""
    return WORKERS_PER_CORE * cores()


def workers(asked: int | None) -> int:
    """How many to start: as many as were asked for, else one a core.

    Raises UserError for more than there is a use for.
    """
    if asked is not None and asked > most_workers():
        raise UserError(
            f"{asked} workers are more than this machine has a use for: give at most {most_workers()}, which are "
            f"{WORKERS_PER_CORE} for each of the cores that adrs may use here ({cores()})"
        )
    return cores() if asked is None else asked
