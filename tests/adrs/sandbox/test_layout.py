"""What a policy process can see."""

from pathlib import Path

import numpy as np

from adrs import resources
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
