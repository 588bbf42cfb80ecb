"""A proposer that does something wrong ends its run with one sentence; the run is kept and can be gone on with."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adrs import plugins, session
from adrs.errors import PluginError
from adrs.observer import Silent
from adrs.program import Brief, Draft, Parent, Program
from adrs.propose import Context
from adrs.settings import Settings
from adrs.store import Reader
from adrs.testing.executor import InProcessExecutor

BAD_AT = 5
"""The ticket at which the proposers here go wrong."""


class Commenting:
    """The parent with another comment; from the bad ticket on, what `bad` says."""

    bad: Callable[["Commenting", Draft], Any] | None = None

    def __init__(self, context: Context) -> None:
        pass

    async def propose(self, brief: Brief) -> Any:
        source = f"{brief.parent.source}\n{'x' * brief.ticket} = {brief.ticket}\n"
        draft = Draft(source, "mine", "comment", (Parent(brief.parent.id, "parent"),))
        return draft if self.bad is None or brief.ticket < BAD_AT else self.bad(draft)

    def recall(self, brief: Brief, draft: Draft) -> None:
        pass

    def tell(self, program: Program) -> None:
        pass


class Raises(Commenting):
    def bad(self, draft: Draft) -> Any:
        return {}["operator"]


class Exits(Commenting):
    def bad(self, draft: Draft) -> Any:
        raise SystemExit(0)


class ReturnsText(Commenting):
    def bad(self, draft: Draft) -> str:
        return draft.source


class SignsOtherwise(Commenting):
    def bad(self, draft: Draft) -> Draft:
        return replace(draft, proposer="embedded")


class SourceIsBytes(Commenting):
    def bad(self, draft: Draft) -> Draft:
        source: Any = draft.source.encode()
        return replace(draft, source=source)


class ParentNobodyKnows(Commenting):
    def bad(self, draft: Draft) -> Draft:
        return replace(draft, parents=(Parent(9999, "parent"),))


class ParentInAnOddRole(Commenting):
    def bad(self, draft: Draft) -> Draft:
        return replace(draft, parents=(Parent(1, "inspirations"),))


class DetailIsNoJson(Commenting):
    def bad(self, draft: Draft) -> Draft:
        return replace(draft, detail={"seen": {1, 2}})


class TellRaises(Commenting):
    def tell(self, program: Program) -> None:
        if self.bad is not None and program.id == BAD_AT:
            raise ValueError("two\nlines\x1b[31m")

    def bad(self, draft: Draft) -> Draft:
        return draft


class NotAsynchronous(Commenting):
    def propose(self, brief: Brief) -> Any:
        return Draft("", "mine", "", (), failure="nothing")


class WaitsForEver(Commenting):
    """As if somebody pressed Ctrl-C, and again when nothing happened."""

    async def propose(self, brief: Brief) -> Any:
        if brief.ticket < BAD_AT:
            return await super().propose(brief)
        while True:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(0.01)


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], None]:
    """Registers a proposer as `mine`; nothing is isolated, for speed."""
    load, names = plugins.load, plugins.names

    async def believe(*_: object) -> None:
        """Nothing is checked before the run."""

    monkeypatch.setattr(session, "preflight", believe)
    monkeypatch.setattr(plugins, "names", lambda seam: [*names(seam), "mine"])

    def using(proposer: Any) -> None:
        local: dict[tuple[str, str], Any] = {("executor", "local"): InProcessExecutor, ("proposer", "mine"): proposer}
        monkeypatch.setattr(plugins, "load", lambda seam, name: local.get((seam, name)) or load(seam, name))

    return using


def start(demo: Path, proposers: str = "mine") -> Any:
    settings = Settings(str(demo), seed=3, proposer=proposers, window=2, max_evaluations=12)
    return session.start(settings, demo.parent / "runs", "one", Silent())


def line(function: Callable[..., Any]) -> int:
    """Where a function begins in this file."""
    return function.__code__.co_firstlineno


@pytest.mark.parametrize("proposers", ["mine", "mine:9,mutation:1"])
@pytest.mark.parametrize(
    ("proposer", "said"),
    [
        (Raises, f"fails in `propose`: KeyError: 'operator' ({__file__}, line {line(Raises.bad) + 1})"),
        (Exits, f"fails in `propose`: SystemExit: 0 ({__file__}, line {line(Exits.bad) + 1})"),
        (ReturnsText, "returns str from `propose`, where an adrs.propose.Draft is wanted"),
        (SignsOtherwise, 'signs its drafts as "embedded"; both names must be the same'),
        (SourceIsBytes, "makes a draft with bytes as its source, where a text is wanted"),
        (ParentNobodyKnows, "makes a draft of program 9999, which it was never told of"),
        (ParentInAnOddRole, 'gives a parent the role "inspirations"; did you mean "inspiration"?'),
        (DetailIsNoJson, "puts into `detail` what the log cannot hold: Object of type set is not JSON serializable"),
        (TellRaises, f"fails in `tell`: ValueError: two ({__file__}, line {line(TellRaises.tell) + 2})"),
    ],
)
def test_what_goes_wrong_ends_the_run_which_can_be_gone_on_with(
    demo: Path, use: Callable[[Any], None], proposer: type[Commenting], said: str, proposers: str
) -> None:
    use(proposer)
    with pytest.raises(PluginError) as raised:
        start(demo, proposers)
    message = str(raised.value)
    assert message.startswith(f'proposer "mine" {said}; what was recorded is safe, and `adrs resume ')
    folder = demo.parent / "runs" / "one"
    with Reader(folder) as reader:
        assert all(parent.id != 9999 for program in reader.programs() for parent in program.parents)
    use(Commenting)
    assert session.resume(folder, Silent(), {}).evaluations == 12


def test_a_method_that_is_not_asynchronous(demo: Path, use: Callable[[Any], None]) -> None:
    use(NotAsynchronous)
    with pytest.raises(PluginError, match=r'proposer "mine" fails in `propose`: TypeError: .*await'):
        start(demo)


class Unborn(Commenting):
    def __init__(self) -> None:
        pass


class Deaf:
    def __init__(self, context: Context) -> None:
        pass

    async def propose(self, brief: Brief) -> None:
        return None


@pytest.mark.parametrize(
    ("proposer", "said"),
    [
        (Unborn, "cannot be made: TypeError: Unborn.__init__() takes 1 positional argument but 2 were given"),
        (Deaf, "has no method `recall`"),
    ],
)
def test_what_cannot_be_made_begins_no_run(
    demo: Path, use: Callable[[Any], None], proposer: type[Any], said: str
) -> None:
    use(proposer)
    with pytest.raises(PluginError) as raised:
        start(demo)
    assert str(raised.value) == f'proposer "mine" {said}'
    assert not (demo.parent / "runs" / "one").exists()


def test_one_that_waits_for_ever_can_be_interrupted(demo: Path, use: Callable[[Any], None]) -> None:
    use(WaitsForEver)
    with pytest.raises((KeyboardInterrupt, asyncio.CancelledError)) as raised:
        start(demo)
    assert "what was recorded is safe, and `adrs resume " in raised.value.__notes__[0]
    use(Commenting)
    assert session.resume(demo.parent / "runs" / "one", Silent(), {}).evaluations == 12
