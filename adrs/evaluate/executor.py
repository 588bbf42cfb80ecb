"""The seam of whatever has jobs evaluated: a pool of local workers, or machines elsewhere."""

from typing import Protocol

from adrs.program import Evaluation, Job


class Executor(Protocol):
    """Evaluates jobs of one problem. Registered by entry point in the group `adrs.executor`."""

    sandbox: str
    """Name of the backend in use, known once it is started."""
    warning: str
    """What to say beside results of its safety, known once it is started; empty if it is safe."""

    async def start(self) -> None:
        """Bring up what evaluates. Raises UserError where that cannot work."""

    async def evaluate(self, job: Job) -> Evaluation:
        """Evaluate one job; the same job gives the same answer on every executor.

        Never raises for what a program does. Cancelling the call ends the evaluation.
        """

    async def close(self) -> None:
        """End everything that was started."""
