"""Scores one program outside a run."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

from adrs import plugins
from adrs.calibrate import calibrate
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.problem import Problem
from adrs.program import Evaluation, Job
from adrs.source import Rejected, Screen


def read_program(path: Path) -> str:
    """Text of a program's file; raises UserError where it cannot be read."""
    try:
        return path.read_text()
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None


def assess(problem: Problem, job: Job, sandbox: str | None, workers: int = 2) -> Evaluation:
    """Screen and evaluate one program, or a native baseline, on a split, on the scale of the baselines."""
    split = job.split
    if not problem.workloads[split]:
        raise UserError(f"problem {problem.name} has no {split} workloads")
    try:
        if not job.native:
            Screen(problem).check(job.source, anywhere=True)
    except Rejected as rejected:
        return Evaluation(split, "screen", "rejected", str(rejected))
    return asyncio.run(_assess(problem, job, sandbox, workers))


async def _assess(problem: Problem, job: Job, sandbox: str | None, workers: int) -> Evaluation:
    executor: Executor = plugins.load("executor", "local")(problem, workers, sandbox)
    try:
        await executor.start()
        calibration = await calibrate(problem, executor, [job.split])
        found = await executor.evaluate(replace(job, scale=calibration.scale(job.split)))
        if job.native and found.verdict == "infrastructure":
            raise UserError(found.reason)  # no program is to blame, and a name may be misspelt
        return found
    finally:
        await executor.close()


def write_details(evaluation: Evaluation, path: Path) -> None:
    """Write what was measured on each instance, a line of JSON each, which names its workload and its place there.

    Raises UserError where there is nothing to write, or it cannot be written.
    """
    lines = [
        json.dumps({"workload": result.name, "instance": number, **each})
        for result in evaluation.workloads for number, each in enumerate(result.details)
    ]  # fmt: skip
    if not lines:
        raise UserError("this problem's evaluator tells nothing of single instances, so there are no details to write")
    try:
        path.write_text("\n".join(lines) + "\n")
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from None
