"""What a run's problem says of itself, out of the snapshot in the log: the problem may be gone or changed since."""

import contextlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from adrs.baselines import baseline_name
from adrs.score import Direction
from adrs.store import Reader
from adrs.store.packed import unpack


@dataclass(frozen=True, slots=True)
class Declared:
    """The parts of `problem.toml` that a reader of scores needs."""

    title: str
    source: str
    """Where the problem comes from."""
    metric: str
    """Primary metric of a split."""
    direction: Direction
    unit: str
    noisy: bool
    """Whether measured times enter the metric."""
    margin: float
    """Smallest difference of the metric that counts."""
    seed: str
    """Path of the seed program in the problem's folder; its suffix tells the language."""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Role by name of each baseline: `trivial`, `heuristic` or `state-of-the-art`."""

    @property
    def fitness_name(self) -> str:
        """What fitness is called where it is shown: the metric, with a minus where less of it is better."""
        return self.metric if self.direction == "maximize" else f"-{self.metric}"

    def fitness(self, value: float) -> float:
        """The primary metric with its sign turned so that higher is better."""
        return value if self.direction == "maximize" else -value


def declared(reader: Reader) -> Declared:
    """What `problem.toml` said when the run began; what it did not say, or cannot be read any more, is left empty."""
    rows = reader.rows("SELECT content FROM file WHERE name = 'problem.toml'")
    data: dict[str, Any] = {}
    if rows:
        with contextlib.suppress(tomllib.TOMLDecodeError, RecursionError):
            data = tomllib.loads(unpack(rows[0][0]).decode(errors="replace"))
    objective, programs = data.get("objective", {}), data.get("programs", {})
    from adrs.openevolve import METRIC

    shared = data.get("evaluator", {}).get("trust") == "shared"
    roles = {baseline_name(path): "heuristic" for path in programs.get("heuristics", [])}
    if "trivial" in programs or (shared and "seed" in programs):
        roles[baseline_name(programs.get("trivial", programs.get("seed")))] = "trivial"
    if "state-of-the-art" in programs:
        roles[baseline_name(programs["state-of-the-art"])] = "state-of-the-art"
    return Declared(
        title=data.get("title", ""), source=data.get("source", ""),
        metric=objective.get("metric", METRIC if shared else ""),
        direction=cast(Direction, objective.get("direction", "maximize")), unit=objective.get("unit", ""),
        noisy=bool(objective.get("noisy", shared)), margin=float(objective.get("margin", 0.0)),
        seed=str(programs.get("seed", "seed.py")), roles=roles,
    )  # fmt: skip
