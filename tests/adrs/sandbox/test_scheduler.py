"""Who runs, who waits for a core, who sleeps."""

import os
import subprocess
import sys
import time

import pytest

from adrs.sandbox.scheduler import queued_seconds, wanted_seconds


@pytest.mark.skipif(queued_seconds(os.getpid()) == 0.0, reason="this kernel does not say how long a process waits")
def test_the_system_says_who_waits_for_a_core():
    """Two that spin on one core: each waits for the other; one that sleeps waits for nobody."""
    core = min(os.sched_getaffinity(0))
    spinning, sleeping = (
        f"import os; os.sched_setaffinity(0, [{core}])\nwhile True: pass",
        "import time; time.sleep(60)",
    )
    children = [subprocess.Popen([sys.executable, "-c", code]) for code in (spinning, spinning, sleeping)]
    try:
        time.sleep(1.0)
        waited = [queued_seconds(child.pid) for child in children]
        wanted = [wanted_seconds(child.pid) for child in children]
        time.sleep(0.5)
        later = [wanted_seconds(child.pid) for child in children]
    finally:
        for child in children:
            child.kill()
            child.wait()
    assert min(waited[:2]) > 5 * waited[2]
    spent = [after - before for before, after in zip(wanted, later, strict=True)]
    assert min(spent[:2]) > 0.4  # however little it got of the core
    assert spent[2] < 0.1
