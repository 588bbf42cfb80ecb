"""Every backend that works here, against every hostile program."""

from functools import cache

import pytest

from adrs import sandbox
from adrs.testing.sandbox import hostile_programs, self_check

_AVAILABLE = [row.name for row in sandbox.probe() if row.available]
_PROGRAMS = [program.name for program in hostile_programs()]
_WHOLE = {*_AVAILABLE[:1], "process"}
"""The strongest backend and the weakest meet all programs, the others those that they must shut in."""
_OTHERS = (
    "an honest program runs", "it scores the same twice", "no process is left", "no file is left", "no mount is left",
)  # fmt: skip


_CASES = [
    (backend, name) for backend in _AVAILABLE
    for name in (*_OTHERS, *(each.name for each in hostile_programs() if each.needs or backend in _WHOLE))
]  # fmt: skip


@cache
def found(backend):
    return {finding.name: finding for finding in self_check(backend, backend not in _WHOLE)}


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "name"), _CASES)
def test_hostile(backend, name):
    findings = found(backend)
    if name not in findings:
        pytest.skip("the backend does not claim to isolate this")
    assert findings[name].ok, findings[name].detail


def test_every_program_is_in_the_manifest():
    from adrs import resources

    files = {path.stem for path in (resources.folder("hostile") / "programs").glob("*.py")}
    assert files | {"source_large"} == set(_PROGRAMS)
