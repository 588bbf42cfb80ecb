"""adrs from Python: `adrs.evolve` makes a run, `adrs.Run` opens one, looks at it and goes on with it by hand."""

import weakref
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from adrs import folders, lineage, session, steering
from adrs.agent import Briefing, Desk
from adrs.budget import parse_duration
from adrs.errors import UserError
from adrs.lineage import Step
from adrs.observer import Observer, Silent
from adrs.outcome import Outcome
from adrs.program import Evaluation, Program
from adrs.settings import Settings
from adrs.store import Reader, Summary
from adrs.threads import Background

T = TypeVar("T")
_ANSWER_FORM = "Give the whole program to `Run.tell(source, parent={parent}, rationale=...)`."


class Run:
    """One run on disk. Reading is always possible; `ask` and `tell` only while no other process works on it.

    Workers are started by the first `tell` or `score` and stay for the next ones, until `close`, the end of a `with`
    block or the end of the program. Every method may be called from a script, a notebook or a thread.
    """

    def __init__(self, path: str | Path, outcome: Outcome | None = None, sandbox: str | None = None) -> None:
        """Use `Run.open` or `evolve`. Raises UserError where there is no run."""
        self.path = Path(path)
        """The run's folder."""
        self.outcome = outcome
        """What the session ended with that made this object: scores by split, baselines, spend; None after `open`."""
        self._sandbox = sandbox
        self._desk: Desk | None = None
        self._background: Background | None = None
        with Reader(self.path) as reader:
            self.name, self.problem, self.seed = reader.info.name, reader.info.problem, reader.info.seed

    @classmethod
    def open(cls, name_or_path: str | Path, runs_dir: str | Path = "runs", sandbox: str | None = None) -> "Run":
        """A run by its name, a prefix of it, `last`, or its path.

        sandbox: the one that `tell` and `score` use; None = the best that works here. Raises UserError.
        """
        return cls(folders.find_run(str(name_or_path), Path(runs_dir)), None, sandbox)

    def best(self) -> Program | None:
        """The winner; after programs were added, the best on `train` so far. None where no program works."""
        with Reader(self.path) as reader:
            number = lineage.winner(reader)
            return None if number is None else reader.program(number)

    @property
    def winner_source(self) -> str | None:
        """Source text of `best`."""
        best = self.best()
        return None if best is None else best.source

    def programs(self) -> list[Summary]:
        """All programs in the order of asking, without their sources; failed and rejected ones too."""
        with Reader(self.path) as reader:
            return reader.summaries()

    def program(self, number: int) -> Program:
        """One program with its source and its evaluation on `train`. Raises UserError for an unknown number."""
        with Reader(self.path) as reader:
            return reader.program(number)

    def lineage(self, program: int | None = None) -> list[Step]:
        """How a program came to be, step by step from its first ancestor; without a number, how `best` did."""
        with Reader(self.path) as reader:
            number = lineage.winner(reader) if program is None else program
            return [] if number is None else lineage.ancestry(reader, number)

    def ask(self) -> Briefing:
        """What to write next: parent, inspirations, failures and hints, as the run's search chooses them.

        The same until it is answered. `Briefing.markdown` makes a page of it for a model. Raises UserError where
        another process works on the run.
        """
        return self._on_desk(lambda desk: desk.ask())

    def brief(self) -> str:
        """What `ask` returns, as a page of Markdown."""
        asked = self.ask()
        return asked.markdown(_ANSWER_FORM.format(parent=asked.parent.id))

    def tell(self, source: str, parent: int | Sequence[int] | None = None, rationale: str = "") -> Program:
        """Screen, evaluate on `train` and record a program, whatever becomes of it.

        parent: number of the program it was made from, or several, the most important first; None = the parent of
        `ask`. Raises UserError for an unknown parent, and where another process works on the run.
        """
        parents = () if parent is None else (parent,) if isinstance(parent, int) else tuple(parent)
        return self._on_desk(lambda desk: desk.tell(source, parents, rationale))

    def score(self, source: str, split: Literal["train", "validation", "test"] = "train") -> Evaluation:
        """Evaluate a program on a split without recording it. Raises UserError where that has no workloads."""
        return self._on_desk(lambda desk: desk.evaluate(source, split))

    def stop(self) -> None:
        """Have whoever works on the run end it, as Ctrl-C does: what is in flight is finished, a winner is chosen.

        From an observer, another thread or another process; returns at once. Raises UserError where nobody works on
        the run.
        """
        steering.send(self.path, "stop", patience_seconds=0.0)

    def resume(
        self,
        *,
        max_evaluations: int | None = None,
        max_time: str | float | None = None,
        max_usd: float | None = None,
        max_tokens: int | None = None,
        max_output_tokens: int | None = None,
        workers: int | None = None,
        sandbox: str | None = None,
        observer: Observer | None = None,
    ) -> Outcome:
        """Go on with the run's own proposers, then choose the winner and report it; also sets `outcome`.

        Budgets that are given are the run's from now on, and those that are not are as before: with `max_evaluations`
        reached, only the winner is chosen.
        """
        self.close()
        changes = {"max_evaluations": max_evaluations, "max_seconds": _seconds(max_time), "max_usd": max_usd,
                   "max_tokens": max_tokens, "max_output_tokens": max_output_tokens, "workers": workers,
                   "sandbox": sandbox}  # fmt: skip
        self.outcome = session.resume(self.path, observer or Silent(), changes)
        return self.outcome

    def close(self) -> None:
        """End the workers of `tell` and `score`; the next call starts them again."""
        if self._background is not None:
            self._finalizer()
            self._background = self._desk = None

    def __enter__(self) -> "Run":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"adrs.Run({str(self.path)!r})"

    def _on_desk(self, work: Callable[[Desk], Coroutine[Any, Any, T]]) -> T:
        if self._background is None or self._desk is None:
            self._desk = Desk(self.path, 1, self._sandbox)
            self._background = Background()
            self._finalizer = weakref.finalize(self, _close, self._background, self._desk)
        return self._background.run(work(self._desk))


class Evolved(Run):
    """What `evolve` returns: a run that has the outcome of the session that made it."""

    outcome: Outcome

    def __init__(self, outcome: Outcome, sandbox: str | None = None) -> None:
        """Use `evolve`."""
        super().__init__(outcome.path, outcome, sandbox)


def evolve(
    problem: str | Path,
    *,
    models: Sequence[str] = (),
    max_evaluations: int | None = None,
    max_time: str | float | None = None,
    max_usd: float | None = None,
    max_tokens: int | None = None,
    seed: int = 0,
    name: str | None = None,
    runs_dir: str | Path = "runs",
    workers: int | None = None,
    executor: str = "local",
    sandbox: str | None = None,
    search: str = "adaptive",
    proposers: str = "",
    prices: Sequence[str] = (),
    model_router: str | Path | None = None,
    model_router_train: Sequence[str] = (),
    prompts: str | Path | None = None,
    prompt_characters: int | None = None,
    max_output_tokens: int | None = None,
    workloads: Literal["standard", "published"] = "standard",
    order: Literal["ticket", "arrival"] | None = None,
    window: int | None = None,
    start: str | Path | None = None,
    call_seconds: float | None = None,
    observer: Observer | None = None,
) -> Evolved:
    """Evolve a problem and return the run, with its `outcome`; what `adrs run` does.

    problem: a shipped problem's name, or the path of a problem's folder. models: `NAME` or `NAME@URL`; without any,
    the embedded proposer works alone. max_time: seconds, or `90s`, `10m`, `2h`; without it and `max_evaluations`, ten
    minutes. model_router: a query-routing program that chooses among the models, a path or RUN:ID, fitted to the model
    calls of the runs `model_router_train`. start: the program to begin with instead of the problem's seed, a path or
    RUN:ID. workers: evaluations at a time, at most four a core, None = cores.
    call_seconds: a tighter limit of a candidate's call than the problem's while it searches; the winner keeps the
    problem's.
    observer: hears of every program that is told.

    Blocks until the run has ended, also where an event loop runs already, as in a notebook: then it works in a thread.
    An interrupt ends it; `Run.open(...).resume()` goes on. Raises UserError for what the caller can mend.
    """
    settings = Settings.filled(
        str(problem), models=models, max_evaluations=max_evaluations, max_seconds=_seconds(max_time), max_usd=max_usd,
        max_tokens=max_tokens, max_output_tokens=max_output_tokens, seed=seed, workers=workers, executor=executor,
        sandbox=sandbox, search=search, proposer=proposers, prices=prices,
        model_router=str(model_router) if model_router else None, model_router_train=model_router_train,
        prompts=str(prompts) if prompts else None, prompt_characters=prompt_characters, workloads=workloads,
        order=order, window=window, start=str(start) if start else None, call_seconds=call_seconds,
    )  # fmt: skip
    outcome = session.start(settings, Path(runs_dir), name, observer or Silent())
    return Evolved(outcome, sandbox)


def _seconds(duration: str | float | None) -> float | None:
    if duration is None or isinstance(duration, str):
        return None if duration is None else parse_duration(duration, "max_time")
    if isinstance(duration, bool) or not isinstance(duration, int | float) or not duration > 0:
        raise UserError(f"max_time must be seconds above 0, or a text like 10m, not {duration!r}")
    return float(duration)


def _close(background: Background, desk: Desk) -> None:
    background.run(desk.close())
    background.close()
