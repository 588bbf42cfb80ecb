"""One session of work on a run: start, resume or replay; from a problem's name to a winner's file.

Effects live here: folders, workers, signals, clocks. What is decided is decided in `adrs.run` and `adrs.choose`.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from adrs import plugins, problem
from adrs.budget import Budget
from adrs.calibrate import Calibration, calibrate
from adrs.check import preflight
from adrs.choose import SEED_PROGRAM, Choice, Chooser
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.forecast import Forecast
from adrs.problem import Problem
from adrs.program import SPLITS, Evaluation, Job, Program, Split
from adrs.run import SEED_TICKET, Loop, Observer, Parts
from adrs.source import Rejected, screen
from adrs.store import Reader, Writer
from adrs.store.recorded import Recorded

_GRACE_SECONDS = 8.0
"""After a time budget, how long choosing the winner may go on."""
_REHEARSAL = 0.4
"""The share of a time budget after which the duration of the last step is found out."""


@dataclass(frozen=True)
class Settings:
    """What a run is made with; kept in its log."""

    problem: str
    seed: int = 0
    workloads: str = "standard"
    search: str = "adaptive"
    proposer: str = "embedded"
    executor: str = "local"
    sandbox: str | None = None
    workers: int = 2
    window: int = 8
    max_evaluations: int | None = None
    max_seconds: float | None = None

    def checked(self) -> "Settings":
        """Raises UserError for values that make no sense."""
        for name in ("workers", "window"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.window < self.workers:
            raise UserError(f"window ({self.window}) must be at least the number of workers ({self.workers})")
        if self.max_evaluations is not None and self.max_evaluations < 1:
            raise UserError(f"max-evaluations must be at least 1, not {self.max_evaluations}")
        if self.seed < 0:
            raise UserError(f"seed must be a whole number from 0, not {self.seed}")
        return self


@dataclass
class Outcome:
    """What a session ends with; `plain` is the object that `--json` prints."""

    run: str
    path: Path
    problem: Problem
    seed: int
    evaluations: int
    stopped_by: str
    choice: Choice
    winner_file: Path | None
    calibration: Calibration
    verdicts: Mapping[str, int]
    spend: Mapping[str, float]
    difference: str | None = None
    """Of a replay: the first difference."""
    extra: dict[str, Any] = field(default_factory=dict)

    def of(self, number: int | None) -> dict[Split, Evaluation | None]:
        """Evaluations of a program by split."""
        return {split: self.choice.of(number, split) for split in SPLITS}

    def plain(self) -> dict[str, Any]:
        """The stable machine-readable form."""
        winner = None
        if self.choice.winner is not None:
            measured = self.of(self.choice.winner)
            winner = {
                "id": self.choice.winner,
                "file": str(self.winner_file),
                "score": {split: found.score if found else None for split, found in measured.items()},
                "metrics": {split: dict(found.metrics) if found else {} for split, found in measured.items()},
            }
        return {
            "run": self.run, "path": str(self.path), "problem": self.problem.name, "seed": self.seed,
            "evaluations": self.evaluations, "stopped_by": self.stopped_by, "winner": winner,
            "baselines": self._baselines(), "verdicts": dict(self.verdicts), "spend": dict(self.spend), **self.extra,
        }  # fmt: skip

    def _baselines(self) -> dict[str, Any]:
        measured: dict[str, Any] = {}
        for baseline in self.problem.baselines:
            found = {split: self.calibration.evaluations.get((baseline.name, split)) for split in SPLITS}
            if any(found.values()):
                measured[baseline.name] = {
                    "role": baseline.role,
                    "score": {split: self.calibration.score(baseline, split) for split in SPLITS},
                    "metrics": {split: dict(each.metrics) if each else {} for split, each in found.items()},
                }
        return measured


def find_run(name: str, runs_dir: Path) -> Path:
    """The folder of a run given its name, a prefix that fits one run, `last`, or a path."""
    if (Path(name) / "run.db").is_file():
        return Path(name)
    runs = list_runs(runs_dir)
    if not runs:
        raise UserError(f"there are no runs in {runs_dir}; `adrs run PROBLEM` makes one")
    if name == "last":
        return max(runs, key=lambda path: ((path / "run.db").stat().st_ctime_ns, path.name))
    exact = [path for path in runs if path.name == name]
    matching = exact or [path for path in runs if path.name.startswith(name)]
    if len(matching) == 1:
        return matching[0]
    if matching:
        some = ", ".join(path.name for path in matching[:4])
        raise UserError(f'"{name}" fits {len(matching)} runs: {some}; give more of the name')
    some = ", ".join(path.name for path in runs[-4:])
    raise UserError(f'there is no run "{name}" in {runs_dir}; some that are: {some}')


def list_runs(runs_dir: Path) -> list[Path]:
    """Folders of runs, by name."""
    return sorted(path.parent for path in runs_dir.glob("*/run.db"))


def start(settings: Settings, runs_dir: Path, name: str | None, observer: Observer) -> Outcome:
    """Begin a new run and work on it until it stops."""
    loaded = problem.load(settings.problem, settings.workloads)
    settings = replace(settings.checked(), problem=_reference(settings.problem, loaded))
    folder = _new_folder(runs_dir, name, loaded.name)
    return asyncio.run(_Session(loaded, settings, folder, observer).start())


def resume(folder: Path, observer: Observer, changes: Mapping[str, Any]) -> Outcome:
    """Go on with a run; `changes` replace settings of the run, of which a time budget counts from now."""
    settings, loaded = _settings(folder)
    given = {key: value for key, value in changes.items() if value is not None}
    settings = replace(settings, **given).checked()
    if "max_seconds" not in given and settings.max_seconds is not None:
        with Reader(folder) as reader:
            settings = replace(settings, max_seconds=max(0.0, settings.max_seconds - reader.seconds()))
    return asyncio.run(_Session(loaded, settings, folder, observer).resume())


def replay(folder: Path, runs_dir: Path, name: str | None, observer: Observer, changes: Mapping[str, Any]) -> Outcome:
    """Run again with the recorded answers, into a new run, and compare program by program."""
    settings, loaded = _settings(folder)
    settings = replace(settings, **{key: value for key, value in changes.items() if value is not None}).checked()
    target = _new_folder(runs_dir, name, f"{folder.name}-replay")
    return asyncio.run(_Session(loaded, settings, target, observer).replay(folder))


def _settings(folder: Path) -> tuple[Settings, Problem]:
    with Reader(folder) as reader:
        settings = Settings(**reader.info.configuration)
        digest = reader.info.problem_digest
    loaded = problem.load(settings.problem, settings.workloads)
    if loaded.digest() != digest:
        raise UserError(
            f"the problem {loaded.folder} has changed since run {folder.name} began, so their scores cannot be "
            "compared; start a new run"
        )
    return settings, loaded


def _reference(given: str, loaded: Problem) -> str:
    """How the log names a problem: shipped ones by name, others by absolute path."""
    return given if given in problem.shipped() and loaded.folder.name == given else str(loaded.folder)


def _new_folder(runs_dir: Path, name: str | None, stem: str) -> Path:
    """Where a new run will lie; refuses early what would fail when the baselines are measured already."""
    day = time.strftime("%Y%m%d")
    taken = {path.name for path in runs_dir.glob(f"{stem}-{day}-*")}
    folder = runs_dir / (name or next(made for n in itertools.count(1) if (made := f"{stem}-{day}-{n}") not in taken))
    if folder.exists():
        raise UserError(f"{folder} exists already; choose another --name")
    existing = next(path for path in (runs_dir.absolute(), *runs_dir.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise UserError(f"{folder} cannot be made in {existing}; choose another --runs-dir")
    return folder


class _Session:
    """The workers, the log and the clock of one session."""

    def __init__(self, loaded: Problem, settings: Settings, folder: Path, observer: Observer) -> None:
        self._began = time.monotonic()
        self._problem = loaded
        self._settings = settings
        self._folder = folder
        self._observer = observer
        self._search = plugins.load("search", settings.search)(seed=settings.seed)
        self._proposer = plugins.load("proposer", settings.proposer)(loaded, settings.seed)
        self._executor: Executor = plugins.load("executor", settings.executor)(
            loaded, settings.workers, settings.sandbox
        )

    async def start(self) -> Outcome:
        """A new run: nothing is written before the problem has passed its checks and the baselines are measured."""
        async with self._workers():
            await preflight(self._problem, self._executor, self._observer.note)
            calibration = await self._calibrate()
            seed = await self._evaluate_seed(calibration)
            writer = Writer.create(self._folder, self._problem, self._settings.seed, asdict(self._settings))
            with contextlib.closing(writer), Reader(self._folder) as reader:
                writer.event("started", {"sandbox": self._executor.sandbox})
                for (name, split), evaluation in calibration.evaluations.items():
                    writer.event("baseline", {"name": name, "split": split, "evaluation": evaluation.plain()})
                return await self._work(writer, reader, calibration, seed, None, replaying=False)

    async def resume(self) -> Outcome:
        """Fold the log, then go on."""
        writer = Writer.open(self._folder)
        with contextlib.closing(writer), Reader(self._folder) as reader:
            calibration = Calibration(self._problem)
            for _, payload in reader.events("baseline"):
                measured = Evaluation.from_plain(payload["evaluation"])
                calibration.evaluations[payload["name"], payload["split"]] = measured
            self._observer.calibrated(calibration)
            async with self._workers():
                writer.event("started", {"sandbox": self._executor.sandbox})
                recorded = Recorded(reader, evaluations=True)
                seed = recorded.evaluation(SEED_TICKET) or await self._evaluate_seed(calibration)
                return await self._work(writer, reader, calibration, seed, recorded, replaying=False)

    async def replay(self, source: Path) -> Outcome:
        """Follow another run's record in a new log, with evaluations done again."""
        async with self._workers():
            calibration = await self._calibrate()
            seed = await self._evaluate_seed(calibration)
            writer = Writer.create(self._folder, self._problem, self._settings.seed, asdict(self._settings))
            with contextlib.closing(writer), Reader(self._folder) as reader, Reader(source) as original:
                writer.event("started", {"sandbox": self._executor.sandbox, "replay_of": str(source)})
                recorded = Recorded(original, evaluations=False)
                outcome = await self._work(writer, reader, calibration, seed, recorded, replaying=True)
                outcome.difference = first_difference(original, reader)
                outcome.extra = {"identical": outcome.difference is None, "difference": outcome.difference}
                return outcome

    @contextlib.asynccontextmanager
    async def _workers(self) -> Any:
        self._observer.note("starting workers")
        try:
            await self._executor.start()
            yield
        finally:
            await self._executor.close()

    async def _calibrate(self) -> Calibration:
        self._observer.note("measuring baselines")
        calibration = await calibrate(self._problem, self._executor, SPLITS)
        self._observer.calibrated(calibration)
        return calibration

    async def _evaluate_seed(self, calibration: Calibration) -> Evaluation:
        """Evaluation of the seed program; raises UserError when it is no program to start from."""
        limits, path = self._problem.limits, self._problem.seed
        source = path.read_text()
        try:
            screen(source, self._problem.functions, limits.imports, limits.source_kb * 1024)
        except Rejected as rejected:
            raise UserError(f"the seed program {path} is refused: {rejected}") from None
        evaluation = await self._executor.evaluate(Job(source, "train", None, calibration.scale("train")))
        if evaluation.fitness is None:
            raise UserError(f"the seed program {path} ends {evaluation.verdict}: {evaluation.reason}")
        return evaluation

    async def _work(
        self,
        writer: Writer,
        reader: Reader,
        calibration: Calibration,
        seed: Evaluation,
        recorded: Recorded | None,
        replaying: bool,
    ) -> Outcome:
        chooser = Chooser(self._problem, reader, writer, self._executor, calibration)
        settings = self._settings
        parts = Parts(
            problem=self._problem, seed=settings.seed, window=settings.window,
            budget=Budget(settings.max_evaluations, settings.max_seconds), search=self._search,
            proposer=self._proposer, executor=self._executor, scale=calibration.scale("train"),
            seed_evaluation=seed, writer=writer,
            reader=reader, recorded=recorded, replaying=replaying,
        )  # fmt: skip

        forecast = Forecast(self._problem, calibration, self._executor, settings.workers)
        budget = None if replaying else settings.max_seconds
        watch = _Watch(self._observer)

        def asking_ends() -> float | None:
            if budget is None:
                return None
            needed = forecast.seconds_needed(watch.best) - _GRACE_SECONDS
            return self._began + budget - min(max(needed, 0.0), 0.5 * budget)

        async def rehearse() -> None:
            if budget is not None:
                await asyncio.sleep(max(0.0, self._began + _REHEARSAL * budget - time.monotonic()))
                if watch.best is not None:
                    await forecast.rehearse(watch.best)

        loop = Loop(parts, watch, asking_ends)
        rehearsal = asyncio.create_task(rehearse())
        with _interrupts(loop.stop):
            self._observer.note("evolving")
            try:
                stopped_by = await loop.run()
            finally:
                rehearsal.cancel()
                await asyncio.gather(rehearsal, return_exceptions=True)
            self._observer.note("choosing the winner")
            deadline = None
            if budget is not None:
                deadline = max(self._began + budget, time.monotonic()) + _GRACE_SECONDS
            choice = await chooser.choose(deadline)
        writer.event("stopped", {"by": stopped_by})
        return Outcome(
            run=self._folder.name, path=self._folder, problem=self._problem, seed=settings.seed,
            evaluations=reader.evaluations(), stopped_by=stopped_by, choice=choice,
            winner_file=write_winner(reader, choice.winner, self._folder / "winner.py"), calibration=calibration,
            verdicts=reader.verdicts(), spend=reader.spend(),
        )  # fmt: skip


class _Watch:
    """Passes events on and keeps the best program."""

    def __init__(self, observer: Observer) -> None:
        self.best: Program | None = None
        self._observer = observer
        self.note, self.calibrated = observer.note, observer.calibrated

    def told(self, program: Program, evaluations: int) -> None:
        if program.fitness is not None and (self.best is None or program.fitness > (self.best.fitness or 0.0)):
            self.best = program
        self._observer.told(program, evaluations)


@contextlib.contextmanager
def _interrupts(stop: Callable[[], None]) -> Any:
    """First Ctrl-C: finish what is in flight. Second, or a SIGTERM: stop now; the log has everything."""
    task = asyncio.current_task()
    assert task is not None
    loop = asyncio.get_running_loop()
    seen = itertools.count()

    def interrupted() -> None:
        if next(seen) == 0:
            stop()
        else:
            task.cancel()

    loop.add_signal_handler(signal.SIGINT, interrupted)
    loop.add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)
        loop.remove_signal_handler(signal.SIGTERM)


def write_winner(reader: Reader, winner: int | None, path: Path) -> Path | None:
    """Write a program's source to a file, as it was proposed."""
    if winner is None:
        return None
    try:
        path.write_text(reader.program(winner).source, errors="surrogatepass")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}; `adrs best` writes it elsewhere") from None
    return path


def first_difference(original: Reader, repeated: Reader) -> str | None:
    """The first program in which two runs differ, or None. What one of them did not get to evaluate is left out."""
    for ours, theirs in itertools.zip_longest(original.programs(), repeated.programs()):
        if ours is None or theirs is None:
            if (ours or theirs).evaluation is None:
                continue
            which = "original" if theirs is None else "replay"
            return f"program {(ours or theirs).id} exists in the {which} alone"
        if ours.evaluation is None or theirs.evaluation is None:
            continue
        for name in ("digest", "source", "parents", "operator", "verdict", "score", "fitness"):
            before, after = getattr(ours, name), getattr(theirs, name)
            if before != after:
                shown = "differs" if name == "source" else f"was {before}, is {after}"
                return f"program {ours.id}: {name} {shown}"
        if dict(ours.evaluation.metrics) != dict(theirs.evaluation.metrics):
            return f"program {ours.id}: metrics were {ours.evaluation.metrics}, are {theirs.evaluation.metrics}"
    return None


__all__ = ["SEED_PROGRAM", "Outcome", "Settings", "find_run", "first_difference", "list_runs", "replay", "resume",
           "start", "write_winner"]  # fmt: skip
