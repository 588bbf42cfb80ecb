"""On the routing problems, the embedded proposer improves on each trivial seed within a few evaluations."""

import re
import shutil
from pathlib import Path

import pytest
from offline_run import Driver, in_process

from adrs.problem import Problem, load
from adrs.propose import Context
from adrs.propose.embedded import Embedded

_TRAIN = r"(train = \[\{ family = \"same\", seeds = )\[[^\]]*\]"


def small(name: str, folder: Path) -> Problem:
    """A copy of a problem with one small train workload."""
    shutil.copytree(load(name).folder, folder / name)
    file = folder / name / "problem.toml"
    text = re.sub(_TRAIN, r"\1[1000]", file.read_text())
    if name in ("query-routing", "budgeted-routing"):
        text = text.replace("\n[limits]", "\n[evaluator.parameters]\nfit = 600\nasked = 120\n\n[limits]", 1)
    file.write_text(text.replace("runs = 400", "runs = 40"))
    return load(str(folder / name))


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["query-routing", "budgeted-routing", "agent-step-routing", "agent-step-routing-trajectory"]
)
def test_a_trivial_seed_is_improved_on(name: str, tmp_path: Path) -> None:
    problem = small(name, tmp_path)
    run = Driver(problem, Embedded(Context(problem, 1)), in_process(problem, seconds=300.0), 1).drive(6)
    seed = run.programs[0]
    assert seed.fitness is not None
    assert run.best().fitness > seed.fitness
