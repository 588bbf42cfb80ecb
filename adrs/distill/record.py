"""What a policy sees and answers in closed loop, as arrays: recorded on workloads, and asked again from a file.

Programs run in the sandbox, as ordinary candidates do; what is recorded are numbers alone.
"""

import asyncio
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.evaluate.recording import pack, unpack
from adrs.evaluation import WorkloadSpec
from adrs.program import Evaluation, Job, Recording, Replay

_FORMAT = 1
"""Of the file; counted up when its arrays change."""
_OBSERVATION = "observation:"
"""Prefix of the file's arrays that are columns."""


class Ended(Exception):  # noqa: N818 - what happened
    """The program did not answer to the end; `evaluation` says how it ended."""

    def __init__(self, evaluation: Evaluation) -> None:
        super().__init__(f"the program ends {evaluation.verdict}: {evaluation.reason}")
        self.evaluation = evaluation


@dataclass(frozen=True)
class Samples:
    """Rows of one function's calls: those of a workload together, then those of a flow, then by step."""

    function: str
    observations: Mapping[str, NDArray[Any]]
    """By `argument` or `argument.field`, each with the rows as first axis."""
    answers: NDArray[np.float64]
    """[rows], the policy's own, without noise."""
    workloads: tuple[str, ...]
    splits: tuple[str, ...]
    """Of the workloads."""
    workload: NDArray[np.int64]
    """[rows], index into `workloads`."""
    flow: NDArray[np.int64]
    """[rows], counted from 0 over all workloads: the scenario whose state a row is asked in. What is split for a test
    is split by flow, never by row."""
    step: NDArray[np.int64]
    """[rows], how many calls of the flow came before."""

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def flows(self) -> int:
        """How many there are."""
        return int(self.flow[-1]) + 1 if len(self) else 0

    def take(self, flows: NDArray[np.int64]) -> "Samples":
        """Only some flows, by their numbers, counted anew from 0."""
        kept = np.isin(self.flow, flows)
        _, renumbered = np.unique(self.flow[kept], return_inverse=True)
        return Samples(
            self.function, {name: column[kept] for name, column in self.observations.items()}, self.answers[kept],
            self.workloads, self.splits, self.workload[kept], renumbered.astype(np.int64), self.step[kept],
        )  # fmt: skip

    def at_most(self, rows: int, seed: int = 0) -> "Samples":
        """Whole flows, drawn at random, that together have at most so many rows; one flow in any case."""
        drawn = np.random.default_rng(seed).permutation(self.flows)
        lengths = np.bincount(self.flow, minlength=self.flows)[drawn]
        kept = lengths.cumsum() <= rows
        kept[:1] = True
        return self.take(drawn[kept])

    def save(self, path: Path) -> None:
        """Write an archive of plain arrays. The same samples make the same bytes."""
        columns = {f"{_OBSERVATION}{name}": column for name, column in self.observations.items()}
        with path.open("wb") as file:
            np.savez_compressed(
                file, allow_pickle=False, format=np.array(_FORMAT), function=np.array(self.function),
                answers=self.answers, workloads=np.array(self.workloads, dtype=str),
                splits=np.array(self.splits, dtype=str), workload=self.workload, flow=self.flow, step=self.step,
                **columns,
            )  # fmt: skip

    @classmethod
    def load(cls, path: Path) -> "Samples":
        """Read what `save` wrote; raises UserError for anything else. Nothing is unpickled."""
        try:
            with np.load(path, allow_pickle=False) as file:
                columns = {name.removeprefix(_OBSERVATION): file[name] for name in file.files if ":" in name}
                if int(file["format"]) != _FORMAT:
                    raise UserError(f"{path} was written by another version of adrs; record again")
                return cls(
                    str(file["function"]), columns, file["answers"], tuple(map(str, file["workloads"])),
                    tuple(map(str, file["splits"])), file["workload"], file["flow"], file["step"],
                )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
            raise UserError(f"{path} holds no recorded samples: {error}") from None


def joined(parts: Sequence[Samples]) -> Samples:
    """Samples of one function one after the other; flows are counted on. Raises ValueError without any."""
    if not parts:
        raise ValueError("there is nothing to join")
    pairs = [list(zip(part.workloads, part.splits, strict=True)) for part in parts]
    places = {pair: place for place, pair in enumerate(dict.fromkeys(pair for known in pairs for pair in known))}
    numbers, flows, before = [], [], 0
    for part, known in zip(parts, pairs, strict=True):
        numbers.append(np.array([places[pair] for pair in known], dtype=np.int64)[part.workload])
        flows.append(part.flow + before)
        before += part.flows
    names = parts[0].observations
    return Samples(
        parts[0].function, {name: np.concatenate([part.observations[name] for part in parts]) for name in names},
        np.concatenate([part.answers for part in parts]), tuple(name for name, _ in places),
        tuple(split for _, split in places), np.concatenate(numbers), np.concatenate(flows),
        np.concatenate([part.step for part in parts]),
    )  # fmt: skip


async def record(executor: Executor, source: str, specs: Sequence[WorkloadSpec], recording: Recording) -> Samples:
    """Run a program on workloads in the sandbox and keep what it saw and answered.

    All workers record, one workload each; the rows are in the order of `specs`. Raises Ended where the program fails,
    UserError for a function that cannot be recorded.
    """
    jobs = [Job(source, "fresh", workloads=(spec,), recording=recording) for spec in specs]
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(executor.evaluate(job)) for job in jobs]
    return joined([_samples(recording.function, spec, task.result()) for spec, task in zip(specs, tasks, strict=True)])


def _samples(function: str, spec: WorkloadSpec, evaluation: Evaluation) -> Samples:
    if evaluation.verdict == "infrastructure":
        raise UserError(evaluation.reason)
    if evaluation.verdict != "ok":
        raise Ended(evaluation)
    return samples_of(function, spec, evaluation.recorded)


def samples_of(function: str, spec: WorkloadSpec, recorded: Mapping[str, Any]) -> Samples:
    """What RecordingPolicy kept of one workload. Raises UserError where that is nothing."""
    columns = {name: unpack(packed) for name, packed in recorded["columns"].items()}
    flow, step, answers = (unpack(recorded[name]) for name in ("flow", "step", "answers"))
    if not len(answers):
        raise UserError(f"{spec.name} never asks {function} in a way that can be recorded")
    workload = np.zeros(len(answers), dtype=np.int64)
    return Samples(function, columns, answers, (spec.name,), (spec.split,), workload, flow, step)


async def replay(executor: Executor, source: str, samples: Samples, alone: bool = False) -> NDArray[np.float64]:
    """A program's answers to recorded observations, float64[rows], in the sandbox.

    Each flow starts in a fresh state and is asked in order; with `alone`, every row has a fresh state of its own.
    A function of what it is shown answers as it did when recorded; one without a state does so alone. Raises Ended.
    """
    flows = np.arange(len(samples), dtype=np.int64) if alone else samples.flow
    columns = {name: pack(column) for name, column in samples.observations.items()}
    job = Job(source, "fresh", replay=Replay(samples.function, columns, pack(flows)))
    evaluation = await executor.evaluate(job)
    if evaluation.verdict == "infrastructure":
        raise UserError(evaluation.reason)
    if evaluation.verdict != "ok":
        raise Ended(evaluation)
    return unpack(evaluation.recorded["answers"])
