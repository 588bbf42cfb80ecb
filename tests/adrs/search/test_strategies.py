"""What single search strategies are for."""

import random
from collections import Counter
from typing import Any

import pytest

from adrs import plugins
from adrs.errors import UserError
from adrs.problem import Feature
from adrs.program import REFUSED, Evaluation, Parent, Program, Verdict, WorkloadResult
from adrs.search.adaptive import Adaptive
from adrs.search.beam import Beam
from adrs.search.map_elites import MapElites
from adrs.search.novelty import Novelty
from adrs.search.pareto import Pareto
from adrs.search.similarity import resemblance, sketch

NAMES = plugins.names("search")
WINDOW = 8


def program(number: int, fitness: float | None, island: int = 0, verdict: Verdict = "ok", **more: Any) -> Program:
    source = more.pop("source", f"# {number}")
    metrics, results = more.pop("metrics", {}), more.pop("results", {})
    workloads = tuple(WorkloadResult(name, "ok", {"value": value}, value) for name, value in results.items())
    evaluation = Evaluation("train", "full", verdict, fitness=fitness, metrics=metrics, workloads=workloads)
    return Program(number, source, str(number), island=island, evaluation=evaluation, **more)


def drive(strategy: Any, count: int, seed: int = 1) -> list[int]:
    """Ask and tell as a run does, with a window of asks in flight; every fourth program fails. The parents."""
    generator = random.Random(seed)
    strategy.tell(program(1, 0.0))
    waiting: list[tuple[int, Any]] = []
    asked = []
    for number in range(2, count):
        selection = strategy.ask()
        asked.append(selection.parent.id)
        waiting.append((number, selection))
        if len(waiting) == WINDOW:
            done, selection = waiting.pop(0)
            fitness = selection.parent.fitness + generator.gauss(-0.2, 1.0)
            failed = generator.random() < 0.25
            strategy.tell(program(done, None if failed else fitness, selection.island, "error" if failed else "ok"))
    return asked


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("best-of-n", "random")])
def test_better_programs_become_parents(name: str) -> None:
    late = drive(plugins.load("search", name)(seed=5), 800)[-100:]
    assert sum(late) / len(late) > 200


def test_the_control_always_starts_from_the_seed() -> None:
    assert set(drive(plugins.load("search", "best-of-n")(seed=5), 200)) == {1}


def test_every_program_of_a_beam_has_as_many_children() -> None:
    beam = Beam(seed=0, width=3, branches=2)
    beam.tell(program(1, 0.0))
    for number in range(2, 4):
        assert beam.ask().parent.id == 1
        beam.tell(program(number, float(number)))
    parents = []
    for number in range(4, 10):
        parents.append(beam.ask().parent.id)
        beam.tell(program(number, -1.0))
    assert Counter(parents) == {1: 2, 2: 2, 3: 2}
    assert beam.ask().least == 0.0


def test_a_grid_keeps_what_is_worse_and_different() -> None:
    strategy = MapElites(seed=0, features=[Feature("moves", 0.0, 100.0, 4)], islands=1, exploitation=0.0)
    strategy.tell(program(1, 10.0, metrics={"moves": 5.0}))
    strategy.tell(program(2, 1.0, metrics={"moves": 1000.0}))
    strategy.tell(program(3, 9.0, metrics={"moves": 20.0}))
    strategy.tell(program(4, 2.0, metrics={"moves": 99.0}))
    assert {strategy.ask().parent.id for _ in range(50)} == {1, 4}


def test_islands_of_grids_pass_their_best_round_the_ring() -> None:
    strategy = MapElites(seed=0, features=[Feature("moves", 0.0, 1.0, 4)], islands=3, migration=1, exploitation=1.0)
    strategy.tell(program(1, 0.0, metrics={"moves": 0.0}))
    strategy.tell(program(2, 5.0, 0, metrics={"moves": 0.0}))
    parents = {(selection := strategy.ask()).island: selection.parent.id for _ in range(3)}
    assert parents == {0: 2, 1: 2, 2: 1}


def test_a_feature_that_nobody_computes_is_said_to_be_so() -> None:
    strategy = MapElites(seed=0, features=[Feature("moves", 0.0, 1.0, 4)])
    with pytest.raises(UserError, match='"moves", but its evaluator computes cost'):
        strategy.tell(program(1, 0.0, metrics={"cost": 1.0}))


def test_a_front_holds_what_is_best_somewhere_in_proportion() -> None:
    strategy = Pareto(seed=0, merge=0.0)
    strategy.tell(program(1, 1.0, results={"a": 1.0, "b": 1.0, "c": 1.0, "d": 1.0}))
    strategy.tell(program(2, 3.0, results={"a": 5.0, "b": 5.0, "c": 5.0, "d": 0.0}))
    strategy.tell(program(3, 2.0, results={"a": 0.0, "b": 0.0, "c": 0.0, "d": 9.0}))
    strategy.tell(program(4, 2.9, results={"a": 4.0, "b": 4.0, "c": 4.0, "d": 8.0}))
    parents = Counter(strategy.ask().parent.id for _ in range(400))
    assert set(parents) == {2, 3}
    assert 2.0 < parents[2] / parents[3] < 4.5


def test_what_is_best_everywhere_is_the_whole_front_however_many_were_best_somewhere_before() -> None:
    strategy = Pareto(seed=0, merge=0.0)
    for number in range(1, 12):
        strategy.tell(program(number, 50.0, results={"a": 100.0 * (number % 2), "b": 100.0 * (1 - number % 2)}))
    strategy.tell(program(12, 100.0, results={"a": 100.0, "b": 100.0}))
    assert {strategy.ask().parent.id for _ in range(20)} == {12}


def test_two_lineages_are_crossed_but_nothing_with_its_own_ancestor() -> None:
    strategy = Pareto(seed=0, merge=1.0)
    strategy.tell(program(1, 0.0, results={"a": 0.0, "b": 0.0}))
    strategy.tell(program(2, 1.0, results={"a": 5.0, "b": 0.0}, parents=(Parent(1, "parent"),)))
    strategy.tell(program(3, 1.0, results={"a": 0.0, "b": 7.0}, parents=(Parent(2, "parent"),)))
    assert all(strategy.ask().operator is None for _ in range(20))
    strategy.tell(program(4, 1.0, results={"a": 0.0, "b": 9.0}, parents=(Parent(1, "parent"),)))
    wishes = [strategy.ask() for _ in range(20)]
    assert {wish.operator for wish in wishes} == {"cross"}
    assert {(wish.parent.id, wish.inspirations[0].id) for wish in wishes} == {(2, 4), (4, 2)}


_BODY = "\n".join(f"    y{i} = abs(x - {i}.5) * {i + 2} + min(x, {i}.25)" for i in range(12))
_KNOWN = f"def solve(x):\n{_BODY}\n    return y3\n"
_EDITED = _KNOWN.replace("return y3", "return y4")
_TUNED = _KNOWN.replace("5.25", "7.75")
_OTHER = "def solve(x):\n    while x > 3:\n        x = x // 2\n    return [x] * 2\n"


def test_resemblance_sees_edits_and_not_names_or_numbers() -> None:
    assert sketch(_KNOWN) == sketch(_KNOWN.replace("y3", "z").replace("5.25", "6.5"))
    assert 0.9 < resemblance(sketch(_KNOWN), sketch(_EDITED)) < 1
    assert resemblance(sketch(_KNOWN), sketch(_OTHER)) < 0.1
    assert len(sketch("no ( python")) > 0


def test_near_copies_are_refused_until_patience_ends() -> None:
    strategy = Novelty(seed=0, islands=1)
    strategy.tell(program(1, 0.0, source=_KNOWN))
    selection = strategy.ask()
    assert selection.refuse is not None
    assert "nearly program 1" in selection.refuse(program(2, None, source=_EDITED))
    assert selection.refuse(program(2, None, source=_TUNED)) == ""
    assert selection.refuse(program(2, None, source=_OTHER)) == ""
    strategy.tell(program(2, 0.5, source=_EDITED))
    selection = strategy.ask()
    assert selection.refuse is not None
    assert selection.refuse(program(3, None, source=_TUNED)) == ""  # nearly program 2 as well, but tuning all the same
    for number in range(2, 5):
        refused = Evaluation("train", REFUSED, "rejected", "nearly program 1")
        strategy.tell(Program(number, _EDITED, str(number), evaluation=refused))
    assert strategy.ask().refuse is None
    strategy.tell(program(5, 1.0, source=_OTHER))
    assert strategy.ask().refuse is not None


def test_parents_with_many_children_come_later() -> None:
    strategy = Novelty(seed=0, islands=1)
    for number in range(1, 4):
        strategy.tell(program(number, 1.0))
    assert max(Counter(strategy.ask().parent.id for _ in range(60)).values()) < 30


def test_which_parents_are_chosen_does_not_depend_on_the_unit_of_the_metric() -> None:
    def parents(unit: float) -> list[int]:
        strategy = Novelty(seed=0, islands=1)
        for number in range(1, 20):
            strategy.tell(
                program(number, unit * max(0, number - 14), source=f"def solve(x):\n    return x + {number}\n")
            )
        return [strategy.ask().parent.id for _ in range(60)]

    assert parents(1.0) == parents(1e-6) == parents(1e6)


def test_stagnation_brings_a_new_island_with_other_tactics() -> None:
    strategy = Adaptive(seed=0, patience=5)
    strategy.tell(program(1, 0.0))
    wishes, islands = set(), set()
    for number in range(2, 200):
        selection = strategy.ask()
        wishes.add(selection.operator)
        islands.add(selection.island)
        strategy.tell(program(number, -1.0, selection.island))
    assert wishes == {None, "cross", "rewrite"}
    assert {0, 1, 2, 3, 4} <= islands


def test_an_island_that_has_nobody_to_cross_with_does_not_wish_for_it() -> None:
    strategy = Adaptive(seed=0, patience=2)
    strategy.tell(program(1, 0.0))
    wishes = set()
    for number in range(2, 40):
        selection = strategy.ask()
        assert selection.inspirations == ()
        wishes.add(selection.operator)
        strategy.tell(program(number, None, selection.island, "error"))
    assert wishes == {None, "rewrite"}


def test_where_there_is_no_room_the_island_without_an_improvement_for_longest_gives_way() -> None:
    strategy = Adaptive(seed=0, most_islands=3, patience=5, migration=4)
    strategy.tell(program(1, 0.0))
    asked: list[int] = []
    best = 0.0
    while 6 not in asked and len(asked) < 200:
        island = strategy.ask().island
        if island == 1 and 2 in asked and best == 0.0:
            best = 1.0  # the only improvement of all
            strategy.tell(program(len(asked) + 2, best, island))
        else:
            strategy.tell(program(len(asked) + 2, -1.0, island))
        asked.append(island)
    assert list(dict.fromkeys(asked)) == [0, 1, 2, 3, 4, 5, 6]
    last_asked = {island: number for number, island in enumerate(asked)}
    assert sorted(last_asked, key=last_asked.__getitem__)[:3] == [0, 2, 1]


def test_what_an_island_that_gave_way_leaves_behind_is_kept_and_credited_to_nobody() -> None:
    strategy = Adaptive(seed=0, islands=1, most_islands=1, patience=0, migration=1000)
    strategy.tell(program(1, 0.0))
    late = strategy.ask()
    strategy.tell(program(2, -1.0, late.island))
    assert strategy.ask().island == 1
    strategy.tell(program(3, 5.0, late.island))
    (island,) = strategy._islands.values()
    assert (island.gain, island.reward, island.since_improvement) == (0.0, 0.0, 0)
    assert island.archive[0].id == 3


def test_one_dreadful_program_does_not_make_later_gains_invisible() -> None:
    strategy = Adaptive(seed=0)
    strategy.tell(program(1, -1.0))
    strategy.tell(program(2, -1e9))
    strategy.tell(program(3, -0.5))
    assert strategy._islands[0].gain == pytest.approx(0.05)


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
