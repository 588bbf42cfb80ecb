"""What a run's loop is put together from."""

from dataclasses import dataclass
from typing import Literal

from adrs.budget import Budget
from adrs.evaluate.executor import Executor
from adrs.optimistic import Optimum
from adrs.problem import Problem
from adrs.program import Draft, Evaluation
from adrs.propose import Proposer
from adrs.score import SplitScale
from adrs.search import Search
from adrs.source import Screen
from adrs.steering import Steering
from adrs.store import Reader, Writer
from adrs.store.recorded import Recorded


@dataclass(frozen=True)
class Parts:
    """What a loop is put together from."""

    problem: Problem
    seed: int
    window: int
    order: Literal["ticket", "arrival"]
    budget: Budget
    search: Search
    proposer: Proposer
    screen: Screen
    executor: Executor
    scale: SplitScale | None
    call_seconds: float | None
    """A tighter limit of one call than the problem's, for new programs."""
    optimum: Optimum
    """What is thinkable on each workload, by which hopeless evaluations end early."""
    first: Draft
    """The program that the run begins with."""
    seed_evaluation: Evaluation
    """Of that program on `train`; it has a fitness, or there would be nothing to begin with."""
    writer: Writer
    reader: Reader
    recorded: Recorded | None
    """Answers of an earlier session, followed before anything new is asked."""
    ends_early: bool
    """Whether new programs may be stopped as soon as they cannot be kept."""
    replaying: bool
    """Whether `recorded` comes from another run, so that everything is written anew."""
    steering: Steering
