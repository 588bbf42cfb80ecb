"""Logs written by hand: what the questions of lineage are asked about."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from adrs import problem, scaffold
from adrs.program import Draft, Evaluation, Parent, Program, Selection, WorkloadResult
from adrs.settings import Settings
from adrs.store import Reader, Summary, Writer


class Log:
    """Writes a run as a session would, program by program."""

    def __init__(self, folder: Path, name: str = "run", **settings: Any) -> None:
        demo = folder / "demo"
        if not demo.is_dir():
            scaffold.make(demo)
        self.folder = folder / "runs" / name
        made_with = Settings(str(demo), **settings)
        self.writer = Writer.create(self.folder, problem.load(str(demo)), made_with.seed, vars(made_with))
        self.writer.event("started", {"sandbox": "process"})
        self._last = 0

    def baseline(self, name: str, split: str, **metrics: float) -> None:
        """A measured baseline of the demo problem: `round-robin` or `longest-first`."""
        evaluation = Evaluation(split, "full", "ok", metrics=metrics)
        self.writer.event("baseline", {"name": name, "split": split, "evaluation": evaluation.plain()})

    def program(
        self, parent: int | None = None, score: float | None = None, *, verdict: str = "ok", reason: str = "",
        source: str | None = None, operator: str = "tune", others: Sequence[Parent] = (), rationale: str = "",
        output: str = "", model: str = "", duplicate_of: int | None = None, told: bool = True,
        workloads: Mapping[str, float] | None = None, feedback: str = "",
        scaled: bool = True,
    ) -> int:  # fmt: skip
        """Ask, propose, evaluate and tell one program; returns its number. Makespan: 2 scores 0, 1 scores 100, or
        nothing does where it is not `scaled`."""
        self._last = number = self._last + 1
        if parent is not None:
            self.writer.asked(number, Selection(Program(parent, "", "")))
        parents = (() if parent is None else (Parent(parent, "parent"),)) + tuple(others)
        text = f"def solve(instance):\n    return {number}\n" if source is None else source
        proposer = "seed" if parent is None and number == 1 else "model" if model else "embedded"
        operator = "seed" if proposer == "seed" else operator
        draft = Draft(text, proposer, operator, parents, rationale or f"because of {number}", model)
        self.writer.proposed(number, number, 0, f"digest {number}", draft)
        results = tuple(WorkloadResult(name, "ok", {"makespan": value}, value, feedback)
                        for name, value in (workloads or {}).items())  # fmt: skip
        fitness = None if score is None or verdict != "ok" else score / 100 - 2
        metrics = {} if score is None else {"makespan": 2 - score / 100}
        evaluation = Evaluation("train", "full", verdict, reason, metrics, fitness, score if scaled else None, results,
                                output, 0.5, 0.25, 10.0, "process")  # fmt: skip
        if duplicate_of is not None or verdict == "rejected":
            self.writer.screened(number, number, evaluation, duplicate_of)
        else:
            self.writer.evaluated(number, number, evaluation)
        if told:
            self.writer.told(number)
        return number

    def dropped(self, parent: int) -> None:
        """A ticket that its session did not live to see a proposal for."""
        self._last += 1
        self.writer.asked(self._last, Selection(Program(parent, "", "")))

    def distilled(self, parent: int) -> int:
        """A program that does as its parent does, made when the run was over; returns its number."""
        with Reader(self.folder) as reader:
            before = reader.program(parent)
        draft = Draft(f"{before.source}#\n", "distill", "minimise", (Parent(parent, "parent"),), f"because of {parent}")
        assert before.evaluation is not None
        self._last = self.writer.distilled(f"smaller {before.digest}", draft, [before.evaluation])
        return self._last

    def measured(self, number: int, split: str, value: float) -> None:
        """An evaluation for choosing or reporting the winner."""
        evaluation = Evaluation(split, "full", "ok", "", {"makespan": value}, -value)
        self.writer.evaluated(None, number, evaluation)

    def chosen(self, number: int) -> None:
        """The winner."""
        self.writer.event("chosen", {"winner": number})
        self.writer.event("stopped", {"by": "evaluations"})

    def close(self) -> Path:
        """End the session; returns the run's folder."""
        self.writer.close()
        return self.folder


def summary(number: int, parent: int | None, fitness: float | None) -> Summary:
    """A program with a fitness that is its score as well; None for one that failed."""
    parents = () if parent is None else (Parent(parent, "parent"),)
    return Summary(number, str(number), 0, "p", "o", "", "", "ok" if fitness is not None else "error", "", fitness,
                   fitness, parents)  # fmt: skip


SUMMARIES = [summary(1, None, 0.0), summary(2, 1, -1.0), summary(3, 1, 2.0), summary(4, 2, 1.0), summary(5, 3, None),
             summary(6, 4, 3.0)]  # fmt: skip
