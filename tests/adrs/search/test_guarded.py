"""A strategy that does something wrong ends its run with one sentence; the run is kept and can be gone on with."""

import os
import random
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adrs import plugins, session
from adrs.errors import PluginError, UserError
from adrs.observer import Silent
from adrs.program import Evaluation, Program, Selection
from adrs.search.guarded import Guarded
from adrs.settings import Settings
from adrs.store import Reader
from adrs.testing.executor import InProcessExecutor

BAD_AT = 6
"""The ask in which the strategies here go wrong."""


class Greedy:
    """The first program is the parent; from the bad ask on, what `bad` says."""

    bad: Callable[["Greedy"], Any] | None = None

    def __init__(self, seed: int) -> None:
        self.told: list[Program] = []
        self.asked = 0

    def ask(self) -> Any:
        self.asked += 1
        if self.bad is not None and self.asked >= BAD_AT:
            return self.bad()
        return Selection(self.told[0])

    def tell(self, program: Program) -> None:
        self.told.append(program)


class NeverTold(Greedy):
    def bad(self) -> Selection:
        return Selection(replace(self.told[0], id=9999))


class UnknownStage(Greedy):
    def bad(self) -> Selection:
        return Selection(self.told[0], until="smok")


class AskRaises(Greedy):
    def bad(self) -> Any:
        return {}["island"]


class RefuseRaises(Greedy):
    def bad(self) -> Selection:
        return Selection(self.told[0], refuse=lambda program: str(1 // 0))


class RefuseAnswersNumbers(Greedy):
    def bad(self) -> Selection:
        refuse: Any = lambda program: 1  # noqa: E731 - what no type checker would pass
        return Selection(self.told[0], refuse=refuse)


class TellRaises(Greedy):
    def tell(self, program: Program) -> None:
        super().tell(program)
        if self.bad is not None and program.id == BAD_AT:
            raise ValueError("two\nlines\x1b[31m")

    def bad(self) -> Selection:
        return Selection(self.told[0])


class ReturnsNothing(Greedy):
    def bad(self) -> None:
        return None


class ReturnsAProgram(Greedy):
    def bad(self) -> Program:
        return self.told[0]


class Hangs(Greedy):
    """As if somebody pressed Ctrl-C while it hangs, and again when nothing happened."""

    def bad(self) -> Any:
        while True:
            os.kill(os.getpid(), signal.SIGINT)


class Moody(Greedy):
    """Draws from a generator that it is given outside, as if from the system's."""

    drawn = random.Random(1)

    def ask(self) -> Selection:
        return Selection(self.drawn.choice([program for program in self.told if program.fitness is not None]))


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Registers a strategy as `mine`; nothing is isolated, for speed."""
    load = plugins.load

    async def believe(*_: object) -> None:
        """Nothing is checked before the run."""

    monkeypatch.setattr(session, "preflight", believe)

    def using(strategy: Any) -> None:
        local: dict[tuple[str, str], Any] = {("executor", "local"): InProcessExecutor, ("search", "mine"): strategy}
        monkeypatch.setattr(plugins, "load", lambda seam, name: local.get((seam, name)) or load(seam, name))

    return using


def start(demo: Path, name: str = "one") -> Any:
    settings = Settings(str(demo), seed=3, search="mine", proposer="mutation", window=2, max_evaluations=12)
    return session.start(settings, demo.parent / "runs", name, Silent())


def line(function: Callable[..., Any]) -> int:
    """Where a function begins in this file."""
    return function.__code__.co_firstlineno


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (NeverTold, "selects as parent program 9999, which it was never told of"),
        (UnknownStage, 'asks to stop at the stage "smok", which the problem does not declare; did you mean "smoke"?'),
        (ReturnsNothing, "returns NoneType from `ask`, where an adrs.search.Selection is wanted"),
        (ReturnsAProgram, "returns Program from `ask`, where an adrs.search.Selection is wanted"),
        (AskRaises, f"fails in `ask`: KeyError: 'island' ({__file__}, line {line(AskRaises.bad) + 1})"),
    ],
)
def test_a_wrong_selection_ends_the_run_which_can_be_gone_on_with(
    demo: Path, use: Callable[[Any], None], strategy: type[Greedy], said: str
) -> None:
    use(strategy)
    with pytest.raises(PluginError) as raised:
        start(demo)
    message = str(raised.value)
    assert message.startswith(f'search strategy "mine" {said}; what was recorded is safe, and `adrs resume ')
    assert message.endswith("goes on with the run once that is mended")
    folder = demo.parent / "runs" / "one"
    with Reader(folder) as reader:
        assert all(parent.id != 9999 for program in reader.programs() for parent in program.parents)
        assert reader.next_ticket() == BAD_AT + 1  # the seed's ticket, and the asks before the bad one
    use(Greedy)
    assert session.resume(folder, Silent(), {}).evaluations == 12


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (RefuseRaises, "fails in `refuse`: ZeroDivisionError: integer division or modulo by zero"),
        (RefuseAnswersNumbers, "answers int in `refuse`, where a text is wanted"),
        (TellRaises, f"fails in `tell`: ValueError: two ({__file__}, line {line(TellRaises.tell) + 3})"),
    ],
)
def test_a_failure_later_than_the_ask_ends_the_run_in_the_same_way(
    demo: Path, use: Callable[[Any], None], strategy: type[Greedy], said: str
) -> None:
    use(strategy)
    with pytest.raises(PluginError) as raised:
        start(demo)
    assert str(raised.value).startswith(f'search strategy "mine" {said}')
    assert "`adrs resume " in str(raised.value)
    use(Greedy)
    assert session.resume(demo.parent / "runs" / "one", Silent(), {}).evaluations == 12


class Unseeded(Greedy):
    def __init__(self) -> None:
        super().__init__(seed=0)


class Unborn(Greedy):
    def __init__(self, seed: int) -> None:
        raise OSError("no table")


class Deaf:
    def __init__(self, seed: int) -> None:
        pass

    def ask(self) -> None:
        return None


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (Unseeded, "cannot be made: TypeError: Unseeded.__init__() got an unexpected keyword argument 'seed'"),
        (Unborn, f"cannot be made: OSError: no table ({__file__}, line {line(Unborn.__init__) + 1})"),
        (Deaf, "has no method `tell`"),
    ],
)
def test_what_cannot_be_made_begins_no_run(
    demo: Path, use: Callable[[Any], None], strategy: type[Any], said: str
) -> None:
    use(strategy)
    with pytest.raises(PluginError) as raised:
        start(demo)
    assert str(raised.value) == f'search strategy "mine" {said}'
    assert not (demo.parent / "runs" / "one").exists()


@pytest.mark.parametrize(
    ("select", "said"),
    [
        (lambda good, failed: Selection(failed), "as parent program 2, which has no fitness"),
        (lambda good, failed: Selection(good, (failed,)), "as inspiration program 2, which has no fitness"),
        (lambda good, failed: Selection(good, promote=replace(good, id=3)), "as program to promote program 3, which"),
        (lambda good, failed: Selection(good, promote=failed, until="full"), ""),
        (lambda good, failed: Selection(good, until="smoke"), 'the stage "smoke", .*; it declares none'),
    ],
)
def test_programs_are_those_that_were_told_and_parents_have_a_fitness(
    select: Callable[[Program, Program], Selection], said: str
) -> None:
    good = Program(1, "x = 1", "a", evaluation=Evaluation("train", "full", "ok", fitness=1.0))
    failed = Program(2, "x = 2", "b", evaluation=Evaluation("train", "full", "error"))

    class Selecting(Greedy):
        def ask(self) -> Selection:
            return select(good, failed)

    strategy = Selecting(seed=0)
    guarded = Guarded("mine", lambda: strategy, stages=(), module=__name__)
    guarded.tell(good)
    guarded.tell(failed)
    if said:
        with pytest.raises(PluginError, match=said):
            guarded.ask()
    else:
        assert guarded.ask().promote is failed


def test_the_error_carries_the_strategys_own_and_no_other(demo: Path, use: Callable[[Any], None]) -> None:
    use(AskRaises)
    with pytest.raises(PluginError) as raised:
        start(demo)
    chain: list[BaseException] = [raised.value]
    while (earlier := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(earlier)
    assert [type(error) for error in chain] == [PluginError, PluginError, KeyError]


def test_a_strategy_that_hangs_can_be_interrupted(demo: Path, use: Callable[[Any], None]) -> None:
    use(Hangs)
    with pytest.raises(KeyboardInterrupt) as raised:
        start(demo)
    assert "what was recorded is safe, and `adrs resume " in raised.value.__notes__[0]
    use(Greedy)
    assert session.resume(demo.parent / "runs" / "one", Silent(), {}).evaluations == 12


def test_a_strategy_that_does_not_repeat_itself_is_named_as_what_may_be_at_fault(
    demo: Path, use: Callable[[Any], None]
) -> None:
    use(Moody)
    start(demo)
    runs = demo.parent / "runs"
    said = 'for ticket .* says parent .* search strategy "mine" now says .* either the strategy does not repeat itself'
    with pytest.raises(UserError, match=said):
        session.resume(runs / "one", Silent(), {"max_evaluations": 14})
    with pytest.raises(UserError, match=said):
        session.replay(runs / "one", runs, "again", Silent(), {})
