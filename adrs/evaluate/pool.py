"""The `local` executor: worker processes on this machine, each with its own sandbox."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import warnings
from typing import Any

from adrs import resources, sandbox
from adrs.errors import UserError
from adrs.evaluate import messages
from adrs.problem import Problem
from adrs.program import Evaluation, Job

_ATTEMPTS = 3
_START_SECONDS = 900.0
"""Helpers are compiled at the first start."""
_CANCEL_SECONDS = 5.0
_CLOSE_SECONDS = 2.0
_PASSED_ON = (
    "PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV",
    "XDG_CACHE_HOME", "ADRS_DATA", "ADRS_CACHE", "CUDA_VISIBLE_DEVICES", "DOCKER_HOST",
)  # fmt: skip
"""All that a worker inherits of the environment: no key reaches it."""
_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class _WorkerLost(Exception):  # noqa: N818 - what happened
    """The worker's process is gone, or its answer cannot be read."""


class LocalPool:
    """Evaluates jobs on `workers` processes, first come first served."""

    def __init__(self, problem: Problem, workers: int, sandbox: str | None = None) -> None:
        """`sandbox` forces a backend; None takes the best that works here."""
        if workers < 1:
            raise UserError(f"workers must be at least 1, not {workers}")
        self._problem = problem
        self._limit = problem.limits.patience_seconds
        self._wanted = sandbox
        self._workers = [_Worker() for _ in range(workers)]
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._tidying: set[asyncio.Task[None]] = set()
        self.sandbox = ""
        """Name of the backend in use, known once the pool is started."""
        self.warning = ""
        """What the backend says of its own safety; empty if it is safe. Said to all as it starts."""

    async def start(self) -> None:
        """Choose the sandbox and start the workers. Raises UserError for what the user can mend."""
        backend = await asyncio.to_thread(sandbox.choose, self._wanted)
        self.sandbox, self.warning = backend.name, backend.warning
        if self.warning:
            warnings.warn(self.warning, stacklevel=1)
        try:
            async with asyncio.TaskGroup() as group:
                for worker in self._workers:
                    group.create_task(worker.start(self._problem, self.sandbox))
        except* UserError as errors:
            raise errors.exceptions[0] from None
        except* _WorkerLost as errors:
            raise UserError(f"no worker could be started: {errors.exceptions[0]}") from None
        for worker in self._workers:
            self._idle.put_nowait(worker)

    async def evaluate(self, job: Job) -> Evaluation:
        """Evaluate one job. A worker that dies is replaced and the job tried again, at most twice; one that hangs is
        replaced, and the evaluation ends `infrastructure`."""
        try:
            job.source.encode()
        except UnicodeEncodeError as error:
            return Evaluation(job.split, "start", "rejected", f"source is not valid Unicode: {error.reason}")
        worker = await self._idle.get()
        try:
            evaluation = await self._evaluate(worker, job)
        except asyncio.CancelledError:
            task = asyncio.create_task(self._stop(worker))
            self._tidying.add(task)
            task.add_done_callback(self._tidying.discard)
            raise
        except BaseException:
            worker.kill()
            self._idle.put_nowait(worker)
            raise
        self._idle.put_nowait(worker)
        return evaluation

    async def close(self) -> None:
        """End all workers, and with them whatever they run."""
        for task in tuple(self._tidying):
            task.cancel()
        await asyncio.gather(*self._tidying, *(worker.close() for worker in self._workers), return_exceptions=True)

    async def _evaluate(self, worker: "_Worker", job: Job) -> Evaluation:
        reason = ""
        started = time.perf_counter()
        for _ in range(_ATTEMPTS):
            try:
                if not worker.running:
                    await worker.start(self._problem, self.sandbox)
                async with asyncio.timeout(self._limit):
                    return await worker.evaluate(job)
            except (_WorkerLost, UserError) as error:
                reason = str(error)
                worker.kill()
            except TimeoutError:
                reason = f"evaluator {self._problem.evaluator} did not end within {self._limit:g} s, calls included"
                worker.kill()
                break
        seconds = time.perf_counter() - started
        return Evaluation(job.split, "start", "infrastructure", reason, wall_seconds=seconds, sandbox=self.sandbox)

    async def _stop(self, worker: "_Worker") -> None:
        """Free a worker from a job that nobody waits for any more."""
        try:
            async with asyncio.timeout(_CANCEL_SECONDS):
                await worker.cancel()
        except (TimeoutError, _WorkerLost):
            worker.kill()
        finally:
            self._idle.put_nowait(worker)


class _Worker:
    """One worker process and the socket to it; killed and started again at will."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self._errors = -1

    @property
    def running(self) -> bool:
        """Whether a process is there that has answered so far."""
        return self._writer is not None

    async def start(self, problem: Problem, backend: str) -> None:
        """Start the process and wait until it is ready. Raises UserError and _WorkerLost."""
        self.kill()
        ours, theirs = socket.socketpair()
        self._errors = os.memfd_create("worker")
        with theirs:
            self._process = subprocess.Popen(
                # -P: nothing is imported from the current folder
                [sys.executable, "-P", "-m", "adrs.evaluate.worker", str(theirs.fileno())], pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self._errors, env=_environment(),
                start_new_session=True,
            )  # fmt: skip
        self._reader, self._writer = await asyncio.open_connection(sock=ours)
        try:
            async with asyncio.timeout(_START_SECONDS):
                answer = await self._ask({"problem": str(problem.folder), "mode": problem.mode, "sandbox": backend})
        except TimeoutError:
            self.kill()
            raise _WorkerLost(f"a worker was not ready after {_START_SECONDS:g} s") from None
        except BaseException:
            self.kill()
            raise
        if "failed" in answer:
            self.kill()
            raise UserError(answer["failed"]) if answer["user"] else _WorkerLost(answer["failed"])

    async def evaluate(self, job: Job) -> Evaluation:
        """Have one job done. Raises _WorkerLost."""
        answer = await self._ask({"job": messages.job_to_plain(job)})
        return Evaluation.from_plain(answer["evaluation"])

    async def cancel(self) -> None:
        """Have the job at work stopped; returns when the worker is idle. Raises _WorkerLost."""
        answer = await self._ask({"cancel": True})
        while "cancelled" not in answer:
            answer = await self._receive()

    def kill(self) -> None:
        """End the process now, with what the evaluator has started; its death signal ends the sandbox."""
        if self._writer is not None:
            self._writer.close()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):  # where it has ended by itself and left nothing
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._forget()

    async def close(self) -> None:
        """Let the process see that its socket is closed, then make sure that it has gone."""
        process = self._process
        if process is None:
            return
        if self._writer is not None:
            self._writer.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            await asyncio.to_thread(process.wait, _CLOSE_SECONDS)
        self.kill()

    def _forget(self) -> None:
        self._process = self._reader = self._writer = None
        if self._errors >= 0:
            os.close(self._errors)
        self._errors = -1

    async def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        if self._writer is None:
            raise _WorkerLost("the worker is not running")
        try:
            self._writer.write(messages.pack(message))
            await self._writer.drain()
        except ConnectionError:
            raise _WorkerLost(self._last_words()) from None
        return await self._receive()

    async def _receive(self) -> dict[str, Any]:
        if self._reader is None:
            raise _WorkerLost("the worker is not running")
        try:
            head = await self._reader.readexactly(messages.HEADER.size)
            return messages.unpack(await self._reader.readexactly(messages.HEADER.unpack(head)[0]))
        except (asyncio.IncompleteReadError, ConnectionError):
            raise _WorkerLost(self._last_words()) from None

    def _last_words(self) -> str:
        """How the process ended, and the last line that it wrote."""
        code = None
        if self._process is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = self._process.wait(0.5)
        text = os.pread(self._errors, 1 << 16, 0).decode(errors="replace").strip() if self._errors >= 0 else ""
        said = f": {text.splitlines()[-1]}" if text else ""
        return f"the worker died (exit status {code}){said}"


def _environment() -> dict[str, str]:
    values = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    values |= dict.fromkeys(_ONE_THREAD, "1")
    values["PYTHONHASHSEED"] = "0"
    cache = resources.cache_folder() / "numba"
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        values["NUMBA_CACHE_DIR"] = str(cache)
    return values
