"""A strategy that does something wrong ends its run with one sentence; the run is kept and can be gone on with."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adrs import plugins, session
from adrs.errors import PluginError
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


@pytest.mark.parametrize(
    ("strategy", "said"),
    [
        (NeverTold, "selects as parent program 9999, which it was never told of"),
        (UnknownStage, 'asks to stop at the stage "smok", which the problem does not declare; did you mean "smoke"?'),
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
    strategy = Greedy(seed=0)
    strategy.ask = lambda: select(good, failed)  # type: ignore[method-assign]
    guarded = Guarded("mine", strategy, stages=())
    guarded.tell(good)
    guarded.tell(failed)
    if said:
        with pytest.raises(PluginError, match=said):
            guarded.ask()
    else:
        assert guarded.ask().promote is failed
