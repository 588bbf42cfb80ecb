"""Runs the command line as a user does: a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ADRS = [sys.executable, "-m", "adrs"]


def adrs(*arguments: str, cwd: Path, code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a verb and expect an exit code."""
    done = subprocess.run(
        [*ADRS, *arguments], cwd=cwd, capture_output=True, text=True, timeout=240, check=False, env=environment(),
        **options,
    )  # fmt: skip
    assert done.returncode == code, f"{arguments}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


def adrs_json(*arguments: str, cwd: Path, code: int = 0) -> Any:
    """Run a verb with --json and read its answer."""
    return json.loads(adrs(*arguments, "--json", cwd=cwd, code=code).stdout)


def environment() -> dict[str, str]:
    """The environment of the tests, without colours."""
    return {**os.environ, "NO_COLOR": "1", "TERM": "dumb"}
