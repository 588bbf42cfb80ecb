"""One session of work on a run: start, resume or replay; from a problem's name to a winner's file.

Effects live here: folders, workers, signals, clocks. What is decided is decided in `adrs.run` and `adrs.choose`.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Container, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from adrs import plugins, problem, prompt_folder, search, threads
from adrs.advice import HUNG, evaluator_failures, model_failures, nothing_better
from adrs.budget import Budget
from adrs.calibrate import Calibration, calibrate, measure_heuristics
from adrs.check import preflight
from adrs.choose import CHOOSING, RECHECKING, Choice, Chooser
from adrs.cores import most_workers
from adrs.errors import Diverged, UserError
from adrs.evaluate.executor import Executor
from adrs.evaluator_digest import evaluator_digest
from adrs.folders import new_folder, problem_reference
from adrs.forecast import Forecast
from adrs.fresh import fitted_to_train
from adrs.interrupts import interrupts, unless_interrupted
from adrs.kept import noting_what_is_kept
from adrs.llm.models import CallSettings, Models
from adrs.llm.prices import Prices, parse_price
from adrs.llm.spending import Spending
from adrs.observer import Observer
from adrs.optimistic import Optimum
from adrs.outcome import Outcome, first_difference, metrics_that_differ, why_diverged, write_winner
from adrs.parts import Parts
from adrs.phases import CHOICE, READY, SEARCH, TABLE, Phases
from adrs.problem import Problem
from adrs.program import SEED_TICKET, SPLITS, Draft, Evaluation, Job, Split
from adrs.propose import PROMPT_CHARACTERS, Context, portfolio
from adrs.router import plugged
from adrs.run import Loop
from adrs.run_settings import read_settings
from adrs.settings import Settings
from adrs.source import Rejected
from adrs.starting import first_draft, said, settled
from adrs.steering import Steering, hints
from adrs.store import CHANGED, Reader, Writer
from adrs.store.journal import EarlyJournal, LogJournal
from adrs.store.recorded import Recorded
from adrs.text import run_in_command
from adrs.timetable import Timetable
from adrs.versions import versions


def start(settings: Settings, runs_dir: Path, name: str | None, observer: Observer) -> Outcome:
    """Begin a new run and work on it until it stops."""
    if settings.checked().prompts:
        prompt_folder.check(Path(str(settings.prompts)))
    loaded = problem.load(settings.problem, settings.workloads)
    settings = replace(settings, problem=problem_reference(loaded), evaluator_digest=evaluator_digest(loaded))
    settings = settled(plugged.settled(settings, runs_dir), loaded, runs_dir)
    with new_folder(runs_dir, name, loaded.name) as folder, noting_what_is_kept(folder):
        return threads.run(_Session(loaded, settings, folder, observer).start())


def resume(folder: Path, observer: Observer, changes: Mapping[str, Any]) -> Outcome:
    """Go on with a run; `changes` replace settings of the run from now on, also where it is gone on with again. A time
    budget counts from now, all others are totals of its sessions. Where as many evaluations are done already, only the
    winner is chosen."""
    settings, loaded, given = resuming(folder, changes)
    with noting_what_is_kept(folder):
        return threads.run(_Session(loaded, settings, folder, observer).resume(given))


def resuming(folder: Path, changes: Mapping[str, Any]) -> tuple[Settings, Problem, dict[str, Any]]:
    """What a session would go on with: settings, with what is left of the seconds, problem, and the changes made."""
    settings, loaded = read_settings(folder)
    given = {key: value for key, value in changes.items() if value is not None}
    settings = replace(settings, **given).checked()
    if "max_seconds" not in given and settings.max_seconds is not None:
        with Reader(folder) as reader:
            settings = replace(settings, max_seconds=max(0.0, settings.max_seconds - reader.seconds("max_seconds")))
    return settings, loaded, given


def replay(folder: Path, runs_dir: Path, name: str | None, observer: Observer, changes: Mapping[str, Any]) -> Outcome:
    """Run again with the recorded answers, into a new run, and compare program by program."""
    settings, loaded = read_settings(folder)
    settings = replace(settings, **{key: value for key, value in changes.items() if value is not None}).checked()
    with new_folder(runs_dir, name, f"{folder.name}-replay") as target, noting_what_is_kept(target):
        return threads.run(_Session(loaded, settings, target, observer).replay(folder))


def recorded_calibration(loaded: Problem, reader: Reader) -> Calibration:
    """The baselines as a run's log has them."""
    calibration = Calibration(loaded)
    for _, payload in reader.events("baseline"):
        calibration.add_plain(payload)
    return calibration


def _record(calibration: Calibration, writer: Writer, but: Container[tuple[str, Split]] = ()) -> None:
    for name, split in calibration.evaluations:
        if (name, split) not in but:
            writer.event("baseline", calibration.plain(name, split))


def _copy_distilled(original: Reader, writer: Writer) -> None:
    """What was distilled from programs of a run belongs to its replay: their numbers are left out there too."""
    for number in original.distilled():
        program = original.program(number)
        draft = Draft(
            program.source, program.proposer, program.operator, program.parents, program.rationale,
            detail=program.detail,
        )  # fmt: skip
        found = [evaluation for split in SPLITS if (evaluation := original.evaluation(number, split)) is not None]
        writer.distilled(program.digest, draft, found, number)


class _Session:
    """The workers, the log and the clock of one session."""

    def __init__(self, loaded: Problem, settings: Settings, folder: Path, observer: Observer) -> None:
        self._began = time.monotonic()
        self._phases = Phases(self._began)
        self._problem = loaded
        workers = settings.workers
        if settings.executor == "local":  # a run of a larger machine is gone on with on this one
            workers = min(workers, most_workers())
        self._settings = settings = replace(settings, trust=loaded.trust, workers=workers)
        self._folder = folder
        self._observer = observer
        self._search = search.make(settings.search, loaded, settings.seed)
        self._warnings: list[str] = []
        self._journal = EarlyJournal()
        self._spending = Spending(settings.max_usd, settings.max_tokens)
        self._models = self._make_models()
        prompts = Path(settings.prompts) if settings.prompts else None
        self._prompt_characters = characters = settings.prompt_characters or PROMPT_CHARACTERS
        waiting = max(1, settings.window // 2) if settings.order == "arrival" else None
        context = Context(loaded, settings.seed, self._models, prompts, characters, waiting, settings.call_seconds)
        self._proposer = portfolio.make(settings.proposer, context)
        self._screen = context.screen
        self._executor: Executor = plugins.load("executor", settings.executor)(
            loaded, settings.workers, settings.sandbox
        )

    def _make_models(self) -> Models | None:
        """The ensemble; nothing is connected yet."""
        settings = self._settings
        if not settings.models:
            return None
        prices = Prices(dict(parse_price(text) for text in settings.prices))
        calls = CallSettings(max_output_tokens=settings.max_output_tokens)
        return Models(settings.models, self._journal, self._spending, prices=prices, settings=calls, warn=self._warn)

    async def start(self) -> Outcome:
        """A new run: nothing is written before the problem has passed its checks and the baselines are measured."""
        first = first_draft(self._settings, self._problem, None)
        if self._settings.start is not None:  # the user's mistake is said at once; a problem's own, by its checks
            self._screen_first(first)
        async with self._reachable_models(), self._router(None) as router, self._workers():
            await preflight(self._problem, self._executor, self._observer.note)
            calibration = await self._calibrate()
            seed = await self._evaluate_first(first, calibration)
            writer = Writer.create(self._folder, self._problem, self._settings.seed, asdict(self._settings))
            with contextlib.closing(writer), Reader(self._folder) as reader:
                self._journal.open(LogJournal(writer, reader))
                writer.event("started", {"sandbox": self._executor.sandbox, "versions": versions()})
                if router is not None:
                    writer.event(plugged.EVENT, plugged.plain(router))
                _record(calibration, writer)
                self._warn_of_little_time()
                steering = Steering(writer, reader)
                return await self._work(writer, reader, calibration, first, seed, None, steering)

    async def resume(self, changed: Mapping[str, Any]) -> Outcome:
        """Fold the log, then go on; what was changed is a setting of the run as soon as the session has started."""
        writer = Writer.open(self._folder)
        with contextlib.closing(writer), Reader(self._folder) as reader:
            steering = Steering(writer, reader)
            calibration = recorded_calibration(self._problem, reader)
            measured = set(calibration.evaluations)
            self._journal.open(LogJournal(writer, reader))
            spent = reader.spend()
            self._spending.restore(
                spent["usd"], int(spent["input_tokens"]), int(spent["output_tokens"]), int(spent["calls"])
            )
            earlier = plugged.recorded(reader)
            asks = Budget(self._settings.max_evaluations).allows(reader.evaluations(), 0)
            async with self._reachable_models(asks), self._router(earlier) as router, self._workers():
                if router is not None and earlier is None:
                    writer.event(plugged.EVENT, plugged.plain(router))
                begun = {"sandbox": self._executor.sandbox, "versions": versions()}
                writer.event("started", {**begun, CHANGED: dict(changed)} if changed else begun)
                await self._calibrate(calibration)  # all of it, where the session before ended as it wrote it down
                _record(calibration, writer, but=measured)
                recorded = Recorded(reader, evaluations=True)
                first = first_draft(self._settings, self._problem, recorded)
                seed = recorded.evaluation(SEED_TICKET) or await self._evaluate_first(first, calibration)
                return await self._work(writer, reader, calibration, first, seed, recorded, steering)

    async def replay(self, source: Path) -> Outcome:
        """Follow another run's record in a new log, with evaluations done again."""
        async with self._workers():
            calibration = await self._calibrate()
            with Reader(source) as original:
                recorded = Recorded(original, evaluations=False)
                first = first_draft(self._settings, self._problem, recorded)
                seed = await self._evaluate_first(first, calibration)
                writer = Writer.create(self._folder, self._problem, self._settings.seed, asdict(self._settings))
                with contextlib.closing(writer), Reader(self._folder) as reader:
                    begun = {"sandbox": self._executor.sandbox, "replay_of": str(source), "versions": versions()}
                    writer.event("started", begun)
                    _record(calibration, writer)
                    _copy_distilled(original, writer)
                    steering = Steering(writer, reader, hints(original))
                    try:
                        outcome = await self._work(writer, reader, calibration, first, seed, recorded, steering, True)
                    except Diverged as error:
                        raise why_diverged(original, reader, error) from None
                    outcome.difference = first_difference(original, reader)
                    outcome.extra = {
                        "identical": outcome.difference is None, "difference": outcome.difference,
                        "metrics_that_differ": metrics_that_differ(original, reader),
                    }  # fmt: skip
                    return outcome

    @contextlib.asynccontextmanager
    async def _reachable_models(self, asks: bool = True) -> AsyncIterator[None]:
        """Proves that the models can be asked, if they will be, and says what that may cost."""
        if self._models is None:
            yield
            return
        async with self._models:
            if asks:
                self._observer.note(f"checking {', '.join(self._models.labels)}")
                await self._models.check()
                expected = self._models.expected_cost(self._settings.max_evaluations, self._prompt_characters)
                if expected:
                    self._observer.note(expected)
            yield

    def _router(
        self, earlier: Mapping[str, Any] | None
    ) -> contextlib.AbstractAsyncContextManager[plugged.Plugged | None]:
        """The model router at work, if there is one."""
        if self._models is None or self._settings.model_router is None:
            return contextlib.nullcontext()
        self._observer.note("fitting the model router")
        return plugged.at_work(self._settings, self._models, earlier, self._warn)

    def _warn(self, text: str) -> None:
        """Say something now, and once more beside the result."""
        self._observer.note(text)
        self._warnings.append(text)

    def _warn_of_little_time(self) -> None:
        """A short first run may be over before it begins."""
        ready, budget = self._phases.seconds()[READY], self._settings.max_seconds
        if budget is not None and ready > 0.5 * budget:
            self._warn(
                f"compiling, checks and baselines took {ready:.0f} s, and the budget is {budget:.0f} s; most of that "
                "is kept, so that the next run has more time to search"
            )

    @contextlib.asynccontextmanager
    async def _workers(self) -> AsyncIterator[None]:
        self._observer.note("starting workers; the first start compiles helpers")
        try:
            await self._executor.start()
            if self._executor.warning:
                self._warnings.append(self._executor.warning)
            yield
        finally:
            await self._executor.close()

    async def _calibrate(self, known: Calibration | None = None) -> Calibration:
        def note(text: str) -> None:
            self._observer.note(f"baselines: {text}")

        calibration = await calibrate(self._problem, self._executor, SPLITS, note=note, known=known)
        self._observer.calibrated(calibration)
        return calibration

    def _screen_first(self, first: Draft) -> None:
        """Raises UserError where the program to begin with is refused."""
        try:
            self._screen.check(first.source)
        except Rejected as rejected:
            raise UserError(f"{said(self._settings, self._problem)} is refused: {rejected}") from None

    async def _evaluate_first(self, first: Draft, calibration: Calibration) -> Evaluation:
        """Its evaluation; raises UserError where it is refused, or has no fitness to compare others with."""
        self._screen_first(first)
        scale, trivial = calibration.scale("train"), self._problem.baseline("trivial")
        evaluation = calibration.evaluations.get((trivial.name, "train")) if trivial else None
        if evaluation is None or trivial is None or trivial.read() != first.source or scale is not None:
            evaluation = await self._executor.evaluate(Job(first.source, "train", None, scale, thorough=True))
        if evaluation.fitness is None:
            named = said(self._settings, self._problem)
            raise UserError(f"{named} ends {evaluation.verdict}: {evaluation.reason}")
        return evaluation

    async def _measure_for_the_table(
        self, chooser: Chooser, choice: Choice, calibration: Calibration, writer: Writer, deadline: float | None
    ) -> None:
        """What the winner does not depend on: how it does on fresh workloads, and the heuristic baselines.

        These are remembered from earlier runs where the problem is deterministic.
        """
        self._observer.note(f"{RECHECKING}; Ctrl-C leaves out the rest")
        await chooser.recheck(choice, deadline)

        def record(name: str, split: Split) -> None:
            writer.event("baseline", calibration.plain(name, split))

        def note(text: str) -> None:
            self._observer.note(f"heuristic baselines: {text}")

        await measure_heuristics(calibration, self._executor, deadline, record, note)

    async def _search_on(self, loop: Loop, timetable: Timetable) -> str:
        """Run the loop; returns why it stopped."""
        rehearsal = asyncio.create_task(timetable.rehearse())
        try:
            return await loop.run()
        finally:
            rehearsal.cancel()
            await asyncio.gather(rehearsal, return_exceptions=True)

    async def _work(
        self,
        writer: Writer,
        reader: Reader,
        calibration: Calibration,
        first: Draft,
        seed: Evaluation,
        recorded: Recorded | None,
        steering: Steering,
        replaying: bool = False,
    ) -> Outcome:
        settings, chooser = (
            self._settings,
            Chooser(self._problem, reader, writer, self._executor, calibration, self._observer.note),
        )
        budget = Budget(settings.max_evaluations, settings.max_seconds)
        parts = Parts(
            problem=self._problem, seed=settings.seed, window=settings.window, order=settings.order,
            budget=budget, search=self._search,
            proposer=self._proposer, screen=self._screen, executor=self._executor, scale=calibration.scale("train"),
            call_seconds=settings.call_seconds,
            optimum=Optimum(self._problem, calibration.ends_of_scale("train")), ends_early=True,
            first=first, seed_evaluation=seed, writer=writer, reader=reader,
            recorded=recorded, replaying=replaying, steering=steering,
        )  # fmt: skip
        forecast = Forecast(self._problem, calibration, self._executor, settings.workers)
        timetable = Timetable(self._observer, forecast, self._began, None if replaying else settings.max_seconds)
        loop = Loop(parts, timetable, timetable.asking_ends)
        choosing = False

        def stop() -> None:
            loop.stop()
            again = "ends without it, and `adrs resume` does it" if choosing else "ends at once"
            self._observer.note(f"{CHOOSING if choosing else 'finishing what is in the making'}: Ctrl-C again {again}")

        with interrupts(stop):
            self._phases.enter(SEARCH)
            self._observer.note("evolving" if recorded is None else "following the record")
            stopped_by = await self._search_on(loop, timetable)
            if stopped_by == "time" and not budget.allows(reader.evaluations(), 0):
                stopped_by = "evaluations"  # more time alone would change nothing
            self._phases.enter(CHOICE)
            self._observer.note(CHOOSING)
            choosing, deadline = True, timetable.choosing_ends(loop.hung)
            choice = await chooser.choose(deadline)
        self._phases.enter(TABLE)
        table = self._measure_for_the_table(chooser, choice, calibration, writer, timetable.measuring_ends(deadline))
        if not await unless_interrupted(table):
            again = f"adrs resume {run_in_command(self._folder)}"
            self._warn(f"not all baselines were measured; `{again}` measures the rest")
        steering.receive(reader.next_ticket())
        writer.event("stopped", {"by": stopped_by})
        models, evaluations = self._models is not None, reader.evaluations()
        nothing = nothing_better(self._problem, choice, evaluations, models)
        hung = HUNG if loop.hung else None
        fitted = fitted_to_train(choice.of(choice.winner, "train"), choice.of(choice.winner, "fresh"))
        advice = (hung, fitted, evaluator_failures(reader), *model_failures(reader), nothing)
        self._warnings += [text for text in advice if text]
        return Outcome(
            run=self._folder.name, path=self._folder, problem=self._problem, seed=settings.seed,
            evaluations=evaluations, budget=budget, stopped_by=stopped_by, choice=choice,
            winner_file=write_winner(reader, choice.winner, self._folder / f"winner{self._problem.seed.suffix}"),
            calibration=calibration, verdicts=reader.verdicts(), spend=reader.spend(),
            phases=self._phases.seconds(), warnings=tuple(self._warnings), exhausted=loop.exhausted,
        )  # fmt: skip
