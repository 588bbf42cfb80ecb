"""The operator `tune`: CMA-ES over the numbers of a good program, a generation at a time across tickets."""

import random
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from adrs.problem import Objective
from adrs.program import Brief, Draft, Parent, Program
from adrs.propose.embedded import literals, optimizers, tunables
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.idea import Idea
from adrs.propose.embedded.optimizers import Vector
from adrs.propose.embedded.template import Template

_MOST_SESSIONS = 2
_MOST_REMEMBERED = 512
_PATIENCE = 4
"""Generations without a new best after which a session ends."""
_CLOSE = 4
"""Of the best programs, how many may start a session when the parent cannot."""


@dataclass
class Session:
    """One optimizer at work on one program. A generation is issued sample by sample, and told when all are back."""

    number: int
    origin: Program
    skeleton: str
    chosen: list[int]
    seed: int
    best: float
    """Highest fitness seen, the origin's included."""
    generation: int = 0
    stale: int = 0
    vectors: list[Vector] = field(init=False)
    costs: dict[int, float | None] = field(init=False)
    issued: int = 0

    def __post_init__(self) -> None:
        self._optimizer = optimizers.make(len(self.chosen), self.seed)
        self._next()

    @property
    def waiting(self) -> bool:
        """Whether all of the generation is in flight."""
        return self.issued == len(self.vectors)

    def tell(self, index: int, fitness: float | None) -> bool:
        """One sample came back; returns whether the session is over."""
        if index in self.costs:
            return False
        self.costs[index] = None if fitness is None else -fitness
        return len(self.costs) == len(self.vectors) and self._finish()

    def _finish(self) -> bool:
        good = [cost for cost in self.costs.values() if cost is not None]
        if not good:
            return True
        best, worst = min(good), max(good)
        penalty = worst + (worst - best) + 1e-9 * max(1.0, abs(worst))
        ordered = [self.costs[index] for index in range(len(self.vectors))]
        self._optimizer.tell(self.vectors, [penalty if cost is None else cost for cost in ordered])
        flat = best == worst
        self.stale = 0 if -best > self.best else self.stale + (2 if flat else 1)
        self.best = max(self.best, -best)
        if self.stale >= _PATIENCE or self._optimizer.converged:
            return True
        self.generation += 1
        self._next()
        return False

    def _next(self) -> None:
        self.vectors = self._optimizer.ask()
        self.costs = {}
        self.issued = 0


class Tune:
    """Holds a few sessions; each skeleton of a program is tuned once, and again only if something else improved it."""

    name = "tune"

    def __init__(self, templates: Mapping[str, Template], objective: Objective) -> None:
        self._templates = templates
        self._objective = objective
        self._sessions: dict[int, Session] = {}
        self._reached: OrderedDict[str, float] = OrderedDict()
        """Best fitness that a session left behind, by skeleton."""

    def think(self, brief: Brief, archive: Archive, rng: random.Random) -> Idea | None:
        """The next sample of a session, or the first of a new one."""
        ready = [session for session in self._sessions.values() if not session.waiting]
        session = max(ready, key=lambda session: (session.best, -session.number), default=None)
        origin = next(self._origins(brief, archive), None)
        if origin is not None and (session is None or _fitness(origin) > session.best):
            session = self._open(brief, origin, rng)
        return None if session is None else self._sample(session)

    def commit(self, brief: Brief, draft: Draft, archive: Archive) -> None:
        """Count the sample as issued; the first one opens its session."""
        detail = draft.detail
        session = self._sessions.get(detail["session"])
        if session is None:
            number = detail["origin"]
            origin = brief.parent if brief.parent.id == number else archive.find(number)
            if origin is None:
                return
            session = self._start(brief, origin, detail["skeleton"], list(detail["chosen"]))
            if len(self._sessions) >= _MOST_SESSIONS:
                self._close(min(self._sessions.values(), key=lambda other: (other.best, other.number)))
            self._sessions[session.number] = session
        session.vectors[detail["index"]] = list(detail["vector"])
        session.issued = detail["index"] + 1

    def tell(self, program: Program) -> None:
        """Hand a sample's fitness to its session; a duplicate counts with the fitness of its original."""
        session = self._sessions.get(program.detail["session"])
        if session is None or session.generation != program.detail["generation"]:
            return
        if session.tell(program.detail["index"], self._measured(program)):
            self._close(session)

    def _measured(self, program: Program) -> float | None:
        """Fitness; of a duplicate too, which shows the metrics of its original."""
        if program.duplicate_of is None or program.evaluation is None:
            return program.fitness
        value = program.evaluation.metrics.get(self._objective.metric)
        return None if value is None else self._objective.fitness(value)

    def _close(self, session: Session) -> None:
        del self._sessions[session.number]
        self._reached[session.skeleton] = max(session.best, self._reached.pop(session.skeleton, session.best))
        if len(self._reached) > _MOST_REMEMBERED:
            self._reached.popitem(last=False)

    def _origins(self, brief: Brief, archive: Archive) -> Iterator[Program]:
        """Programs that a session may start at, the most wanted first."""
        candidates: Iterable[Program] = [brief.parent, *list(archive)[:_CLOSE]]
        busy = {session.skeleton for session in self._sessions.values()}
        for program in candidates:
            if program.fitness is None:
                continue
            tunable = tunables.of(program, self._templates)
            reached = self._reached.get(tunable.skeleton)
            if tunable.size and tunable.skeleton not in busy and (reached is None or program.fitness > reached):
                yield program

    def _open(self, brief: Brief, origin: Program, rng: random.Random) -> Session:
        tunable = tunables.of(origin, self._templates)
        return self._start(brief, origin, tunable.skeleton, tunables.choose(rng, tunable))

    def _start(self, brief: Brief, origin: Program, skeleton: str, chosen: list[int]) -> Session:
        return Session(brief.ticket, origin, skeleton, chosen, brief.seed, _fitness(origin))

    def _sample(self, session: Session) -> Idea:
        index, origin = session.issued, session.origin
        vector = session.vectors[index]
        rendered = tunables.of(origin, self._templates).render(session.chosen, vector)
        detail: dict[str, Any] = {
            **rendered.detail,
            "session": session.number,
            "generation": session.generation,
            "index": index,
            "vector": vector,
        }
        if index == 0 and session.generation == 0:
            detail |= {"origin": origin.id, "skeleton": session.skeleton, "chosen": session.chosen}
        count = len(rendered.changes)
        plural = "" if count == 1 else "s"
        rationale = f"tuned {count} constant{plural} of program {origin.id}: {literals.describe(rendered.changes)}"
        return Idea(rendered.source, (Parent(origin.id, "parent"),), rationale, session.best, detail)


def _fitness(program: Program) -> float:
    assert program.fitness is not None
    return program.fitness
