"""What the stages of a distillation share: what is asked for, what there is to work with, and what they hand in."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from adrs.calibrate import Calibration
from adrs.distill.checks.record import Check
from adrs.distill.export.targets import TARGETS, Target
from adrs.distill.minimise.tolerance import Mode
from adrs.distill.observer import Observer
from adrs.distill.stop import Stop
from adrs.evaluate.executor import Executor
from adrs.problem import Problem
from adrs.program import Evaluation, Split
from adrs.rule.form import Rule


@dataclass(frozen=True)
class Wish:
    """What is asked for."""

    mode: Mode = "preserve"
    only: str | None = None
    """Name of the one stage to run; None = all."""
    seconds: float = 600.0
    """For everything together."""
    seed: int = 0
    workers: int = 1
    leaves: int = 4
    """The most expressions that branches lead to."""
    length: int = 20
    """The most nodes of an expression without branches, before its constants are written out."""
    rounds: int = 3
    """Times that a rule is fitted, after the first to what rules before it came to see."""
    operations: int = 30
    """The most of one decision by the rule that is chosen, where any has so few."""
    targets: tuple[Target, ...] = TARGETS
    """Languages to export a rule to."""


@dataclass(frozen=True)
class Subject:
    """What is distilled."""

    source: str
    name: str
    """For people."""
    number: int | None = None
    """In its run; None outside of one."""
    evaluations: Mapping[Split, Evaluation] = field(default_factory=dict)
    """What the run's log knows of it."""
    network: Path | None = None
    """A file of weights instead of a source, which is empty then."""
    rule: Rule | None = None
    """What the source was made of, where the subject is a rule."""


@dataclass(frozen=True)
class Row:
    """A row of the table: a baseline, the original, or what was made of it."""

    name: str
    kind: str
    """`trivial`, `state-of-the-art`, `original`, `minimal`, or a stage's own."""
    nodes: int | None
    """Size; None where it has none that could be compared."""
    evaluations: Mapping[Split, Evaluation]
    more: Mapping[str, Any] = field(default_factory=dict)
    """A stage's own columns, plain data."""

    def plain(self, metric: str) -> dict[str, Any]:
        """As plain data."""
        return {
            "name": self.name, "kind": self.kind, "nodes": self.nodes, **self.more,
            "score": {split: found.score for split, found in self.evaluations.items()},
            metric: {split: found.metrics.get(metric) for split, found in self.evaluations.items()},
        }  # fmt: skip


@dataclass(frozen=True)
class Result:
    """An accepted program, for the log and the table."""

    source: str
    operator: str
    """`minimise`, or `distil` for what is no longer the same program."""
    rationale: str
    row: Row
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Work:
    """One distillation."""

    problem: Problem
    subject: Subject
    wish: Wish
    executor: Executor
    calibration: Calibration
    folder: Path
    """Where files go."""
    stop: Stop
    """`deadline` is that of everything."""
    observer: Observer
    original: Row | None = None
    results: list[Result] = field(default_factory=list)
    rules: list[Row] = field(default_factory=list)
    """Everything else that the table shows."""
    chosen: Result | None = None
    rule: Rule | None = None
    """What the program or network is as a rule: what exports are made of."""
    checks: list[Check] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    """What was left out, and why: sentences."""
    files: list[Path] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    """Of report.md, in Markdown."""
    evaluations: int = 0
    """Paid ones."""

    def write(self, name: str, text: str) -> Path:
        """Write a file of the distillation."""
        path = self.folder / name
        path.write_text(text, errors="surrogatepass")
        self.wrote(path)
        return path

    def wrote(self, path: Path) -> None:
        """List a file that somebody else has written, once."""
        self.files += [path] if path not in self.files else []


class Stage(Protocol):
    """A part of the distillation. What it finds goes into the work; what a stage before it found stands there."""

    name: str
    share: float
    """Of the time that is left, beside those of the stages after it: what a stage leaves over is for them."""

    async def prepare(self, work: Work, before: Collection[str]) -> bool:
        """Whether there is anything to do, given the names of the stages that run before it: else its share is for the
        others. Why not is said among what was not done, or raised as UserError if the stage was all that was asked for.
        """

    async def run(self, work: Work, deadline: float) -> None:
        """Do it until `deadline` (of `time.monotonic`) or until `work.stop` is asked for."""
