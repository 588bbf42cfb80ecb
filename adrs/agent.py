"""An agent's place at a run: briefs out, programs in, everything in the run's log as in any other session.

The run's own search strategy chooses what a brief is about, its loop screens, evaluates and records: what is done here
is a session with another proposer. So the run can be resumed and replayed like any other.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adrs import plugins, search, session
from adrs.budget import Budget
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.lineage import gain
from adrs.observer import Silent
from adrs.optimistic import Optimum
from adrs.parts import Parts
from adrs.problem import Problem
from adrs.program import SEED_TICKET, Draft, Evaluation, Job, Parent, Program, Split
from adrs.propose import Context
from adrs.propose.agent import NAME, Agent, Question
from adrs.propose.agent_page import Pages, describe_program
from adrs.run import Loop
from adrs.run_settings import read_settings
from adrs.source import Rejected
from adrs.starting import first_draft
from adrs.steering import Steering
from adrs.store import Reader, Writer, tickets
from adrs.store.recorded import Recorded
from adrs.text import run_in_command


@dataclass(frozen=True)
class Briefing:
    """What an agent is asked, as an object, as plain data and as a page of Markdown."""

    ticket: int
    """Of the run. The same until the ticket is answered."""
    parent: Program
    inspirations: tuple[Program, ...]
    question: Question
    pages: Pages

    def markdown(self, answer_form: str) -> str:
        """A page that ends with how to answer."""
        return self.pages.page(self.question, answer_form)

    def plain(self) -> dict[str, Any]:
        """Plain data, for `--json`."""
        return self.pages.plain(self.question)


class Desk:
    """Where an agent works on a run. The lock of the log is held during a call, not between calls.

    The loop that a call leaves behind is used by the next one, unless another process wrote to the log meanwhile.
    """

    def __init__(self, folder: Path, workers: int = 1, sandbox: str | None = None) -> None:
        """Raises UserError where there is no run, or its problem has changed. Nothing is started yet."""
        self._settings, self._problem = read_settings(folder)
        self._folder = folder
        self._executor = _OnDemand(plugins.load("executor", self._settings.executor)(self._problem, workers, sandbox))
        prompts = Path(self._settings.prompts) if self._settings.prompts else None
        seed, call_seconds = self._settings.seed, self._settings.call_seconds
        self._context = Context(self._problem, seed, None, prompts, call_seconds=call_seconds)
        self.pages = Pages(self._context.stated, prompts)
        self._mutex = asyncio.Lock()
        self._writer: Writer | None = None
        self._reader: Reader | None = None
        self._agent: Agent | None = None
        self._loop: Loop | None = None
        self._seen = 0
        """The latest event of the log when the last call ended."""

    @property
    def problem(self) -> Problem:
        """The run's problem."""
        return self._problem

    async def ask(self) -> Briefing:
        """The brief of the next ticket: the same one until it is answered.

        Raises UserError where another process works on the run.
        """
        async with self._turn() as (agent, loop, _):
            question = agent.question(await self._ticket(agent, loop))
        brief = question.brief
        return Briefing(brief.ticket, brief.parent, brief.inspirations, question, self.pages)

    async def tell(self, source: str, parents: Sequence[int] = (), rationale: str = "") -> Program:
        """Record a program as the answer to the next ticket, and evaluate it on `train`.

        parents: numbers of the programs it was made from, the most important first; none = the brief's parent.
        Raises UserError for an unknown parent, and where another process works on the run.
        """
        async with self._turn() as (agent, loop, reader):
            for number in parents:
                reader.program(number)
            ticket = await self._ticket(agent, loop)
            first, *others = parents or (agent.question(ticket).brief.parent.id,)
            made_from = (Parent(first, "parent"), *(Parent(other, "crossover") for other in others if other != first))
            operator = "cross" if len(made_from) > 1 else "improve"
            agent.answer(ticket, Draft(source, NAME, operator, made_from, rationale))
            await loop.settle(but=agent.waiting)
            program = tickets.read(reader, ticket, ticket)[ticket].program
            assert program is not None
            return program

    async def evaluate(self, source: str, split: Split = "train") -> Evaluation:
        """Score a program on a split without recording it. Raises UserError where the problem has no such workloads."""
        if not self._problem.workloads.get(split):
            raise UserError(f"problem {self._problem.name} has no {split} workloads")
        try:
            self._context.screen.check(source)
        except Rejected as rejected:
            return Evaluation(split, "screen", "rejected", str(rejected))
        with Reader(self._folder) as reader:
            scale = session.recorded_calibration(self._problem, reader).scale(split)
        return await self._executor.evaluate(Job(source, split, None, scale))

    async def close(self) -> None:
        """End the workers and close the log. A brief that waits stays asked: the next session has it."""
        await self._drop()
        await self._executor.close()
        if self._reader is not None:
            self._reader.close()
        if self._writer is not None:
            self._writer.close()
        self._writer = self._reader = None

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[tuple[Agent, Loop, Reader]]:
        """The lock of the log, and a loop that has followed it to its end."""
        async with self._mutex:
            writer = self._writer
            if writer is None:
                writer = self._writer = Writer.open(self._folder)
            else:
                writer.acquire()
            try:
                reader = self._reader = self._reader or Reader(self._folder)
                steering = Steering(writer, reader)
                steering.receive(reader.next_ticket())
                if self._loop is None or reader.last_event() != self._seen:
                    await self._drop()
                writer.event("started", {"by": NAME})
                if self._loop is None or self._agent is None:
                    self._agent, self._loop = await self._begin(writer, reader, steering)
                yield self._agent, self._loop, reader
                self._seen = reader.last_event()
            except BaseException:
                await self._drop()
                raise
            finally:
                writer.release()

    async def _begin(self, writer: Writer, reader: Reader, steering: Steering) -> tuple[Agent, Loop]:
        """Fold the log, and finish what was interrupted in evaluation; what waits for a proposal goes on waiting."""
        recorded = Recorded(reader, evaluations=True)
        seed = recorded.evaluation(SEED_TICKET)
        if seed is None:
            resume = f"adrs resume {run_in_command(self._folder)}"
            raise UserError(f"run {self._folder.name} was cut off at its beginning; `{resume}` must go on with it")
        settings, agent = self._settings, Agent(self._context)
        calibration = session.recorded_calibration(self._problem, reader)
        parts = Parts(
            problem=self._problem, seed=settings.seed, window=settings.window, order="arrival", budget=Budget(),
            search=search.make(settings.search, self._problem, settings.seed), proposer=agent,
            screen=self._context.screen, executor=self._executor, scale=calibration.scale("train"),
            call_seconds=settings.call_seconds,
            optimum=Optimum(self._problem, calibration.ends_of_scale("train")), ends_early=False,
            first=first_draft(settings, self._problem, recorded), seed_evaluation=seed, writer=writer, reader=reader,
            recorded=recorded, replaying=False, steering=steering,
        )  # fmt: skip
        self._loop = loop = Loop(parts, Silent(), lambda: None)
        await loop.catch_up()
        await loop.settle(but=agent.waiting)
        return agent, loop

    async def _ticket(self, agent: Agent, loop: Loop) -> int:
        """The earliest ticket that waits; asks the search for one where none does, and for what it wants promoted."""
        while not agent.waiting:
            await loop.ask_next()
            await loop.settle(but=agent.waiting)
        return agent.waiting[0]

    async def _drop(self) -> None:
        if self._loop is not None:
            await self._loop.drop()
        self._loop = self._agent = None


def told(folder: Path, program: Program) -> dict[str, Any]:
    """What became of a program that was just told, as plain data: also its gain, and whether it is the best so far."""
    with Reader(folder) as reader:
        parent = reader.program(program.parents[0].id)
        best = reader.best(1) == [program.id]
    return {**describe_program(program, source=False), "gain": gain(program, parent), "best": best}


class _OnDemand:
    """An executor that is started by its first job."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._mutex = asyncio.Lock()
        self._started = False
        self.sandbox = ""
        """Name of the backend, known after the first job."""
        self.warning = ""

    async def start(self) -> None:
        """Nothing to do yet."""

    async def evaluate(self, job: Job) -> Evaluation:
        """Evaluate one job."""
        async with self._mutex:
            if not self._started:
                await self._executor.start()
                self._started = True
                self.sandbox, self.warning = self._executor.sandbox, self._executor.warning
        return await self._executor.evaluate(job)

    async def close(self) -> None:
        """End what was started."""
        await self._executor.close()
