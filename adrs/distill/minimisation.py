"""The stage that makes the program shorter: from the oracle on `train` to what holds on `validation` as well."""

import difflib
import json
import time
from dataclasses import replace
from typing import Any

from adrs.distill.minimise import Minimiser, Step, Stop, Tried
from adrs.distill.oracle import Oracle, Verdict, prepared
from adrs.distill.report import side_by_side
from adrs.distill.size import Size
from adrs.distill.tolerance import Moved
from adrs.distill.work import Check, Result, Row, Work
from adrs.program import Evaluation, Split
from adrs.text import metric, number, printable

OPERATOR = "minimise"
_TRIED = "minimise.jsonl"


class Minimisation:
    """Route (a)."""

    name = "minimise"

    async def run(self, work: Work, deadline: float) -> None:
        """Minimise the program, check the result on `validation`, and hand it in if it is smaller."""
        began = time.monotonic()
        subject, mode = work.subject, work.wish.mode
        oracle = await prepared(
            work.problem, work.executor, work.calibration, mode, subject.source, "train", work.wish.seed
        )
        reserved = min(_seconds_for_validation(work, oracle), 0.5 * (deadline - began))
        stop = Stop(deadline - reserved, work.stop.asked)
        log = _Log(work)
        minimiser = Minimiser(oracle, subject.source, work.problem.functions, work.wish.workers, stop, log.heard)
        if oracle.reference.why_not:
            work.not_done.append(f"answers were not compared: {oracle.reference.why_not}.")
        if oracle.tolerance.noisy:
            work.not_done.append(
                f"{work.problem.objective.metric} holds measured time, so that it was compared with a margin of "
                f"{oracle.tolerance.margin:g}; every other metric was compared to the last digit."
            )
        finished = await minimiser.run()
        original, best = minimiser.chain[0], minimiser.best
        if not finished:
            why = "it was interrupted" if work.stop.asked.is_set() else "its time was over"
            work.not_done.append(f"minimisation did not come to its end: {why} after {log.tried} candidates.")
        work.say(
            f"minimise   {original.size.nodes} -> {best.size.nodes} nodes, {log.tried} candidates, "
            f"{log.evaluations} evaluations, {time.monotonic() - began:.1f} s"
        )
        kept, evaluations, reasons = await _backed_off(work, minimiser.chain)
        if reasons:
            work.say(
                f"validation {minimiser.best.size.nodes} -> {kept.size.nodes} nodes: "
                f"{len(reasons)} smaller ones did not hold there"
            )
        train = kept.verdict.evaluation if kept.verdict and kept.verdict.evaluation else oracle.reference.whole
        evaluations = {"train": train, **evaluations}
        work.original = Row("original", "original", original.size.nodes, {**subject.evaluations,
                            "train": oracle.reference.whole})  # fmt: skip
        self._hand_in(work, oracle, original, kept, evaluations, reasons)

    def _hand_in(
        self, work: Work, oracle: Oracle, original: Step, kept: Step,
        evaluations: dict[Split, Evaluation], reasons: list[str],
    ) -> None:  # fmt: skip
        subject, mode = work.subject, work.wish.mode
        smaller = kept.size < original.size
        change = f"{original.size.nodes} -> {kept.size.nodes} nodes"
        moved = oracle.tolerance.moved(oracle.reference.whole, evaluations["train"], oracle.scale)
        work.write("minimal.py", kept.source)
        work.write("minimal.diff", _diff(subject.source, kept.source))
        work.files.append(work.folder / _TRIED)
        if smaller:
            row = Row("minimal", "minimal", kept.size.nodes, evaluations)
            detail = {"mode": mode, "nodes": [original.size.nodes, kept.size.nodes]}
            result = Result(kept.source, OPERATOR, f"{subject.name} made smaller ({mode}): {change}", row, detail)
            work.results.append(result)
            work.chosen = work.chosen or result
        work.checks += _checks(work, oracle, kept, smaller, evaluations, reasons)
        work.sections.append(_section(work, original, kept, moved))


class _Log:
    """Writes down every candidate that was judged, in order, and counts."""

    def __init__(self, work: Work) -> None:
        self._file = work.folder / _TRIED
        self._file.write_text("")
        self._work = work
        self._digests: set[str] = set()
        self.tried = 0
        self.evaluations = 0

    def heard(self, tried: Tried) -> None:
        """One line; what was judged before costs nothing."""
        verdict = tried.verdict
        known = verdict.digest in self._digests
        self._digests.add(verdict.digest)
        self.tried += 1
        self.evaluations += 0 if known else verdict.evaluations
        self._work.evaluations += 0 if known else verdict.evaluations
        with self._file.open("a", errors="backslashreplace") as file:
            file.write(json.dumps(_line(tried)) + "\n")


def _line(tried: Tried) -> dict[str, Any]:
    verdict = tried.verdict
    line: dict[str, Any] = {
        "pass": tried.kind, "edit": tried.text, "nodes": tried.size.nodes, "characters": tried.size.characters,
        "accepted": verdict.accepted, "stage": verdict.stage, "reason": verdict.reason, "digest": verdict.digest,
    }  # fmt: skip
    if verdict.distance is not None:
        line["action_change"] = {"mean": verdict.distance.mean, "p99": verdict.distance.ninety_ninth}
    if verdict.evaluation is not None:
        line["fitness"], line["score"] = verdict.evaluation.fitness, verdict.evaluation.score
    return line


def _seconds_for_validation(work: Work, oracle: Oracle) -> float:
    """About what the checks after the minimisation take."""
    count = {split: len(work.problem.workloads[split]) for split in ("train", "validation")}
    return 6.0 * oracle.reference.whole.wall_seconds * count["validation"] / max(1, count["train"])


async def _backed_off(work: Work, chain: list[Step]) -> tuple[Step, dict[Split, Evaluation], list[str]]:
    """The smallest program of the chain that holds on `validation`, its evaluations there, and why others did not.

    Goes back in growing steps, then forward again between the last one that failed and the first one that holds.
    """
    if len(chain) == 1 or not work.problem.workloads["validation"]:
        if len(chain) > 1:
            work.not_done.append("there are no validation workloads to check the result on.")
        return chain[-1], {}, []
    source = work.subject.source
    oracle = await prepared(
        work.problem, work.executor, work.calibration, work.wish.mode, source, "validation", work.wish.seed
    )
    if work.wish.mode == "improve":
        oracle = Oracle(
            work.problem, work.executor, work.calibration, replace(oracle.tolerance, strict=True), oracle.reference
        )
    reasons: list[str] = []

    async def holds(index: int) -> Verdict | None:
        if index == 0:
            return Verdict(True, "same", evaluation=oracle.reference.whole)
        verdict = await oracle.judge(chain[index].source)
        work.evaluations += verdict.evaluations
        if not verdict.accepted:
            reasons.append(f"{chain[index].size.nodes} nodes: {verdict.reason}")
        return verdict if verdict.accepted else None

    good, bad, step = len(chain) - 1, len(chain), 1
    found = await holds(good)
    while found is None:
        bad, good, step = good, max(0, good - step), 2 * step
        found = await holds(good)
    while bad - good > 1:
        middle = (good + bad) // 2
        better = await holds(middle)
        good, bad, found = (middle, bad, better) if better else (good, middle, found)
    assert found is not None
    evaluation = found.evaluation or oracle.reference.whole
    work.subject = replace(work.subject, evaluations={**work.subject.evaluations, "validation": oracle.reference.whole})
    return chain[good], {"validation": evaluation}, reasons


def _checks(
    work: Work, oracle: Oracle, kept: Step, smaller: bool, evaluations: dict[Split, Evaluation], reasons: list[str]
) -> list[Check]:
    mode = work.wish.mode
    distance = kept.verdict.distance if kept.verdict else None
    compared = oracle.reference.behaviour is not None and mode == "preserve"
    actions = "" if distance is None else (
        f"on {len(oracle.reference.behaviour.samples) if oracle.reference.behaviour else 0} recorded observations "
        f"actions differ by {100 * distance.mean:.2g} % on average and {100 * distance.ninety_ninth:.2g} % at the 99th "
        "percentile, of the 95th percentile of the original's"
    )  # fmt: skip
    validated = "validation" in evaluations
    back = f"{len(reasons)} smaller programs did not hold, the first: {reasons[0]}" if reasons else ""
    return [
        Check("smaller", smaller, detail="" if smaller else "no smaller program was accepted"),
        Check("train", True, detail=f"every workload as {mode} asks"),
        Check("validation", validated, skipped=not validated, detail=back),
        Check("behaviour", compared, skipped=not compared, detail=actions or oracle.reference.why_not),
    ]


def _section(work: Work, original: Step, kept: Step, moved: list[Moved]) -> str:
    lines = [
        f"## Minimised ({work.wish.mode})", "",
        f"{original.size.nodes} nodes became {kept.size.nodes} "
        f"({_saved(original.size, kept.size)}); comments and docstrings are dropped.", "",
    ]  # fmt: skip
    if moved:
        lines += ["These workloads of `train` changed by more than `preserve` allows:", "",
                  "| workload | before | after | score before | score after |", "|---|---|---|---|---|"]  # fmt: skip
        lines += [f"| {printable(each.workload)} | {metric(each.before)} | {metric(each.after)} | "
                  f"{number(each.score_before)} | {number(each.score_after)} |" for each in moved]  # fmt: skip
    else:
        lines.append("No workload of `train` changed by more than `preserve` allows.")
    return "\n".join([*lines, "", side_by_side(work.subject.source, kept.source)])


def _saved(before: Size, after: Size) -> str:
    return f"{100 * (1 - after.nodes / before.nodes):.0f} % fewer"


def _diff(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), "original.py", "minimal.py", lineterm="")
    return "\n".join(lines) + "\n"
