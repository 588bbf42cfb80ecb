"""The stage that makes the program shorter: from the oracle on `train` to what holds on `validation` as well."""

import asyncio
import contextlib
import difflib
import json
import time
from collections.abc import Collection, Mapping
from typing import Any

from adrs.distill.checks.record import Check
from adrs.distill.minimise.behaviour import identical_answers
from adrs.distill.minimise.fixpoint import Minimiser, Step, Tried
from adrs.distill.minimise.oracle import Ground, Oracle, prepared
from adrs.distill.minimise.size import Size
from adrs.distill.minimise.tolerance import Mode, Moved
from adrs.distill.minimise.validation import Validation
from adrs.distill.record import Ended
from adrs.distill.report import side_by_side
from adrs.distill.stop import Stop
from adrs.distill.work import Result, Row, Work
from adrs.folders import problem_reference
from adrs.program import Evaluation, Split
from adrs.text import metric, number, printable

OPERATOR = "minimise"
_MINIMAL, _TRIED = "minimal.py", "minimise.jsonl"
_ASKED: Mapping[Mode, str] = {
    "preserve": "Every workload of `train` and `validation` must come out as before, neither better nor worse.",
    "improve": "The score on `train` and on `validation` must be no lower; single workloads may come out otherwise.",
}
_GRACE_SECONDS = 2.0
_FOR_RESULT = 0.5
_FOR_VALIDATION = 0.4
"""The most of the time that is kept for it."""
UNVERIFIED = "# UNVERIFIED: "
"""Begins the file of a program that was not taken, and is followed by the reason."""


class Minimisation:
    """Route (a)."""

    name = "minimise"
    share = 1.0

    async def prepare(self, work: Work, before: Collection[str]) -> bool:
        """There is always something to try."""
        return True

    async def run(self, work: Work, deadline: float) -> None:
        """Minimise the program, check the result on `validation`, and hand it in if it is smaller and holds."""
        began = time.monotonic()
        subject, mode = work.subject, work.wish.mode
        ground = Ground(work.problem, work.executor, work.calibration, subject.source, work.wish.seed)
        work.observer.at("looking at what the program does")
        oracle = await prepared(ground, mode, subject.evaluations.get("train"))
        reserved = min(_seconds_for_validation(work, oracle), _FOR_VALIDATION * (deadline - time.monotonic()))
        stop = Stop(deadline - reserved, work.stop.asked)
        log = _Log(work)

        def heard(tried: Tried) -> None:
            log.heard(tried)
            work.observer.at(f"{log.tried} edits tried, {first.size.nodes} -> {minimiser.best.size.nodes} nodes")

        minimiser = Minimiser(oracle, subject.source, work.problem.functions, work.wish.workers, stop, heard)
        first = minimiser.best
        finished = await minimiser.run()
        chain, best = minimiser.chain, minimiser.best
        work.observer.said(
            f"{chain[0].size.nodes} -> {best.size.nodes} nodes, {log.tried} edits tried, "
            f"{log.evaluations} evaluations, {time.monotonic() - began:.1f} s"
        )
        work.observer.at("what is left is measured on validation")
        backed = Validation(work, ground, oracle)
        kept = await self._validated(work, backed, chain, deadline, log)
        finished = finished and not backed.going_on
        same = await _identical_answers(work, kept, deadline) if len(chain) > 1 else None
        train = kept.verdict.evaluation if kept.verdict and kept.verdict.evaluation else oracle.reference.whole
        work.original = Row("original", "original", chain[0].size.nodes, {
            **subject.evaluations, "train": oracle.reference.whole, **backed.original})  # fmt: skip
        self._hand_in(work, oracle, chain, kept, {"train": train, **backed.found}, backed, same)
        _say_what_was_not_done(work, oracle, {
            "minimisation": "" if finished else f"after {log.tried} edits",
            "the way back from validation": _asked_of(backed, chain) if backed.cut_off and backed.asked else "",
        })  # fmt: skip

    async def _validated(self, work: Work, backed: Validation, chain: list[Step], deadline: float, log: "_Log") -> Step:
        """The smallest program that holds on `validation`, else the smallest one."""
        best = chain[-1]
        if len(chain) == 1 or not work.problem.workloads["validation"]:
            return best

        def heard(tried: Tried) -> None:
            log.heard(tried)
            work.observer.at(f"{log.tried} edits tried, now on train and validation, {tried.size.nodes} nodes")

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(deadline, _latest(work)) + _GRACE_SECONDS - time.monotonic()):
                await backed.go_back(chain)
                if backed.reasons and work.wish.mode == "preserve":
                    await backed.go_on(Stop(deadline, work.stop.asked), heard)
        if backed.reasons and backed.held is not None:
            smaller = f"{len(backed.reasons)} smaller programs did not hold on validation"
            work.observer.said(f"{backed.held.size.nodes} nodes kept, since {smaller}{_cut(backed, chain)}")
        return backed.held or best

    def _hand_in(
        self, work: Work, oracle: Oracle, chain: list[Step], kept: Step,
        evaluations: dict[Split, Evaluation], validation: Validation, same: float | None,
    ) -> None:  # fmt: skip
        subject, mode, original = work.subject, work.wish.mode, chain[0]
        smaller = kept.size.nodes < original.size.nodes
        validated = "validation" in evaluations or not work.problem.workloads["validation"]
        change = f"{original.size.nodes} -> {kept.size.nodes} nodes"
        moved = oracle.tolerance.moved(oracle.reference.whole, evaluations["train"], oracle.scale)
        work.write(_MINIMAL, kept.source if validated else f"{UNVERIFIED}not measured on validation\n{kept.source}")
        work.write("minimal.diff", _diff(subject.source, kept.source))
        work.wrote(work.folder / _TRIED)
        if oracle.reference.behaviour is not None:
            oracle.reference.behaviour.samples.save(work.folder / "samples.npz")
            work.wrote(work.folder / "samples.npz")
        if smaller and validated:
            more = {} if same is None else {"identical_answers": same}
            row = Row("minimal", "minimal", kept.size.nodes, evaluations, more)
            detail = {"mode": mode, "nodes": [original.size.nodes, kept.size.nodes]}
            result = Result(kept.source, OPERATOR, f"{subject.name} made smaller ({mode}): {change}", row, detail)
            work.results.append(result)
            work.chosen = work.chosen or result
        lost = oracle.tolerance.broken(oracle.reference.whole, evaluations["train"], oracle.scale)
        on_validation = _on_validation(work, validation, chain, smaller, validated)
        work.checks += _checks(work, oracle, kept, change if smaller else "", lost, on_validation, same)
        work.sections.append(_section(work, original, kept, moved))


class _Log:
    """Writes down every candidate that was judged, in order, and counts."""

    def __init__(self, work: Work) -> None:
        self._file = work.folder / _TRIED
        self._file.write_text("")
        self._work = work
        self._paid: set[tuple[str, str]] = set()
        self.tried = 0
        self.evaluations = 0

    def heard(self, tried: Tried) -> None:
        """One line; what was judged before costs nothing."""
        verdict = tried.verdict
        test = (verdict.digest, verdict.stage)
        known = test in self._paid
        self._paid.add(test)
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


async def _identical_answers(work: Work, kept: Step, deadline: float) -> float | None:
    """Where programs are called once for a whole solution: told, and not asked for, since two may be equally good."""
    if work.problem.shape != "solve":
        return None
    with contextlib.suppress(TimeoutError, Ended):
        async with asyncio.timeout(max(0.0, deadline - time.monotonic()) + _GRACE_SECONDS):
            specs = work.problem.workloads["train"]
            return await identical_answers(work.executor, (work.subject.source, kept.source), specs)
    return None


def _seconds_for_validation(work: Work, oracle: Oracle) -> float:
    """About what the checks after the minimisation take."""
    count = {split: len(work.problem.workloads[split]) for split in ("train", "validation")}
    times = 1.0 + (1.0 if work.subject.evaluations.get("validation") is None else 0.0)
    return times * oracle.reference.whole.wall_seconds * count["validation"] / max(1, count["train"])


def _latest(work: Work) -> float:
    """When the checks must be over, without which there is no result: half of the time of everything is theirs."""
    now = time.monotonic()
    return now if work.stop.deadline is None else now + _FOR_RESULT * max(0.0, work.stop.deadline - now)


def _say_what_was_not_done(work: Work, oracle: Oracle, unfinished: Mapping[str, str]) -> None:
    """unfinished: after what each part was cut off; empty where it was not."""
    if oracle.tolerance.noisy:
        work.not_done.append(
            f"{work.problem.objective.metric} holds measured time, so that it was compared with a margin of "
            f"{oracle.tolerance.margin:g}; every other metric that repeats was compared to the last digit."
        )
    why = "it was interrupted" if work.stop.asked.is_set() else "its time was over"
    how = "give more with --budget"
    if work.chosen is not None:
        how = f"`adrs distill {problem_reference(work.problem)} {work.folder / _MINIMAL}` goes on from its result"
    work.not_done += [f"{part} did not come to its end: {why} {after}; {how}."
                      for part, after in unfinished.items() if after]  # fmt: skip


def _asked_of(validation: Validation, chain: list[Step]) -> str:
    return f"after {len(validation.asked)} of {len(chain) - 1} smaller programs"


def _cut(validation: Validation, chain: list[Step]) -> str:
    """What to add to a verdict that not all were asked for."""
    return f"; the time was over {_asked_of(validation, chain)}" if validation.cut_off else ""


def _on_validation(work: Work, validation: Validation, chain: list[Step], smaller: bool, validated: bool) -> Check:
    """smaller, validated: whether what is kept is smaller, and was measured."""
    reasons, asked, held = validation.reasons, True, f"every workload as {work.wish.mode} asks"
    if not work.problem.workloads["validation"]:
        held, asked = "the problem has no validation workloads", False
    elif not smaller and not reasons:
        held, asked = "only a smaller program is measured here, and none was found that holds on train", False
    elif not smaller and validation.cut_off:
        held, asked = (
            f"the original is kept, since the time was over {_asked_of(validation, chain)}, of which none held here; "
            f"the first: {reasons[0]}; give more with --budget", False,
        )  # fmt: skip
    elif not smaller:
        held = f"the original is kept, since none of {len(reasons)} smaller programs held here; the first: {reasons[0]}"
    elif not validated:
        held, asked = "the time was over before it was measured; give more with --budget", False
    elif reasons:
        held = (
            f"what is kept holds; of what held on train, {len(reasons)} did not here, the first with {reasons[0]}"
            f"{_cut(validation, chain)}"
        )
    return Check("validation", validated or not smaller, held, skipped=not asked)


def _checks(
    work: Work, oracle: Oracle, kept: Step, smaller: str, lost: str, on_validation: Check, same: float | None
) -> list[Check]:
    """smaller: by how much; empty if it is not. lost: what `train` has against the program that is kept; or empty.
    same: share of identical answers.
    """
    mode, behaviour = work.wish.mode, oracle.reference.behaviour
    distance = kept.verdict.distance if kept.verdict else None
    compared = behaviour is not None and distance is not None and mode == "preserve"
    actions = oracle.reference.why_not or "answers are no single numbers; the metrics of every workload are compared"
    if behaviour is not None and mode == "improve":
        actions = "improve does not ask for the same answers; the metrics are compared"
    elif behaviour is not None and distance is None:
        actions = "the original is kept, so that there is nothing to compare"
    elif behaviour is not None and distance is not None:
        actions = (
            f"on {len(behaviour.samples)} recorded observations actions differ by {100 * distance.mean:.2g} % on "
            f"average, {100 * distance.ninety_ninth:.2g} % at the 99th percentile, of the original's 95th percentile"
        )
    if same is not None:
        actions += f"; {100 * same:.4g} % of the answers on train are the original's"
    return [
        Check("smaller", bool(smaller), detail=smaller or "no smaller program was accepted"),
        Check("train", not lost, detail=lost or f"every workload as {mode} asks"),
        on_validation,
        Check("answers", compared and not (distance and distance.broken), actions, skipped=not compared),
    ]


def _section(work: Work, original: Step, kept: Step, moved: list[Moved]) -> str:
    lines = [
        f"## Minimised ({work.wish.mode})", "",
        f"{original.size.nodes} nodes became {kept.size.nodes} "
        f"({_saved(original.size, kept.size)}); comments and docstrings are dropped. {_ASKED[work.wish.mode]}", "",
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
