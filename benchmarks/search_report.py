"""The table and the figure of `search.py`, out of its results."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from adrs.lineage import curves
from adrs.lineage.curves import Quartiles

if TYPE_CHECKING:
    from search import Result

NEAR = 0.001
"""Share of the best known score within which it counts as reached."""
_LEAST_GAP = 1e-3
"""Points below the best known that are drawn as no more than this."""


@dataclass(frozen=True)
class Row:
    """One strategy on one problem, over its seeds."""

    problem: str
    search: str
    seeds: int
    evaluations: int
    best: Quartiles
    area: Quartiles
    """Of the mean of the best so far."""
    to_trivial: Quartiles
    """Evaluations to score 0; infinite where it was not reached."""
    to_state_of_the_art: Quartiles
    """To score 100."""
    to_best_known: Quartiles
    """To within `NEAR` of the best score that any run in the table has."""
    best_known: float
    ended_early: int
    """Runs that the breaker ended; their curves stay flat from there on."""


def scored(results: Sequence["Result"]) -> list["Result"]:
    """The same with curves in scores, those of one problem on one scale."""
    made = []
    for name in sorted({each.trial.problem for each in results}):
        members = [each for each in results if each.trial.problem == name]
        scores = curves.on_one_scale([each.curve for each in members])
        made += [replace(each, curve=curve) for each, curve in zip(members, scores, strict=True)]
    return made


def summarise(results: Sequence["Result"], evaluations: int) -> list[Row]:
    """A row for each problem and strategy, at a number of evaluations; of results as `scored` makes them."""
    groups: defaultdict[tuple[str, str], list[Result]] = defaultdict(list)
    for each in results:
        groups[each.trial.problem, each.trial.search].append(each)
    known: dict[str, float] = {}
    for (name, _), members in groups.items():
        known[name] = max(known.get(name, -math.inf), *(_at(each, evaluations) for each in members))
    return [_row(name, search, members, evaluations, known[name]) for (name, search), members in sorted(groups.items())]


def _row(name: str, search: str, members: Sequence["Result"], evaluations: int, known: float) -> Row:
    def over(values: Sequence[float | None]) -> Quartiles:
        made = curves.quartiles(values)
        assert made is not None, "a group has members"
        return made

    def to(level: float) -> Quartiles:
        firsts = [each.curve.first(level) for each in members]
        return over([None if first is None or first > evaluations else first for first in firsts])

    return Row(
        problem=name, search=search, seeds=len(members), evaluations=evaluations,
        best=over([_at(each, evaluations) for each in members]),
        area=over([each.curve.area(evaluations) for each in members]),
        to_trivial=to(0.0), to_state_of_the_art=to(100.0), to_best_known=to(known - NEAR * abs(known)),
        best_known=known,
        ended_early=sum(each.curve.evaluations < evaluations for each in members),
    )  # fmt: skip


def _at(result: "Result", evaluations: int) -> float:
    value = result.curve.at(evaluations)
    assert value is not None, "the seed program has a score, or there would be no run"
    return value


def markdown(rows: Sequence[Row]) -> str:
    """The table; medians, with quartiles in brackets."""
    lines = [
        "| problem | strategy | seeds | best score | mean best so far | evaluations to 0 | to 100 | to best known |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        early = f" ({row.ended_early} ended early)" if row.ended_early else ""
        to = " | ".join(_count(each) for each in (row.to_trivial, row.to_state_of_the_art, row.to_best_known))
        lines.append(f"| {row.problem} | `{row.search}` | {row.seeds}{early} | {_spread(row.best, 3)} | "
                     f"{_spread(row.area, 2)} | {to} |")  # fmt: skip
    known = ", ".join(f"{name} {score:.3f}" for name, score in {row.problem: row.best_known for row in rows}.items())
    return "\n".join([*lines, "", f"Best known, reached when within {NEAR:.1%} of it: {known}."])


def _spread(values: Quartiles, digits: int) -> str:
    return f"**{values.median:.{digits}f}** [{values.low:.{digits}f}, {values.high:.{digits}f}]"


def _count(values: Quartiles) -> str:
    low, middle, high = ("never" if math.isinf(value) else f"{value:.0f}" for value in
                         (values.low, values.median, values.high))  # fmt: skip
    return middle if low == middle == high else f"{middle} [{low}, {high}]"


def plot(results: Sequence["Result"], evaluations: int, path: Path) -> None:
    """Median and quartiles of the points that the best so far is below the best known, a panel for each problem.

    Both axes are logarithmic, or nothing would be seen but the first steps.
    """
    from matplotlib.figure import Figure

    rows = summarise(results, evaluations)
    known = {row.problem: row.best_known for row in rows}
    strategies = sorted({row.search for row in rows})
    places = sorted({float(round(math.exp(at / 200 * math.log(evaluations)))) for at in range(201)})
    figure = Figure(figsize=(4.2 * len(known), 3.4), layout="constrained")
    for axes, name in zip(figure.subplots(1, len(known), squeeze=False)[0], known, strict=True):
        for colour, search in enumerate(strategies):
            members = [each.curve for each in results if (each.trial.problem, each.trial.search) == (name, search)]
            band = [each for each in curves.band(members, places) if each is not None] if members else []
            if not band:
                continue
            low, middle, high = (
                [max(_LEAST_GAP, known[name] - value) for value in values]
                for values in ([b.low for b in band], [b.median for b in band], [b.high for b in band])
            )
            axes.plot(places, middle, color=f"C{colour}", label=search)
            axes.fill_between(places, low, high, color=f"C{colour}", alpha=0.2, linewidth=0)
        axes.axhline(max(_LEAST_GAP, known[name] - 100), color="grey", linewidth=0.8, linestyle=":")
        axes.set(title=name, xscale="log", yscale="log", xlabel="evaluations (dotted: score 100)",
                 ylabel="points below the best known, train")  # fmt: skip
    figure.axes[-1].legend(frameon=False)
    figure.savefig(path)
