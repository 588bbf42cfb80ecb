"""A problem of many shapes, and a zygote of the best sandbox that works here."""

from pathlib import Path

import pytest

from adrs import problem, sandbox
from adrs.sandbox import SandboxSpec

FOLDER = Path(__file__).parent


@pytest.fixture(scope="session")
def toy():
    return problem.load(str(FOLDER / "toy"))


@pytest.fixture(scope="session")
def shapes():
    return problem.load(str(FOLDER / "shapes"))


@pytest.fixture(scope="module")
def zygote():
    zygote = sandbox.choose().start(SandboxSpec(memory_mb=128, scratch_mb=2, output_kb=2, answer_mb=4))
    yield zygote
    zygote.close()
