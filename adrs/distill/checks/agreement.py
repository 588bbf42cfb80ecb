"""Check (i): all targets decide what the rule decides, on random rows, corners, recorded rows and long sequences."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from adrs.distill.checks import exact
from adrs.distill.checks.record import Check
from adrs.distill.checks.rows import counted
from adrs.distill.checks.runners import Interpreted, Runner
from adrs.rule.form import Rule
from adrs.rule.interpret import reduced, transformed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAME = "agreement"
RELATIVE = 1e-12
"""Of the answer, or of the unit of answers where that is larger: what Python and C may differ by."""
ABSOLUTE = 1e-3
"""Of the answer: what fixed point may differ by."""
NEAR_FIXED = 1e-3
"""So close to a threshold, a branch may go the other way in fixed point."""
ROUNDING = 1e-12
"""Of the range of what is tested: so close to a threshold, it may in Python and C, which sum in another order."""
_EXACT_ROWS = 200


@dataclass(frozen=True)
class Reference:
    """What the interpreter says of one set of sequences."""

    name: str
    features: Floats
    """float64[scenarios, intervals, features]."""
    answers: Floats
    """float64[scenarios, intervals]."""
    branches: Ints
    """int64[scenarios, intervals, branches, 2]."""
    distances: Floats
    """float64[scenarios, intervals, branches]: of the tested value from the threshold."""
    exact: dict[tuple[int, int], float] = field(default_factory=dict)
    """Answers with 50 digits for some scenarios and intervals."""


def references(rule: Rule, sets: Mapping[str, Floats], seed: int, exact_rows: int = _EXACT_ROWS) -> list[Reference]:
    """Run the interpreter; `exact_rows` rows of all sets together are computed with 50 digits as well."""
    generator = np.random.default_rng(seed)
    return [_reference(rule, name, values, -(-exact_rows // len(sets)), generator) for name, values in sets.items()]


def _reference(rule: Rule, name: str, values: Floats, rows: int, generator: np.random.Generator) -> Reference:
    scenarios, intervals, _ = values.shape
    runner, everyone = Interpreted(rule), np.arange(scenarios)
    runner.reset(scenarios)
    made = Reference(
        name, values, np.empty((scenarios, intervals)), np.empty((scenarios, intervals, len(rule.splits), 2), np.int64),
        np.zeros((scenarios, intervals, len(rule.splits))),
    )  # fmt: skip
    wanted: dict[int, list[int]] = {}
    for place in generator.choice(scenarios * intervals, min(rows, scenarios * intervals), replace=False).tolist():
        wanted.setdefault(place % intervals, []).append(place // intervals)
    for interval in range(intervals):
        answers, branches = runner.decide(values[:, interval], everyone)
        made.answers[:, interval], made.branches[:, interval] = answers, branches
        entered = transformed(rule.inputs, runner.histories)
        for place, split in enumerate(rule.splits):
            made.distances[:, interval, place] = np.abs(reduced(entered, split.terminal) - split.threshold)
        for scenario in wanted.get(interval, ()):
            sides = [bool(side) for side in branches[scenario, :, 0]]
            made.exact[scenario, interval] = exact.answer(rule, runner.histories[scenario], sides)
    return made


def agreement(rule: Rule, references: list[Reference], runner: Runner, target: str) -> Check:
    """Whether a target decides as the interpreter does, and as 50 digits do where there are such answers."""
    worst, excused, saturated, rows, near = 0.0, 0, 0, 0, _near(rule, target)
    for reference in references:
        answers, branches = _run(reference, runner)
        lost, apart = _branches_apart(reference, branches, near)
        if lost is not None:
            return Check(NAME, False, f"{_where(rule, reference, lost)}: another branch, not near its threshold",
                         target=target)  # fmt: skip
        error = _errors(rule, reference, answers, target)
        error[apart] = 0.0
        place = np.unravel_index(int(np.argmax(error)), error.shape)
        if not error[place] <= _limit(target):
            at = (int(place[0]), int(place[1]))
            said = f"{float(answers[at])!r} instead of {_right(reference, answers, at)!r}"
            return Check(NAME, False, f"{_where(rule, reference, at)}: {said}, {_words(error[at], target)}",
                         target=target)  # fmt: skip
        worst = max(worst, float(error[place]))
        excused += int(apart.sum())
        rows += answers.size
        saturated += int(((reference.answers <= rule.inputs.low) | (reference.answers >= rule.inputs.high)).sum())
    sets = counted({reference.name: reference.features for reference in references})
    detail = f"{_words(worst, target)} at most; {sets}; {100.0 * saturated / rows:.0f} % of the answers at an end"
    if rule.splits:
        within = f"{NEAR_FIXED:g}" if target == "fixed" else "rounding errors"
        detail += f"; {excused:,} of {rows:,} rows not compared: in another branch, within {within} of a threshold"
    exacts = sum(len(reference.exact) for reference in references)
    return Check(NAME, True, f"{detail}; {exacts} rows with {exact.DIGITS} digits", target=target)


def interpreter_agreement(rule: Rule, references: list[Reference]) -> Check:
    """Whether the interpreter itself is within rounding of 50 digits: if not, the rule loses too many of them."""
    worst = 0.0
    for reference in references:
        for place, value in reference.exact.items():
            error = abs(reference.answers[place] - value) / max(abs(value), rule.inputs.unit)
            if not error <= RELATIVE:
                said = f"float64 loses digits: {error:.2g} relative"
                return Check(NAME, False, f"{_where(rule, reference, place)}: {said}", target="interpreter")
            worst = max(worst, error)
    return Check(NAME, True, f"{worst:.2g} relative to {exact.DIGITS} digits at most", target="interpreter")


def _run(reference: Reference, runner: Runner) -> tuple[Floats, Ints]:
    scenarios, intervals = reference.answers.shape
    runner.reset(scenarios)
    everyone = np.arange(scenarios)
    answers, branches = np.empty_like(reference.answers), np.empty_like(reference.branches)
    for interval in range(intervals):
        answers[:, interval], branches[:, interval] = runner.decide(reference.features[:, interval], everyone)
    return answers, branches


def _near(rule: Rule, target: str) -> Floats:
    """float64[branches]: how close to each threshold a target may take the other side."""
    if target == "fixed":
        return np.full(len(rule.splits), NEAR_FIXED)
    ends = (np.array([getattr(each, end) for each in rule.inputs.features]) for end in ("low", "high"))
    low, high = (transformed(rule.inputs, end) for end in ends)
    return np.array([ROUNDING * abs(high - low)[split.terminal.feature] for split in rule.splits])


def _branches_apart(
    reference: Reference, branches: Ints, near: Floats
) -> tuple[tuple[int, int] | None, NDArray[np.bool_]]:
    """The first row where a branch leaves the reference's without being near, and bool[scenarios, intervals] of rows on
    another side because of one that was near.
    """
    differ = (branches != reference.branches).any(axis=-1)
    before = np.zeros_like(differ)
    before[:, 1:] = differ[:, :-1]
    wrong = (differ & ~before & ~(reference.distances < near)).any(axis=-1)
    lost = None
    if wrong.any():
        interval = int(np.argmax(wrong.any(axis=0)))
        lost = int(np.argmax(wrong[:, interval])), interval
    return lost, (branches[..., 0] != reference.branches[..., 0]).any(axis=-1)


def _errors(rule: Rule, reference: Reference, answers: Floats, target: str) -> Floats:
    """Relative for Python and C, absolute for fixed point; infinite where an answer is not a number."""
    error = np.abs(answers - reference.answers)
    for place, value in reference.exact.items():
        error[place] = max(error[place], abs(answers[place] - value))
    if target != "fixed":
        error = error / np.maximum(np.abs(reference.answers), rule.inputs.unit)
    return np.where(np.isnan(error), np.inf, error)


def _right(reference: Reference, answers: Floats, place: tuple[int, int]) -> float:
    """What an answer should be: of the interpreter's and that to 50 digits, the one that it is farther from."""
    known = (float(reference.answers[place]), reference.exact.get(place, float(reference.answers[place])))
    return max(known, key=lambda each: abs(answers[place] - each))


def _limit(target: str) -> float:
    return ABSOLUTE if target == "fixed" else RELATIVE


def _words(error: float, target: str) -> str:
    return f"{error:.2g} {'absolute' if target == 'fixed' else 'relative'}"


def _where(rule: Rule, reference: Reference, place: tuple[int, int]) -> str:
    scenario, interval = place
    values = ", ".join(f"{feature.identifier} {value:.6g}" for feature, value in
                       zip(rule.inputs.features, reference.features[scenario, interval], strict=True))  # fmt: skip
    return f"{reference.name}, number {scenario}, interval {interval} ({values})"
