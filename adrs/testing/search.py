"""The conformance suite of search strategies. A package that adds one runs it in its own tests:

    @pytest.mark.parametrize("check", search.CHECKS)
    def test_my_strategy(check):
        check(lambda: MyStrategy(seed=3))

Each check takes a function that makes the strategy anew, always with the same seed, drives it with made-up programs as
a run would, and raises AssertionError with what was broken.
"""

import gc
import math
import random
import sys
import time
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from adrs import plugins
from adrs.program import REFUSED, Evaluation, Parent, Program, Selection, Verdict, WorkloadResult
from adrs.search import Search
from adrs.search.promises import breach

Make = Callable[[], Search]

STAGES = ("first-of-the-suite", "second-of-the-suite")
"""What the made-up problem declares. A strategy that names stages in `until` is made for the suite with these, as it is
made for a problem with the problem's own."""
WINDOWS = (1, 8, 32)
"""How many selections are asked for before the first of them is told."""
FEW, MANY = 500, 10_000
"""Numbers of told programs between which time and memory of a call must stay the same."""
_MOST_GROWTH = 4.0
"""Of the time of a call. What grows with the run grows by up to twenty; what does not stays far below this even where
other work disturbs the measurement. `benchmarks/search_cost.py` reports the factor itself, for 100,000 programs."""
_WORKLOADS = 3
_CALLS = 200
_ROUNDS = 5
_ATTEMPTS = 3
_ROOM = 1.3


class Trial:
    """A made-up run: programs with results by workload, of which every third one fails in one of many ways."""

    def __init__(self, strategy: Search, seed: int = 0, window: int = 8, checking: bool = True) -> None:
        self.asked: list[tuple[Any, ...]] = []
        """What was selected, as plain data; kept while checking."""
        self._strategy = _whole(strategy)
        self._random = random.Random(seed)
        self._window = window
        self._checking = checking
        self._flying: deque[tuple[Selection, Program, str]] = deque()
        self._told: dict[int, Program] = {}
        self._fit: dict[int, bool] = {}
        """Whether a program that was told has a fitness."""
        self._best = -math.inf
        self._number = 1
        self._tell(_program(1, self._results(0.0)))

    def run(self, count: int) -> None:
        """Ask so often, and tell what has been in the making for long enough."""
        for _ in range(count):
            selection = _asked(self._strategy)
            self._number += 1
            program, refusal = self._make(selection), ""
            if self._checking:
                self._check(selection)
                refusal = selection.refuse(program) if selection.refuse else ""
                assert isinstance(refusal, str), f"`refuse` answers {refusal!r}, which is no text"
            self._flying.append((selection, program, refusal))
            if len(self._flying) == self._window:
                self._land()

    def _land(self) -> None:
        selection, program, refusal = self._flying.popleft()
        if selection.refuse is not None and self._checking:
            assert selection.refuse(program) == refusal, "what `refuse` answers must not change with later tells"
        if refusal:
            program = replace(program, evaluation=Evaluation("train", REFUSED, "rejected", refusal))
        self._tell(program)

    def _tell(self, program: Program) -> None:
        if self._checking:
            self._told[program.id] = program
            self._fit[program.id] = program.fitness is not None
            self._best = max(self._best, -math.inf if program.fitness is None else program.fitness)
        self._strategy.tell(program)

    def _make(self, selection: Selection) -> Program:
        """A child of the parent, mostly a little worse."""
        base = (selection.parent.fitness or 0.0) + self._random.gauss(-0.2, 1.0)
        kind = self._random.choice(_KINDS)
        evaluation = _evaluation(self._results(base))
        if kind == "stopped":
            evaluation = Evaluation("train", "partial", "ok", "stopped early", workloads=evaluation.workloads[:2])
        elif kind == "duplicate":
            evaluation = replace(evaluation, verdict="rejected", fitness=None)
        elif kind != "ok":
            evaluation = Evaluation("train", "full", _VERDICTS[kind], "made up")
        return Program(
            self._number, _source(self._number), str(self._number), (Parent(selection.parent.id, "parent"),),
            island=selection.island, evaluation=evaluation, duplicate_of=1 if kind == "duplicate" else None,
        )  # fmt: skip

    def _results(self, base: float) -> list[float]:
        return [base + self._random.gauss(0.0, 0.5) for _ in range(_WORKLOADS)]

    def _check(self, selection: Selection) -> None:
        wrong = breach(selection, self._fit, STAGES)
        assert not wrong, f"the strategy {wrong}"
        wanted = [selection.parent, *selection.inspirations, *([selection.promote] if selection.promote else [])]
        for program in wanted:
            assert self._told[program.id] is program, f"program {program.id} is not the one that was told"
        numbers = [program.id for program in wanted[: 1 + len(selection.inspirations)]]
        assert len(set(numbers)) == len(numbers), f"parent and inspirations {numbers} are not all different"
        assert isinstance(selection.inspirations, tuple), "inspirations are a tuple"
        assert selection.island >= 0, f"island {selection.island} is below 0"
        least = selection.least
        assert least is None or least <= self._best, f"no program has reached the least fitness {least}"
        self.asked.append((numbers, selection.island, selection.operator, selection.until, selection.least,
                           selection.promote and selection.promote.id))  # fmt: skip


def repeats(make: Make) -> None:
    """The same calls give the same answers, also when other random numbers were drawn in between."""
    for window in WINDOWS:
        first, second = Trial(make(), 1, window), Trial(make(), 1, window)
        state = random.getstate()
        first.run(250)
        assert random.getstate() == state, "the strategy draws from the global random generator"
        random.random()
        second.run(250)
        assert first.asked == second.asked, f"two runs with window {window} were asked for different things"


def returns_only_what_was_told(make: Make) -> None:
    """Parents and inspirations were told and have a fitness, and stages are those of the problem, whatever else is told
    and however many are in flight."""
    for window in WINDOWS:
        Trial(make(), window, window).run(500)


def survives_a_run_of_failures(make: Make) -> None:
    """Where all else fails, is refused or stops early, the seed program stays the parent."""
    verdicts: tuple[Verdict, ...] = ("error", "invalid", "rejected", "suspect", "timeout", "ok", "infrastructure")
    strategy = _whole(make())
    seed = _program(1, [-5.0] * _WORKLOADS)
    strategy.tell(seed)
    for number in range(2, 1000):
        selection = _asked(strategy)
        assert selection.parent is seed, f"program {selection.parent.id} has failed, and is a parent all the same"
        stage = REFUSED if number % 5 == 0 else "full"
        verdict: Verdict = "rejected" if stage == REFUSED else verdicts[number % len(verdicts)]
        original = 1 if verdict == "rejected" and number % 2 else None
        strategy.tell(Program(number, f"x = {number}", str(number), island=selection.island, duplicate_of=original,
                              evaluation=Evaluation("train", stage, verdict, "made up")))  # fmt: skip


def takes_a_program_told_again(make: Make) -> None:
    """A program that was stopped early and is then evaluated to the end is told twice."""
    strategy = _whole(make())
    strategy.tell(_program(1, [0.0] * _WORKLOADS))
    for number in range(2, 100):
        island = _asked(strategy).island
        whole = replace(_program(number, [number / 10] * _WORKLOADS), island=island)
        strategy.tell(replace(whole, evaluation=Evaluation("train", "smoke", "ok", "made up")))
        strategy.tell(whole)
        selection = _asked(strategy)
        numbers = [selection.parent.id, *(program.id for program in selection.inspirations)]
        assert len(set(numbers)) == len(numbers), f"parent and inspirations {numbers} are not all different"


def keeps_its_size(make: Make) -> None:
    """Memory does not grow with the run once the archives are full."""
    first, second = MANY // 5, MANY // 5 * 3
    sizes = grown(make, first, second)
    assert sizes[1] <= _ROOM * sizes[0] + 20_000, (
        f"after {first} programs it holds {sizes[0]} bytes, after {second} {sizes[1]}"
    )


def keeps_its_pace(make: Make) -> None:
    """The time of a call does not grow with the run."""
    factors = []
    for _ in range(_ATTEMPTS):
        factors.append(slowdown(make, MANY))
        if factors[-1] < _MOST_GROWTH:
            return
    raise AssertionError(
        f"a call after {MANY} programs takes {min(factors):.1f} times as long as one after {FEW}, measured "
        f"{_ATTEMPTS} times"
    )


CHECKS: tuple[Callable[[Make], None], ...] = (
    repeats, returns_only_what_was_told, survives_a_run_of_failures, takes_a_program_told_again, keeps_its_size,
    keeps_its_pace,
)  # fmt: skip


def slowdown(make: Make, count: int) -> float:
    """CPU time of a pair of calls, `ask` and `tell`, after so many told programs, over that after 500.

    Blocks of calls of both are measured in turn, so that a machine that slows down slows both down; of each the fastest
    block counts, since other work can only make a block slower.
    """
    long = Trial(make(), 5, checking=False)
    long.run(count)
    few, many = [], []
    for number in range(_ROUNDS):
        short = Trial(make(), number, checking=False)
        short.run(FEW)
        few.append(_seconds(short))
        many.append(_seconds(long))
    return min(many) / max(min(few), 1e-9)


def grown(make: Make, first: int, second: int) -> tuple[int, int]:
    """Bytes that a strategy holds after two numbers of told programs."""
    strategy = make()
    trial = Trial(strategy, 7, checking=False)
    trial.run(first)
    size = held_bytes(strategy)
    trial.run(second - first)
    return size, held_bytes(strategy)


def held_bytes(root: object) -> int:
    """Bytes of all objects that can be reached from one, without classes, modules and code."""
    seen: set[int] = set()
    waiting = [root]
    total = 0
    while waiting:
        found = waiting.pop()
        if id(found) in seen or isinstance(found, type | types.ModuleType | types.BuiltinFunctionType):
            continue
        seen.add(id(found))
        total += sys.getsizeof(found)
        waiting += _reachable(found)
    return total


def _reachable(found: object) -> list[Any]:
    if isinstance(found, types.FunctionType):
        return [*(found.__closure__ or ()), *(found.__defaults__ or ())]
    return gc.get_referents(found)


def _whole(strategy: Search) -> Search:
    lack = plugins.lacking(strategy, "ask", "tell")
    assert not lack, f"the strategy {lack}"
    return strategy


def _asked(strategy: Search) -> Selection:
    selection: object = strategy.ask()
    assert isinstance(selection, Selection), f"`ask` returns {type(selection).__name__}, which is no Selection"
    return selection


def _seconds(trial: Trial) -> float:
    gc.collect()
    started = time.process_time()
    trial.run(_CALLS)
    return time.process_time() - started


def _program(number: int, values: list[float]) -> Program:
    return Program(number, _source(number), str(number), evaluation=_evaluation(values))


def _evaluation(values: list[float]) -> Evaluation:
    """An evaluation with a value on each workload, and the mean as the fitness."""
    mean = sum(values) / len(values)
    workloads = tuple(
        WorkloadResult(f"workload-{index}", "ok", {"value": value}, value) for index, value in enumerate(values)
    )
    return Evaluation("train", "full", "ok", metrics={"value": mean}, fitness=mean, workloads=workloads)


def _source(number: int) -> str:
    return f"def solve(x):\n    y = {number} * x\n    return {_EXPRESSIONS[number % len(_EXPRESSIONS)]}\n"


def _expressions() -> Iterator[str]:
    for first in ("x", "y", "abs(x)", "x * y", "max(x, y)"):
        for operator in "+-*/":
            for second in ("y", "x * x", "min(y, 3)"):
                yield f"{first} {operator} ({second} + 1)"


_EXPRESSIONS = tuple(_expressions())
_VERDICTS: Mapping[str, Verdict] = {
    "error": "error", "rejected": "rejected", "suspect": "suspect", "timeout": "timeout"
}  # fmt: skip
_KINDS = ("ok",) * 12 + ("duplicate", "stopped", *_VERDICTS)
