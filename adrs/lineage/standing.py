"""Where the winner stands: beside the seed program and the baselines, on train, validation and test."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adrs.lineage.declared import Declared, declared
from adrs.lineage.scores import SHOWN
from adrs.lineage.winner import winner
from adrs.score import Scale
from adrs.store import Reader

SEED_PROGRAM = 1
_COMPARED = ("train", "test")
"""Where the winner's leads are shown: what programs were chosen by, and what none of them saw."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One program on one split."""

    verdict: str
    value: float | None
    """The primary metric, in native units; of several measurements the median."""
    score: float | None
    """0 = trivial, 100 = state-of-the-art; None where there is no scale."""
    low: float | None
    high: float | None
    """Least and largest of the metric over several measurements; None where it was measured once."""
    times: int
    """How often it was measured."""


@dataclass(frozen=True, slots=True)
class Contender:
    """A row of the table."""

    name: str
    role: str
    """`seed`, `trivial`, `heuristic`, `state-of-the-art` or `winner`; `program` for any other of the run."""
    program: int | None
    """Number in the run; None for a baseline."""
    measured: Mapping[str, Measured]
    """By split; without those where it was not measured."""


@dataclass(frozen=True, slots=True)
class Lead:
    """Of the winner over the best baseline, on one split."""

    baseline: str
    """The best there of those measured on train and test."""
    points: float | None
    """Of score, less than 0 where the baseline is ahead; None where there is no scale."""
    value: float
    """The same in the primary metric, its sign turned so that more is better."""

    def __str__(self) -> str:
        by = self.value if self.points is None else self.points
        amount = f"{abs(self.value):.3g}" if self.points is None else f"{abs(self.points):.2f} points"
        return f"{amount} {'behind' if by < 0 else 'over'} {self.baseline}"


@dataclass(frozen=True, slots=True)
class Standing:
    """The table, and the winner's gap."""

    contenders: tuple[Contender, ...]
    """Seed program, baselines from trivial to state-of-the-art, winner."""
    gap: float | None
    """Winner's score on test less that on train; None where one of them is missing. Each split has its own scale, so
    that a fixed heuristic has a gap as well; `leads` are of one scale each."""
    leads: Mapping[str, Lead]
    """The winner's on train and on test; empty where it, or every baseline, lacks one of the two."""
    objective: Declared
    trust: str
    no_score: Mapping[str, str]
    """By split, why native units alone are shown of it; without those that have a score, or no baselines for one."""
    splits: tuple[str, ...]
    """On which anything was measured: train, validation, test, and `fresh`, workloads like those of train with seeds
    that nothing has seen before."""

    def of(self, role: str) -> Contender | None:
        """The first row in a role."""
        return next((contender for contender in self.contenders if contender.role == role), None)


def standing(reader: Reader) -> Standing:
    """Seed program, baselines and winner by split. Without a chosen winner, the best on train so far stands for it."""
    objective = declared(reader)
    baselines = _evaluations(reader)
    ends = _scales(reader, objective, baselines)
    scales = _defined(ends)
    rows = [_program(reader, objective, scales, SEED_PROGRAM, "seed program", "seed")]
    order = {"trivial": 0, "heuristic": 1, "state-of-the-art": 2}
    for name in sorted(baselines, key=lambda each: order.get(objective.roles.get(each, "heuristic"), 1)):
        measured = {split: _measured(objective, scales[split], [(data["verdict"], data["metrics"])])
                    for split, data in baselines[name].items()}  # fmt: skip
        rows.append(Contender(name, objective.roles.get(name, "heuristic"), None, measured))
    chosen = winner(reader)
    if chosen is not None:
        rows.append(_program(reader, objective, scales, chosen, f"program {chosen}", "winner"))
    mine = rows[-1].measured if chosen is not None else {}
    scores = {split: mine[split].score if split in mine else None for split in SHOWN}
    train, test = scores["train"], scores["test"]
    return Standing(
        contenders=tuple(rows), gap=None if train is None or test is None else test - train,
        leads=_leads(objective, mine, [row for row in rows if row.program is None]), objective=objective,
        trust=reader.info.trust,
        no_score={split: why for split, scale in ends.items() if scale and (why := scale.why_undefined())},
        splits=tuple(split for split in SHOWN if any(split in row.measured for row in rows)),
    )  # fmt: skip


def _leads(objective: Declared, mine: Mapping[str, Measured], baselines: Sequence[Contender]) -> dict[str, Lead]:
    rivals = [row for row in baselines if not _unknown(row.measured)]
    if _unknown(mine) or not rivals:
        return {}
    found = {}
    for split in _COMPARED:
        ours = mine[split]
        rival = max(rivals, key=lambda row: objective.fitness(row.measured[split].value or 0.0))
        theirs = rival.measured[split]
        points = None if ours.score is None or theirs.score is None else ours.score - theirs.score
        value = objective.fitness(ours.value or 0.0) - objective.fitness(theirs.value or 0.0)
        found[split] = Lead(rival.name, points, value)
    return found


def _unknown(measured: Mapping[str, Measured]) -> bool:
    return any(split not in measured or measured[split].value is None for split in _COMPARED)


def contender(reader: Reader, number: int) -> Contender:
    """One program of the run on every split where it was measured."""
    objective = declared(reader)
    scales = _defined(_scales(reader, objective, _evaluations(reader)))
    role = "winner" if number == winner(reader) else "seed" if number == SEED_PROGRAM else "program"
    return _program(reader, objective, scales, number, f"program {number}", role)


def _evaluations(reader: Reader) -> dict[str, dict[str, Any]]:
    """Evaluations of baselines by name and split, as plain data."""
    found: dict[str, dict[str, Any]] = {}
    for _, payload in reader.events("baseline"):
        found.setdefault(payload["name"], {})[payload["split"]] = payload["evaluation"]
    return found


def _scales(reader: Reader, objective: Declared, baselines: Mapping[str, Mapping[str, Any]]) -> dict[str, Scale | None]:
    """By split, also those that are not defined."""
    half_widths = {payload["split"]: payload.get("half_width") for _, payload in reader.events("baseline")}
    return {split: _scale(objective, baselines, split, half_widths.get(split) or 0.0) for split in SHOWN}


def _defined(scales: Mapping[str, Scale | None]) -> dict[str, Scale | None]:
    return {split: scale if scale and scale.defined() else None for split, scale in scales.items()}


def _scale(
    objective: Declared, baselines: Mapping[str, Mapping[str, Any]], split: str, half_width: float
) -> Scale | None:
    values = {}
    for name, evaluations in baselines.items():
        if split in evaluations and objective.metric in evaluations[split]["metrics"]:
            values[objective.roles.get(name)] = float(evaluations[split]["metrics"][objective.metric])
    if "trivial" not in values or "state-of-the-art" not in values:
        return None
    return Scale(values["trivial"], values["state-of-the-art"], objective.direction, half_width)


def _program(
    reader: Reader, objective: Declared, scales: Mapping[str, Scale | None], number: int, name: str, role: str
) -> Contender:
    measured: dict[str, Measured] = {}
    for split in SHOWN:
        found = reader.evaluations_of(number, split)
        if found:
            measured[split] = _measured(objective, scales[split], [(each.verdict, each.metrics) for each in found])
    return Contender(name, role, number, measured)


def _measured(objective: Declared, scale: Scale | None, found: Sequence[tuple[str, Mapping[str, float]]]) -> Measured:
    """Of several measurements that ended `ok`, the median low one, as where the winner is chosen."""
    values = sorted(metrics[objective.metric] for verdict, metrics in found
                    if verdict == "ok" and objective.metric in metrics)  # fmt: skip
    if not values:
        return Measured(found[-1][0], None, None, None, None, len(found))
    value = statistics.median_high(values) if objective.direction == "minimize" else statistics.median_low(values)
    score = scale.score(value) if scale else None
    several = len(values) > 1
    return Measured("ok", value, score, values[0] if several else None, values[-1] if several else None, len(values))
