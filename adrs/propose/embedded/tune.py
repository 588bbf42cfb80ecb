"""The operator `tune`: CMA-ES over the numbers of a good program, a generation at a time across tickets."""

import random
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from adrs.problem import Objective
from adrs.program import Brief, Draft, Parent, Program
from adrs.propose.embedded import literals, optimizers, tunables
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.idea import Idea
from adrs.propose.embedded.optimizers import Vector
from adrs.propose.embedded.step_memory import StepMemory
from adrs.propose.embedded.template import Template
from adrs.propose.embedded.tunables import Tunable, Values

_MOST_SESSIONS = 2
_MOST_REMEMBERED = 512
_PATIENCE = 4
"""Generations without a new best after which a session ends."""
_SHARE_OF_READERS = 0.5
_FAR = 0.5
"""Gain over a session's best, in the archive's measure, for which the session is left at once."""


class Session:
    """One optimizer at work on one program.

    A generation is issued sample by sample, and told to the optimizer when all are back. Samples that round to
    numbers already tried are not issued again.
    """

    def __init__(
        self, number: int, origin: Program, tunable: Tunable, chosen: list[int], seed: int, memory: StepMemory
    ) -> None:
        self.number, self.origin, self.tunable, self.chosen = number, origin, tunable, chosen
        self.best = _fitness(origin)
        """Highest fitness seen, the origin's included."""
        self.generation = 0
        self.stale = 0
        """Generations without a new best; those of equal fitness throughout count twice."""
        self.over = False
        self.vectors: list[Vector] = []
        self.names = [tunable.names[at] for at in chosen]
        self._optimizer = optimizers.make(memory.scales(self.names), seed, -self.best)
        self._values: list[Values] = []
        self._waiting: list[int] = []
        self._known: dict[Values, float | None] = {tunable.move(chosen, [0.0] * len(chosen)): -self.best}
        """Cost by values; None for a program that failed."""
        self._next()

    @property
    def next_index(self) -> int | None:
        """The sample to issue next; None while all of the generation is in flight."""
        return self._waiting[0] if self._waiting else None

    @property
    def steps(self) -> list[float]:
        """How large the steps of each number are by now."""
        return self._optimizer.steps

    def issue(self, index: int, vector: Vector) -> None:
        """A sample of this generation is on its way."""
        self.vectors[index] = vector
        self._values[index] = self.tunable.move(self.chosen, vector)
        self._waiting.remove(index)

    def tell(self, index: int, fitness: float | None) -> None:
        """A sample of this generation came back; the last one starts the next generation, or ends the session."""
        self._known.setdefault(self._values[index], None if fitness is None else -fitness)
        while not self.over and all(values in self._known for values in self._values):
            self._finish()

    def _finish(self) -> None:
        costs = [self._known[values] for values in self._values]
        good = [cost for cost in costs if cost is not None]
        if not good:
            self.over = True
            return
        best, worst = min(good), max(good)
        penalty = worst + (worst - best) + 1e-9 * max(1.0, abs(worst))
        self._optimizer.tell(self.vectors, [penalty if cost is None else cost for cost in costs])
        self.stale = 0 if -best > self.best else self.stale + (2 if best == worst else 1)
        self.best = max(self.best, -best)
        if self.stale >= _PATIENCE or self._optimizer.converged:
            self.over = True
        else:
            self.generation += 1
            self._next()

    def _next(self) -> None:
        self.vectors = self._optimizer.ask()
        self._values = [self.tunable.move(self.chosen, vector) for vector in self.vectors]
        first: dict[Values, int] = {}
        for index, values in enumerate(self._values):
            if values not in self._known:
                first.setdefault(values, index)
        self._waiting = list(first.values())


@dataclass(frozen=True, slots=True)
class _Reached:
    """What sessions on one skeleton left behind."""

    fitness: float
    """The best."""
    tuned: frozenset[int]
    """Numbers that had their turn."""


class Tune:
    """Holds a few sessions; each number of a skeleton is tuned once, and again only if something else improved it."""

    name = "tune"

    def __init__(self, templates: Mapping[str, Template], objective: Objective) -> None:
        self._templates = templates
        self._objective = objective
        self._sessions: dict[int, Session] = {}
        self._memory = StepMemory()
        self._reached: OrderedDict[str, _Reached] = OrderedDict()
        """By skeleton."""

    def think(self, brief: Brief, archive: Archive, rng: random.Random) -> Idea | None:
        """The next sample of a session, or the first of a new one."""
        ready = [session for session in self._sessions.values() if session.next_index is not None]
        session = max(ready, key=lambda session: (session.best, -session.number), default=None)
        found = next(self._origins(brief, archive, rng), None)
        if found is not None and (session is None or _is_overtaken(session, found[0], archive)):
            origin, tunable = found
            chosen = tunables.choose(rng, tunable, self._tuned(origin, tunable))
            session = Session(brief.ticket, origin, tunable, chosen, brief.seed, self._memory)
        return None if session is None or session.next_index is None else _sample(session, session.next_index)

    def commit(self, brief: Brief, draft: Draft, archive: Archive) -> None:
        """Count the sample as issued; the first one opens its session."""
        detail = draft.detail
        session = self._sessions.get(detail["session"]) or self._open(brief, detail, archive)
        if session is not None and session.generation == detail["generation"]:
            session.issue(detail["index"], list(detail["vector"]))

    def _open(self, brief: Brief, detail: Mapping[str, Any], archive: Archive) -> Session | None:
        """The session that a sample is the first of; None where a record tells of one that is not there.

        A run is gone on with by a later version, which may see other numbers in a program.
        """
        number = detail["origin"]
        origin = brief.parent if brief.parent.id == number else archive.find(number)
        if origin is None or detail["session"] != brief.ticket:
            return None
        for tunable in tunables.of(origin, self._templates):
            if tunable.skeleton == detail["skeleton"]:
                session = Session(brief.ticket, origin, tunable, list(detail["chosen"]), brief.seed, self._memory)
                if len(self._sessions) >= _MOST_SESSIONS:
                    self._close(min(self._sessions.values(), key=lambda other: (other.best, other.number)))
                self._sessions[session.number] = session
                return session
        return None

    def tell(self, program: Program) -> None:
        """Hand a sample's fitness to its session; a duplicate counts with the fitness of its original."""
        session = self._sessions.get(program.detail["session"])
        if session is None or session.generation != program.detail["generation"]:
            return
        session.tell(program.detail["index"], self._measured(program))
        if session.over:
            self._close(session)

    def _measured(self, program: Program) -> float | None:
        """Fitness; of a duplicate too, which shows the metrics of its original."""
        if program.duplicate_of is None or program.evaluation is None:
            return program.fitness
        value = program.evaluation.metrics.get(self._objective.metric)
        return None if value is None else self._objective.fitness(value)

    def _close(self, session: Session) -> None:
        del self._sessions[session.number]
        if session.generation > 0:
            self._memory.learn(session.names, session.steps)
        tuned = self._tuned(session.origin, session.tunable).union(session.chosen)
        before = self._reached.pop(session.tunable.skeleton, None)
        best = session.best if before is None else max(session.best, before.fitness)
        self._reached[session.tunable.skeleton] = _Reached(best, tuned)
        if len(self._reached) > _MOST_REMEMBERED:
            self._reached.popitem(last=False)

    def _tuned(self, program: Program, tunable: Tunable) -> frozenset[int]:
        """Numbers of a program that sessions moved already; none of one that is better than they left it."""
        reached = self._reached.get(tunable.skeleton)
        return frozenset() if reached is None or _fitness(program) > reached.fitness else reached.tuned

    def _origins(self, brief: Brief, archive: Archive, rng: random.Random) -> Iterator[tuple[Program, Tunable]]:
        """Programs that a session may start at, the best first, or first some that read something else."""
        busy = {session.tunable.skeleton for session in self._sessions.values()}
        others = rng.sample(archive.readers, len(archive.readers)) if rng.random() < _SHARE_OF_READERS else []
        for program in [*others, *archive, brief.parent]:
            if program.fitness is None:
                continue
            for tunable in tunables.of(program, self._templates):
                if tunable.skeleton not in busy and len(self._tuned(program, tunable)) < tunable.size:
                    yield program, tunable


def _is_overtaken(session: Session, origin: Program, archive: Archive) -> bool:
    """Whether a better program is worth giving up a session for: by far better, or the session is at a standstill."""
    gain = archive.steps.gain(_fitness(origin), session.best)
    return gain > _FAR or (gain > 0 and session.stale > 0)


def _sample(session: Session, index: int) -> Idea:
    vector, origin = session.vectors[index], session.origin
    rendered = session.tunable.render(session.chosen, session.tunable.move(session.chosen, vector))
    detail: dict[str, Any] = {
        **rendered.detail,
        "session": session.number,
        "generation": session.generation,
        "index": index,
        "vector": vector,
        "origin": origin.id,
        "skeleton": session.tunable.skeleton,
        "chosen": session.chosen,
    }
    count = len(rendered.changes)
    plural = "" if count == 1 else "s"
    rationale = f"tuned {count} constant{plural} of program {origin.id}: {literals.describe(rendered.changes)}"
    return Idea(rendered.source, (Parent(origin.id, "parent"),), rationale, session.best, detail)


def _fitness(program: Program) -> float:
    assert program.fitness is not None
    return program.fitness
