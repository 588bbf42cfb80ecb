"""Has programs scored by the evaluator of another project, which imports them: whole in the sandbox, of shared trust.

What comes back is checked here: metrics are finite numbers under short names, anything else becomes a note in the
feedback. The primary metric is `combined_score`; without one it is the mean of the metrics, and where there are stages
a later one's metrics come before an earlier one's, all as in openevolve 0.4.0 (openevolve/evaluator.py,
openevolve/utils/metrics_utils.py).
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adrs.evaluate.copies import copy_of
from adrs.evaluate.harness import PolicyFailure
from adrs.evaluation import Invalid, Policy
from adrs.interface import FunctionType, ValueType
from adrs.openevolve import METRIC
from adrs.problem import Problem
from adrs.program import Evaluation, Job, Verdict, WorkloadResult
from adrs.text import printable

_DRIVER = Path(__file__).with_name("shared_driver.py")
_TEXT = ValueType("str")
_FUNCTIONS: Mapping[str, FunctionType] = {
    "load_evaluator": FunctionType("load_evaluator", "", {"file": _TEXT, "source": _TEXT, "name": _TEXT}, _TEXT),
    "evaluate": FunctionType("evaluate", "", {"function": _TEXT}, _TEXT),
}
"""What the driver defines."""
_PROGRAM = "candidate"
_WORKLOAD = "evaluate"
_MOST_METRICS = 200
_LONGEST_NAME = 100
_MEAN = "the mean of"
_MOST_NAMED = 8
"""Metrics, in the note about their mean."""
_UNSEEN = ("FileNotFoundError", "PermissionError", "OSError: [Errno 30]")
"""How failures begin for which files that the sandbox hides, or keeps as they are, may be the reason."""
_WHAT_IS_SEEN = (
    "in the sandbox an evaluator can read its own folder, by paths made from __file__, and write in the working "
    "folder, which is empty; it sees no other files"
)


@dataclass
class _Result:
    """What the stages so far have returned."""

    metrics: dict[str, float] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)

    def feedback(self, limit: int) -> str:
        """Notes and artifacts as text, cut to a number of characters."""
        notes = [f"dropped {name} = {text}: a metric is a finite number" for name, text in self.dropped.items()]
        text = "\n".join([*notes, *(f"{name}:\n{text}" for name, text in self.artifacts.items())])
        text = printable(text)
        return text if len(text) <= limit else f"{text[:limit]}\n[feedback cut]"


class Shared:
    """Judges programs of one problem."""

    def __init__(self, problem: Problem) -> None:
        """Copy the evaluator's folder. Raises UserError."""
        self._problem = problem
        file, _, self._last = problem.evaluator.rpartition(":")
        folder = copy_of(problem.shared_folder)
        self.functions = _FUNCTIONS
        self.readable = (folder,)
        self.hidden: tuple[Path, ...] = ()
        self._driver = _DRIVER.read_text()
        self._file = folder / Path(file).name
        self._name = _PROGRAM + problem.seed.suffix
        self._not_in_mean = frozenset(problem.evaluator_parameters["not_in_mean"])

    def program(self, job: Job) -> str:
        """What is loaded into the policy process: the driver, to which the program is an argument."""
        return self._driver

    def evaluate(self, policy: Policy, job: Job) -> Evaluation:
        """Evaluate a program with a policy process that runs the driver. Its wall time and such are the caller's."""
        if job.split != "train":
            return Evaluation(job.split, "start", "infrastructure", "the evaluator knows one split, train")
        result = _Result()
        stage = "start"
        try:
            self._load(policy, job)
            for stage, function, seconds, least in self._stages(job):
                policy.decision_seconds = seconds
                self._merge(result, _read(policy.call("evaluate", function)))
                value = self._primary(result)
                if stage == job.until and stage != "full":
                    return self._partial(job, stage, result, "")
                if least is not None and value < least and not job.thorough:
                    why = f"stopped after stage {stage}: {METRIC} {value:.6g} is below {least:g}"
                    return self._partial(job, stage, result, why)
        except Invalid as broken:
            return self._failed(job, stage, result, "invalid", str(broken))
        except PolicyFailure as failure:
            return self._failed(job, stage, result, failure.verdict, failure.reason)
        value = self._primary(result)
        metrics = {METRIC: value, **result.metrics}
        if METRIC not in result.metrics:
            result.artifacts = {METRIC: self._mean_note(result), **result.artifacts}
        return Evaluation(
            split=job.split, stage="full", verdict="ok", metrics=metrics, fitness=value,
            workloads=(self._workload(result, "ok", metrics),),
        )  # fmt: skip

    def _load(self, policy: Policy, job: Job) -> None:
        """Load the evaluator, before any code of the program runs: what fails is no fault of the program's."""
        policy.decision_seconds = self._problem.limits.start_seconds
        policy.reset((job.workloads or self._problem.workloads["train"])[0].policy_seed)
        said = policy.call("load_evaluator", str(self._file), job.source, self._name)
        if said:
            failure = _failure(_json(said))
            raise PolicyFailure("infrastructure", f"{self._file.name} cannot be loaded: {failure.reason}")

    def _stages(self, job: Job) -> list[tuple[str, str, float, float | None]]:
        """Stage, function of the evaluator, seconds of its call, and the least primary metric to go on."""
        limits = [self._problem.limits.decision_seconds, job.decision_seconds]
        stages = []
        for stage in self._problem.stages:
            seconds = min(limit for limit in (*limits, stage.decision_seconds) if limit is not None)
            stages.append((stage.name, stage.function, seconds, stage.least_score))
        return [*stages, ("full", self._last, min(limit for limit in limits if limit is not None), None)]

    def _merge(self, result: _Result, later: _Result) -> None:
        """What a later stage says replaces what an earlier one said. With stages, `error` is a flag, not a score."""
        if self._problem.stages and "error" in later.metrics:
            later.dropped["error"] = str(later.metrics.pop("error"))
        for name in (*later.metrics, *later.dropped):
            result.metrics.pop(name, None)
            result.dropped.pop(name, None)
        result.metrics |= later.metrics
        result.dropped |= later.dropped
        result.artifacts |= later.artifacts

    def _primary(self, result: _Result) -> float:
        """Raises Invalid where there is no number that could stand for the program."""
        if METRIC in result.dropped:
            raise Invalid(
                METRIC, f"the evaluator gave {printable(result.dropped[METRIC])[:100]}, which is no finite number"
            )
        if METRIC in result.metrics:
            return result.metrics[METRIC]
        names = self._averaged(result)
        if not names:
            notes = "; ".join(f"{name} = {text}" for name, text in result.dropped.items())
            raise Invalid(
                "metrics", f"the evaluator gave no finite number{printable(f' but {notes}')[:500] if notes else ''}"
            )
        return math.fsum(result.metrics[name] / len(names) for name in names) + 0.0

    def _averaged(self, result: _Result) -> list[str]:
        """Names of the metrics whose mean stands for a program."""
        return [name for name in result.metrics if name not in self._not_in_mean] or list(result.metrics)

    def _mean_note(self, result: _Result) -> str:
        names = [printable(name) for name in self._averaged(result)]
        rest = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        return f"{_MEAN} {', '.join(names[:_MOST_NAMED])}{rest}, since the evaluator gave none; the higher the better"

    def _partial(self, job: Job, stage: str, result: _Result, reason: str) -> Evaluation:
        return Evaluation(job.split, stage, "ok", reason, workloads=(self._workload(result, "ok", result.metrics),))

    def _failed(self, job: Job, stage: str, result: _Result, verdict: Verdict, reason: str) -> Evaluation:
        workload = self._workload(result, verdict, result.metrics)
        return Evaluation(job.split, stage, verdict, reason, workloads=(workload,))

    def _workload(self, result: _Result, verdict: Verdict, metrics: Mapping[str, float]) -> WorkloadResult:
        feedback = result.feedback(self._problem.limits.output_kb << 10)
        return WorkloadResult(_WORKLOAD, verdict, dict(metrics), feedback=feedback)


def mean_note(evaluation: Evaluation) -> str:
    """Which mean the score of a program is, in words; empty where the evaluator gave the score itself."""
    lines = [line for result in evaluation.workloads for line in result.feedback.split("\n")]
    return next((line for line in lines if line.startswith(_MEAN)), "")


def _read(text: str) -> _Result:
    """What the driver says of a call. Raises PolicyFailure for a failure, Invalid for anything odd."""
    said = _json(text)
    if set(said) == {"failure"}:
        raise _failure(said["failure"])
    if set(said) != {"metrics", "dropped", "artifacts"}:
        raise Invalid("answer", "evaluate: not a well-formed answer")
    result = _Result(dropped=_texts(said["dropped"]), artifacts=_texts(said["artifacts"]))
    metrics = said["metrics"]
    if not isinstance(metrics, dict) or len(metrics) > _MOST_METRICS:
        raise Invalid("answer", "evaluate: not a well-formed answer")
    for name, value in metrics.items():
        if isinstance(value, float) and math.isfinite(value) and _is_name(name):
            result.metrics[name] = value + 0.0
        else:
            result.dropped[printable(name)[:_LONGEST_NAME]] = str(value)[:_LONGEST_NAME]
    return result


def _json(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Invalid("answer", "evaluate: not a well-formed answer")
    return said


def _failure(said: Any) -> PolicyFailure:
    """An exception of the evaluator or the program. It may lie, about itself only."""
    if not isinstance(said, dict) or not all(isinstance(value, str) for value in said.values()):
        raise Invalid("answer", "evaluate: not a well-formed answer")
    name, message, where = (printable(said.get(key, "")) for key in ("type", "message", "where"))
    text = f"{name[:100]}: {message[:1000]}" if message else name[:100]
    hint = (
        f"; {_WHAT_IS_SEEN}" if text.startswith(_UNSEEN) and ".py line " in where else ""
    )  # a line of the evaluator's
    text += f" ({where[:200]})" if where else ""
    return PolicyFailure("memory" if said.get("kind") == "memory" else "error", text + hint)


def _texts(said: Any) -> dict[str, str]:
    if not isinstance(said, dict) or not all(isinstance(text, str) for text in said.values()):
        raise Invalid("answer", "evaluate: not a well-formed answer")
    return {printable(name)[:_LONGEST_NAME]: text for name, text in list(said.items())[:_MOST_METRICS]}


def _is_name(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and name.isprintable()
