"""Before anything is believed: does this problem tell good programs from bad ones, and bad ones from cheats?"""

import asyncio
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from adrs import plugins, resources
from adrs.cache_entries import write_entry
from adrs.calibrate import ENDS_OF_SCALE
from adrs.check.checks import DIFFER, Checks
from adrs.check.finding import Finding
from adrs.check.shared import SharedChecks
from adrs.errors import UserError
from adrs.evaluate.executor import Executor
from adrs.evaluator_digest import evaluator_digest
from adrs.folders import problem_reference
from adrs.problem import Problem
from adrs.program import SPLITS

__all__ = ["Finding", "check", "preflight"]

_CHECKING = "checking the problem, once"


def check(
    problem: Problem,
    sandbox: str | None,
    workers: int,
    report: Callable[[Finding], None],
    note: Callable[[str], None] = lambda text: None,
) -> list[Finding]:
    """Run all checks, heuristics included, reporting each as it is done; `note` hears what takes long."""

    async def run() -> list[Finding]:
        executor: Executor = plugins.load("executor", "local")(problem, workers, sandbox)
        try:
            await executor.start()
            checks = _checks(problem, executor, report, lambda text: None, note)
            return await checks.run((*ENDS_OF_SCALE, "heuristic"), SPLITS, whole=True)
        finally:
            await executor.close()

    return asyncio.run(run())


async def preflight(problem: Problem, executor: Executor, note: Callable[[str], None]) -> None:
    """The checks before a run, once for each state of problem, evaluator, data and sandbox.

    Raises UserError with the first one that fails.
    """
    path = _passed_path(problem, executor.sandbox)
    if path is not None and path.is_file():
        return
    note(_CHECKING)

    def tell(text: str) -> None:
        note(f"{_CHECKING}: {text}")

    splits = SPLITS if problem.objective.least_span > 0 else SPLITS[:1]  # a run measures the others next
    checks = _checks(problem, executor, lambda finding: None, lambda text: tell(f"baseline {text}"), tell)
    findings = await checks.run(ENDS_OF_SCALE, splits, whole=False)
    failures = [finding for finding in findings if not finding.ok]
    if problem.trust == "shared":  # a seed that is worth nothing is no reason not to look for better ones
        for finding in failures:
            if finding.name == DIFFER:
                note(finding.detail)
        failures = [finding for finding in failures if finding.name != DIFFER]
    failed = next(iter(failures), None)
    if failed is not None:
        raise UserError(
            f"problem {problem.name} fails its check, so no score could be believed: {failed.name}: {failed.detail} "
            f"(`adrs check {problem_reference(problem)}` shows all)"
        )
    if path is not None:
        write_entry(path, json.dumps([finding.plain() for finding in findings]))


def _checks(
    problem: Problem,
    executor: Executor,
    report: Callable[[Finding], None],
    note: Callable[[str], None],
    slow: Callable[[str], None],
) -> Checks:
    return (SharedChecks if problem.trust == "shared" else Checks)(problem, executor, report, note, slow)


def _passed_path(problem: Problem, sandbox: str) -> Path | None:
    """Where it is noted that a problem has passed, named by everything that could change that."""
    evaluator = evaluator_digest(problem)
    if not evaluator:
        return None
    key = sha256(f"{problem.digest()}/{problem.mode}/{sandbox}/{problem.missing}/{evaluator}".encode())
    for cheat in problem.cheats:
        key.update(cheat.path.read_bytes())
    return resources.cache_folder() / "checks" / f"{key.hexdigest()}.json"
