"""The router's own policy process: shut in like any candidate's, fitted once, kept warm, asked call by call."""

import asyncio
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np

from adrs import resources
from adrs.evaluate.confinement import sandbox_spec
from adrs.evaluate.harness import PolicyFailure
from adrs.evaluate.policy import SandboxedPolicy
from adrs.evaluation import Invalid, Shared
from adrs.llm.routing import Undecided
from adrs.problem import Problem
from adrs.router.features import features
from adrs.router.training import Member, Training
from adrs.sandbox import Sandbox, SandboxUnavailable
from adrs.sandbox.zygote import Broken, Interrupted, Zygote

T = TypeVar("T")

DECISION_SECONDS = 0.25
"""CPU seconds of one decision."""
_ROUND_TRIP_SECONDS = 2.0
"""Wall seconds of one decision, which a sleeping router would outlast; on a busy machine CPU time comes slowly."""
_FIT_SECONDS = 120.0
"""Wall seconds, twice the CPU seconds that the problem allows."""
_PRICE_OF_COST = 0.0
"""As in all workloads of the problem: arena scores are the aim."""


class RouterProcess:
    """Implements adrs.llm.routing.Router. A process that died or hung is replaced at the next question.

    A thread of its own starts it, asks it and waits for it, so that a run goes on meanwhile.
    """

    def __init__(
        self, backend: Sandbox, problem: Problem, source: str, training: Training, members: Sequence[Member]
    ) -> None:
        """problem: query-routing, whose interface and limits hold. Nothing is started yet."""
        self._backend = backend
        self._spec = sandbox_spec(problem, (), (resources.import_root() / "evaluators",))
        self._functions = problem.functions
        # a run may ask as often as it likes
        self._limits = replace(problem.limits, evaluation_seconds=math.inf)
        self._source = source
        self._training = training
        self._members = tuple(members)
        self._zygote: Zygote | None = None
        self._policy: SandboxedPolicy | None = None
        self._fitted: tuple[int, ...] = ()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="router")
        self._closing = os.eventfd(0)
        """Readable from `close` on."""

    async def start(self) -> None:
        """Load the program and fit it to all models. Raises Undecided."""
        everything = tuple(range(len(self._members)))
        await self._in_thread(lambda: self._ready(everything))

    async def decide(self, prompt: str, seed: int, offered: Sequence[int]) -> int:
        """See adrs.llm.routing.Router. The program has neither state nor random numbers from earlier decisions."""
        models = tuple(offered)
        return models[await self._in_thread(lambda: self._ask(prompt, seed, models))]

    async def close(self) -> None:
        """End the process and what holds it, in the middle of a decision if need be."""
        os.eventfd_write(self._closing, 1)
        closed = self._thread.submit(self._close)
        self._thread.shutdown(wait=False)
        await asyncio.wrap_future(closed)

    def _close(self) -> None:
        self._end()
        os.close(self._closing)

    def _end(self) -> None:
        self._drop()
        if self._zygote is not None:
            self._zygote.close()
        self._zygote = None

    async def _in_thread(self, act: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._thread.submit(self._guarded, act))

    def _guarded(self, act: Callable[[], T]) -> T:
        """The result of an act; raises Undecided. After a failure that the process may not have outlived, drop it."""
        try:
            return act()
        except Interrupted:
            raise Undecided("the run has ended") from None
        except Invalid as invalid:
            raise Undecided(str(invalid)) from None
        except PolicyFailure as failure:
            self._drop()
            raise Undecided(failure.reason) from None
        except (Broken, SandboxUnavailable) as broken:
            self._end()
            raise Undecided(f"a fault of the sandbox: {broken}") from None

    def _ready(self, offered: tuple[int, ...]) -> SandboxedPolicy:
        """A process with the program fitted to the models that are offered."""
        if self._policy is not None and self._fitted == offered:
            return self._policy
        self._drop()
        if self._zygote is None:
            self._zygote = self._backend.start(self._spec, self._closing)
        self._policy = policy = SandboxedPolicy(self._zygote, self._functions, self._limits)
        policy.decision_seconds = _FIT_SECONDS
        policy.load(self._source)
        policy.reset(0)
        policy.call("fit", self._training.columns(offered))
        policy.decision_seconds = _ROUND_TRIP_SECONDS
        self._fitted = offered
        return policy

    def _ask(self, prompt: str, seed: int, offered: tuple[int, ...]) -> int:
        policy = self._ready(offered)
        policy.reset(seed)
        attempts = policy.attempt(
            "route", Shared(None), self._request(prompt, seed, offered), scenarios=[0], seconds=DECISION_SECONDS
        )
        if attempts.failures:
            raise Undecided(attempts.failures[0].reason)
        return int(attempts.answers[0])

    def _request(self, prompt: str, seed: int, offered: tuple[int, ...]) -> dict[str, Any]:
        """All that the program is shown."""
        return {
            "text": [prompt],
            "characters": np.array([len(prompt)], dtype=np.int64),
            "features": features(prompt)[None],
            "models": Shared([self._members[place].plain() for place in offered]),
            "price_of_cost": Shared(_PRICE_OF_COST),
            "seed": np.array([seed], dtype=np.int64),
        }

    def _drop(self) -> None:
        policy, self._policy = self._policy, None
        if policy is not None:
            try:
                policy.close()
            except Broken:
                if self._zygote is not None:
                    self._zygote.close()
                self._zygote = None
