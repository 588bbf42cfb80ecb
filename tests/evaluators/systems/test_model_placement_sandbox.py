"""Cheats, and programs in the form of the public leaderboard, each in a sandbox."""

import asyncio
import sys

import pytest

from adrs import problem as problems
from adrs.evaluate.pool import LocalPool
from adrs.program import Evaluation, Job

STANDARD = problems.load("model-placement")
PUBLISHED = problems.load("model-placement", "published")
ADAPTER = (PUBLISHED.folder / "adapters" / "leaderboard.py").read_text()

GREEDY = """
from evaluator import GPU_MEM_SIZE, Model

def compute_model_placement(gpu_num: int, models: list[Model]) -> dict[int, list[Model]]:
    placement = {gpu: [] for gpu in range(gpu_num)}
    free, load = [GPU_MEM_SIZE] * gpu_num, [0.0] * gpu_num
    for model in sorted(models, key=lambda model: model.req_rate / model.slo, reverse=True):
        fitting = [gpu for gpu in range(gpu_num) if model.model_size <= free[gpu]]
        gpu = min(fitting, key=lambda gpu: load[gpu] / free[gpu])
        placement[gpu].append(model)
        free[gpu] -= model.model_size
        load[gpu] += model.req_rate / model.slo
    return placement
"""
ENDINGS = {
    "honest": "    return placement",
    "leaves one out": "    placement[0] = placement[0][1:]\n    return placement",
    "places one twice": "    placement[0].append(placement[1][0])\n    return placement",
    "returns copies": "    import copy\n    return copy.deepcopy(placement)",
    "adds a copy": "    import copy\n    placement[0].append(copy.copy(models[0]))\n    return placement",
    "adds a name": "    placement['x'] = ['model_0']\n    return placement",
    "invents a GPU": "    placement[gpu_num] = placement.pop(0)\n    return placement",
    "shrinks its models": "    for model in models:\n        model.model_size = 0\n    return placement",
}


def wrap(source):
    return ADAPTER.replace('PUBLISHED = ""', f"PUBLISHED = {source!r}", 1)


def run(problem, sources) -> dict[str, Evaluation]:
    """Evaluate named programs in one sandbox."""

    async def evaluate_all():
        pool = LocalPool(problem, 1)
        await pool.start()
        try:
            return {name: await pool.evaluate(Job(source, "train")) for name, source in sources.items()}
        finally:
            await pool.close()

    return asyncio.run(evaluate_all())


@pytest.fixture(scope="module")
def evaluations():
    """Each ending, wrapped."""
    sources = {name: wrap(GREEDY.replace("    return placement", ending)) for name, ending in ENDINGS.items()}
    return run(PUBLISHED, sources)


@pytest.mark.slow
def test_cheats_get_the_verdict_they_deserve():
    sources = {cheat.name: cheat.path.read_text() for cheat in STANDARD.cheats}
    state_of_the_art = STANDARD.baseline("state-of-the-art")
    results = run(STANDARD, {"honest": state_of_the_art.path.read_text(), **sources})
    for cheat in STANDARD.cheats:
        result = results[cheat.name]
        assert (cheat.name, result.verdict) == (cheat.name, cheat.verdict)
        assert cheat.rule in result.reason
        if result.verdict == "ok":
            assert result.fitness <= results["honest"].fitness


@pytest.mark.parametrize("name", ["honest", "shrinks its models"])
def test_a_published_program_has_its_published_figures(evaluations, name):
    evaluation = evaluations[name]
    assert evaluation.verdict == "ok", evaluation.reason
    assert evaluation.metrics["kvpr"] == pytest.approx(0.0478660773665175, rel=1e-14)
    assert evaluation.metrics["combined_score"] == pytest.approx(21.8916, abs=5e-5)


@pytest.mark.parametrize("name", [name for name in ENDINGS if name not in ("honest", "shrinks its models")])
def test_a_model_without_a_gpu_makes_the_program_invalid(evaluations, name):
    assert evaluations[name].verdict == "invalid"
    assert "range: solve: value -1" in evaluations[name].reason


def test_the_adapter_stays_on_the_other_side(monkeypatch):
    for name in ("published", "evaluator"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    assert run(PUBLISHED, {"honest": wrap(GREEDY)})["honest"].verdict == "ok"
    assert not {"published", "evaluator"} & set(sys.modules)
