"""What a policy process can see."""

import os
from pathlib import Path

import numpy as np
import pytest

from adrs import resources, sandbox
from adrs.diagnosis import diagnose
from adrs.errors import UserError
from adrs.sandbox import SandboxSpec
from adrs.sandbox.landlock import _without
from adrs.sandbox.layout import layout


def _visible(path, seen):
    inside = any(path.is_relative_to(root) for root in seen.readable)
    return inside and not any(path.is_relative_to(covered) for covered in seen.covered)


def test_numpy_and_helpers_are_visible_and_the_engine_is_not():
    seen = layout(SandboxSpec(imports=("numpy", "adrs_helpers.placement")))
    root = resources.import_root()
    assert _visible(Path(np.__file__).resolve(), seen)
    assert _visible(root / "adrs_helpers" / "placement.py", seen)
    assert _visible(seen.executable, seen)
    for hidden in ("adrs/problem.py", "evaluators/__init__.py", "problems", "tests", ".git", "pyproject.toml"):
        assert not _visible(root / hidden, seen)
    for hidden in ("/etc/passwd", "/proc", "/sys", str(Path.home())):
        assert not _visible(Path(hidden), seen)


@pytest.fixture
def locked(monkeypatch):
    """A user who may not enter the folder of the interpreter; returns that folder."""
    folder = Path(os.__file__).parent.parent
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: not Path(path).is_relative_to(folder) and access(path, mode))
    return folder


def test_an_interpreter_that_this_user_may_not_read_is_one_sentence(locked):
    with pytest.raises(UserError, match=f"^this user may not read {locked}, so no program can be run with .*venv"):
        layout(SandboxSpec())
    with pytest.raises(
        UserError, match=f"no sandbox works here, not even the weakest: this user may not read {locked}"
    ):
        sandbox.choose()
    rows = [finding for finding in diagnose() if finding.kind == "sandbox"]
    assert not any(row.available for row in rows)
    assert sum(f"may not read {locked}" in row.detail for row in rows) == 1


def test_an_engine_among_the_installed_packages_is_covered(tmp_path, monkeypatch):
    packages = tmp_path / "site-packages"
    for name in ("adrs", "evaluators", "helper"):
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").touch()
    (packages / "secret.py").touch()
    monkeypatch.syspath_prepend(str(packages))
    seen = layout(SandboxSpec(imports=("helper",), hidden=(packages / "secret.py",)))
    assert _visible(packages / "helper", seen)
    for name in ("adrs", "evaluators", "secret.py"):
        assert not _visible(packages / name, seen)


def test_rules_that_cannot_take_back_leave_out_what_is_covered(tmp_path):
    for name in ("a/secret", "a/open", "b"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "a" / "secret")
    kept = set(_without(tmp_path, [tmp_path / "a" / "secret"]))
    assert kept == {tmp_path / "a" / "open", tmp_path / "b"}


def test_compiled_helpers_are_visible_and_compiled_evaluators_are_not(tmp_path):
    for name in ("adrs_helpers_1a2b", "systems_3c4d"):
        (tmp_path / name).mkdir()
    seen = layout(SandboxSpec(imports=("adrs_helpers.placement",), numba_cache=tmp_path))
    assert _visible(tmp_path / "adrs_helpers_1a2b" / "index", seen)
    assert not _visible(tmp_path / "systems_3c4d" / "index", seen)
