"""A run without the engine: proposals in a window, evaluations in this process, tells in ticket order."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from adrs.evaluate import harness
from adrs.evaluate.harness import PolicyFailure, Workloads, load_evaluator
from adrs.problem import Problem
from adrs.program import Brief, Draft, Evaluation, Job, Program
from adrs.propose import Proposer
from adrs.source import Rejected, screen
from adrs.testing.policy import InProcessPolicy

Evaluate = Callable[[str], Evaluation]


@dataclass
class Run:
    """What happened: drafts and programs by ticket, the seed program first (ticket 1)."""

    drafts: dict[int, Draft] = field(default_factory=dict)
    programs: list[Program] = field(default_factory=list)

    def best(self, most: int | None = None) -> Program:
        """The best of the first `most` programs."""
        return max((p for p in self.programs[:most] if p.fitness is not None), key=lambda p: (p.fitness, -p.id))

    def first_above(self, fitness: float) -> int | None:
        """Number of the first program with more than a fitness."""
        return next((p.id for p in self.programs if p.fitness is not None and p.fitness > fitness), None)


class Best:
    """The plainest search: the parent is the best so far, or now and then one of the few behind it."""

    def __init__(self) -> None:
        self._best: list[Program] = []

    def ask(self, ticket: int) -> tuple[Program, tuple[Program, ...]]:
        at = (0, 0, 1, 0, 2)[ticket % 5] % len(self._best)
        parent = self._best[at]
        return parent, tuple(program for program in self._best[:3] if program is not parent)

    def tell(self, program: Program) -> None:
        if program.fitness is not None:
            self._best = sorted([*self._best, program], key=lambda p: (-(p.fitness or 0.0), p.id))[:6]


class Driver:
    """One run of a proposer on a problem."""

    def __init__(self, problem: Problem, proposer: Proposer, evaluate: Evaluate | None = None, seed: int = 0) -> None:
        self.problem, self.proposer, self.seed = problem, proposer, seed
        self.evaluate = evaluate or in_process(problem)
        self.run = Run()
        self._search = Best()
        self._digests: dict[str, int] = {}
        self._evaluations: dict[int, Evaluation] = {}

    def drive(self, tickets: int, window: int = 8, recorded: dict[int, Draft] | None = None) -> Run:
        """Run to a number of tickets; drafts in `recorded` are recalled instead of proposed."""
        seed = Draft(self.problem.seed.read_text(), "seed", "seed", ())
        pending = [self._developed(1, seed)]
        self._tell(pending)
        for ticket in range(2, tickets + 1):
            if len(pending) == window:
                self._tell(pending)
            draft = self._draft(ticket, recorded or {})
            self.run.drafts[ticket] = draft
            pending.append(self._developed(ticket, draft))
        while pending:
            self._tell(pending)
        return self.run

    def _draft(self, ticket: int, recorded: dict[int, Draft]) -> Draft:
        brief = self._brief(ticket)
        if ticket in recorded:
            self.proposer.recall(brief, recorded[ticket])
            return recorded[ticket]
        return asyncio.run(self.proposer.propose(brief))

    def _brief(self, ticket: int) -> Brief:
        parent, inspirations = self._search.ask(ticket)
        key = int.from_bytes(sha256(f"{self.seed}/{ticket}".encode()).digest()[:8], "big") >> 1
        return Brief(ticket, key, parent, inspirations)

    def _developed(self, number: int, draft: Draft) -> Program:
        program = Program(number, draft.source, "", draft.parents, draft.proposer, draft.operator, draft.model,
                          rationale=draft.rationale, detail=draft.detail)  # fmt: skip
        problem = self.problem
        try:
            if draft.failure:
                raise Rejected(draft.failure)
            digest = screen(draft.source, problem.functions, problem.limits.imports, problem.limits.source_kb * 1024)
        except Rejected as rejected:
            return replace(program, evaluation=Evaluation("train", "screen", "rejected", str(rejected)))
        original = self._digests.setdefault(digest, number)
        program = replace(program, digest=digest)
        if original != number:
            evaluation = replace(self._evaluations[original], verdict="rejected", fitness=None)
            return replace(program, evaluation=evaluation, duplicate_of=original)
        evaluation = self.evaluate(draft.source)
        self._evaluations[number] = evaluation
        return replace(program, evaluation=evaluation)

    def _tell(self, pending: list[Program]) -> None:
        program = pending.pop(0)
        self._search.tell(program)
        self.proposer.tell(program)
        self.run.programs.append(program)


class _Hung(BaseException):
    """Not an Exception, so that no candidate catches it."""


def in_process(problem: Problem, seconds: float = 20.0) -> Evaluate:
    """Evaluates sources in this process; one that hangs is stopped and counts as `timeout`."""
    evaluator = load_evaluator(problem)
    workloads = Workloads(evaluator)

    def evaluate_source(source: str) -> Evaluation:
        try:
            with _time_limit(seconds):
                policy = InProcessPolicy(problem, source)
                return harness.evaluate(problem, evaluator, workloads, policy, Job(source, "train"))
        except PolicyFailure as failure:
            return Evaluation("train", "full", failure.verdict, failure.reason)
        except _Hung:
            return Evaluation("train", "full", "timeout", f"more than {seconds} s")

    return evaluate_source


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise _Hung

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, previous)
