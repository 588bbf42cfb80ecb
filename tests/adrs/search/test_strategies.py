"""What single search strategies are for."""

import random
from typing import Any

import pytest

from adrs import plugins
from adrs.program import Evaluation, Program, Verdict

NAMES = plugins.names("search")
WINDOW = 8


def program(number: int, fitness: float | None, island: int = 0, verdict: Verdict = "ok") -> Program:
    return Program(number, f"# {number}", str(number), island=island,
                   evaluation=Evaluation("train", "full", verdict, fitness=fitness))  # fmt: skip


def drive(strategy: Any, count: int, seed: int = 1) -> list[tuple[int, int, tuple[int, ...]]]:
    """Ask and tell as a run does, with a window of asks in flight; every fourth program fails."""
    generator = random.Random(seed)
    told = {1}
    strategy.tell(program(1, 0.0))
    waiting: list[tuple[int, Any]] = []
    asked = []
    for number in range(2, count):
        selection = strategy.ask()
        assert selection.parent.id in told
        assert selection.parent.fitness is not None
        assert all(each.id in told and each.fitness is not None for each in selection.inspirations)
        assert selection.parent.id not in {each.id for each in selection.inspirations}
        asked.append((selection.parent.id, selection.island, tuple(each.id for each in selection.inspirations)))
        waiting.append((number, selection))
        if len(waiting) == WINDOW:
            done, selection = waiting.pop(0)
            if generator.random() < 0.25:
                strategy.tell(program(done, None, selection.island, generator.choice(["error", "rejected", "suspect"])))
            else:
                told.add(done)
                strategy.tell(program(done, selection.parent.fitness + generator.gauss(-0.2, 1.0), selection.island))
    return asked


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("best-of-n", "random")])
def test_better_programs_become_parents(name: str) -> None:
    asked = drive(plugins.load("search", name)(seed=5), 800)
    late = [parent for parent, _, _ in asked[-100:]]
    assert sum(late) / len(late) > 200


def test_the_control_always_starts_from_the_seed() -> None:
    asked = drive(plugins.load("search", "best-of-n")(seed=5), 200)
    assert {parent for parent, _, _ in asked} == {1}


def test_random_parents_are_drawn_without_regard_to_fitness() -> None:
    strategy = plugins.load("search", "random")(seed=5)
    for number in range(1, 4001):
        strategy.tell(program(number, float(number)))
    selections = [strategy.ask() for _ in range(3000)]
    parents = [selection.parent.id for selection in selections]
    assert all(selection.independent for selection in selections)
    assert 1700 < sum(parents) / len(parents) < 2300
    assert min(parents) < 300
    assert max(parents) > 3700
