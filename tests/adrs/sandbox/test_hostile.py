"""Every backend that works here, against every hostile program."""

import pytest

from adrs import sandbox
from adrs.testing.sandbox import hostile_programs, self_check

_AVAILABLE = [row.name for row in sandbox.probe() if row.available]
_PROGRAMS = [program.name for program in hostile_programs()]
_OTHERS = (
    "an honest program runs", "it scores the same twice", "no process is left", "no file is left", "no mount is left",
)  # fmt: skip


@pytest.fixture(scope="module", params=_AVAILABLE)
def findings(request):
    return {finding.name: finding for finding in self_check(request.param)}


@pytest.mark.slow
@pytest.mark.parametrize("name", [*_OTHERS, *_PROGRAMS])
def test_hostile(findings, name):
    if name not in findings:
        pytest.skip("the backend does not claim to isolate this")
    assert findings[name].ok, findings[name].detail


def test_every_program_is_in_the_manifest():
    from adrs import resources

    files = {path.stem for path in (resources.folder("hostile") / "programs").glob("*.py")}
    assert files | {"source_large"} == set(_PROGRAMS)
