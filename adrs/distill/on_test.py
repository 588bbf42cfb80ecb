"""What was made of a program, measured on `test`: once, at the very end, when nothing is chosen by it any more."""

import asyncio
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from adrs.distill import pareto
from adrs.distill.checks.record import Check
from adrs.distill.minimise.stage import OPERATOR as MINIMISE
from adrs.distill.minimise.stage import UNVERIFIED
from adrs.distill.table import entries, entry
from adrs.distill.work import Row, Work
from adrs.folders import problem_reference
from adrs.program import Job, Split
from adrs.text import number

_NOTICED = 0.005
"""Of the distance between the baselines, or of the score where there is no scale, where other splits move as well."""


async def measured_in_time(work: Work, deadline: float) -> None:
    """Measure what there is until the time is over, and judge the chosen program by it."""
    try:
        async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
            await _measure_test(work)
    except TimeoutError:
        work.not_done.append(
            f"not all was measured on test in the sandbox, since the time was over; {_how_to_measure(work)}."
        )
    _check_on_test(work)
    _say_what_moves(work)


def _how_to_measure(work: Work) -> str:
    """What was chosen needs no second distillation to be measured."""
    chosen = work.chosen
    if chosen is not None and "test" not in chosen.row.evaluations:
        for path in _files_of(work, chosen.source)[:1]:
            return f"`adrs evaluate {problem_reference(work.problem)} {path} --split test` measures what was chosen"
    return "give more with --budget"


def _files_of(work: Work, source: str) -> list[Path]:
    """Where a program stands."""
    return [path for path in work.files
            if path.suffix == ".py" and path.read_text(errors="surrogatepass") == source]  # fmt: skip


async def _measure_test(work: Work) -> None:
    """Once, at the very end: what was chosen, then the original, where the log does not know it, then the others.

    An evaluation without workloads is that of a rule as data, in whose place comes that of the rule as a program.
    """
    if not work.problem.workloads["test"]:
        return
    scale = work.calibration.scale("test")

    async def measured(row: Row, source: str) -> Row:
        if source == "" or ("test" in row.evaluations and row.evaluations["test"].workloads):
            return row
        work.observer.at(f"{row.name} is measured on test")
        found = await work.executor.evaluate(Job(source, "test", None, scale))
        work.evaluations += 1
        if found.verdict != "ok":
            work.not_done.append(f"{row.name} does not hold on test: it ends {found.verdict}, {found.reason}.")
        return replace(row, evaluations={**row.evaluations, "test": found})

    async def measure(places: Iterable[int]) -> None:
        for place in places:
            result = work.results[place]
            work.results[place] = new = replace(result, row=await measured(result.row, result.source))
            work.chosen = new if work.chosen is result else work.chosen

    first = [place for place, result in enumerate(work.results) if result is work.chosen]
    await measure(first)
    if work.original is not None:
        work.original = await measured(replace(work.original, evaluations={**work.subject.evaluations,
                                               **work.original.evaluations}), work.subject.source)  # fmt: skip
    await measure(place for place in range(len(work.results)) if place not in first)


def _check_on_test(work: Work) -> None:
    """Nothing is chosen that `test` refuses and the original passes. Nor is anything else chosen in its place."""
    found = work.chosen.row.evaluations.get("test") if work.chosen else None
    before = work.original.evaluations.get("test") if work.original else None
    if work.chosen is None or found is None:
        return
    ok = found.verdict == "ok"
    detail = "it breaks no rule there" if ok else f"{work.chosen.row.name} ends {found.verdict}: {found.reason}"
    holds = ok or (before is not None and before.verdict != "ok")
    work.checks.append(Check("test", holds, detail))
    if not holds:
        _mark(work, work.chosen.source, f"{UNVERIFIED}ends {found.verdict} on test\n")
        work.chosen = None


def _mark(work: Work, source: str, line: str) -> None:
    """Write a first line into the file of a program that was not taken after all."""
    for path in _files_of(work, source):
        path.write_text(line + source, errors="surrogatepass")


def _say_what_moves(work: Work) -> None:
    """`preserve` looks at train and validation alone; what an edit does elsewhere shows on test."""
    if work.chosen is None or work.original is None or work.wish.mode != "preserve":
        return
    if work.rule is not None and work.chosen.operator != MINIMISE:
        return  # a rule is another policy, which stands beside its teacher in the table
    before, after = (entry(work, row).scores for row in (work.original, work.chosen.row))
    if "test" not in before or "test" not in after:
        return
    digits = pareto.digits(entries(work))
    moves = {split for split in before.keys() & after.keys()
             if number(before[split], digits) != number(after[split], digits)}  # fmt: skip
    noisy, elsewhere = work.problem.objective.noisy, moves - {"test"}
    if "test" not in moves or ((noisy or elsewhere) and abs(after["test"] - before["test"]) <= _noticed(work, before)):
        return
    why = "what was left out matters there" + (", or the time that was measured" if noisy else "")
    others = "on train and validation as the table shows" if elsewhere else "and on train and validation it does not"
    work.not_done.append(
        f"on test the score moves from {number(before['test'], digits)} to {number(after['test'], digits)}, {others}: "
        f"{why}."
    )


def _noticed(work: Work, before: Mapping[Split, float]) -> float:
    """How far the score on test must move to be worth a note, where it moves on other splits, or with measured time."""
    scale, objective = work.calibration.scale("test"), work.problem.objective
    total = scale.total if scale else None
    noticed = _NOTICED * (100.0 if total else abs(before["test"]))
    if objective.noisy:
        distance = abs(total.state_of_the_art - total.trivial) / 100.0 if total else 1.0
        noticed = max(noticed, objective.margin / distance)
    return noticed
