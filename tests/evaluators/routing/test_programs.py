"""Seeds, baselines and cheats of the routing problems in a sandbox, on small workloads."""

import asyncio
import re
import shutil

import pytest

from adrs import problem as problems
from adrs.evaluate.pool import LocalPool
from adrs.program import Job
from adrs.propose.embedded.template import Template
from adrs.source import Rejected, Screen

SEEDS = r"(train = \[\{ family = \"same\", seeds = )\[[^\]]*\]"
NAMES = ("query-routing", "budgeted-routing", "agent-step-routing", "agent-step-routing-trajectory")


def small(name, tmp_path):
    """A copy of a problem with one small train workload."""
    folder = tmp_path / name
    shutil.copytree(problems.load(name).folder, folder)
    file = folder / "problem.toml"
    text = re.sub(SEEDS, r"\1[1000]", file.read_text())
    if name in ("query-routing", "budgeted-routing"):
        text = text.replace("\n[limits]", "\n[evaluator.parameters]\nfit = 200\nasked = 120\n\n[limits]", 1)
    file.write_text(text.replace("runs = 400", "runs = 30"))
    return problems.load(str(folder))


def shipped(problem):
    return [baseline.path for baseline in problem.baselines if not baseline.native]


def run(problem, sources):
    """Evaluate named programs in one sandbox."""

    async def evaluate_all():
        pool = LocalPool(problem, 1)
        await pool.start()
        try:
            return {name: await pool.evaluate(Job(source, "train", thorough=True)) for name, source in sources.items()}
        finally:
            await pool.close()

    return asyncio.run(evaluate_all())


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_cheats_get_the_verdict_they_deserve(name, tmp_path):
    problem = small(name, tmp_path)
    best = problem.baseline("state-of-the-art").path.read_text()
    cheats = {cheat.name: cheat.path.read_text() for cheat in problem.cheats}
    random = {each.name: each.path.read_text() for each in problem.baselines if each.name.startswith("random-")}
    results = run(problem, {"honest": best, **cheats, **random, "honest again": best})
    assert results["honest"].verdict == "ok", results["honest"].reason
    assert results["honest"].fitness == results["honest again"].fitness
    for cheat in problem.cheats:
        result = results[cheat.name]
        assert (cheat.name, result.verdict) == (cheat.name, cheat.verdict), result.reason
        assert cheat.rule in result.reason
        if result.verdict == "ok":
            allowed = 0.02 * abs(results["honest"].fitness)  # what luck makes of so few queries
            assert result.fitness <= results["honest"].fitness + allowed
    if "looks_for_names" in cheats:
        (chance,) = random
        assert results["looks_for_names"].fitness == results[chance].fitness, "there was no name to be found"


@pytest.mark.parametrize("name", NAMES)
def test_a_table_of_stored_answers_is_rejected(name):
    problem = problems.load(name)
    table = {f"{number:016x}": number % 4 for number in range(4000)}
    with pytest.raises(Rejected, match="literals and comments take"):
        Screen(problem).check(f"TABLE = {table!r}\n\n\n{problem.seed.read_text()}")


@pytest.mark.parametrize("name", NAMES)
def test_the_shipped_programs_pass_the_screen(name):
    problem = problems.load(name)
    programs = [path.read_text() for path in (problem.seed, *shipped(problem))]
    blocks = [Template(path) for path in problem.blocks]
    for source in [*programs, *(block.render(block.defaults) for block in blocks)]:
        Screen(problem).check(source, anywhere=True)
