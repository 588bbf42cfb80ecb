"""The records of a problem: what `problem.toml` says, checked and typed. Made by `adrs.problem`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from adrs import openevolve, openevolve_secrets, resources
from adrs.evaluation import WorkloadSpec
from adrs.interface import FunctionType
from adrs.program import Split, Verdict
from adrs.rule.form import Inputs
from adrs.score import Direction

FILE = "problem.toml"
Trust = Literal["line", "shared"]
"""Whether a line of trust runs between evaluator and programs, or both share a process, as the evaluators of others
that import the program themselves do: then a program could make up its score."""
Role = Literal["trivial", "heuristic", "state-of-the-art"]
"""Of a baseline."""
_KEPT_BYTES = 1 << 20
"""Of a file in a shared evaluator's folder; a larger one is kept as its checksum."""


@dataclass(frozen=True)
class Decision:
    """What the policy decides, in words; the core of every brief."""

    what: str
    why: str = ""
    rules: tuple[str, ...] = ()
    pitfalls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Objective:
    """The primary metric."""

    metric: str
    """Metric of a split."""
    direction: Direction
    workload_metric: str
    """The metric of one workload that it is made of; often the same."""
    unit: str = ""
    noisy: bool = False
    """Measured times enter it: baselines are not cached, and winners are compared with `margin`."""
    margin: float = 0.0
    """Smallest difference of the metric that counts; where measured times enter it, a smaller one counts too if each of
    several measurements shows it."""
    least_span: float = 0.0
    """How far apart the baselines that make the scale must be in every family of every split, in the metric's unit."""
    metrics: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What metrics of a workload are, with units. Where there are any, proposers are shown these and no others, the
    primary one apart."""

    def fitness(self, value: float) -> float:
        """The value with its sign turned so that higher is better."""
        return value if self.direction == "maximize" else -value


@dataclass(frozen=True)
class Limits:
    """What one policy process may use. A limit ends the process; it never slows it."""

    decision_seconds: float = 10.0
    """Seconds of one call, or of all decisions of one batch: wall time, less what the process waits for a core."""
    evaluation_seconds: float = 900.0
    """Wall seconds of all calls of one evaluation together."""
    evaluator_seconds: float = 3600.0
    """Wall seconds that the evaluator may take besides; one that takes longer hangs, and no program is to blame."""
    start_seconds: float = 10.0
    """The same until the program's module is loaded."""
    memory_mb: int = 512
    """Memory on top of the interpreter and its warmed imports."""
    scratch_mb: int = 16
    """Size of the private working directory."""
    output_kb: int = 16
    """Captured stdout and stderr; the rest is dropped."""
    answer_mb: int = 64
    """Size of one answer."""
    source_kb: int = 256
    """Size of a program."""
    literals_kb: int = 256
    """Size of all numbers, texts and displays of them in a program together: less where answers could be stored."""
    imports: tuple[str, ...] = ()
    """Modules outside the standard library that a program may import; loaded before the fork."""
    processes: int = 0
    """Processes and threads that a shared evaluator and its program may start; they share `memory_mb`."""

    @property
    def patience_seconds(self) -> float:
        """Wall seconds after which an evaluation that has not ended is given up."""
        return self.evaluation_seconds + self.evaluator_seconds


@dataclass(frozen=True)
class Stage:
    """A first part of `train` that weeds out programs before the rest is spent on them."""

    name: str
    workloads: tuple[str, ...]
    """Names of workloads."""
    decision_seconds: float | None = None
    """A tighter limit of one call, or of one batch, while the stage lasts."""
    least_score: float | None = None
    """Mean workload score below which a program stops here; with a shared evaluator, primary metric."""
    function: str = ""
    """With a shared evaluator: the function of it that is called."""


@dataclass(frozen=True)
class Baseline:
    """A program shipped with the problem, or an algorithm of its evaluator's own, in a role."""

    name: str
    role: Role
    path: Path
    """The program; of a native baseline, the file that names it."""
    native: str = ""
    """Name of the evaluator's algorithm, empty for a program."""

    def read(self) -> str:
        """Text of the program; empty for a native baseline."""
        return "" if self.native else self.path.read_text()


@dataclass(frozen=True)
class Cheat:
    """A hostile or lazy program, and what must be said of it."""

    name: str
    path: Path
    verdict: Verdict
    """The verdict it must get; `ok` for one that must merely gain nothing."""
    rule: str = ""
    """Text that the reason must contain."""
    at_most: float = 100.0
    """The score of one that gains nothing: what the same program reaches without its trick, or more."""


@dataclass(frozen=True)
class Comparison:
    """Two baselines that must measure alike, such as an algorithm and what stands for it."""

    name: str
    baseline: Baseline
    beside: Baseline
    workloads: tuple[WorkloadSpec, ...]
    relative: dict[str, float]
    """By metric, how far `baseline` may be from `beside`, as a share of the latter."""
    absolute: dict[str, float]
    """The same in the metric's unit."""


@dataclass(frozen=True)
class Feature:
    """A metric that tells programs of different behaviour apart: an axis of the grid of strategy `map-elites`."""

    metric: str
    """Metric of a split."""
    low: float
    high: float
    """Range that is divided evenly; what lies outside counts as its nearer end."""
    cells: int


@dataclass(frozen=True)
class Hint:
    """Given to proposers from a level of stagnation on; level 0 = always."""

    level: int
    text: str


@dataclass(frozen=True)
class Distillation:
    """What of a policy a rule may stand for."""

    function: str
    """It answers a number to `float[window * features]`, the newest interval last, and its state."""
    inputs: Inputs
    instances: str = ""
    """Metrics of a workload whose names begin so are its values on single instances; empty where it is one."""


@dataclass(frozen=True)
class Choosing:
    """What is known of how programs choose among items."""

    function: str = ""
    """Name that programs may give to a function whose answers are priorities; empty if there is none."""
    items: tuple[str, ...] = ()
    """What is known of an item: expressions over arguments of the interface, with the item's number as `item`."""


@dataclass(frozen=True)
class Problem:
    """Everything in `problem.toml`, checked."""

    name: str
    folder: Path
    title: str
    source: str
    decide: Decision
    shape: Literal["solve", "decide"]
    functions: Mapping[str, FunctionType]
    objective: Objective
    evaluator: str
    """`package.module:Class`, looked for in the problem's folder first; a shared one: `path/file.py:function`."""
    evaluator_parameters: Mapping[str, Any]
    limits: Limits
    mode: str
    """`standard`, or `published` for the turned-round splits."""
    workloads: Mapping[Split, tuple[WorkloadSpec, ...]]
    missing: tuple[str, ...]
    """Optional workloads left out because their data file is not there: `name: path`."""
    data: Mapping[str, str]
    """SHA-256 of data files by the name that workloads give them."""
    stages: tuple[Stage, ...]
    seed: Path
    baselines: tuple[Baseline, ...]
    cheats: tuple[Cheat, ...]
    blocks: tuple[Path, ...]
    hints: tuple[Hint, ...]
    features: tuple[Feature, ...] = ()
    scorer: str = ""
    """`package.module:function` that scores files in a public benchmark's own format; empty if there is none."""
    distillation: Distillation | None = None
    """None where no function of the policy is a number of a few features."""
    choosing: Choosing = Choosing()
    comparisons: tuple[Comparison, ...] = ()
    trust: Trust = "line"
    language: str = "python"
    """Of the programs; another one than Python only with a shared evaluator."""
    generated: str | None = None
    """Text of a problem.toml that the folder lacks, where it is a problem in the form of another project."""

    @property
    def shared_folder(self) -> Path:
        """The folder of a shared evaluator, of which policy processes are given a copy."""
        return (self.folder / self.evaluator.rpartition(":")[0]).parent

    @property
    def prompt_folder(self) -> Path | None:
        """Where templates of the problem's own may lie. A folder whose trust is shared has none: it is others'."""
        return None if self.trust == "shared" else self.folder / "prompts"

    @property
    def prompts(self) -> list[Path]:
        """Templates of the problem's own, which go before the shipped ones of the same name."""
        return sorted(self.prompt_folder.glob("*.md.j2")) if self.prompt_folder is not None else []

    def baseline(self, role: str) -> Baseline | None:
        """The first baseline in a role."""
        return next((baseline for baseline in self.baselines if baseline.role == role), None)

    def data_path(self, name: str) -> Path:
        """Where a data file lies: in the problem's folder, or in the published data."""
        return data_path_in(self.folder, name)

    @property
    def files(self) -> list[Path]:
        """The files that define the problem, but those of a shared evaluator's folder."""
        paths = [self.seed, *(b.path for b in self.baselines), *self.blocks, *self.prompts]
        if self.generated is None:
            paths.append(self.folder / FILE)
        return list(dict.fromkeys(paths))

    def snapshot(self) -> dict[str, bytes]:
        """What the files that define the problem hold, by path within its folder, for the log."""
        files = {str(path.relative_to(self.folder)): path.read_bytes() for path in self.files}
        if self.generated is not None:
            files[FILE] = self.generated.encode()
        if self.trust == "shared":
            for path in openevolve.files(self.shared_folder):
                files.setdefault(str(path.relative_to(self.folder)), _kept(path))
        return files

    def digest(self) -> str:
        """Hash of the snapshot."""
        total = sha256()
        for name, content in sorted(self.snapshot().items()):
            total.update(f"{name}\0{len(content)}\0".encode() + content)
        return total.hexdigest()


def _kept(path: Path) -> bytes:
    content = openevolve_secrets.content(path)
    if len(content) <= _KEPT_BYTES:
        return content
    return f"{len(content)} bytes with SHA-256 {sha256(content).hexdigest()}".encode()


def data_path_in(folder: Path, name: str) -> Path:
    """Where a data file of a problem lies."""
    local = folder / name
    return local if local.is_file() else resources.data_folder() / name
