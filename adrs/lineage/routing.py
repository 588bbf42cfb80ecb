"""What came of having a program choose among the models, beside what their bandit would have chosen."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from adrs.lineage.control import siblings
from adrs.lineage.gain import difference
from adrs.lineage.improvements import curve
from adrs.store import Reader, RunInfo


@dataclass(frozen=True, slots=True)
class RoutedModel:
    """One model, counted over the proposals in which the router had a say."""

    model: str
    chosen: int
    """Times that the router chose it."""
    agreed: int
    """Of these, times that the bandit would have chosen it as well."""
    fallen_back: int
    """Times that the bandit chose it since the router had failed."""
    bandit: int
    """Times that the bandit would have chosen it."""
    gained: float
    """What its programs added to the best so far: points of score, fitness where there is no scale."""
    usd: float
    """All that its proposals cost."""

    @property
    def gained_per_usd(self) -> float | None:
        """None where nothing was paid."""
        return self.gained / self.usd if self.usd > 0 else None


@dataclass(frozen=True, slots=True)
class Rival:
    """A run of the same problem and models without a router, at the spend that both have reached."""

    run: str
    usd: float
    ours: float
    """Best score on `train` after that many dollars, fitness where there is no scale."""
    theirs: float


@dataclass(frozen=True, slots=True)
class RoutingReport:
    """The router of a run and what came of it."""

    program: str
    rows: int
    """Past proposals that it was fitted to."""
    why_not: str
    """Why it was not used; empty where it was."""
    failures: int
    """Calls for which it had no answer."""
    by_model: tuple[RoutedModel, ...]
    rivals: tuple[Rival, ...]


def routing(reader: Reader, runs_dir: Path) -> RoutingReport | None:
    """The router's record; None for a run without one. runs_dir: where runs to compare with are looked for."""
    said = next((payload for _, payload in reader.events("routed")), None)
    if said is None:
        return None
    proposals = [
        (model, detail["router"], float(detail.get("usd", 0.0)))
        for model, text in reader.rows("SELECT model, detail FROM program WHERE model != '' ORDER BY id")
        if "router" in (detail := json.loads(text))
    ]
    return RoutingReport(
        program=said["program"], rows=said["rows"], why_not=said["why_not"],
        failures=sum("failure" in record for _, record, _ in proposals),
        by_model=_by_model(reader, proposals), rivals=_rivals(reader, runs_dir),
    )  # fmt: skip


def _by_model(reader: Reader, proposals: list[tuple[str, Mapping[str, Any], float]]) -> tuple[RoutedModel, ...]:
    would = Counter(record["bandit"] for _, record, _ in proposals)
    gained = _gained(reader)
    made = []
    for name in sorted({*would, *(model for model, _, _ in proposals)}):
        own = [(record, usd) for model, record, usd in proposals if model == name]
        chosen = [record for record, _ in own if record["by"] == "router"]
        made.append(
            RoutedModel(
                model=name,
                chosen=len(chosen),
                agreed=sum(record["bandit"] == name for record in chosen),
                fallen_back=sum(record["by"] == "bandit" for record, _ in own),
                bandit=would[name],
                gained=gained.get(name, 0.0),
                usd=sum(usd for _, usd in own),
            )
        )
    return tuple(made)


def _gained(reader: Reader) -> dict[str, float]:
    """What each model's routed programs added to the best so far."""
    points = curve(reader).points
    added: dict[str, float] = {}
    for before, point in pairwise(points):
        model, detail = reader.rows("SELECT model, detail FROM program WHERE id = ?", point.program)[0]
        if "router" in json.loads(detail):
            added[model] = added.get(model, 0.0) + (difference(point, before) or 0.0)
    return added


def _rivals(reader: Reader, runs_dir: Path) -> tuple[Rival, ...]:
    models = sorted(reader.info.configuration.get("models", ()))

    def without(theirs: RunInfo) -> bool:
        settings = theirs.configuration
        return settings.get("model_router") is None and sorted(settings.get("models", ())) == models

    ours = curve(reader)
    found = []
    for folder in siblings(reader, runs_dir, without):
        with Reader(folder) as other:
            theirs = curve(other)
        usd = min(ours.usd, theirs.usd)
        reached = ours.at(usd, "usd"), theirs.at(usd, "usd")
        if usd > 0 and reached[0] is not None and reached[1] is not None:
            found.append(Rival(folder.name, usd, reached[0], reached[1]))
    return tuple(found)
