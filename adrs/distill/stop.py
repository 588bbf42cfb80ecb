"""When a distillation ends before it is done: its time is over, or somebody asks for it."""

import asyncio
import time
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Stop:
    """When to end."""

    deadline: float | None = None
    """Of `time.monotonic`."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by whoever wants an end."""

    @property
    def reached(self) -> bool:
        """Whether it is over."""
        return self.asked.is_set() or (self.deadline is not None and time.monotonic() >= self.deadline)

    async def first(self, task: "asyncio.Task[T]") -> T | None:
        """What a task returns; None if the end comes first."""
        over = asyncio.create_task(self.asked.wait())
        left = None if self.deadline is None else max(0.0, self.deadline - time.monotonic())
        try:
            await asyncio.wait({task, over}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        finally:
            over.cancel()
        return task.result() if task.done() else None
