"""One distillation: from a run and a program's number, or a file, to smaller programs, their table and the log.

Effects live here: folders, workers, signals, clocks. The stages are listed here, in the order in which they run.
"""

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adrs import lineage, plugins, problem, session, threads
from adrs.assess import read_program
from adrs.calibrate import Calibration, calibrate
from adrs.distill import pareto, place
from adrs.distill.export.python import python
from adrs.distill.export.stage import Export
from adrs.distill.minimise.stage import Minimisation
from adrs.distill.observer import Observer
from adrs.distill.on_test import measured_in_time
from adrs.distill.picture import picture
from adrs.distill.priority.stage import PrioritySearch
from adrs.distill.record import Ended
from adrs.distill.report import FILE, PICTURE, report
from adrs.distill.stop import Stop
from adrs.distill.symbolic.stage import ExpressionSearch
from adrs.distill.symbolic.teacher import load_network
from adrs.distill.table import entries, values_by_workload
from adrs.distill.work import Result, Stage, Subject, Wish, Work
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.interrupts import interrupts
from adrs.problem import Problem
from adrs.program import SPLITS, Draft, Evaluation, Parent, Split
from adrs.rule.file import read_rule
from adrs.rule.form import Rule
from adrs.run_settings import read_settings
from adrs.source import Rejected, Screen
from adrs.store import Reader, Writer

RULE = "rule.json"
STAGES: Mapping[str, type[Stage]] = {"minimise": Minimisation, "expression": ExpressionSearch, "export": Export}
_OF_CHOICES: Mapping[str, type[Stage]] = {"minimise": Minimisation, "expression": PrioritySearch}
"""Of problems that declare nothing that a rule could stand for: no rule, and nothing to export."""
OF_NETWORKS = ("expression", "export")
"""Stages that need no program."""
PROPOSER = "distill"
_FOR_TEST = 0.1
"""Share of the time that is kept for the measurements on `test`."""


@dataclass(frozen=True)
class Outcome:
    """What a distillation ends with."""

    work: Work
    seconds: float
    number: Mapping[str, int]
    """Numbers in the run's log of what was accepted, by name of the row."""

    @property
    def exit_code(self) -> int:
        """0 where something was chosen, 3 where nothing smaller was accepted. Where exports are all that was asked for,
        3 as well where one of them failed a check.
        """
        work = self.work
        failed = work.wish.only == Export.name and any(check.failed for check in work.checks)
        return 3 if work.chosen is None or failed else 0

    def plain(self) -> dict[str, Any]:
        """The stable machine-readable form."""
        work, metric = self.work, self.work.problem.objective.metric
        minimal = next((result.row for result in work.results if result.row.kind == "minimal"), None)
        return {
            "problem": work.problem.name, "mode": work.wish.mode,
            "original": work.original.plain(metric) if work.original else None,
            "minimal": minimal.plain(metric) if minimal else None,
            "rules": pareto.plain(entries(work)),
            "chosen": work.chosen.row.name if work.chosen else None,
            "checks": [check.plain() for check in work.checks],
            "not_done": list(work.not_done), "programs": dict(self.number),
            "files": [str(path) for path in work.files], "seconds": self.seconds, "evaluations": work.evaluations,
        }  # fmt: skip


def of_run(
    folder: Path, number: int | None, wish: Wish, sandbox: str | None, output: Path | None, observer: Observer
) -> Outcome:
    """Distil a program of a run, by default its winner. Raises UserError for what the user can mend."""
    settings, loaded = read_settings(folder)
    Writer.open(folder).close()  # nobody else writes to it, and so can we
    with Reader(folder) as reader:
        number = lineage.winner(reader) if number is None else number
        if number is None:
            raise UserError(f"run {folder.name} has no program that works yet")
        source = reader.program(number).source
        known: dict[Split, Evaluation] = {
            split: found for split in SPLITS if (found := reader.evaluation(number, split)) is not None
        }
        calibration = session.recorded_calibration(loaded, reader)
    usual = folder / "distill" / str(number)
    subject = Subject(source, f"program {number} of run {folder.name}", number, known, rule=_earlier(wish, usual))
    target = place.asked_for(output) if output else place.free(usual)
    done = _distilled(loaded, subject, wish, settings.executor, sandbox, target, calibration, observer)
    try:
        return replace(done, number=_log(folder, done.work, subject))
    except UserError as error:  # somebody works on the run by now; the files are there
        done.work.not_done.append(f"the run's log was not told of what was found: {error}.")
        return done


def of_file(
    name_or_path: str, file: Path, wish: Wish, sandbox: str | None, output: Path | None, observer: Observer
) -> Outcome:
    """Distil a program outside of a run, or export a rule. Raises UserError for what the user can mend."""
    loaded, usual = problem.load(name_or_path), Path(f"distill-{file.stem}")
    if file.suffix == ".json":
        if wish.only not in (None, Export.name):
            raise UserError(f"{file} is a rule, which can be exported, and nothing else: leave --only {wish.only} out")
        subject, wish = _rule(loaded, file), replace(wish, only=Export.name)
    else:
        subject = Subject(read_program(file), file.name, rule=_earlier(wish, usual))
    target = place.asked_for(output) if output else place.free(usual)
    return _distilled(loaded, subject, wish, "local", sandbox, target, None, observer)


def _earlier(wish: Wish, usual: Path) -> Rule | None:
    """Where only exports are asked for: the newest rule that earlier distillations of the same program left."""
    if wish.only != Export.name:
        return None
    files = (folder / RULE for folder in place.earlier(usual))
    found = next((file for file in files if file.is_file()), None)
    if found is None:
        raise UserError(f"there is no rule to export in {usual}: leave out --only, or name a rule.json")
    return read_rule(found)


def _rule(loaded: Problem, file: Path) -> Subject:
    """A rule, with the program that it is."""
    if loaded.distillation is None:
        raise UserError(f"{loaded.name} has no table [distill], so no rule can stand for its policy")
    rule = read_rule(file, loaded.distillation.inputs)
    return Subject(python(rule, loaded.distillation.function), file.name, rule=rule)


def of_network(name_or_path: str, file: Path, wish: Wish, output: Path | None, observer: Observer) -> Outcome:
    """Distil a neural teacher: a file of arrays. Raises UserError for what the user can mend."""
    loaded, usual = problem.load(name_or_path), Path(f"distill-{file.stem}")
    if loaded.distillation is None:
        raise UserError(f"{loaded.name} has no table [distill], so no network can stand for its policy")
    load_network(file, loaded.distillation.inputs)  # a wrong file is told before anything is started
    subject = Subject("", file.name, network=file, rule=_earlier(wish, usual))
    target = place.asked_for(output) if output else place.free(usual)
    return _distilled(loaded, subject, wish, "local", None, target, None, observer)


def _distilled(
    loaded: Problem, subject: Subject, wish: Wish, executor: str, sandbox: str | None, folder: Path,
    calibration: Calibration | None, observer: Observer,
) -> Outcome:  # fmt: skip
    if loaded.trust == "shared":
        raise UserError(f"{loaded.name} is judged by a shared evaluator, whose scores cannot stand for a program's own")
    if subject.network is None:
        try:
            Screen(loaded).check(subject.source, anywhere=True)
        except Rejected as rejected:
            raise UserError(f"{subject.name} is no program of {loaded.name}: {rejected}") from None
    place.make(folder)
    observer.said(f"{subject.name}, into {folder}")
    try:
        pool: Executor = plugins.load("executor", executor)(loaded, wish.workers, sandbox)
        return threads.run(_work(loaded, subject, wish, pool, folder, calibration, observer))
    finally:
        with contextlib.suppress(OSError):  # it holds something, as it should
            folder.rmdir()


def _stages(loaded: Problem, wish: Wish) -> Mapping[str, type[Stage]]:
    """Those that a problem's programs go through."""
    return STAGES if loaded.distillation is not None or wish.only == Export.name else _OF_CHOICES


async def _work(
    loaded: Problem, subject: Subject, wish: Wish, executor: Executor, folder: Path, calibration: Calibration | None,
    observer: Observer,
) -> Outcome:  # fmt: skip
    began = time.monotonic()
    stop = Stop(began + wish.seconds)

    def end_early() -> None:
        stop.asked.set()
        observer.said("it ends early: what was found is measured, which takes a while; another Ctrl-C ends it at once")

    try:
        await executor.start()
        with interrupts(end_early):
            if calibration is None:
                observer.at("measuring the baselines")
                calibration = await calibrate(loaded, executor, SPLITS)
            work = Work(loaded, subject, wish, executor, calibration, folder, stop, observer)
            stages = await _prepared(work)
            end = began + wish.seconds
            deadline = end - _FOR_TEST * wish.seconds
            for number, stage in enumerate(stages):
                left = max(0.0, deadline - time.monotonic())
                seconds = left * stage.share / sum(each.share for each in stages[number:])
                observer.began(stage.name, seconds)
                try:
                    await stage.run(work, time.monotonic() + seconds)
                except (UserError, Ended) as error:
                    if number == 0:  # nothing was found that could be lost
                        raise UserError(str(error)) from None
                    work.not_done.append(f"{stage.name} did not come to its end: {error}.")
                    observer.said(f"it failed: {error}")
            observer.began("test", max(0.0, end - time.monotonic()))
            await measured_in_time(work, end)
    finally:
        await executor.close()
    _write(work)
    return Outcome(work, time.monotonic() - began, {})


async def _prepared(work: Work) -> list[Stage]:
    """The stages that have something to do."""
    found: list[Stage] = []
    for name, stage in _stages(work.problem, work.wish).items():
        if work.wish.only in (None, name) and (work.subject.network is None or name in OF_NETWORKS):
            made = stage()
            work.observer.at(f"looking at what there is to do: {name}")
            found += [made] if await made.prepare(work, [each.name for each in found]) else []
    return found


def _write(work: Work) -> None:
    """What all stages found."""
    checks = [check.plain() for check in work.checks]
    work.write("checks.json", json.dumps(checks, indent=2) + "\n")
    work.write("pareto.csv", pareto.csv_text(entries(work)))
    work.write(PICTURE, picture(entries(work), *values_by_workload(work)))
    work.write(FILE, report(work))


def _log(folder: Path, work: Work, subject: Subject) -> dict[str, int]:
    """Append what was accepted to the run's log; what the log has already is found there."""
    numbers: dict[str, int] = {}
    writer = Writer.open(folder)
    try:
        with Reader(folder) as reader:
            known = {(program.source, program.operator, program.parents): program.id
                     for program in map(reader.program, reader.distilled())}  # fmt: skip
        for result in work.results:
            found = known.get((result.source, result.operator, _parents(subject)))
            numbers[result.row.name] = _append(writer, work, subject, result) if found is None else found
    finally:
        writer.close()
    return numbers


def _append(writer: Writer, work: Work, subject: Subject, result: Result) -> int:
    parents = _parents(subject)
    draft = Draft(result.source, PROPOSER, result.operator, parents, rationale=result.rationale, detail=result.detail)
    digest = Screen(work.problem).check(result.source, anywhere=True)
    return writer.distilled(digest, draft, list(result.row.evaluations.values()))


def _parents(subject: Subject) -> tuple[Parent, ...]:
    return () if subject.number is None else (Parent(subject.number, "parent"),)
