"""What a candidate wrote commands no terminal, and reaches other programs to the letter."""

import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.adrs.cli_tools import ADRS, adrs, environment
from tests.adrs.lineage_tools import Log

SOURCE = "# \x1b]0;owned\x07\x1b[31m \u202e\ndef solve(instance):\n\treturn 0\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("hostile")
    log = Log(made)
    log.program(None, 1.0, source=SOURCE)
    log.close()
    return made


@pytest.mark.parametrize("verb", [("best", "run"), ("export", "run", "--format", "csv")])
def test_a_terminal_gets_escapes_and_a_pipe_the_text(folder: Path, verb: tuple[str, ...]) -> None:
    assert SOURCE in adrs(*verb, cwd=folder).stdout
    shown = on_a_terminal(*verb, cwd=folder)
    assert r"\x1b]0;owned\x07\x1b[31m \u202e" in shown
    assert "return 0" in shown
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def on_a_terminal(*arguments: str, cwd: Path) -> str:
    """What a verb writes where its output is a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen([*ADRS, *arguments], cwd=cwd, stdout=theirs, env=environment())
    os.close(theirs)
    found = b""
    with os.fdopen(ours, "rb", buffering=0) as stream:
        try:
            while part := stream.read(4096):
                found += part
        except OSError:  # how Linux says that nobody has the other end any more
            pass
    assert process.wait(timeout=60) == 0
    return found.decode()
