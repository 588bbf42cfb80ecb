"""The stage that turns a program or a network into a rule: route (b)."""

import ast
import asyncio
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial

from adrs.distill.export.python import python
from adrs.distill.minimise.size import size
from adrs.distill.record import Ended, joined
from adrs.distill.symbolic.closed_loop import ClosedLoop, Outcome
from adrs.distill.symbolic.rounds import HALF_A_POINT, Distilling, Found, Plan
from adrs.distill.symbolic.rows import RuleRow, gap_said, make_rows
from adrs.distill.symbolic.search import require
from adrs.distill.symbolic.teacher import Network, load_network
from adrs.distill.symbolic.teachers import NetworkTeacher, ProgramTeacher
from adrs.distill.symbolic.workers import Workers
from adrs.distill.work import Result, Row, Work
from adrs.errors import UserError
from adrs.program import FULL, Evaluation, Job, Recording, Split, WorkloadResult
from adrs.rule.file import rule_text
from adrs.rule.text import text

OPERATOR = "distil"
_SOFT = 0.7
"""Of the stage's time: afterwards no further round begins and no further rule is tuned."""
_SEEN: tuple[Split, ...] = ("train", "validation")
_LOOK = 0.2
"""Seconds between two looks at the clock and at whether the search was interrupted."""


class ExpressionSearch:
    """Route (b)."""

    name = "expression"
    share = 2.0

    def __init__(self) -> None:
        self._teacher: Network | ProgramTeacher | None = None

    async def prepare(self, work: Work, before: Collection[str]) -> bool:
        """Whether the search engine is there, and a rule can stand for the network or the program."""
        try:
            require()
            self._teacher = await _teacher(work)
        except (UserError, Ended) as error:
            _refuse(work, error)
            return False
        return True

    async def run(self, work: Work, deadline: float) -> None:
        """Distil the teacher, hand in the table's rules, and the chosen one as a program.

        Where it cannot be done, that is said among what was not done, or raised as UserError if it was all that was
        asked for.
        """
        assert self._teacher is not None
        try:
            with Workers(work.wish.workers) as workers:
                loop = ClosedLoop(work.problem, workers)
                await _Distillation(work, loop, workers, deadline).run(self._teacher)
        except (UserError, Ended) as error:
            _refuse(work, error)


def _refuse(work: Work, error: UserError | Ended) -> None:
    if work.subject.network is not None or work.wish.only == ExpressionSearch.name:
        raise UserError(str(error)) from None
    work.not_done.append(f"no expression was looked for: {error}.")


async def _teacher(work: Work) -> Network | ProgramTeacher:
    """The network, or the program as far as it is a function of what it is shown. Raises UserError, Ended."""
    problem, distillation = work.problem, work.problem.distillation
    if distillation is None:
        raise UserError(f"{problem.name} does not say in [distill] what a rule would be shown")
    inputs, name = distillation.inputs, distillation.function
    if work.subject.network is not None:
        return load_network(work.subject.network, inputs)
    program = ProgramTeacher(work.subject.source, work.executor, inputs)
    recording = Recording(name, noise=0.5 * inputs.unit)
    await program.check(problem.workloads["train"][:2], recording, problem.functions[name])
    return program


class _Distillation:
    """One run of the stage."""

    def __init__(self, work: Work, loop: ClosedLoop, workers: Workers, deadline: float) -> None:
        self._work, self._loop, self._workers, self._deadline = work, loop, workers, deadline
        self._began = time.monotonic()
        self._margin = HALF_A_POINT
        self._searching = self._began
        self._reserved = 0.0
        """Seconds that handing in takes: the chosen rule is asked interval by interval, as its teacher was."""

    async def run(self, given: Network | ProgramTeacher) -> None:
        work = self._work
        work.observer.at("scoring the teacher")
        teacher = await self._known(given)
        self._searching = time.monotonic()
        assert work.original is not None
        scale = work.calibration.scale("validation")
        total = scale.total if scale else None
        value = _value(work.original.evaluations, "validation", work.problem.objective.metric)
        self._margin *= abs(total.state_of_the_art - total.trivial) if total else abs(value or 1.0)
        wish = work.wish
        plan = Plan(
            length=wish.length, leaves=wish.leaves, rounds=wish.rounds, seed=wish.seed, most_operations=wish.operations
        )
        distilling = Distilling(teacher, self._loop, self._workers, plan, self._margin, self._enough, self._say)
        self._workers.heard = partial(self._worked, distilling)
        await self._until_the_end(distilling)
        self._workers.heard = partial(self._measured, "scoring the rules of the table")
        found = distilling.found
        work.evaluations += self._loop.evaluations
        if found.samples:
            path = work.folder / "samples.npz"
            joined(found.samples).save(path)
            work.wrote(path)
        if found.chosen(self._margin) is None:
            work.not_done.append("no rule was found in the time that there was; give more with --budget.")
            return
        await self._hand_in(found, teacher)

    @property
    def _end(self) -> float:
        """When the search has to end, so that there is time to hand in; at least half of what is left is its own."""
        return max(self._deadline - self._reserved, 0.5 * (self._searching + self._deadline))

    def _enough(self) -> bool:
        soft = self._searching + _SOFT * (self._end - self._searching)
        return self._work.stop.asked.is_set() or time.monotonic() > soft

    def _over(self) -> bool:
        return self._work.stop.asked.is_set() or time.monotonic() > self._deadline - self._reserved

    def _say(self, line: str) -> None:
        self._work.observer.said(f"{line}, {time.monotonic() - self._began:.1f} s")

    def _worked(self, distilling: Distilling, done: int, total: int) -> None:
        scored = distilling.found.validation
        best = max((outcome for outcome in scored), key=lambda each: each.fitness, default=None)
        known = f"; {len(scored)} rules so far, the best reaches {best.value:.4g}" if best else ""
        self._work.observer.at(f"{distilling.doing}, {done} of {total}{known}")

    def _measured(self, what: str, done: int, total: int) -> None:
        self._work.observer.at(f"{what}, {done} of {total}")

    async def _until_the_end(self, distilling: Distilling) -> None:
        """Run until it is done, interrupted, or out of time."""
        task = asyncio.create_task(distilling.run())
        while not task.done():
            await asyncio.wait({task}, timeout=_LOOK)
            late = time.monotonic() > self._end
            if not task.done() and (self._work.stop.asked.is_set() or late):
                task.cancel()
                await asyncio.wait({task})
                self._workers.renew()  # a search that has begun does not look at the clock
                why = "its time was over" if late else "it was interrupted"
                self._work.not_done.append(f"the search for an expression did not come to its end: {why}.")
        if not task.cancelled():
            task.result()
        self._work.not_done += [f"{clause}." for clause in distilling.found.not_done]

    async def _known(self, given: Network | ProgramTeacher) -> NetworkTeacher | ProgramTeacher:
        """The network or the program, with its row."""
        work, loop, problem = self._work, self._loop, self._work.problem
        if isinstance(given, Network):
            network, teacher = given, NetworkTeacher(given, loop)
            outcomes: dict[Split, Outcome] = {split: await teacher.outcome(problem.workloads[split])
                                              for split in _SEEN if problem.workloads[split]}  # fmt: skip
            self._reserved = sum(loop.seconds(network, problem.workloads[split]) for split in _SEEN)
            more = {"operations": network.operations, "fidelity": 1.0}
            work.original = Row("teacher", "teacher", network.parameters, self._by_workload(outcomes), more)
            return teacher
        if given.entries:
            work.observer.said(f"{len(given.entries)} numbers that the program keeps are known from what it is shown")
        known = {**work.subject.evaluations, **(work.original.evaluations if work.original else {})}
        for split in _SEEN:
            if split not in known and problem.workloads[split]:
                known[split] = await work.executor.evaluate(Job(work.subject.source, split, None,
                                                                work.calibration.scale(split)))  # fmt: skip
                work.evaluations += 1
        self._reserved = sum(known[split].wall_seconds for split in _SEEN if split in known)
        nodes = size(ast.parse(work.subject.source)).nodes
        original = work.original or Row("original", "original", nodes, {})
        work.original = replace(original, evaluations=known)
        return given

    async def _hand_in(self, found: Found, teacher: NetworkTeacher | ProgramTeacher) -> None:
        """Rows, the chosen rule as a program and as a file."""
        work = self._work
        rows = await make_rows(self._loop, found, self._margin, self._over)
        chosen = next(row for row in rows if row.chosen)
        await self._test_of(teacher)
        untested = sum("test" not in row.outcomes for row in rows) if work.problem.workloads["test"] else 0
        if untested:
            work.not_done.append(
                f"{untested} rules of the table were not measured on train and test: no time was left."
            )
        work.rules += [self._row(row) for row in rows if not row.chosen]
        assert chosen.rule is not None
        work.rule = chosen.rule
        work.write("rule.json", rule_text(chosen.rule, work.wish.seed))
        if "validation" in chosen.outcomes and "test" in chosen.outcomes:
            gap = gap_said(self._points(chosen, "validation"), self._points(chosen, "test"))
            work.not_done += [f"{gap}."] if gap else []
        if chosen.operations > work.wish.operations:
            work.not_done.append(f"no rule was found of at most {work.wish.operations} operations.")
        less = self._less_than_the_teacher(chosen)
        if less:
            work.not_done.append(less)
        self._judge(await self._result(chosen), bool(less))
        work.sections.append(f"## Rule\n\n```\n{text(chosen.rule)}\n```")

    def _judge(self, result: Result, worse: bool) -> None:
        """Take the rule as a program if it holds in the sandbox, and choose it unless its teacher does better."""
        work = self._work
        failed = next((found for found in result.row.evaluations.values() if found.verdict != "ok"), None)
        if failed is not None:
            work.rules.append(replace(result.row, more={**result.row.more, "eligible": False}))
            work.not_done.append(
                f"the best rule is not taken, since as a program it ends {failed.verdict} on {failed.split}: "
                f"{failed.reason}."
            )
            return
        work.results.append(result)
        if not worse or (work.chosen is None and work.subject.network is not None):
            work.chosen = result

    async def _test_of(self, teacher: NetworkTeacher | ProgramTeacher) -> None:
        """A network on test, where there is time; a program is measured with all others at the end."""
        work = self._work
        specs = work.problem.workloads["test"]
        if not isinstance(teacher, NetworkTeacher) or work.original is None or not specs:
            return
        seen = sum(len(work.problem.workloads[split]) for split in _SEEN)
        if work.stop.asked.is_set() or time.monotonic() + self._reserved * len(specs) / seen > self._deadline:
            work.not_done.append("the teacher was not measured on test: no time was left; give more with --budget.")
            return
        outcome = await teacher.outcome(specs)
        known = {**work.original.evaluations, **self._by_workload({"test": outcome})}
        work.original = replace(work.original, evaluations=known)

    def _points(self, row: RuleRow, split: Split) -> float:
        """The score, or what stands for it where there is no scale."""
        scale = self._work.calibration.scale(split)
        score = scale.total.score(row.outcomes[split].value) if scale and scale.total else None
        return row.outcomes[split].fitness / (2.0 * self._margin) if score is None else score

    def _less_than_the_teacher(self, chosen: RuleRow) -> str:
        """A sentence where the rule does worse on validation by more than half a point."""
        work = self._work
        split: Split = "validation" if work.problem.workloads["validation"] else "train"
        value = _value(work.original.evaluations if work.original else {}, split, work.problem.objective.metric)
        if value is None:
            return ""
        lost = (work.problem.objective.fitness(value) - chosen.outcomes[split].fitness) / (2.0 * self._margin)
        return f"the best rule is {lost:.1f} points below its teacher on {split}." if lost > 0.5 else ""

    async def _result(self, row: RuleRow) -> Result:
        """The rule as a program, evaluated in the sandbox like any other; on test at the end, where there is time."""
        work = self._work
        assert row.rule is not None
        source = python(row.rule, self._loop.distillation.function)
        evaluations = self._evaluations(row.outcomes)
        for split in _SEEN:
            if work.problem.workloads[split]:
                job = Job(source, split, None, work.calibration.scale(split))
                evaluations[split] = await work.executor.evaluate(job)
                work.evaluations += 1
        made = replace(self._row(row), name="rule", evaluations=evaluations)
        said = f"{work.subject.name} as a rule of {row.operations} operations ({row.name})"
        return Result(source, OPERATOR, said, made, {"seed": work.wish.seed, **made.more})

    def _row(self, row: RuleRow) -> Row:
        worst = {split: outcome.worst_tenth for split, outcome in row.outcomes.items()}
        more = {"operations": row.operations, "fidelity": row.fidelity, "worst_tenth": worst}
        return Row(row.name, row.kind, row.nodes, self._evaluations(row.outcomes), more)

    def _by_workload(self, outcomes: Mapping[Split, Outcome]) -> dict[Split, Evaluation]:
        """Of a network, which is never a program: with its metric on each workload, to be drawn against the rule's."""
        metric = self._work.problem.objective.workload_metric
        return {
            split: replace(found, workloads=tuple(
                WorkloadResult(name, "ok", {metric: value}) for name, value in outcomes[split].workloads))
            for split, found in self._evaluations(outcomes).items()
        }  # fmt: skip

    def _evaluations(self, outcomes: Mapping[Split, Outcome]) -> dict[Split, Evaluation]:
        """What closed loops gave, as evaluations of programs have it."""
        found: dict[Split, Evaluation] = {}
        for split, outcome in outcomes.items():
            scale = self._work.calibration.scale(split)
            score = scale.total.score(outcome.value) if scale and scale.total else None
            metrics = {self._work.problem.objective.metric: outcome.value}
            found[split] = Evaluation(split, FULL, "ok", metrics=metrics, fitness=outcome.fitness, score=score)
        return found


def _value(evaluations: Mapping[Split, Evaluation], split: Split, metric: str) -> float | None:
    return evaluations[split].metrics.get(metric) if split in evaluations else None
