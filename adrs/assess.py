"""Scores one program outside a run."""

import asyncio
from pathlib import Path

from adrs import plugins
from adrs.calibrate import calibrate
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.problem import Problem
from adrs.program import Evaluation, Job, Split
from adrs.source import Rejected, Screen


def read_program(path: Path) -> str:
    """Text of a program's file; raises UserError where it cannot be read."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def assess(problem: Problem, source: str, split: Split, sandbox: str | None, workers: int = 2) -> Evaluation:
    """Screen and evaluate one program on a split, on the scale of the baselines."""
    if not problem.workloads[split]:
        raise UserError(f"problem {problem.name} has no {split} workloads")
    try:
        Screen(problem).check(source, anywhere=True)
    except Rejected as rejected:
        return Evaluation(split, "screen", "rejected", str(rejected))
    return asyncio.run(_assess(problem, source, split, sandbox, workers))


async def _assess(problem: Problem, source: str, split: Split, sandbox: str | None, workers: int) -> Evaluation:
    executor: Executor = plugins.load("executor", "local")(problem, workers, sandbox)
    try:
        await executor.start()
        calibration = await calibrate(problem, executor, [split])
        return await executor.evaluate(Job(source, split, None, calibration.scale(split)))
    finally:
        await executor.close()
