"""Asks a policy in a thread of its own, so that packets go on while it decides."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from evaluators.network.emulation import real_time
from evaluators.network.emulation.real_time import clock

Decide = Callable[[int, NDArray[np.float64]], float]
"""From the place of a flow and its observation, float64[30], to an action."""
_SWITCH_SECONDS = 0.0002
"""After which a thread lets the other one go on."""


class Decider:
    """For one flow, one question at a time. Readable, by its descriptor, once there is an answer."""

    def __init__(self, place: int, decide: Decide, pool: ThreadPoolExecutor, bell: int) -> None:
        self.longest = 0
        """ns that an answer took at most."""
        self._place = place
        self._decide = decide
        self._pool = pool
        self._bell = bell
        self._asked: Future[float] | None = None
        self._since = 0

    def fileno(self) -> int:
        """What becomes readable."""
        return self._bell

    @property
    def ready(self) -> bool:
        """Whether an answer can be taken."""
        return self._asked is not None and self._asked.done()

    @property
    def busy(self) -> bool:
        """Whether a question is open, or its answer not yet taken."""
        return self._asked is not None

    def ask(self, observation: NDArray[np.float64]) -> None:
        """Begin to decide."""
        self._since = clock()
        self._asked = self._pool.submit(self._answer, observation.copy())

    def take(self) -> float:
        """The answer, waited for if need be. Raises whatever deciding raised."""
        assert self._asked is not None
        answer, self._asked = self._asked.result(), None
        os.eventfd_read(self._bell)
        self.longest = max(self.longest, clock() - self._since)
        return answer

    def _answer(self, observation: NDArray[np.float64]) -> float:
        """Decide, in the thread, and ring before anybody can see that it is done."""
        try:
            return self._decide(self._place, observation)
        finally:
            os.eventfd_write(self._bell, 1)


@contextlib.contextmanager
def deciding(decide: Decide, flows: int) -> Iterator[list[Decider]]:
    """A thread that decides for all flows, one after another, for as long as the context lasts; what it is about when
    that ends is waited for.
    """
    switching = sys.getswitchinterval()
    bells = [os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) for _ in range(flows)]
    try:
        sys.setswitchinterval(_SWITCH_SECONDS)
        with ThreadPoolExecutor(1, initializer=real_time.ask_for_priority) as pool:
            yield [Decider(place, decide, pool, bell) for place, bell in enumerate(bells)]
    finally:
        sys.setswitchinterval(switching)
        for bell in bells:
            os.close(bell)
