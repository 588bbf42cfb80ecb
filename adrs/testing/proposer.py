"""The conformance suite of proposers. A package that adds one runs it in its own tests:

    CONTEXT = Context(problem.load("model-placement"), seed=3)

    @pytest.mark.parametrize("check", proposer.CHECKS)
    def test_my_proposer(check):
        check("my-proposer", MyProposer, CONTEXT)

Each check takes the name that the proposer signs with, what makes it, and the context that it is made with. It drives
the proposer as a run would, with made-up scores for whatever it proposes; nothing is evaluated. It raises
AssertionError with what was broken.
"""

import asyncio
import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from adrs import plugins
from adrs.program import Brief, Draft, Evaluation, Program, Usage, Verdict, WorkloadResult
from adrs.propose import Context, Proposer
from adrs.propose.promises import breach

Make = Callable[[Context], Proposer]

_TICKETS = 40
_WINDOW = 4
"""How many drafts are begun before the first of them is told."""
_WORKLOADS = 3
_FAILED: tuple[Verdict, ...] = ("error", "invalid", "timeout", "rejected")


class Trial:
    """A made-up run: each program gets a score drawn by its ticket and its text, and every fourth one fails."""

    def __init__(self, name: str, make: Make, context: Context, failing: bool = False) -> None:
        self.drafts: dict[int, Draft] = {}
        """By ticket, as they were proposed or recalled."""
        self._name = name
        self._context = context
        self._failing = failing
        self._proposer = make(context)
        lack = plugins.lacking(self._proposer, "propose", "recall", "tell")
        assert not lack, f"the proposer {lack}"
        self._told: dict[int, Program] = {}
        self._fit: list[Program] = []

    def run(self, recorded: Mapping[int, Draft] | None = None) -> None:
        """Ask for drafts ticket by ticket; those that are recorded are recalled instead."""
        asyncio.run(self._run(recorded or {}))

    async def _run(self, recorded: Mapping[int, Draft]) -> None:
        self._tell(Program(1, self._context.problem.seed.read_text(), "1", proposer="seed", operator="seed",
                           evaluation=self._evaluation("seed", 0.0)))  # fmt: skip
        flying: deque[tuple[int, asyncio.Task[Draft]]] = deque()
        for ticket in range(2, 2 + _TICKETS):
            if len(flying) == _WINDOW:
                await self._land(flying)
            flying.append((ticket, asyncio.create_task(self._draft(ticket, recorded.get(ticket)))))
            await asyncio.sleep(0)  # drafts take their first steps in the order of tickets
        while flying:
            await self._land(flying)

    async def _draft(self, ticket: int, recorded: Draft | None) -> Draft:
        brief = self._brief(ticket)
        if recorded is not None:
            self._proposer.recall(brief, recorded)
            return recorded
        return await self._proposer.propose(brief)

    async def _land(self, flying: "deque[tuple[int, asyncio.Task[Draft]]]") -> None:
        ticket, task = flying.popleft()
        draft = await task
        wrong = breach(draft, self._name, self._told.keys())
        assert not wrong, f"the proposer {wrong}"
        self.drafts[ticket] = draft
        rng = random.Random(f"{ticket} {draft.source}")
        if draft.failure or self._failing or rng.random() < 0.25:
            evaluation = Evaluation("train", "full", rng.choice(_FAILED), draft.failure or "made up")
        else:
            evaluation = self._evaluation(draft.source, rng.gauss(0.0, 1.0))
        self._tell(Program(
            ticket, draft.source, sha256(draft.source.encode()).hexdigest(), draft.parents, draft.proposer,
            draft.operator, draft.model, rationale=draft.rationale, evaluation=evaluation, detail=_plain(draft.detail),
        ))  # fmt: skip

    def _tell(self, program: Program) -> None:
        self._told[program.id] = program
        if program.fitness is not None:
            self._fit.append(program)
        self._proposer.tell(program)

    def _brief(self, ticket: int) -> Brief:
        rng = random.Random(ticket)
        parent = rng.choice(self._fit)
        others = [program for program in self._fit if program is not parent]
        return Brief(ticket, rng.getrandbits(62), parent, tuple(rng.sample(others, min(2, len(others)))))

    def _evaluation(self, text: str, value: float) -> Evaluation:
        rng, metric = random.Random(text), self._context.problem.objective.metric
        values = [value + rng.gauss(0.0, 0.5) for _ in range(_WORKLOADS)]
        workloads = tuple(
            WorkloadResult(f"workload-{index}", "ok", {metric: each}, each) for index, each in enumerate(values)
        )
        mean = sum(values) / len(values)
        return Evaluation("train", "full", "ok", metrics={metric: mean}, fitness=mean, workloads=workloads)


def keeps_its_promises(name: str, make: Make, context: Context) -> None:
    """Drafts are signed, their parents were told, and the log can hold them."""
    Trial(name, make, context).run()


def repeats(name: str, make: Make, context: Context) -> None:
    """The same calls give the same drafts, also when other random numbers were drawn in between."""
    first, second = Trial(name, make, context), Trial(name, make, context)
    state = random.getstate()
    first.run()
    assert random.getstate() == state, "the proposer draws from the global random generator"
    random.random()
    second.run()
    _same(first, second, "two runs with the same seed")


def recalls(name: str, make: Make, context: Context) -> None:
    """A run that is gone on with, whose drafts were recorded so far, is the run that was never cut off."""
    whole, resumed = Trial(name, make, context), Trial(name, make, context)
    whole.run()
    half = {ticket: _recorded(draft) for ticket, draft in whole.drafts.items() if ticket < 2 + _TICKETS // 2}
    resumed.run(half)
    _same(whole, resumed, "a run, and the same run gone on with")


def survives_a_run_of_failures(name: str, make: Make, context: Context) -> None:
    """Where every program fails there is still a draft, or a sentence that says why there is none."""
    trial = Trial(name, make, context, failing=True)
    trial.run()
    for ticket, draft in trial.drafts.items():
        assert draft.source or draft.failure, f"the draft of ticket {ticket} has neither a source nor a failure"


CHECKS: tuple[Callable[[str, Make, Context], None], ...] = (
    keeps_its_promises, repeats, recalls, survives_a_run_of_failures,
)  # fmt: skip


def _same(first: Trial, second: Trial, what: str) -> None:
    for ticket, draft in first.drafts.items():
        assert _recorded(draft) == _recorded(second.drafts[ticket]), f"{what} differ in the draft of ticket {ticket}"


def _recorded(draft: Draft) -> Draft:
    """A draft as the log gives it back; what it took in seconds does not repeat."""
    return replace(draft, usage=Usage(), detail=_plain(draft.detail))


def _plain(detail: Mapping[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(json.dumps(dict(detail)))
    return read
