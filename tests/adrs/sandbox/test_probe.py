"""Choosing a backend."""

import pytest

from adrs import sandbox
from adrs.errors import UserError


def test_the_table_is_best_first_and_says_what_was_tried():
    rows = sandbox.probe()
    assert {row.name for row in rows} >= {"bubblewrap", "namespaces", "process"}
    assert [row.name for row in rows if row.available][-1] == "process"
    assert all(row.detail for row in rows)
    assert all(row.isolates for row in rows)


def test_the_best_that_works_is_taken():
    best = next(row for row in sandbox.probe() if row.available)
    assert sandbox.choose().name == best.name


def test_a_forced_backend_that_is_missing_is_an_error_with_its_reason(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(UserError, match=r"bubblewrap.*bwrap is not installed"):
        sandbox.choose("bubblewrap")
    assert sandbox.choose().name != "bubblewrap"


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UserError, match='did you mean "bubblewrap"'):
        sandbox.choose("bubblewarp")


def test_only_the_plain_process_warns():
    assert sandbox.named("process").warning
    assert not sandbox.named("bubblewrap").warning


def test_an_import_that_does_not_exist_is_named():
    backend = sandbox.choose()
    with pytest.raises(sandbox.SandboxUnavailable, match="no_such_module"):
        backend.start(sandbox.SandboxSpec(imports=("no_such_module",)))
