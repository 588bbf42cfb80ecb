"""Models that answer from a function, without a server; and a run of them in which answers take their time."""

import asyncio
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from offline_run import Driver

from adrs.llm.records import Call, Message, request_digest
from adrs.llm.routing import Choice
from adrs.problem import Problem
from adrs.program import Brief, Draft, Evaluation, Program
from adrs.propose import Context, Proposer

Answers = Callable[[str], str]


class FakeModels:
    """Answers the last message of a request by a function of it; an answer `error: ...` is a call that failed.

    A request of a ticket that was answered before is answered from the journal and not counted again.
    """

    def __init__(self, answers: Answers | Sequence[str], usd: float = 0.002, labels: Sequence[str] = ("one",)) -> None:
        self.answer_with(answers)
        self._usd = usd
        self.labels = tuple(labels)
        self.journal: dict[tuple[int, str], Call] = {}
        self.requests: list[tuple[int, list[Message]]] = []
        self.asked: set[tuple[int, str]] = set()
        self.told: list[tuple[str, float, float]] = []
        self.pauses = random.Random(0)
        self.longest_pause = 0

    def answer_with(self, answers: Answers | Sequence[str]) -> None:
        self._answers = answers if callable(answers) else _in_turn(list(answers))

    def choose(self, seed: int, evenly: bool = False) -> str:
        return self.labels[(seed + len(self.told)) % len(self.labels)]

    async def pick(self, draw: int, seed: int, prompt: Callable[[], Sequence[Message]], evenly: bool = False) -> Choice:
        return Choice(self.choose(draw, evenly))

    def recall(self, record: Any) -> None:
        pass

    async def ask(self, ticket: int, model: str, messages: Sequence[Message]) -> Call:
        digest = request_digest(model, messages)
        self.asked.add((ticket, digest))
        if (ticket, digest) not in self.journal:
            self.requests.append((ticket, list(messages)))
            answer = self._answers(messages[-1].content)
            error = answer.removeprefix("error: ") if answer.startswith("error: ") else ""
            self.journal[ticket, digest] = Call(
                ticket, model, digest, "" if error else answer, 100, 20, self._usd, 0.5, error
            )
        for _ in range(self.pauses.randint(0, self.longest_pause)):
            await asyncio.sleep(0)
        return self.journal[ticket, digest]

    def tell(self, model: str, gain: float, usd: float) -> None:
        self.told.append((model, gain, usd))


def _in_turn(answers: list[str]) -> Answers:
    return lambda _: answers.pop(0)


def context(problem: Problem, models: Any, **more: Any) -> Context:
    return Context(problem, 0, models, **more)


def propose(proposer: Proposer, brief: Brief) -> Draft:
    return asyncio.run(proposer.propose(brief))


def told(draft: Draft, number: int, evaluation: Evaluation) -> Program:
    """The program that a draft became."""
    return Program(
        number, draft.source, str(number), draft.parents, draft.proposer, draft.operator, draft.model,
        rationale=draft.rationale, evaluation=evaluation, detail=json.loads(json.dumps(dict(draft.detail))),
    )  # fmt: skip


def recorded(drafts: dict[int, Draft]) -> dict[int, Draft]:
    """Drafts as the log gives them back."""
    return {ticket: replace(draft, usage=type(draft.usage)(), detail=json.loads(json.dumps(dict(draft.detail))))
            for ticket, draft in drafts.items()}  # fmt: skip


class SlowDriver(Driver):
    """A run in which drafts are awaited side by side, a window of them, and told in ticket order."""

    def drive_side_by_side(self, tickets: int, window: int) -> None:
        asyncio.run(self._drive(tickets, window))

    async def _drive(self, tickets: int, window: int) -> None:
        seed = Draft(self.problem.seed.read_text(), "seed", "seed", ())
        self._tell([self._developed(1, seed)])
        pending: list[tuple[int, asyncio.Task[Draft]]] = []
        for ticket in range(2, tickets + 1):
            if len(pending) == window:
                await self._end(pending)
            pending.append((ticket, asyncio.create_task(self.proposer.propose(self._brief(ticket)))))
            await asyncio.sleep(0)
        while pending:
            await self._end(pending)

    async def _end(self, pending: list[tuple[int, "asyncio.Task[Draft]"]]) -> None:
        ticket, task = pending.pop(0)
        self.run.drafts[ticket] = await task
        self._tell([self._developed(ticket, self.run.drafts[ticket])])
