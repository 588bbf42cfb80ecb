"""The stage that writes a rule down in other languages, checks each, and measures what a decision costs."""

import asyncio
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from adrs.distill.checks.record import Check
from adrs.distill.export.cost import cost
from adrs.distill.export.python import python
from adrs.distill.record import Ended, record
from adrs.distill.symbolic.teacher import Network, load_network
from adrs.distill.work import Result, Row, Work
from adrs.errors import UserError
from adrs.program import FULL, Evaluation, Job, Recording, Split
from adrs.rule.form import Rule
from adrs.rule.text import text

if TYPE_CHECKING:
    from adrs.distill.export.exporting import Exported, Trial

_NO_RULE = "nothing was exported, since there is no rule."
_RECORDED_WORKLOADS = 4
_RECORDED_ROWS = 20
"""Of a flow, evenly spaced."""
_PYTHON_CALLS = 20_000
"""Fewer than of a rule in C, since each takes a hundred times as long; also of a network in C."""


class Export:
    """Route (c)."""

    name = "export"
    share = 0.5

    async def prepare(self, work: Work, before: Collection[str]) -> bool:
        """Whether there is a rule, or will be one."""
        if work.subject.rule is not None or "expression" in before:
            return True
        work.not_done.append(_NO_RULE)
        return False

    async def run(self, work: Work, deadline: float) -> None:
        """Export the rule that the work has, and hand in what the checks say.

        A rule that cannot be exported is a user's mistake where nothing else was asked for, else a sentence.
        """
        rule = work.rule or work.subject.rule
        if rule is None:
            work.not_done.append(_NO_RULE)
            return
        began = time.monotonic()
        try:
            from adrs.distill.export import exporting

            exported = exporting.export(rule, work.problem, work.folder, work.wish.targets, work.wish.seed)
        except UserError as error:
            if work.wish.only == self.name:
                raise
            work.not_done.append(f"nothing was exported: {error}")
            return
        rule = exported.rule
        source = python(rule, _function(work))
        at = work.observer.at
        at("the rule is scored as a program in the sandbox")
        row = await _row(work, rule, source)
        try:
            rows = await _recorded(work, rule, source)
        except UserError as error:
            exporting.mark(exported, [Check("closed loop", False, str(error))])
            _list(work, exported)
            raise
        trial = exporting.Trial(seed=work.wish.seed, recorded=rows)

        def over(needed: float = 0.0) -> bool:
            return work.stop.asked.is_set() or time.monotonic() + needed > deadline

        at("every language is compared with the rule")
        checks = [*exported.checks, *await asyncio.to_thread(_checked, exported, trial, over)]
        at("every language decides on validation")
        checks += await _closed_loop(work, exported, row.evaluations.get("validation"), over)
        unverified = exporting.mark(exported, checks)
        if over():
            work.not_done.append("the time of a decision was not measured: no time was left; give more with --budget.")
        at("the time of a decision is measured")
        times = {} if over() else await asyncio.to_thread(_times, exported, source, rows)
        if work.rule is None:
            work.rule = rule
            work.sections.append(f"## Rule\n\n```\n{text(rule)}\n```")
        if work.subject.network is not None and work.original is not None and not over():
            teacher = await asyncio.to_thread(_teacher_times, load_network(work.subject.network, rule.inputs), rows)
            work.original = replace(work.original, more={**work.original.more, "ns": teacher})
        _hand_in(work, exported, checks, replace(row, more={**row.more, "ns": times}), source)
        if "fixed" in work.wish.targets and "fixed" not in exported.targets:
            work.not_done.append("rule_fixed.c was not written, since Q16.16 cannot hold the rule, as its check says.")
        for why in dict.fromkeys(map(", ".join, unverified.values())):
            targets = [target for target, reasons in unverified.items() if ", ".join(reasons) == why]
            work.not_done.append(f"{', '.join(targets)}: {why}; what was written is marked as unverified.")
        made = [check for check in checks if not check.skipped]
        left_out = f", {len(checks) - len(made)} skipped" if len(made) < len(checks) else ""
        passed = sum(check.ok for check in made)
        work.observer.said(f"{', '.join(exported.targets)}: {passed} of {len(made)} checks passed{left_out}, "
                           f"{time.monotonic() - began:.1f} s")  # fmt: skip


def _function(work: Work) -> str:
    assert work.problem.distillation is not None
    return work.problem.distillation.function


async def _row(work: Work, rule: Rule, source: str) -> Row:
    """The rule's line of the table, scored on train and validation as a program in the sandbox."""
    known = next((result.row for result in work.results if result.source == source), None)
    found: dict[Split, Evaluation] = dict(known.evaluations) if known else {}
    splits: tuple[Split, ...] = ("train", "validation")
    for split in splits:
        if split not in found and work.problem.workloads[split]:
            found[split] = await work.executor.evaluate(Job(source, split, scale=work.calibration.scale(split)))
            work.evaluations += 1
    size = cost(rule)
    more = {**(known.more if known else {}), "operations": size.operations, "calls": dict(size.calls)}
    name = known.name if known else "rule"
    return Row(name, known.kind if known else "rule", size.nodes, found, more)


async def _recorded(work: Work, rule: Rule, source: str) -> NDArray[np.float64]:
    """What the rule sees in closed loop: float64[rows, window, features]. Raises UserError where it fails."""
    specs = work.problem.workloads["train"][:_RECORDED_WORKLOADS]
    recording = Recording(_function(work), rows_of_flow=_RECORDED_ROWS, evenly=True, seed=work.wish.seed)
    try:
        samples = await record(work.executor, source, specs, recording)
    except Ended as ended:
        raise UserError(f"the rule fails in closed loop: {ended}") from None
    inputs = rule.inputs
    (rows,) = samples.observations.values()
    return np.asarray(rows, dtype=np.float64).reshape(len(rows), inputs.window, len(inputs.features))


def _checked(exported: "Exported", trial: "Trial", over: Callable[[], bool]) -> list[Check]:
    from adrs.distill.export import exporting

    return exporting.check(exported, exporting.expected(exported.rule, trial), over)


async def _closed_loop(
    work: Work, exported: "Exported", evaluation: Evaluation | None, over: Callable[[float], bool]
) -> list[Check]:
    """A compiled rule is asked interval by interval as the program in the sandbox was, and takes about as long."""
    from adrs.distill.export import exporting

    specs = work.problem.workloads["validation"]
    if not specs or evaluation is None:
        work.not_done.append("there are no validation workloads to compare exports on.")
        return []
    scale = work.calibration.scale("validation")
    total = scale.total if scale else None
    needed = partial(over, evaluation.wall_seconds)
    return await exporting.check_closed_loop(exported, work.problem, evaluation, specs, total, needed)


def _times(exported: "Exported", source: str, rows: NDArray[np.float64]) -> dict[str, float]:
    """Nanoseconds of a decision by language, over recorded rows."""
    from adrs.distill.checks import compiler as compilers
    from adrs.distill.export import timing

    newest = np.ascontiguousarray(rows[:, -1])
    times = {"python": timing.in_python(source, newest, _PYTHON_CALLS)}
    compiler = compilers.find()
    for kind in timing.KINDS:
        if compiler is not None and kind in exported.targets:
            try:
                times[kind] = timing.compiled(exported.rule, exported.folder, kind, compiler, newest)
            except compilers.CompileError:  # the check of the build has said so
                continue
    return times


def _teacher_times(network: Network, rows: NDArray[np.float64]) -> dict[str, float]:
    """Nanoseconds of a network's answer in plain C and in numpy, over what the rule saw, as it enters the network."""
    from adrs.distill.checks import compiler as compilers
    from adrs.distill.export import timing

    perceptron = timing.Perceptron(network.weights, network.biases, network.activation)
    entered = network.entered(rows)
    times = {"numpy": timing.network_in_numpy(perceptron, entered, _PYTHON_CALLS)}
    compiler = compilers.find()
    if compiler is not None:
        times["c"] = timing.network_in_c(perceptron, compiler, entered, _PYTHON_CALLS)
    return times


def _hand_in(work: Work, exported: "Exported", checks: Sequence[Check], row: Row, source: str) -> None:
    """The rule's row, chosen unless a check of it failed; fixed point, whose answers differ, has a row of its own."""
    failed = [check for check in checks if check.failed and check.target not in ("fixed", "latex")]
    times = row.more["ns"]
    if "fixed" in exported.targets:
        work.rules.append(_fixed(work, checks, row, {"fixed": times["fixed"]} if "fixed" in times else {}))
    times = {language: each for language, each in times.items() if language != "fixed"}
    row = replace(row, more={**row.more, "ns": times, "eligible": not failed})
    known = next((place for place, each in enumerate(work.results) if each.source == source), None)
    was_chosen = work.chosen is None if known is None else work.chosen is work.results[known]
    if known is None:
        work.results.append(Result(source, "distil", f"{work.subject.name} as a program", row))
        known = len(work.results) - 1
    work.results[known] = replace(work.results[known], row=row)
    if was_chosen:
        work.chosen = None if failed else work.results[known]
    work.checks += checks
    _list(work, exported)


def _list(work: Work, exported: "Exported") -> None:
    for path in exported.files:
        work.wrote(path)


def _fixed(work: Work, checks: Sequence[Check], row: Row, times: dict[str, float]) -> Row:
    """The row of rule_fixed.c, with what it reached in closed loop."""
    metric, evaluations = work.problem.objective.metric, dict[Split, Evaluation]()
    value = next((check.value for check in checks if check.target == "fixed" and check.value is not None), None)
    if value is not None:
        fitness = work.problem.objective.fitness(value)
        evaluations["validation"] = Evaluation("validation", FULL, "ok", metrics={metric: value}, fitness=fitness)
    eligible = not any(check.failed for check in checks if check.target in ("", "fixed"))
    more = {"operations": row.more["operations"], "ns": times, "eligible": eligible}
    return Row(f"{row.name}, fixed point", "fixed", row.nodes, evaluations, more)
