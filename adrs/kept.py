"""What there is to go on with, said where a session ends before its time."""

import asyncio
import contextlib
from collections.abc import Iterator
from pathlib import Path

from adrs.errors import PluginError
from adrs.store.writer import DATABASE
from adrs.text import run_in_command


@contextlib.contextmanager
def noting_what_is_kept(folder: Path) -> Iterator[None]:
    """What ends a session before its time says what there is of the run to go on with: an interrupt in a note."""
    resume = f"adrs resume {run_in_command(folder)}"
    try:
        yield
    except PluginError as error:
        if not (folder / DATABASE).is_file():
            raise
        raise PluginError(
            f"{error}; what was recorded is safe, and `{resume}` goes on with the run once that is mended"
        ) from error
    except (KeyboardInterrupt, asyncio.CancelledError) as interrupt:
        if (folder / DATABASE).is_file():
            interrupt.add_note(f"what was recorded is safe, and `{resume}` goes on with the run")
        else:
            interrupt.add_note("the run was still starting: nothing of it was kept, and there is nothing to resume")
        raise
