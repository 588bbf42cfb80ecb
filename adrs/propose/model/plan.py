"""What to ask a model for: the kind of request, and the programs that it is about."""

import random
from dataclasses import dataclass

from adrs.problem import Objective
from adrs.program import Brief, Parent, Program
from adrs.propose.model.memory import Memory
from adrs.propose.model.prompts import Facts, Wanted
from adrs.propose.model.view import count_better
from adrs.propose.rates import Rates

WEIGHTS: dict[str, float] = {"improve": 3.0, "rewrite": 1.0, "cross": 1.0, "repair": 2.0}
"""Of the kinds before anything is known; then shares follow gain per cost."""
_WANTED: dict[str, Wanted] = {"improve": "edits", "rewrite": "program", "cross": "program", "repair": "edits"}
_MOST_INSPIRATIONS = 3


@dataclass(frozen=True, slots=True)
class Plan:
    """One request."""

    facts: Facts
    wanted: Wanted
    parents: tuple[Parent, ...]
    repairs: int | None
    """Number of the program that is taken out of those to be repaired."""


def make(brief: Brief, memory: Memory, rates: Rates, objective: Objective, rng: random.Random) -> Plan:
    """Choose by the search's wish where it can be met, else by gain per cost. Changes no state."""
    kind = _kind(brief, memory, rates, objective, rng)
    base, other, inspirations = brief.parent, None, brief.inspirations[:_MOST_INSPIRATIONS]
    repairs = None
    if kind == "cross":
        others, counts = zip(*_better_somewhere(brief, objective), strict=True)
        other = rng.choices(others, counts)[0]
        inspirations = ()
    elif kind == "repair" and _has_run_well(brief.parent):
        base = rng.choice(memory.failing)
        repairs = base.id
    facts = Facts(
        kind=kind, base=base, other=other, inspirations=inspirations, failures=brief.failures,
        attempts=memory.attempts(base.id), stagnation=memory.stagnation, level=memory.level, summary=memory.summary,
        ticket=brief.ticket, said=brief.hints, best=memory.best,
    )  # fmt: skip
    return Plan(facts, _WANTED[kind], _parents(base, other, inspirations), repairs)


def _kind(brief: Brief, memory: Memory, rates: Rates, objective: Objective, rng: random.Random) -> str:
    if not _has_run_well(brief.parent):
        return "repair"
    possible = ["improve", "rewrite"]
    if _better_somewhere(brief, objective):
        possible.append("cross")
    if memory.failing:
        possible.append("repair")
    chosen = rates.choose(rng, possible)
    return brief.operator if brief.operator in possible else chosen


def _better_somewhere(brief: Brief, objective: Objective) -> list[tuple[Program, int]]:
    """Inspirations that have something which the parent lacks, with the number of workloads where they are better."""
    counts = [(program, count_better(program, brief.parent, objective)) for program in brief.inspirations]
    return [(program, count) for program, count in counts if count]


def _has_run_well(program: Program) -> bool:
    return program.evaluation is None or program.evaluation.verdict == "ok"


def _parents(base: Program, other: Program | None, inspirations: tuple[Program, ...]) -> tuple[Parent, ...]:
    crossed = () if other is None else (Parent(other.id, "crossover"),)
    return (Parent(base.id, "parent"), *crossed, *(Parent(program.id, "inspiration") for program in inspirations))
