"""An executor in the same process, without any isolation: to test the loop with programs that you wrote yourself."""

from dataclasses import replace

from adrs.evaluate import choices, harness
from adrs.problem import Problem
from adrs.program import Evaluation, Job
from adrs.testing.policy import InProcessPolicy


class InProcessExecutor:
    """Evaluates trusted programs here, one after the other."""

    sandbox = "none"
    warning = ""

    def __init__(self, problem: Problem, workers: int = 1, sandbox: str | None = None) -> None:
        self._problem = problem
        self._line = harness.Line(problem)

    async def start(self) -> None:
        """Nothing to start."""

    async def evaluate(self, job: Job) -> Evaluation:
        """Evaluate a program in this process."""
        try:
            functions = choices.functions_of(job, self._problem.functions)
            policy = InProcessPolicy(replace(self._problem, functions=functions), job.source)
        except harness.PolicyFailure as failure:
            return Evaluation(job.split, "start", failure.verdict, failure.reason)
        return self._line.evaluate(policy, job)

    async def close(self) -> None:
        """Nothing to close."""
