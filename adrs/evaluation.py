"""What an evaluator is written against: the only module of the engine that evaluators import.

An evaluator is trusted code. It loads workloads, asks a policy for decisions and computes every number itself;
the policy runs in another process, behind the sandbox, and never sees more than the arguments of its calls.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeVar

from adrs.errors import UserError

if TYPE_CHECKING:  # verbs that only look at a run start faster without numpy
    import numpy as np

Workload = TypeVar("Workload")


class Invalid(Exception):  # noqa: N818 - reads as the verdict it causes
    """An answer broke a rule of the problem; the whole program becomes `invalid`.

    rule: a short name of the rule ("permutation"), the same for every program that breaks it.
    detail: what is wrong, with the first offending index.
    """

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
        self.detail = detail


class Failed(Exception):  # noqa: N818 - reads as the verdict it causes
    """The evaluator gives up on a program whose decisions fail too often or take too long.

    verdict: `error` or `timeout`.
    """

    def __init__(self, verdict: Literal["error", "timeout"], reason: str) -> None:
        super().__init__(reason)
        self.verdict: Literal["error", "timeout"] = verdict
        self.reason = reason


@dataclass(frozen=True)
class Shared:
    """In a column of `Policy.attempt`: one value of any plain kind that all scenarios see."""

    value: Any


@dataclass(frozen=True)
class Failure:
    """One call of `Policy.attempt` that came to nothing."""

    row: int
    """Place among the asked scenarios."""
    verdict: Literal["error", "timeout"]
    reason: str


@dataclass(frozen=True)
class Attempts:
    """What came of one call a scenario."""

    answers: Any
    """The checked answers of the calls that succeeded, stacked in order as by `Policy.map`; a tuple or dict of such
    columns where the interface says so. None if there is none."""
    succeeded: "np.ndarray"
    """bool[scenarios]."""
    failures: tuple[Failure, ...]
    seconds: "np.ndarray"
    """float64[scenarios], CPU seconds of each call as the policy's process says: it may lie, so that no score may rest
    on them."""
    complete: bool = True
    """False where it was given up after too many failures: then the last ones were not asked."""


@dataclass(frozen=True)
class WorkloadSpec:
    """Names one workload; `Evaluator.load` turns it into the workload itself."""

    problem: str
    name: str
    """Unique within the problem, for example `wide-1000`."""
    family: str
    split: str
    """`train`, `validation` or `test`."""
    seed: int | None = None
    """Seed of the generator, or None for a family that is not drawn."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the entry in `problem.toml`."""

    @property
    def policy_seed(self) -> int:
        """63-bit seed given to the policy: the same on every evaluation.

        It tells whoever knows the problem's files which workload this is; what such a program gains by that is seen on
        fresh workloads.
        """
        return int.from_bytes(sha256(f"{self.problem}/{self.name}".encode()).digest()[:8], "big") >> 1


class Metrics(dict[str, float]):
    """Metrics of one workload by name, in native units.

    weight: how many instances the workload stands for where metrics are averaged over workloads.
    bounds: for a metric, the best value that is possible; a program that beats it is suspect.
    feedback: text for the proposer about this workload, without anything a policy must not know.
    replicates: may be set to what computes the primary metric again on resampled instances of the workload, as often
    and with the same draws for every program, so that differences of two programs are paired. Of programs that then
    cannot be told apart on `validation` the smallest becomes the winner, and a split whose two baselines are closer
    than half of that interval has no score. The problem's metric must be a mean by weight.
    details: may be set to what tells how it went on each single instance, by name as plain values and lists of them,
    for people who ask; nothing is made of it.
    """

    def __init__(
        self,
        *,
        weight: float = 1.0,
        bounds: Mapping[str, float] | None = None,
        feedback: str = "",
        **values: float,
    ) -> None:
        super().__init__({name: float(value) for name, value in values.items()})
        self.weight = float(weight)
        self.bounds = {name: float(value) for name, value in (bounds or {}).items()}
        self.feedback = feedback
        self.replicates: Callable[[], Sequence[float]] | None = None
        self.details: Callable[[], Sequence[Mapping[str, Any]]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        """What goes to another process: not what is computed on demand, since that holds the workload."""
        return {**self.__dict__, "replicates": None, "details": None}


class Policy(Protocol):
    """A candidate as the evaluator sees it: functions to call, in a process that can do nothing else.

    Arguments and answers are checked against the interface in `problem.toml`. Each call raises (do not catch it)
    `Invalid` when the answer breaks the interface, and internal errors when the program raises, hangs or dies.
    """

    seconds: float
    """Wall time of the last round trip, taken on this side."""
    decision_seconds: float
    """Wall seconds that one call may take, or all decisions of one `map` together; set by the harness."""

    def call(self, function: str, *arguments: Any) -> Any:
        """Call one function once. Arrays come back with the dtype and shape that the interface declares; None where
        the program leaves out an optional function.
        """

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Call `function` once per scenario in one round trip.

        scenarios: the ones to ask, by number and in this order; all by default. The program is not told the numbers.

        Each column is an array whose first axis is the scenario (or a value that all scenarios share, if it is a
        scalar); an argument of type `state` is left out, since each scenario's state stays with the policy.
        Each answer is held to what its own scenario's arguments say of names in its type. Answers are stacked along a
        new first axis; arrays whose shapes differ between scenarios come as a list. None where the program leaves out
        an optional function.
        """

    def attempt(
        self,
        function: str,
        *columns: Any,
        scenarios: Sequence[int] | None = None,
        seconds: float = 1.0,
        most_failures: int = 0,
    ) -> Attempts:
        """Call `function` once per scenario, as `map` does, where single calls may fail.

        columns: as for `map`; a value in `Shared` is the same for all.
        scenarios: which of the scenarios are asked, each in its own state; by default all.
        seconds: of CPU that one call may take; `decision_seconds` is the wall time of all together.
        most_failures: after more than that many, the rest is not asked.
        Scalars in answers must be plain ints, floats, bools and strings: no numpy scalars, no subclasses.
        """

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Seed the policy's generators and give each of `scenarios` scenarios an empty state."""

    def restart(self) -> float:
        """End the process and fork a fresh one. Returns the CPU seconds (user and system) of the ended one."""

    def pause(self, seconds: float) -> float:
        """Ask nothing for a while. Returns the seconds that the process's threads ran or waited for a core meanwhile:
        few for one that is idle, on a busy machine as well.
        """

    def echo(self, *arguments: Any) -> float:
        """Wall seconds of a round trip that carries `arguments` both ways and calls nothing."""


@dataclass(frozen=True)
class Condition:
    """One setting in which programs run twice: in simulation, and with the real thing in real time."""

    name: str
    description: str
    """For people, in a few words."""
    simulated: WorkloadSpec
    emulated: WorkloadSpec
    seconds: float
    """Of real time that the emulated one takes."""


@dataclass(frozen=True)
class Deviation:
    """One metric in simulation and in emulation."""

    metric: str
    unit: str
    simulated: float
    emulated: float
    allowed: float
    """By which `emulated` may lie above or below `simulated`."""

    @property
    def within(self) -> bool:
        """Whether it does not lie further."""
        return abs(self.emulated - self.simulated) <= self.allowed


class Emulation(Protocol):
    """What a problem has besides its simulator: the same decisions with the real thing, to see what a score is worth.

    Its workloads go the way of all others: `Evaluator.load`, then `evaluate` or `reference`. An emulated one takes its
    time; where the machine does not keep up it raises UserError, which blames no program.
    """

    backends: Sequence[str]
    """Ways of emulating; the first one needs no privilege."""

    def conditions(self, backend: str, names: Sequence[str], seconds: float | None) -> Sequence[Condition]:
        """The named conditions, the usual ones if there is no name, each for `seconds` or as long as it usually takes.

        Raises UserError for unknown names and where the backend does not work on this machine.
        """

    def baselines(self, backend: str, names: Sequence[str] | None) -> Sequence[str]:
        """The native baselines to put beside programs: those named, or the usual ones where nobody names any.

        Raises UserError for unknown names.
        """

    def deviations(
        self, condition: str, native: str, simulated: Mapping[str, float], emulated: Mapping[str, float]
    ) -> Sequence[Deviation]:
        """What is compared, the same metrics for every condition. `native` is empty for a program."""


class Evaluator(ABC, Generic[Workload]):
    """The trusted side of a problem. One instance lives as long as its worker; keep no state about programs."""

    def __init__(self, parameters: Mapping[str, Any] | None = None) -> None:
        """Take the table `[evaluator.parameters]` of `problem.toml`."""
        self.parameters: Mapping[str, Any] = parameters or {}

    @abstractmethod
    def load(self, spec: WorkloadSpec) -> Workload:
        """Build the workload; deterministic. Called once per worker and kept."""

    @abstractmethod
    def evaluate(self, policy: Policy, workload: Workload, spec: WorkloadSpec) -> Metrics:
        """Run the workload against the policy and compute its metrics. Raises Invalid for a broken rule."""

    def evaluate_together(self, policy: Policy, workloads: Sequence[tuple[Workload, WorkloadSpec]]) -> list[Metrics]:
        """The metrics of many workloads, each the same to the last digit as `evaluate` gives, where that takes less
        time than one after another: simulators that ask for decisions may ask for those of all workloads at once.
        None by default. Raises what `evaluate` does; then all is done again one by one, to see what fails and where.
        """
        return []

    def reference(self, name: str, workload: Workload, spec: WorkloadSpec) -> Metrics:
        """Metrics of a native baseline: an algorithm of the evaluator's own, which no program can select.

        Raises UserError for a name that the evaluator does not know.
        """
        raise UserError(f'this evaluator has no native baseline "{name}"')

    def emulation(self) -> Emulation:
        """What `adrs emulate` runs. Raises UserError where there is nothing but the simulator."""
        raise UserError("this problem has no emulation")

    def instances(self, workload: Workload) -> Sequence[tuple[Mapping[str, float], Workload]]:
        """The single instances of a workload, each as a workload of its own, with numbers of one set of names that say
        what it is like; these are never shown to a policy. Empty where they cannot be told apart.
        """
        return ()

    def summarise(self, results: Sequence[tuple[WorkloadSpec, Metrics]]) -> dict[str, float]:
        """Metrics of a split out of those of its workloads: by default means by weight, over those that have it;
        the objective's own must be in all of them.

        A better metric of a workload must never make the primary metric worse: programs are given up on `train` when
        they could not be kept even if the rest of the workloads went as well as thinkable. Workloads that are not run
        yet stand there with what the best program reached, and a margin, within their bounds.
        """
        names = dict.fromkeys(name for _, metrics in results for name in metrics)
        summary = {}
        for name in names:
            having = [metrics for _, metrics in results if name in metrics]
            total = sum(metrics.weight for metrics in having)
            summary[name] = sum(metrics[name] * metrics.weight for metrics in having) / total
        return summary
