"""The checks of any problem, one after the other over a started executor."""

import ast
import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from adrs.calibrate import Calibration, calibrate
from adrs.check.blocks import BadBlock, program_of
from adrs.check.finding import Finding
from adrs.check.watched import Watched
from adrs.comparisons import compared
from adrs.errors import UserError, did_you_mean
from adrs.evaluate.executor import Executor
from adrs.file_digest import file_digest
from adrs.problem import Cheat, Problem
from adrs.problem_records import Comparison
from adrs.program import SPLITS, Evaluation, Job, Split
from adrs.score import SplitScale
from adrs.source import Rejected, Screen, literal_share

LOOP_SECONDS = 1.0
"""How long a program that is known not to end may go on, where the problem allows more."""
DIFFER = "programs differ"
SEED = "the seed program"
_USUAL_CAUSES = (
    "; `load` must draw from spec.seed alone, and `evaluate` leave its workload as it was; measured time needs "
    "objective.noisy"
)


class Checks:
    """All checks of one problem, over a started executor."""

    def __init__(
        self,
        problem: Problem,
        executor: Executor,
        report: Callable[[Finding], None],
        note: Callable[[str], None],
        slow: Callable[[str], None],
    ) -> None:
        """`report` gets each finding, `note` hears how far the baselines are, `slow` what takes long."""
        self._problem = problem
        self._note = note
        self._executor = Watched(problem, executor, slow)
        self._report = report
        self._findings: list[Finding] = []
        self._faults: dict[str, str] = {}
        """What the evaluator or the machine failed with, and the finding that says so."""
        self._screen = Screen(problem)

    def _add(self, name: str, ok: bool, detail: str, *evaluations: Evaluation) -> None:
        """Report a finding that rests on some evaluations: where the evaluator fails alike in many, it is said once."""
        faults = [evaluation.reason for evaluation in evaluations if evaluation.verdict == "infrastructure"]
        said = self._faults.setdefault(faults[0], name) if faults else name
        if said != name:
            finding = Finding(name, False, f'not found out, for the reason given at "{said}"', skipped=True)
        else:
            finding = Finding(name, ok, detail)
        self._findings.append(finding)
        self._report(finding)

    async def run(self, roles: Iterable[str], splits: Sequence[Split], whole: bool) -> list[Finding]:
        """Run them, with the baselines in the given roles on `train`, and on other `splits` with those of the scale.

        What needs a scale ends where there is none. With `whole`, building blocks are not only read but evaluated, and
        where an evaluator may draw at random, other random numbers are tried.
        """
        async with self._executor.watching():
            return await self._run(roles, splits, whole)

    async def _run(self, roles: Iterable[str], splits: Sequence[Split], whole: bool) -> list[Finding]:
        self._data()
        if not self._findings[-1].ok:
            return self._findings
        try:
            calibration = await calibrate(self._problem, self._executor, splits[:1], roles, self._note)
            held_out = await calibrate(self._problem, self._executor, splits[1:], note=self._note)
            calibration.evaluations.update(held_out.evaluations)
        except UserError as error:
            self._faults[str(error)] = "baselines"
            self._add("baselines", False, str(error))
            if self._problem.trust == "shared":  # all else is judged beside the baseline
                return self._findings
            scale = None
        else:
            self._baselines(calibration)
            if self._problem.objective.least_span > 0:
                self._spans(calibration)
            scale = calibration.scale("train")
        for comparison in self._problem.comparisons:
            await self._comparison(comparison)
        await self._seed(scale, whole)
        await self._blocks(whole)
        await self._generic()
        evaluations = await asyncio.gather(*(self._try(cheat, scale) for cheat in self._problem.cheats))
        for cheat, evaluation in zip(self._problem.cheats, evaluations, strict=True):
            self._cheat(cheat, evaluation)
        return self._findings

    def _data(self) -> None:
        for name, expected in self._problem.data.items():
            path = self._problem.data_path(name)
            if path.is_file() and file_digest(path) != expected:
                self._add("data", False, f"{path} has another checksum than {self._problem.name} declares for it")
                return
        for specs in self._problem.workloads.values():
            for spec in specs:
                file = spec.parameters.get("file")
                if file is not None and not Path(str(file)).is_file():
                    self._add("data", False, f"workload {spec.name}: data file {file} is missing")
                    return
        missing = self._problem.missing
        self._add("data", True, f"left out, no data file: {'; '.join(missing)}" if missing else "all is there")

    def _baselines(self, calibration: Calibration) -> None:
        for baseline in self._problem.baselines:
            evaluation = calibration.evaluations.get((baseline.name, "train"))
            if evaluation is None:
                continue
            value = evaluation.metrics.get(self._problem.objective.metric)
            score = calibration.score(baseline, "train")
            shown = f"{self._problem.objective.metric} {value:.6g}" if value is not None else evaluation.reason
            shown += f", score {score:.1f}" if score is not None else ""
            self._add(f"baseline {baseline.name} ({baseline.role})", evaluation.verdict == "ok", shown, evaluation)
        if self._problem.baseline("state-of-the-art") is None:
            return
        values = [
            calibration.evaluations[baseline.name, "train"].metrics[self._problem.objective.metric]
            for baseline in (self._problem.baseline("trivial"), self._problem.baseline("state-of-the-art"))
            if baseline is not None
        ]
        differ = values[0] != values[1]
        same = f"two different programs have the same {self._problem.objective.metric}, {values[0]:.6g}"
        self._add(DIFFER, differ, "two different programs score differently" if differ else same)
        why_not = calibration.why_no_score("train")
        detail = (
            f"{why_not}, so there is no score" if why_not else "the state-of-the-art baseline beats the trivial one"
        )
        worse, better = (self._problem.objective.fitness(value) for value in values)
        self._add("ranking", better > worse, detail)  # baselines within noise make no score, and are no fault

    def _spans(self, calibration: Calibration) -> None:
        """Where the two baselines of the scale are close together, a little difference would make a large score."""
        objective = self._problem.objective
        spans = [(span, family, split) for split in SPLITS for family, span in calibration.family_spans(split).items()]
        span, family, split = min(spans)
        ok = span >= objective.least_span
        where = f"of {objective.metric} apart in family {family} of {split}"
        rest = "the least of all" if ok else f"less than {objective.least_span:g}, so that its scores mean little"
        self._add("span", ok, f"the baselines of the scale are {span:.4g} {where}, {rest}")

    async def _comparison(self, comparison: Comparison) -> None:
        """One finding for each workload."""
        found = [
            await self._executor.evaluate(
                Job(each.read(), "fresh", thorough=True, workloads=comparison.workloads, native=each.native),
                f"baseline {each.name}",
            )
            for each in (comparison.baseline, comparison.beside)
        ]
        for evaluation in found:
            if evaluation.verdict != "ok":
                self._add(comparison.name, False, f"{evaluation.verdict}: {evaluation.reason}", evaluation)
                return
        for one, other in zip(found[0].workloads, found[1].workloads, strict=True):
            ok, detail = compared(comparison, one.metrics, other.metrics)
            self._add(f"{comparison.name}: {one.name}", ok, detail)

    def _screened_seed(self) -> str | None:
        """The seed program's source; None where it is rejected, which is reported."""
        source = self._problem.seed.read_text()
        try:
            self._screen.check(source)
        except Rejected as rejected:
            hint = "" if rejected.importing is None else (
                f'; for programs that may use it: imports = ["{rejected.importing}"] in [limits] of problem.toml'
            )  # fmt: skip
            self._add("seed", False, f"{rejected}{hint}")
            return None
        return source

    async def _seed(self, scale: SplitScale | None, whole: bool) -> None:
        source = self._screened_seed()
        if source is None:
            return
        job = Job(source, "train", None, scale, thorough=True)
        jobs = (job, replace(job, anew=True))
        first, second = await asyncio.gather(*(self._executor.evaluate(each, SEED) for each in jobs))
        objective, metrics = self._problem.objective, first.metrics
        took = f"an evaluation took {first.wall_seconds:.2g} s, {first.cpu_seconds:.2g} s of processor time"
        well = f"verdict ok, {objective.metric} {metrics.get(objective.metric, math.nan):.6g}; {took}"
        self._add("seed", first.verdict == "ok", first.reason or well, first)
        if first.fitness is None or second.fitness is None:
            return
        tolerance = max(objective.margin, 1e-9) if objective.noisy else 0.0
        same = math.isclose(first.fitness, second.fitness, rel_tol=0.0, abs_tol=tolerance)
        self._add("repeatable", same, "two evaluations agree" if same else self._differ(first, second))
        self._described(first)

    def _described(self, evaluation: Evaluation) -> None:
        """A metric that is described and never computed is shown to nobody."""
        known = {*evaluation.metrics, *(name for each in evaluation.workloads for name in each.metrics)}
        for name in self._problem.objective.metrics:
            if name not in known:
                why = f'objective.metrics describes "{name}", which the evaluator does not compute'
                self._add("metrics", False, why + did_you_mean(name, known))

    def _differ(self, first: Evaluation, second: Evaluation) -> str:
        """In what two evaluations of one program differ, and what may be the cause."""
        objective = self._problem.objective
        one, other = (each.metrics[objective.metric] for each in (first, second))
        shown = (f"{one:.6g}", f"{other:.6g}")
        texts = shown if shown[0] != shown[1] else (repr(one), repr(other))
        said = f"two evaluations differ in {objective.metric}: {' and '.join(texts)}"
        if objective.noisy:
            return f"{said}, by more than objective.margin {objective.margin:g}"
        return said + (self._unseeded(first, second) or _USUAL_CAUSES)

    def _unseeded(self, first: Evaluation, second: Evaluation) -> str:
        """Of the workloads that differ between two evaluations, those without a seed, as a likely cause."""
        metric = self._problem.objective.workload_metric
        before = {result.name: result.metrics.get(metric) for result in first.workloads}
        differing = {result.name for result in second.workloads if result.metrics.get(metric) != before[result.name]}
        specs = [spec for spec in self._problem.workloads["train"] if spec.name in differing and spec.seed is None]
        names = [spec.name for spec in specs if "file" not in spec.parameters]
        if not names:
            return ""
        which = f"workload {names[0]} has" if len(names) == 1 else f"workloads {', '.join(names)} have"
        return f"; {which} no seeds in problem.toml, so a generator seeded with spec.seed draws anew each time"

    async def _blocks(self, evaluate: bool) -> None:
        """One finding if all is well, else one for each building block that is not."""
        wrong = False
        evaluate &= self._problem.trust == "line"  # a shared evaluator knows no shorter way than a whole evaluation
        for path in self._problem.blocks:
            name = f"block {path.stem}"
            try:
                source = program_of(path, self._screen)
            except BadBlock as bad:
                wrong = True
                self._add(name, False, str(bad))
                continue
            if not evaluate:
                continue
            job = Job(source, "fresh", thorough=True, workloads=self._problem.workloads["train"][:1])
            found = await self._executor.evaluate(job, name)
            if found.verdict != "ok":
                wrong = True
                self._add(name, False, f"with its defaults it ends {found.verdict}: {found.reason}", found)
        if self._problem.blocks and not wrong:
            well = "filled, screened and run" if evaluate else "filled and screened"
            self._add("blocks", True, f"{well} without fault: {', '.join(path.stem for path in self._problem.blocks)}")

    async def _generic(self) -> None:
        """Programs that any problem must see through."""
        programs = [
            ("nonsense is refused", "return 'nonsense'", "invalid"),
            ("an exception is reported", "raise KeyError('on purpose')", "error"),
            ("an endless loop is stopped", "while True: pass", "timeout"),
        ]
        jobs = [
            # wall time, of which a busy machine needs more even to carry an instance over
            Job(self._program(body), "train", decision_seconds=self._loop_seconds if verdict == "timeout" else None)
            for _, body, verdict in programs
        ]
        names = [f'the program for "{name}"' for name, _, _ in programs]
        evaluations = await asyncio.gather(*map(self._executor.evaluate, jobs, names))
        for (name, _, verdict), evaluation in zip(programs, evaluations, strict=True):
            self._add(name, evaluation.verdict == verdict, self._shown(evaluation), evaluation)

    @property
    def _loop_seconds(self) -> float:
        """Of a call, for programs that are known not to end."""
        return min(LOOP_SECONDS, self._problem.limits.decision_seconds)

    def _shown(self, evaluation: Evaluation) -> str:
        """Verdict and reason; of a limit that is not the problem's, that it is the check's."""
        allowed = self._problem.limits.decision_seconds
        of_check = evaluation.verdict == "timeout" and evaluation.reason.endswith(f"than {LOOP_SECONDS:g} s")
        own = f" (this check's own limit, to be quick; the problem's is {allowed:g} s)"
        text = f"{evaluation.verdict}: {evaluation.reason}" if evaluation.reason else evaluation.verdict
        return text + own if of_check and allowed > LOOP_SECONDS else text

    def _program(self, body: str) -> str:
        return "".join(f"def {name}(*arguments):\n    {body}\n\n" for name in self._problem.functions)

    async def _try(self, cheat: Cheat, scale: SplitScale | None) -> Evaluation:
        source = cheat.path.read_text()
        try:
            self._screen.check(source, anywhere=True)
        except Rejected as rejected:
            return Evaluation("train", "screen", "rejected", str(rejected))
        tight = self._loop_seconds if cheat.verdict == "timeout" else None
        return await self._executor.evaluate(Job(source, "train", None, scale, tight), f"cheat {cheat.name}")

    def _cheat(self, cheat: Cheat, evaluation: Evaluation) -> None:
        ok = evaluation.verdict == cheat.verdict and cheat.rule in evaluation.reason
        detail = self._shown(evaluation)
        if cheat.verdict == "ok" and ok and evaluation.score is not None:
            ok = evaluation.score <= cheat.at_most + 1e-6
            literals = f"{100 * literal_share(cheat.path.read_text()):.0f} % of its source are literals and comments"
            detail = f"{'gains nothing' if ok else 'gains'}: score {evaluation.score:.1f}; {literals}"
            expected = f"a score of at most {cheat.at_most:g}"
        else:
            expected = f"{cheat.verdict}: {cheat.rule}" if cheat.rule else cheat.verdict
        wrong = f"expected {expected}; got {detail}{_told(cheat)}"
        self._add(f"cheat {cheat.name}", ok, detail if ok else wrong, evaluation)


def _told(cheat: Cheat) -> str:
    """What a cheat says of itself, to append to a sentence: the first line of its docstring."""
    try:
        told = ast.get_docstring(ast.parse(cheat.path.read_text()))
    except (SyntaxError, ValueError):
        return ""
    return f"; the cheat says of itself: {told.splitlines()[0]}" if told else ""
