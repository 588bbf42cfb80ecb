"""Somebody who waits sees that something goes on, and for how long; nothing of it is cut off."""

import io
import re
import time

import pytest
from rich.console import Console

from adrs.cli import distill_view
from adrs.cli.distill_view import Progress, print_row
from tests.adrs.hostile_text import MARKUP

LONG = "round 1: searching for expressions, 5 of 26; 12 rules so far, the best reaches 0.8123" + " and so on" * 8


def shown(monkeypatch: pytest.MonkeyPatch, terminal: bool, width: int = 80) -> Console:
    out = Console(file=io.StringIO(), width=width, force_terminal=terminal, color_system=None, legacy_windows=False)
    monkeypatch.setattr(distill_view, "console", lambda stderr=False: out)
    return out


def text(out: Console) -> str:
    return out.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def waited(out: Console, words: str) -> bool:
    end = time.monotonic() + 20.0
    while words not in text(out) and time.monotonic() < end:
        time.sleep(0.01)
    return words in text(out)


def test_without_a_terminal_a_line_comes_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown(monkeypatch, terminal=False)
    with Progress(every=0.02) as progress:
        progress.began("minimise", 300.0)
        progress.at(f"82 edits tried, 174 -> 83 nodes {MARKUP}\x1b[31m")
        assert waited(out, "minimise   82 edits tried, 174 -> 83 nodes")
        progress.said("174 -> 75 nodes")
    after = text(out)
    assert "minimise   at most 5:00 min" in after
    assert "left\n" in after
    assert "minimise   174 -> 75 nodes" in after
    assert "\x1b" not in after
    assert MARKUP in after, "words of programs are no markup"


def test_between_lines_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown(monkeypatch, terminal=False)
    with Progress() as progress:
        progress.began("minimise", 300.0)
        progress.at("82 edits tried")
    assert "edits" not in text(out)


def test_on_a_terminal_a_line_is_redrawn_and_folded(monkeypatch: pytest.MonkeyPatch) -> None:
    out = shown(monkeypatch, terminal=True)
    with Progress() as progress:
        progress.began("expression", 90.0)
        progress.at(LONG)
        assert waited(out, "left")
        progress.said(LONG)
    lines = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text(out)).splitlines()
    assert " ".join(" ".join(lines).split()).count(LONG) > 1
    assert all(len(line) <= 80 for line in lines)


def test_who_is_quiet_hears_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal in (True, False):
        out = shown(monkeypatch, terminal)
        with Progress(quiet=True, every=0.001) as progress:
            progress.began("minimise", 1.0)
            progress.at("something")
            progress.said("found")
            time.sleep(0.01)
        assert text(out) == ""


@pytest.mark.parametrize("terminal", [True, False])
def test_a_row_is_folded_on_a_terminal_and_one_line_elsewhere(terminal: bool) -> None:
    out = Console(file=io.StringIO(), width=80, force_terminal=terminal, color_system=None)
    print_row(out, "note", LONG)
    lines = text(out).splitlines()
    assert " ".join(" ".join(lines).split()) == f"note {LONG}"
    assert all(len(line) <= 80 for line in lines) if terminal else len(lines) == 1
