"""The records that everything passes around. Frozen: a program's story is written once."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from adrs.evaluation import WorkloadSpec
from adrs.score import SplitScale

Split = Literal["train", "validation", "test", "fresh"]
"""`fresh`: workloads that are drawn when the run is over; see adrs.fresh."""
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
"""Those that a problem declares."""

Verdict = Literal["ok", "invalid", "error", "timeout", "memory", "killed", "rejected", "infrastructure", "suspect"]
"""How a program ended. `rejected`: did not parse, wrong interface, a duplicate of an earlier program, or refused
by the search strategy. `suspect`: better than a proven bound, hence not believed."""

SEED_TICKET = 1
"""The ticket of the program that a run begins with."""
FULL, PARTIAL, REFUSED = "full", "partial", "refused"
"""Stages of an evaluation of all of a split, of one that was stopped on the way, and of a program that its search
strategy refused before evaluation."""


@dataclass(frozen=True, slots=True)
class WorkloadResult:
    """What one workload said of one program."""

    name: str
    verdict: Verdict
    metrics: Mapping[str, float]
    score: float | None = None
    """On the scale of this workload: 0 = trivial, 100 = state-of-the-art; None where there is no scale."""
    feedback: str = ""
    weight: float | None = None
    """How many instances it stands for in a mean; None where that is not known, as in what a log gives back."""
    bounds: Mapping[str, float] = field(default_factory=dict)
    """For a metric, the best value that is possible, where the evaluator knows it; not in what a log gives back."""
    replicates: Sequence[float] = ()
    """The primary metric on resampled instances, where a job asked for it; not in what a log gives back."""
    details: Sequence[Mapping[str, Any]] = ()
    """Of each single instance, where a job asked for it and the evaluator has it; not in what a log gives back."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One program on one split."""

    split: Split
    stage: str
    """The last stage that ran; `full` if all of the split was evaluated, `partial` if the program was stopped in it."""
    verdict: Verdict
    reason: str = ""
    """Rule, workload and first offending index; or exception type, message and own line; or the limit."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    fitness: float | None = None
    """The primary metric, sign turned so that higher is better. None unless the verdict is `ok`."""
    score: float | None = None
    """0 = trivial baseline, 100 = state-of-the-art baseline; None unless `ok` and the problem has a scale."""
    workloads: tuple[WorkloadResult, ...] = ()
    output: str = ""
    """Captured stdout and stderr of the program, capped."""
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    sandbox: str = ""
    recorded: Mapping[str, Any] = field(default_factory=dict)
    """What the job's `recording`, `replay`, `choices` or `digests` asked for, as plain data; never in a log."""

    @property
    def of_the_program(self) -> bool:
        """Whether it says something of the program: where evaluator or machine failed, the next one may go well."""
        return self.verdict != "infrastructure"

    def worst(self) -> WorkloadResult | None:
        """The workload with the lowest score, for feedback."""
        scored = [result for result in self.workloads if result.score is not None]
        return min(scored, key=lambda result: result.score or 0.0, default=None)

    def plain(self) -> dict[str, Any]:
        """As plain data, for a message or a file."""
        data = asdict(self)
        if not self.recorded:
            del data["recorded"]
        return data

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Evaluation":
        """The reverse of `plain`; raises TypeError for other data."""
        workloads = tuple(WorkloadResult(**result) for result in data["workloads"])
        return cls(**{**data, "workloads": workloads})


@dataclass(frozen=True, slots=True)
class Parent:
    """An edge of the lineage."""

    id: int
    role: str
    """`parent`, `crossover` or `inspiration`."""


@dataclass(frozen=True, slots=True)
class Program:
    """One candidate. `id` is its number in the run, counted from 1 (the seed program) in the order of asking."""

    id: int
    source: str
    digest: str
    """Of the normalised source; equal digests behave alike."""
    parents: tuple[Parent, ...] = ()
    proposer: str = ""
    operator: str = ""
    model: str = ""
    island: int = 0
    rationale: str = ""
    duplicate_of: int | None = None
    evaluation: Evaluation | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """What its proposer wants to remember of it; plain data, kept in the log, opaque to everyone else."""

    @property
    def verdict(self) -> Verdict:
        """The verdict of its evaluation; a duplicate is `rejected`, though it shows the score of its original."""
        return self.evaluation.verdict if self.evaluation else "infrastructure"

    @property
    def state(self) -> str:
        """For people: its verdict, or `pending` where there is none, as where a session ended before."""
        return self.evaluation.verdict if self.evaluation else "pending"

    @property
    def fitness(self) -> float | None:
        """Higher is better; None for what must not become a parent: failed, rejected, duplicate, suspect, partial, or
        distilled, which only has a score."""
        return self.evaluation.fitness if self.evaluation else None

    @property
    def score(self) -> float | None:
        """For people: 0 = trivial baseline, 100 = state-of-the-art baseline."""
        return self.evaluation.score if self.evaluation else None


@dataclass(frozen=True, slots=True)
class Selection:
    """What a search strategy wants next."""

    parent: Program
    inspirations: tuple[Program, ...] = ()
    island: int = 0
    operator: str | None = None
    """A wish to the proposer, which may ignore it. Any proposer knows `cross`, with an inspiration, and `rewrite`."""
    until: str | None = None
    """The last stage to evaluate; None = all of them."""
    promote: Program | None = None
    """Evaluate this known program to the end instead of proposing a new one."""
    independent: bool = False
    """The draft shall owe nothing to how other programs than its parent and inspirations fared: for controls."""
    least: float | None = None
    """A fitness below which the new program would not be kept: its evaluation may stop once it cannot reach that."""
    refuse: Callable[[Program], str] | None = field(default=None, compare=False, repr=False)
    """Asked about the new program before it is evaluated: why it is refused, or an empty text. It may look at what was
    told before this selection was made and at nothing later, so it is best made of a copy."""


@dataclass(frozen=True, slots=True)
class Brief:
    """What a proposer is given for one draft."""

    ticket: int
    seed: int
    """For the proposer's own random draws: a function of the run's seed and the ticket."""
    parent: Program
    inspirations: tuple[Program, ...] = ()
    operator: str | None = None
    failures: tuple[tuple[str, int], ...] = ()
    """Commonest recent reasons of failure, with counts."""
    independent: bool = False
    """Draw among what the proposer can do evenly, and use nothing that it has learned."""
    hints: tuple[str, ...] = ()
    """What people have said during the run."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What a draft cost."""

    usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    calls: int = 0
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Draft:
    """A proposed program, before anybody has looked at it."""

    source: str
    proposer: str
    operator: str
    parents: tuple[Parent, ...]
    rationale: str = ""
    model: str = ""
    usage: Usage = Usage()
    detail: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""
    """Why there is no source: the program is then `rejected` with this reason."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """When an evaluation on `train` may stop: once a fitness is out of reach even if the rest went perfectly.

    Completed by what is thinkable on the workloads not yet run, the results give an optimistic fitness, as long as a
    better metric of a workload never makes the evaluator's summary worse.
    """

    fitness: float
    thinkable: Mapping[str, Mapping[str, float]]
    """Metrics by workload."""
    weights: Mapping[str, float]
    """Of the workloads."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What to keep of the calls of one function during an evaluation, and what noise to add to their answers."""

    function: str
    """One that returns a number and takes numbers and arrays of them, beside what stays with the program."""
    rows_of_flow: int = 100
    """The most that are kept of one scenario, so that long ones do not rule."""
    evenly: bool = False
    """Which ones: evenly spaced over the scenario instead of its first."""
    noise: float = 0.0
    """Standard deviation of what is added to the answers that the evaluator gets, in their unit."""
    seed: int = 0
    """Of the noise."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Calls of one function outside of any evaluation: recorded observations, asked again."""

    function: str
    columns: Mapping[str, Any]
    """Packed by adrs.evaluate.recording; rows of a flow in order."""
    flows: Mapping[str, Any]
    """Packed int64[rows], whose state each row is asked in; the first flow is 0."""
    seed: int = 0
    """Of the policy's own draws."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What to ask a program for that writes down its own choices; see adrs.evaluate.choices."""

    columns: int
    """Terms of an item."""
    rows: int
    """The most items of a workload."""


@dataclass(frozen=True, slots=True)
class Job:
    """One evaluation to be done by an executor."""

    source: str
    split: Split
    until: str | None = None
    """The last stage to run, on `train`; None = all."""
    scale: SplitScale | None = None
    """None while the baselines themselves are measured."""
    decision_seconds: float | None = None
    """A tighter limit of one call than the problem's."""
    thorough: bool = False
    """Go on where a stage's least score is not reached, as for the seed program, which others are compared with."""
    threshold: Threshold | None = None
    """When to give up."""
    workloads: tuple[WorkloadSpec, ...] = ()
    """What to run on, where the problem declares nothing for the split: `fresh`."""
    native: str = ""
    """A native baseline instead of a program; `source` is empty then."""
    replicates: bool = False
    """Have the evaluator resample, for comparisons in pairs; see adrs.paired."""
    recording: Recording | None = None
    """What to keep of the calls; see `Evaluation.recorded`."""
    replay: Replay | None = None
    """Answers wanted instead of an evaluation; see `Evaluation.recorded`."""
    choices: Choices | None = None
    """What to ask a program for that records itself; see `Evaluation.recorded`."""
    details: bool = False
    """Have the evaluator tell of each single instance."""
    anew: bool = False
    """Load the workloads once more, as any other worker does, instead of taking those that are loaded."""
    digests: bool = False
    """Digests of its answers wanted besides; see `Evaluation.recorded`."""
