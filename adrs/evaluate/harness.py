"""Runs one program over the workloads of a split and turns whatever happens into one Evaluation.

Pure but for the policy it is given: the same answers give the same evaluation.
"""

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from adrs.errors import UserError, did_you_mean
from adrs.evaluate import calls
from adrs.evaluate.choices import ListeningPolicy
from adrs.evaluate.digests import DigestingPolicy
from adrs.evaluate.evaluator_checks import check_metrics, named, needed, plain_metrics, plain_replicates
from adrs.evaluate.recording import RecordingPolicy, replay
from adrs.evaluation import Evaluator, Failed, Invalid, Metrics, Policy, WorkloadSpec
from adrs.interface import FunctionType
from adrs.problem import FILE, Problem
from adrs.program import FULL, PARTIAL, Evaluation, Job, Replay, Threshold, Verdict, WorkloadResult

REPLAY = "replay"
"""Stage of an evaluation that is none: answers to recorded observations."""
_BOUND_TOLERANCE = 1e-9
_TOGETHER = 0.25
"""Of the time of a call, where one asks for many workloads: what hangs is soon asked one by one, with all its time."""
_LEGACY = "scored by legacy rules, for comparison only"


class PolicyFailure(Exception):  # noqa: N818 - carries a verdict, is not an error of ours
    """The program raised, hung, died or answered rubbish. Raised by a Policy, caught here alone."""

    def __init__(self, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.verdict: Verdict = verdict
        self.reason = reason


def load_evaluator(problem: Problem) -> Evaluator[Any]:
    """Import and construct the evaluator named in `problem.toml`; the problem's own folder comes first."""
    module_name, _, class_name = problem.evaluator.partition(":")
    try:
        module = _module(problem, module_name)
        if not hasattr(module, class_name):
            classes = [name for name, value in vars(module).items() if _is_evaluator(value)]
            raise UserError(
                f'evaluator.class = "{problem.evaluator}": {module_name} has no class {class_name}'
                f"{did_you_mean(class_name, classes)}"
            )
        evaluator = getattr(module, class_name)(problem.evaluator_parameters)
    except UserError:
        raise
    except Exception as error:  # the evaluator's author reads this
        raise UserError(f'evaluator "{problem.evaluator}" cannot be loaded: {type(error).__name__}: {error}') from error
    if not isinstance(evaluator, Evaluator):
        raise UserError(f'evaluator "{problem.evaluator}" is not a subclass of adrs.evaluation.Evaluator')
    return evaluator


def _module(problem: Problem, name: str) -> ModuleType:
    """The evaluator's module, from the problem's folder or else an installed one. Raises UserError without either."""
    local = problem.folder / f"{name.replace('.', '/')}.py"
    if local.is_file():
        spec = importlib.util.spec_from_file_location(f"_problem_{name}", local)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        return module
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if not f"{name}.".startswith(f"{error.name}."):  # it is there, and imports what is not
            raise
    raise UserError(
        f'{problem.folder / FILE}: evaluator.class = "{problem.evaluator}": {local} does not exist, and no module '
        f"{name} is installed"
    )


def _is_evaluator(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Evaluator) and value is not Evaluator


class Line:
    """Judges programs of one problem from this side of the line of trust."""

    def __init__(self, problem: Problem) -> None:
        """Load the evaluator. Raises UserError."""
        self._problem = problem
        self._evaluator = load_evaluator(problem)
        self._workloads = Workloads(self._evaluator)
        self.functions = problem.functions
        self.readable: tuple[Path, ...] = ()
        self.hidden = (_source_of(self._evaluator),)

    def program(self, job: Job) -> str:
        """What is loaded into the policy process: the program itself."""
        return job.source

    def evaluate(self, policy: Policy, job: Job) -> Evaluation:
        """Evaluate a policy that is loaded, or have it answer what was recorded."""
        if job.replay is not None:
            return _replayed(self.functions, policy, job, job.replay)
        recorder: RecordingPolicy | ListeningPolicy | DigestingPolicy
        if job.recording is not None:
            recorder = RecordingPolicy(policy, self.functions, job.recording)
        elif job.choices is not None:
            recorder = ListeningPolicy(policy, job.choices)
        elif job.digests:
            recorder = DigestingPolicy(policy)
        else:
            workloads = Workloads(self._evaluator) if job.anew else self._workloads
            return evaluate(self._problem, self._evaluator, workloads, policy, job)
        evaluation = evaluate(self._problem, self._evaluator, self._workloads, recorder, job)
        return replace(evaluation, recorded=recorder.recorded())


def _replayed(functions: Mapping[str, FunctionType], policy: Policy, job: Job, wanted: Replay) -> Evaluation:
    try:
        answers = replay(policy, functions, wanted)
    except Invalid as broken:
        return Evaluation(job.split, REPLAY, "invalid", str(broken))
    except PolicyFailure as failure:
        return Evaluation(job.split, REPLAY, failure.verdict, failure.reason)
    return Evaluation(job.split, REPLAY, "ok", recorded=answers)


def _source_of(evaluator: object) -> Path:
    """The top-level package, or the file, that holds the evaluator."""
    module = sys.modules[type(evaluator).__module__]
    top = sys.modules.get(module.__name__.split(".")[0], module)
    locations = getattr(top, "__path__", None)
    return Path(next(iter(locations)) if locations else str(module.__file__)).resolve()


class Workloads:
    """Loads workloads when first asked for, and keeps them."""

    def __init__(self, evaluator: Evaluator[Any]) -> None:
        self._evaluator = evaluator
        self._loaded: dict[str, Any] = {}
        """By all that a spec says: names are unique in the table of a problem's workloads, and nowhere else."""

    def get(self, spec: WorkloadSpec) -> Any:
        """The workload of a spec."""
        key = repr(spec)
        if key not in self._loaded:
            try:
                self._loaded[key] = self._evaluator.load(spec)
            except UserError as error:
                raise UserError(str(error) if spec.name in str(error) else f"workload {spec.name}: {error}") from None
        return self._loaded[key]


def evaluate(problem: Problem, evaluator: Evaluator[Any], workloads: Workloads, policy: Policy, job: Job) -> Evaluation:
    """Evaluate one started policy on one split, stage by stage. Wall, CPU, memory and output are the caller's to add.

    The first workload that fails decides the verdict: none ever leaves a mean. Where the evaluator can do that,
    workloads go together up to the next stage after which an evaluation may end. What comes of it is the same as one by
    one, since it must not depend on how long they took: a hopeless program is given up after the same workload, and if
    any fails, all is done again one by one, from the beginning and in a fresh process. Under legacy rules, those of an
    original evaluator with its holes, metrics are for comparison only: they are marked, and there is no fitness and no
    score.
    """
    if not (job.native or job.recording or job.choices or job.digests):
        try:
            return _evaluate(problem, evaluator, workloads, policy, job, together=True)
        except _FailedTogether:
            with contextlib.suppress(Invalid, PolicyFailure):  # a program that is not loaded fails again at once
                policy.restart()
    return _evaluate(problem, evaluator, workloads, policy, job, together=False)


class _FailedTogether(Exception):  # noqa: N818 - what the workloads did
    """Some workload of several failed."""


def _evaluate(
    problem: Problem, evaluator: Evaluator[Any], workloads: Workloads, policy: Policy, job: Job, together: bool
) -> Evaluation:
    legacy = problem.evaluator_parameters.get("rules") == "legacy"
    if legacy:
        job = replace(job, scale=None)
    results: dict[str, Metrics] = {}
    specs = {spec.name: spec for spec in job.workloads or problem.workloads[job.split]}
    known: dict[str, Metrics] = {}
    wanted = needed(problem, evaluator)
    stages = list(_stages(problem, job, list(specs)))
    for place, (stage, names) in enumerate(stages):
        policy.decision_seconds = _decision_seconds(problem, job, stage)
        if together:
            certain = [name for name in _certain(problem, job, stages[place:]) if name not in {**results, **known}]
            known |= _together(evaluator, workloads, [specs[name] for name in certain], policy)
        for name in names:
            if name in results:
                continue
            spec = specs[name]
            try:
                with calls.noting(f"workload {name}"):
                    metrics = known.get(name) or _decided(evaluator, workloads.get(spec), spec, policy, job.native)
                check_metrics(metrics, name, job.native, wanted)
            except Invalid as broken:
                return _failed(problem, job, stage, results, name, "invalid", str(broken))
            except (PolicyFailure, Failed) as failure:
                return _failed(problem, job, stage, results, name, failure.verdict, failure.reason)
            results[name] = metrics
            beaten = _beaten_bound(metrics, problem)
            if beaten:
                return _failed(problem, job, stage, results, name, "suspect", beaten)
            hopeless = _out_of_reach(problem, evaluator, job, results)
            if hopeless:
                return _stopped(problem, job, stage, results, hopeless)
        if stage != FULL and stage == job.until:
            return _stopped(problem, job, stage, results, "")
        if stage != FULL and not job.thorough and _too_weak(problem, job, stage, results):
            return _stopped(problem, job, stage, results, f"stopped after stage {stage}: score below its threshold")
    found = evaluator.summarise([(specs[name], metrics) for name, metrics in results.items()])
    summary = plain_metrics(found, f"the summary of {job.split}")
    value = named(summary, problem.objective.metric, "metric")
    total = job.scale.total if job.scale else None
    return Evaluation(
        split=job.split, stage=FULL, verdict="ok", metrics=summary, reason=_LEGACY if legacy else "",
        fitness=None if legacy else problem.objective.fitness(value),
        score=None if total is None else total.score(value), workloads=_results(problem, job, results),
    )  # fmt: skip


def _certain(problem: Problem, job: Job, stages: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Workloads of the stages up to the first after which an evaluation may end though none of them has failed."""
    names: dict[str, None] = {}
    for stage, more in stages:
        names |= dict.fromkeys(more)
        entry = next((entry for entry in problem.stages if entry.name == stage), None)
        if entry is None or stage == job.until or job.threshold is not None:
            break
        if entry.decision_seconds is not None or (entry.least_score is not None and not job.thorough):
            break
    return list(names)


def _together(
    evaluator: Evaluator[Any], workloads: Workloads, specs: Sequence[WorkloadSpec], policy: Policy
) -> Mapping[str, Metrics]:
    """Metrics by workload, none where the evaluator takes them one by one. Raises _FailedTogether."""
    if len(specs) < 2 or type(evaluator).evaluate_together is Evaluator.evaluate_together:
        return {}  # one by one: what a failure leaves out need not be loaded
    limit = policy.decision_seconds
    policy.decision_seconds = _TOGETHER * limit
    try:
        found = evaluator.evaluate_together(policy, [(workloads.get(spec), spec) for spec in specs])
    except (Invalid, PolicyFailure, Failed):
        raise _FailedTogether from None
    finally:
        policy.decision_seconds = limit
    return {spec.name: metrics for spec, metrics in zip(specs, found, strict=bool(found))}


def _decided(evaluator: Evaluator[Any], workload: Any, spec: WorkloadSpec, policy: Policy, native: str) -> Metrics:
    if native:
        return evaluator.reference(native, workload, spec)
    policy.reset(spec.policy_seed)
    return evaluator.evaluate(policy, workload, spec)


def _stages(problem: Problem, job: Job, everything: Sequence[str]) -> Iterable[tuple[str, Sequence[str]]]:
    if job.split == "train":
        for stage in problem.stages:
            yield stage.name, stage.workloads
            if stage.name == job.until:
                return
    yield FULL, everything


def _decision_seconds(problem: Problem, job: Job, stage: str) -> float:
    limits = [problem.limits.decision_seconds, job.decision_seconds]
    limits += [entry.decision_seconds for entry in problem.stages if entry.name == stage]
    return min(seconds for seconds in limits if seconds is not None)


def _too_weak(problem: Problem, job: Job, stage: str, results: Mapping[str, Metrics]) -> bool:
    threshold = next(entry.least_score for entry in problem.stages if entry.name == stage)
    scores = [result.score for result in _results(problem, job, results) if result.score is not None]
    return threshold is not None and bool(scores) and sum(scores) / len(scores) < threshold


def _out_of_reach(problem: Problem, evaluator: Evaluator[Any], job: Job, results: Mapping[str, Metrics]) -> str:
    """Why a program cannot reach the job's threshold any more, however well the rest goes; empty while it can."""
    threshold, specs = job.threshold, problem.workloads["train"]
    if threshold is None or len(results) == len(specs) or job.split != "train":
        return ""
    thinkable = [
        (spec, results[spec.name] if spec.name in results else _metrics(threshold, spec.name)) for spec in specs
    ]
    objective = problem.objective
    best = evaluator.summarise(thinkable)[objective.metric]
    needed = threshold.fitness
    if objective.fitness(best) >= needed - _BOUND_TOLERANCE * abs(needed):
        return ""
    return (
        f"stopped after {len(results)} of {len(specs)} workloads: even if the rest went as well as thinkable, "
        f"{objective.metric} would be {best:.6g}, and {objective.fitness(needed):.6g} is needed to be kept"
    )


def _metrics(threshold: Threshold, name: str) -> Metrics:
    metrics = Metrics(weight=threshold.weights[name])
    metrics.update(threshold.thinkable[name])
    return metrics


def _stopped(problem: Problem, job: Job, stage: str, results: Mapping[str, Metrics], reason: str) -> Evaluation:
    """A program that ran well as far as it went, without a fitness."""
    return Evaluation(
        split=job.split, stage=PARTIAL if stage == FULL else stage, verdict="ok", reason=reason,
        workloads=_results(problem, job, results),
    )  # fmt: skip


def _beaten_bound(metrics: Metrics, problem: Problem) -> str:
    sign = 1.0 if problem.objective.direction == "maximize" else -1.0
    for name, bound in metrics.bounds.items():
        value = metrics[name]
        if sign * (value - bound) > _BOUND_TOLERANCE * max(1e-300, abs(bound)):
            return f"{name} {value:.10g} beats the proven bound {bound:.10g}"
    return ""


def _results(problem: Problem, job: Job, results: Mapping[str, Metrics]) -> tuple[WorkloadResult, ...]:
    scored = []
    for name, metrics in results.items():
        value = metrics.get(problem.objective.workload_metric)
        score = job.scale.workload_score(name, value) if job.scale else None
        scored.append(
            WorkloadResult(
                name,
                "ok",
                dict(metrics),
                score,
                metrics.feedback,
                metrics.weight,
                metrics.bounds,
                plain_replicates(metrics, name) if job.replicates else (),
                tuple(metrics.details()) if job.details and metrics.details is not None else (),
            )
        )
    return tuple(scored)


def _failed(
    problem: Problem, job: Job, stage: str, results: Mapping[str, Metrics], name: str, verdict: Verdict, reason: str
) -> Evaluation:
    before = tuple(result for result in _results(problem, job, results) if result.name != name)
    failing = WorkloadResult(name, verdict, dict(results.get(name, {})), feedback=reason)
    return Evaluation(
        split=job.split, stage=stage, verdict=verdict, reason=f"{name}: {reason}", workloads=(*before, failing)
    )
