"""Before anything is believed: does this problem tell good programs from bad ones, and bad ones from cheats?"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from adrs import plugins
from adrs.calibrate import Calibration, calibrate
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.problem import Cheat, Problem
from adrs.program import Evaluation, Job
from adrs.source import Rejected, screen


@dataclass(frozen=True)
class Finding:
    """One check and how it went."""

    name: str
    ok: bool
    detail: str

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)


def check(problem: Problem, sandbox: str | None, workers: int, report: Callable[[Finding], None]) -> list[Finding]:
    """Run all checks, reporting each as it is done."""
    return asyncio.run(_Checks(problem, sandbox, workers, report).run())


class _Checks:
    def __init__(self, problem: Problem, sandbox: str | None, workers: int, report: Callable[[Finding], None]) -> None:
        self._problem = problem
        self._executor: Executor = plugins.load("executor", "local")(problem, workers, sandbox)
        self._report = report
        self._findings: list[Finding] = []

    def _add(self, name: str, ok: bool, detail: str) -> None:
        self._findings.append(Finding(name, ok, detail))
        self._report(self._findings[-1])

    async def run(self) -> list[Finding]:
        try:
            await self._executor.start()
            self._data()
            try:
                roles = ("trivial", "state-of-the-art", "heuristic")
                calibration = await calibrate(self._problem, self._executor, ["train"], roles)
            except UserError as error:
                self._add("baselines", False, str(error))
                return self._findings
            self._baselines(calibration)
            scale = calibration.scale("train")
            await self._seed(scale)
            await self._generic()
            for cheat in self._problem.cheats:
                await self._cheat(cheat, calibration)
            return self._findings
        finally:
            await self._executor.close()

    def _data(self) -> None:
        missing = self._problem.missing
        text = (
            f"left out, since its data file is missing: {'; '.join(missing)}" if missing else "all workloads are there"
        )
        self._add("data", True, text)

    def _baselines(self, calibration: Calibration) -> None:
        for baseline in self._problem.baselines:
            evaluation = calibration.evaluations[baseline.name, "train"]
            value = evaluation.metrics.get(self._problem.objective.metric)
            score = calibration.score(baseline, "train")
            shown = f"{self._problem.objective.metric} {value:.6g}" if value is not None else evaluation.reason
            shown += f", score {score:.1f}" if score is not None else ""
            self._add(f"baseline {baseline.name} ({baseline.role})", evaluation.verdict == "ok", shown)
        if self._problem.baseline("state-of-the-art") is not None:
            scale = calibration.scale("train")
            defined = scale is not None and scale.total is not None
            detail = "the state-of-the-art baseline beats the trivial one" if defined else (
                "the state-of-the-art baseline is not better than the trivial one, so there is no score"
            )  # fmt: skip
            self._add("ranking", defined, detail)

    async def _seed(self, scale: Any) -> None:
        source = self._problem.seed.read_text()
        try:
            self._screen(source)
        except Rejected as rejected:
            self._add("seed", False, str(rejected))
            return
        first, second = [await self._executor.evaluate(Job(source, "train", None, scale)) for _ in range(2)]
        self._add("seed", first.verdict == "ok", first.reason or f"verdict ok, fitness {first.fitness:.6g}")
        same = first.fitness == second.fitness
        if self._problem.objective.noisy:
            same = math.isclose(
                first.fitness or 0.0, second.fitness or 0.0, abs_tol=max(self._problem.objective.margin, 1e-9)
            )
        detail = "two evaluations agree" if same else f"two evaluations differ: {first.fitness} and {second.fitness}"
        self._add("repeatable", same, detail)

    async def _generic(self) -> None:
        """Programs that any problem must see through."""
        await self._expect("nonsense is refused", self._program("return 'nonsense'"), "invalid")
        await self._expect("an exception is reported", self._program("raise KeyError('on purpose')"), "error")
        await self._expect("an endless loop is stopped", self._program("while True: pass"), "timeout")

    def _program(self, body: str) -> str:
        return "".join(f"def {name}(*arguments):\n    {body}\n\n" for name in self._problem.functions)

    async def _expect(self, name: str, source: str, verdict: str) -> None:
        evaluation = await self._executor.evaluate(Job(source, "train"))
        detail = f"{evaluation.verdict}: {evaluation.reason}" if evaluation.reason else evaluation.verdict
        self._add(name, evaluation.verdict == verdict, detail)

    async def _cheat(self, cheat: Cheat, calibration: Calibration) -> None:
        source = cheat.path.read_text()
        try:
            self._screen(source)
            evaluation = await self._executor.evaluate(Job(source, "train", None, calibration.scale("train")))
        except Rejected as rejected:
            evaluation = Evaluation("train", "screen", "rejected", str(rejected))
        ok = evaluation.verdict == cheat.verdict and cheat.rule in evaluation.reason
        detail = f"{evaluation.verdict}: {evaluation.reason}" if evaluation.reason else f"{evaluation.verdict}"
        if cheat.verdict == "ok" and ok and evaluation.score is not None:
            ok = evaluation.score <= 100.0 + 1e-6
            detail = f"ok, and gains nothing: score {evaluation.score:.1f}" if ok else f"gains: {evaluation.score:.1f}"
        self._add(f"cheat {cheat.name}", ok, detail if ok else f"expected {cheat.verdict} {cheat.rule}; got {detail}")

    def _screen(self, source: str) -> None:
        limits = self._problem.limits
        screen(source, self._problem.functions, limits.imports, limits.source_kb * 1024)
