"""Whom rules learn from: a network or a program, one as the other."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from adrs.distill.record import Samples, record, replay
from adrs.distill.symbolic.closed_loop import ClosedLoop, Outcome
from adrs.distill.symbolic.entries import LEAST_FIT, Entry, entries
from adrs.distill.symbolic.teacher import Network
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.evaluation import WorkloadSpec
from adrs.interface import FunctionType
from adrs.program import Recording
from adrs.rule.form import Expression, Inputs
from adrs.rule.interpret import Floats


class Teacher(Protocol):
    """Decides, and says what it would have decided."""

    @property
    def decider(self) -> Network | None:
        """The teacher as data; None for a program."""

    @property
    def entries(self) -> Sequence[Expression]:
        """What it keeps between calls, as functions of what it is shown; a teacher that keeps nothing has none."""

    async def recorded(self, specs: Sequence[WorkloadSpec], recording: Recording) -> Samples:
        """What it sees and answers in closed loop."""

    async def answers(self, samples: Samples) -> Floats:
        """What it answers to what others saw, float64[rows]."""


class NetworkTeacher:
    """A perceptron, which is data."""

    entries: Sequence[Expression] = ()

    def __init__(self, network: Network, loop: ClosedLoop) -> None:
        self.network = network
        self._loop = loop

    @property
    def decider(self) -> Network:
        """The network."""
        return self.network

    async def recorded(self, specs: Sequence[WorkloadSpec], recording: Recording) -> Samples:
        """What it sees and answers in closed loop."""
        return await self._loop.recorded(self.network, specs, recording)

    async def answers(self, samples: Samples) -> Floats:
        """Cut to the range of the problem's."""
        inputs = self._loop.distillation.inputs
        (rows,) = samples.observations.values()
        history = rows.reshape(len(rows), inputs.window, len(inputs.features)).astype(np.float64)
        return np.clip(self.network.answers(history), inputs.low, inputs.high)

    async def outcome(self, specs: Sequence[WorkloadSpec]) -> Outcome:
        """Its score."""
        return (await self._loop.outcomes([self.network], specs))[0]


class ProgramTeacher:
    """A program, which runs in the sandbox alone."""

    decider = None

    def __init__(self, source: str, executor: Executor, inputs: Inputs) -> None:
        self._source, self._executor, self._inputs = source, executor, inputs
        self.entries: Sequence[Expression] = ()
        """Known once it is checked."""

    async def recorded(self, specs: Sequence[WorkloadSpec], recording: Recording) -> Samples:
        """What it sees and answers in closed loop. Raises Ended where it fails."""
        found = await record(self._executor, self._source, specs, recording)
        return replace(found, answers=np.clip(found.answers, self._inputs.low, self._inputs.high))

    async def answers(self, samples: Samples) -> Floats:
        """Each row in a state of its own; where it keeps something, flows in order. Raises Ended where it fails."""
        found = await replay(self._executor, self._source, samples, alone=not self.entries)
        return np.clip(found, self._inputs.low, self._inputs.high)

    async def check(self, specs: Sequence[WorkloadSpec], recording: Recording, function: FunctionType) -> None:
        """Whether it is a function of what it is shown, to the last digit, or keeps nothing else but numbers that are.
        Raises UserError that says why not.

        recording: of the first rows of each flow, without gaps.
        """
        samples = await record(self._executor, self._source, specs, recording)
        again = await replay(self._executor, self._source, samples)
        if not np.array_equal(again, samples.answers):
            raise UserError(
                "the program is not a function of what it is shown: asked again for what it had seen, in the same "
                "order and from an empty state, it answers otherwise; no rule can stand for it"
            )
        alone = await replay(self._executor, self._source, samples, alone=True)
        if not np.array_equal(alone, samples.answers):
            kept = await entries(self._executor, self._source, function, samples, self._inputs)
            reason = _unknown(kept, self._inputs.window)
            if reason:
                raise UserError(
                    f"the program answers by what it keeps in its state as well as by what it is shown, and {reason}; "
                    "no rule over what it is shown can stand for it"
                )
            self.entries = [each.expression for each in kept if each.expression]


def _unknown(kept: Sequence[Entry], window: int) -> str:
    """Why what a program keeps cannot be told from what it is shown; empty where it can."""
    if not kept:
        return "there is no number among it"
    for entry in kept:
        if entry.fit < LEAST_FIT:
            return (
                f"its entry {entry.key!r} is no linear function of the last {window} intervals (R2 {entry.fit:.2f}, "
                f"at least {LEAST_FIT} is asked for)"
            )
        if entry.expression is None:
            return f"its entry {entry.key!r} is none of their newest values, means and slopes"
    return ""
