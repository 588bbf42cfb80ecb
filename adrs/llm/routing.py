"""A router's say in which model is asked next, and what becomes of a call that it has no answer for.

The router is given, not learned here: it stays as it is for the whole of a run. Where it fails, the ensemble's bandit
chooses for that call; where it fails three times in a row, for the rest of the run.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from adrs.llm.records import Message

MOST_FAILURES = 3
"""In a row, which retire a router."""


class Undecided(Exception):  # noqa: N818 - says what came of the question
    """A router raised, took too long, or named no model that it was offered; the message says which."""


class Router(Protocol):
    """Chooses a model for a prompt. A function of its arguments alone."""

    async def decide(self, prompt: str, seed: int, offered: Sequence[int]) -> int:
        """One of `offered`, which are places of models in the ensemble; asked one at a time. Raises Undecided.

        seed: 63 bits, of the ticket.
        """


@dataclass(frozen=True, slots=True)
class Bandit:
    """What the ensemble's own bandit has to say of one call."""

    model: str
    worths: Mapping[str, float]
    """What it compared: gain per dollar as it was drawn, by model."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which model is asked."""

    model: str
    record: Mapping[str, Any] | None = None
    """For the log, plain data; None where no router had a say. `by`: `router`, `bandit` after a failure, or `budget`
    where one model alone is affordable. `bandit`: what the bandit would have chosen. `worths`: the bandit's scores of
    both. `failure`: why the router did not decide, where it did not."""


class Routing:
    """A router at work on one run.

    Its state is a fold over `choose` and `recall` in the order of their calls, which is that of tickets, also where a
    decision is still waited for when the next call comes.
    """

    def __init__(self, router: Router, labels: Sequence[str], warn: Callable[[str], None]) -> None:
        """labels: the models of the ensemble, in the order that the router knows them in."""
        self._router = router
        self._labels = tuple(labels)
        self._warn = warn
        self._failures = 0
        self._turn = asyncio.Lock()
        self._recalled_since: list[Mapping[str, Any]] | None = None
        """Choices recalled since the latest call of `choose`, which is still open; None where none is."""
        self._offered = list(range(len(self._labels)))

    @property
    def retired(self) -> bool:
        """Whether the router is not asked any more."""
        return self._failures >= MOST_FAILURES

    async def choose(self, prompt: str, seed: int, bandit: Bandit, affordable: Collection[str]) -> Choice:
        """The router's choice among what is affordable, or the bandit's.

        A model that was not affordable once is not offered again: what is left only gets less.
        """
        recalled_since: list[Mapping[str, Any]] = []
        self._recalled_since = recalled_since
        async with self._turn:  # whoever asks first has the first turn
            choice = await self._choose(prompt, seed, bandit, affordable)
            for record in recalled_since:
                self._count(record)
        if self._recalled_since is recalled_since:
            self._recalled_since = None
        return choice

    async def _choose(self, prompt: str, seed: int, bandit: Bandit, affordable: Collection[str]) -> Choice:
        if self.retired:
            return Choice(bandit.model)
        self._offered = [place for place in self._offered if self._labels[place] in affordable]
        if not self._offered:
            return Choice(bandit.model)
        if len(self._offered) == 1:
            return self._choice("budget", self._labels[self._offered[0]], bandit)
        try:
            chosen = self._labels[await self._router.decide(prompt, seed, self._offered)]
        except Undecided as failure:
            return self._failed(str(failure), bandit)
        self._failures = 0
        return self._choice("router", chosen, bandit)

    def recall(self, record: Mapping[str, Any] | None) -> None:
        """Take note of a choice that an earlier session made."""
        if record is None:
            return
        if self._recalled_since is None:
            self._count(record)
        else:
            self._recalled_since.append(record)

    def _count(self, record: Mapping[str, Any]) -> None:
        if not self.retired and record["by"] != "budget":
            self._failures = self._failures + 1 if record["by"] == "bandit" else 0

    def _failed(self, failure: str, bandit: Bandit) -> Choice:
        self._failures += 1
        if self.retired:
            self._warn(
                f"the model router failed {MOST_FAILURES} times in a row, the last time with {failure}; "
                "the ensemble's bandit chooses for the rest of the run"
            )
        offered = [self._labels[place] for place in self._offered]
        chosen = bandit.model if bandit.model in offered else max(offered, key=lambda label: bandit.worths[label])
        return self._choice("bandit", chosen, bandit, failure)

    def _choice(self, by: str, chosen: str, bandit: Bandit, failure: str = "") -> Choice:
        worths = {label: bandit.worths[label] for label in dict.fromkeys((chosen, bandit.model))}
        record: dict[str, Any] = {"by": by, "bandit": bandit.model, "worths": worths}
        return Choice(chosen, record | ({"failure": failure} if failure else {}))


def prompt_text(messages: Sequence[Message]) -> str:
    """What a router reads of a request: its own part first, then what is the same in all requests of a run.

    Features of a text look at its beginning, which would otherwise be the problem's statement every time.
    """
    system = [message.content for message in messages if message.role == "system"]
    others = [message.content for message in messages if message.role != "system"]
    return "\n\n".join([*others, *system])
