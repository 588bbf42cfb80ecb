"""The seam between the loop and whatever runs evaluations: a local pool of workers, or a cluster."""

from typing import Protocol

from adrs.program import Evaluation, Job


class Executor(Protocol):
    """Made as `Executor(problem, workers, sandbox)`; the same answers from every implementation."""

    sandbox: str
    """Name of the sandbox in use, known after `start`."""

    async def start(self) -> None:
        """Start the workers; raises UserError when that is impossible."""

    async def evaluate(self, job: Job) -> Evaluation:
        """Run one evaluation, as soon as a worker is free. Cancelling it ends the program at once."""

    async def close(self) -> None:
        """End all workers and whatever they run."""
