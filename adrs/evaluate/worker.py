"""The trusted worker: holds the workloads and the evaluator, and a zygote for the programs.

Started by the pool as `python -m adrs.evaluate.worker FD`. On that socket come a start message, then jobs; each is
answered by an evaluation. A `cancel` is always answered by `cancelled`; during an evaluation anything that arrives
(a cancel, or the end of the engine) stops it.
"""

import contextlib
import importlib
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from adrs import problem as problems
from adrs import sandbox
from adrs.errors import UserError
from adrs.evaluate import choices, harness, messages
from adrs.evaluate.confinement import missing_import, numba_cache, sandbox_spec
from adrs.evaluate.harness import Line
from adrs.evaluate.policy import SandboxedPolicy
from adrs.evaluate.shared import Shared
from adrs.evaluation import Invalid
from adrs.problem import Problem
from adrs.program import Evaluation, Job
from adrs.sandbox import Sandbox, SandboxUnavailable
from adrs.sandbox.inside import linux
from adrs.sandbox.zygote import Broken, Interrupted, Zygote

_RECYCLE_AFTER = 1000
_ATTEMPTS = 3
_START = "start"
_SUSPICIOUS = ("killed", "timeout")


def main() -> None:
    """Serve one engine until its socket closes."""
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    connection = socket.socket(fileno=int(sys.argv[1]))
    start = _receive(connection)
    try:
        worker = Worker(start, connection)
    except (UserError, SandboxUnavailable) as error:
        connection.sendall(messages.pack({"failed": str(error), "user": True}))
        return
    except Exception as error:  # the edge: reported to the engine
        connection.sendall(messages.pack({"failed": f"{type(error).__name__}: {error}", "user": False}))
        return
    with contextlib.closing(worker):
        connection.sendall(messages.pack({"ready": True}))
        worker.serve()


def _receive(connection: socket.socket) -> dict[str, Any]:
    """The next message; leaves the process when the engine has gone."""
    head = _receive_exactly(connection, messages.HEADER.size)
    return messages.unpack(_receive_exactly(connection, messages.HEADER.unpack(head)[0]))


def _receive_exactly(connection: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        try:
            chunk = connection.recv(size - len(data))
        except ConnectionError:
            chunk = b""
        if not chunk:
            raise SystemExit(0)
        data += chunk
    return bytes(data)


class Worker:
    """One problem, one evaluator, one zygote at a time."""

    def __init__(self, start: dict[str, Any], connection: socket.socket) -> None:
        """Raises UserError and SandboxUnavailable."""
        self._connection = connection
        self._problem: Problem = problems.load(start["problem"], start["mode"])
        shared = self._problem.trust == "shared"
        self._judge: Line | Shared = Shared(self._problem) if shared else Line(self._problem)
        self._backend: Sandbox = sandbox.named(start["sandbox"])
        self._spec = sandbox_spec(self._problem, self._judge.readable, self._judge.hidden)
        _warm_helpers(self._problem.limits.imports)
        try:
            self._zygote: Zygote | None = self._backend.start(self._spec, connection.fileno())
        except SandboxUnavailable as failure:
            missing = missing_import(self._problem, str(failure))
            if missing:
                raise UserError(missing) from None
            raise
        self._served = 0

    def serve(self) -> None:
        """Answer messages for ever."""
        while True:
            message = _receive(self._connection)
            if "cancel" in message:
                self._connection.sendall(messages.pack({"cancelled": message["cancel"]}))
                continue
            try:
                evaluation = self.evaluate(messages.job_from_plain(message["job"]))
            except Interrupted:
                continue
            self._connection.sendall(packed(evaluation, self._problem))
            if evaluation.verdict in _SUSPICIOUS or self._served >= _RECYCLE_AFTER:
                self._recycle()

    def evaluate(self, job: Job) -> Evaluation:
        """Evaluate one program; a broken sandbox is replaced and the job tried again, at most twice."""
        reason = ""
        started = time.perf_counter()
        for _ in range(_ATTEMPTS):
            try:
                evaluation = self._attempt(job)
            except (Broken, SandboxUnavailable) as broken:
                reason = str(broken)
                self.close()
                continue
            return replace(evaluation, wall_seconds=time.perf_counter() - started, sandbox=self._backend.name)
        return Evaluation(
            job.split, _START, "infrastructure", f"the sandbox failed: {reason}",
            wall_seconds=time.perf_counter() - started, sandbox=self._backend.name,
        )  # fmt: skip

    def close(self) -> None:
        """End the zygote; the next evaluation starts another."""
        if self._zygote is not None:
            self._zygote.close()
        self._zygote = None
        self._served = 0

    def _recycle(self) -> None:
        """A fresh zygote at once, while nobody waits; where that fails, the next evaluation tries and reports."""
        self.close()
        with contextlib.suppress(SandboxUnavailable):
            self._zygote = self._backend.start(self._spec, self._connection.fileno())

    def _attempt(self, job: Job) -> Evaluation:
        if self._zygote is None:
            self._zygote = self._backend.start(self._spec, self._connection.fileno())
        self._served += 1
        functions = choices.functions_of(job, self._judge.functions)
        policy = SandboxedPolicy(self._zygote, functions, self._problem.limits)
        try:
            evaluation = self._run(policy, job)
        finally:
            policy.close()
        return replace(
            evaluation, output=policy.output, cpu_seconds=policy.cpu_seconds, peak_memory_mb=policy.peak_memory_mb
        )

    def _run(self, policy: SandboxedPolicy, job: Job) -> Evaluation:
        try:
            if not job.native:
                policy.load(self._judge.program(job))
        except harness.PolicyFailure as failure:
            return Evaluation(job.split, _START, failure.verdict, failure.reason)
        except Invalid as broken:
            return Evaluation(job.split, _START, "invalid", str(broken))
        try:
            return self._judge.evaluate(policy, job)
        except Broken:
            raise
        except Exception as error:  # the edge: the evaluator's own fault is never blamed on the program
            places = [self._problem.folder, *self._judge.hidden]
            return Evaluation(job.split, _START, "infrastructure", _own_fault(error, self._problem, places))


def packed(evaluation: Evaluation, problem: Problem) -> bytes:
    """The message with an evaluation; where details or feedback of the evaluator's cannot be sent, one that says so."""
    try:
        return messages.pack({"evaluation": evaluation.plain()})
    except (TypeError, ValueError) as error:
        reason = f"evaluator {problem.evaluator} gives details or feedback that are no plain values: {error}"
        return messages.pack({"evaluation": Evaluation(evaluation.split, _START, "infrastructure", reason).plain()})


def _warm_helpers(imports: tuple[str, ...]) -> None:
    """Compile shipped helpers here, where the cache can be written, so that zygotes only load them."""
    if numba_cache(imports) is None:
        return
    for name in imports:
        if name.split(".")[0] == "adrs_helpers":
            module = importlib.import_module(name)
            if hasattr(module, "warm"):
                module.warm()


def _frames(error: BaseException) -> Iterator[traceback.FrameSummary]:
    yield from reversed(traceback.extract_tb(error.__traceback__))


def _own_fault(error: Exception, problem: Problem, places: Sequence[Path]) -> str:
    """A sentence for the evaluator's author; else type, message and the line in the files of the evaluator."""
    if isinstance(error, UserError):
        return str(error)
    files = ((Path(frame.filename).resolve(), frame.lineno) for frame in _frames(error))
    within = ((file, line) for file, line in files if any(file.is_relative_to(place) for place in places))
    where = next((f" ({file.name} line {line})" for file, line in within), "")
    notes = "".join(f"{note}: " for note in getattr(error, "__notes__", ()))
    return f"{notes}evaluator {problem.evaluator} raised {type(error).__name__}: {error}{where}"


if __name__ == "__main__":
    main()
