"""An emulation needs the machine for itself: what else measures or searches would make it late."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

from adrs import folders, resources
from adrs.errors import UserError
from adrs.store.lock import holder


@contextlib.contextmanager
def alone(runs_dir: Path) -> Iterator[None]:
    """Hold off other emulations; raises UserError while one goes on, or a run in `runs_dir`, which would disturb it."""
    for folder in folders.list_runs(runs_dir):
        if holder(folder) is not None:
            raise UserError(
                f"run {folder.name} is going on and would disturb an emulation; stop it, or wait for its end"
            )
    cache = resources.cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "emulation.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UserError("another emulation goes on on this machine; wait for its end") from None
        yield
