"""A coding agent or a person as the proposer: a brief waits until somebody answers it."""

import asyncio
from dataclasses import dataclass

from adrs.program import Brief, Draft, Program
from adrs.propose import Context
from adrs.propose.model.memory import Memory
from adrs.propose.model.prompts import Facts

NAME = "agent"


@dataclass(frozen=True, slots=True)
class Question:
    """A brief that waits for an answer, and what was known when it was asked."""

    brief: Brief
    facts: Facts


class Agent:
    """A proposer whose `propose` waits for `answer`; it learns from programs as the model proposer does."""

    def __init__(self, context: Context) -> None:
        self._objective = context.problem.objective
        self._memory = Memory(self._objective)
        self._waiting: dict[int, tuple[Question, asyncio.Future[Draft]]] = {}

    @property
    def waiting(self) -> tuple[int, ...]:
        """Tickets without an answer, the earliest first."""
        return tuple(sorted(self._waiting))

    def question(self, ticket: int) -> Question:
        """What is asked under a ticket that waits."""
        return self._waiting[ticket][0]

    def answer(self, ticket: int, draft: Draft) -> None:
        """Answer a ticket that waits."""
        _, future = self._waiting.pop(ticket)
        future.set_result(draft)

    async def propose(self, brief: Brief) -> Draft:
        """Wait for the answer."""
        memory = Memory(self._objective) if brief.independent else self._memory
        facts = Facts(
            kind="brief", base=brief.parent, other=None, inspirations=brief.inspirations, failures=brief.failures,
            attempts=memory.attempts(brief.parent.id), stagnation=memory.stagnation, level=memory.level,
            summary=memory.summary, said=brief.hints, best=memory.best,
        )  # fmt: skip
        future: asyncio.Future[Draft] = asyncio.get_running_loop().create_future()
        self._waiting[brief.ticket] = Question(brief, facts), future
        try:
            return await future
        finally:
            self._waiting.pop(brief.ticket, None)

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Nothing to remember."""

    def tell(self, program: Program) -> None:
        """Learn how a program fared."""
        self._memory.tell(program, own=program.proposer in (NAME, "model"))
