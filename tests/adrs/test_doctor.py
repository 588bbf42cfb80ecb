"""The self-check of a sandbox from the command line."""

import json
import warnings

import pytest
from typer.testing import CliRunner

import adrs.testing.sandbox
from adrs import cli, diagnosis, plugins, sandbox
from adrs.cli import app
from adrs.errors import UserError
from adrs.testing.sandbox import Finding


def check(monkeypatch: pytest.MonkeyPatch, *findings: Finding, arguments: tuple[str, ...] = ()):
    monkeypatch.setattr(adrs.testing.sandbox, "self_check", lambda backend: list(findings))
    return CliRunner().invoke(app, ["doctor", "--self-check", "process", *arguments])


def test_a_sandbox_that_holds(monkeypatch):
    result = check(monkeypatch, Finding("fork_bomb", True, "ok"), Finding("sockets", True, "ok"))
    assert result.exit_code == 0
    assert "process: 2 of 2 checks passed" in result.stdout


def test_one_that_does_not_is_said_with_exit_code_1(monkeypatch):
    findings = (Finding("fork_bomb", True, "ok"), Finding("sockets", False, "connected [bold]"))
    result = check(monkeypatch, *findings)
    assert result.exit_code == 1
    assert "connected [bold]" in result.stdout
    assert "1 of 2" in result.stdout
    result = check(monkeypatch, *findings, arguments=("--json",))
    assert result.exit_code == 1
    assert [row["ok"] for row in json.loads(result.stdout)] == [True, False]


def test_what_a_sandbox_says_of_its_safety_is_in_the_table(monkeypatch):
    rows = [
        sandbox.Probe("plain", True, (), "it ran", "unsafe here"),
        sandbox.Probe("box", True, ("files",), "ran", ""),
    ]
    monkeypatch.setattr(sandbox, "probe", lambda: rows)
    found = {finding.name: finding.detail for finding in diagnosis._sandboxes()}
    assert found == {"plain": "it ran; unsafe here", "box": "isolates files; ran"}


def test_warnings_are_a_line_on_stderr(monkeypatch, capsys):
    monkeypatch.setattr(cli, "app", lambda: warnings.warn("nothing is shut in", stacklevel=1))
    cli.main()
    assert capsys.readouterr().err == "adrs: nothing is shut in\n"


def test_an_unknown_sandbox_is_an_error():
    with pytest.raises(UserError, match="bubblewrap"):
        CliRunner().invoke(app, ["doctor", "--self-check", "bubblewarp"], catch_exceptions=False)


def test_probes_of_packages_have_a_section_of_their_own(monkeypatch):
    asked = []

    def probe(trial):
        asked.append(trial)
        return [("tun", False, "no such [bold] device")]

    usual = plugins.names, plugins.load
    monkeypatch.setattr(plugins, "names", lambda seam: ["radio"] if seam == "probe" else usual[0](seam))
    monkeypatch.setattr(plugins, "load", lambda seam, name: probe if seam == "probe" else usual[1](seam, name))
    monkeypatch.setattr(sandbox, "probe", list)
    for arguments in ([], ["--emulation"]):
        shown = CliRunner().invoke(app, ["doctor", *arguments]).stdout
        assert "no such [bold] device" in shown
    assert asked == [False, True]
