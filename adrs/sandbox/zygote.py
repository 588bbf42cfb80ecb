"""The trusted side's hold on a zygote and its children: start, spawn, talk, kill, wait."""

import contextlib
import os
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgpack

from adrs.sandbox.deadline import Deadline
from adrs.sandbox.inside import wire
from adrs.sandbox.inside.removal import remove
from adrs.sandbox.memory import CHECK_SECONDS, Memory
from adrs.sandbox.scheduler import pid_behind, wanted_seconds

_MESSAGE_LIMIT = 1 << 16
_START_SECONDS = 60.0
_END_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_CHUNK = 1 << 16
_READ_LIMIT = 1 << 20
_LAST_CHUNKS = 32
_SPAWN: bytes = msgpack.packb({"spawn": 1})


class Broken(Exception):  # noqa: N818 - what the sandbox is
    """The sandbox failed, not the program: its zygote died, or a child could not be shut in."""


class TimedOut(Exception):  # noqa: N818 - what the call did
    """No whole answer within the limit."""


class Ended(Exception):  # noqa: N818 - what the process did
    """The policy process closed its connection instead of answering."""


class Interrupted(BaseException):
    """The one who asked for the evaluation wants no more of it, or has gone."""


@dataclass(frozen=True)
class Usage:
    """How a policy process ended and what it used, from `wait4`, its descendants included."""

    status: int
    """As `wait` gives it."""
    cpu_seconds: float
    peak_memory_mb: float


class Zygote:
    """A running zygote. Not thread-safe; one child at a time is the usual way."""

    def __init__(
        self,
        argv: Sequence[str],
        settings: dict[str, Any],
        environment: Mapping[str, str],
        watch: int | None = None,
        *,
        descriptors: Sequence[int] = (),
        started: Callable[[dict[str, Any]], None] | None = None,
    ) -> None:
        """Start `argv`, which ends in running `inside` with the control socket's number as its last argument.

        watch: a descriptor whose becoming readable interrupts what is asked of a child.
        descriptors: others to hand down. started: called as soon as the process runs; may change the settings.
        Raises Broken with what it said when it does not come up.
        """
        self.watch = watch
        self.note = ""
        """What the table of backends should say of it."""
        self._ended: dict[int, Usage] = {}
        self._settings = settings
        self._scratch = None if settings["namespaces"] else os.path.realpath(tempfile.mkdtemp(prefix="adrs-scratch-"))
        settings["scratch"] = self._scratch
        self._output_limit = int(settings["output_bytes"])
        self._answer_limit = int(settings["answer_bytes"])
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._errors = os.memfd_create("zygote")
        with theirs:
            self._process = subprocess.Popen(
                [*argv, str(theirs.fileno())], pass_fds=[theirs.fileno(), *descriptors], stdin=subprocess.DEVNULL,
                stdout=self._errors, stderr=self._errors, start_new_session=True, cwd="/", env=dict(environment),
            )  # fmt: skip
        try:
            if started is not None:
                started(self._settings)
            self._control.send(msgpack.packb(self._settings))
            answer, _ = self._next(_START_SECONDS)
            if "failed" in answer:
                raise Broken(str(answer["failed"]))
        except BaseException as error:
            said = self._last_words()
            self.close()
            if isinstance(error, Broken | OSError):
                raise Broken(said or str(error)) from None
            raise

    def spawn(self) -> "Child":
        """Fork a policy process; it shuts itself in and then waits for requests. Raises Broken."""
        ours, connection = socket.socketpair()
        output, theirs = os.pipe()
        try:
            with connection:
                socket.send_fds(self._control, [_SPAWN], [connection.fileno(), theirs])
            os.close(theirs)
            theirs = -1
            answer, descriptors = self._next(_START_SECONDS)
            while "spawned" not in answer:
                answer, descriptors = self._next(_START_SECONDS)
        except BaseException as error:
            ours.close()
            for descriptor in (output, theirs):
                if descriptor >= 0:
                    os.close(descriptor)
            if isinstance(error, OSError):
                raise Broken(f"the zygote is gone: {error.strerror}") from None
            raise
        return Child(self, int(answer["spawned"]), descriptors[0], ours, output)

    def wait(self, pid: int) -> Usage:
        """Wait until the zygote has reaped a child that has ended or was killed. Raises Broken."""
        while pid not in self._ended:
            self._next(_END_SECONDS)
        return self._ended.pop(pid)

    def close(self) -> None:
        """End the sandbox and everything in it: the zygote leaves when its socket closes, or is killed."""
        self._control.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_CLOSE_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        if self._scratch is not None:
            remove(self._scratch)
        if self._errors >= 0:
            os.close(self._errors)
            self._errors = -1

    @property
    def cpu_seconds(self) -> int:
        """CPU time after which a policy process is killed."""
        return int(self._settings["cpu_seconds"])

    @property
    def limits(self) -> tuple[int, int]:
        """Bytes of captured output and of one answer."""
        return self._output_limit, self._answer_limit

    def _next(self, seconds: float) -> tuple[dict[str, Any], list[int]]:
        """The next message and its descriptors; ends of children are noted. Raises Broken."""
        poll = select.poll()
        poll.register(self._control, select.POLLIN)
        if not poll.poll(seconds * 1000):
            raise Broken(f"the zygote does not answer within {seconds:g} s")
        message, descriptors, _, _ = socket.recv_fds(self._control, _MESSAGE_LIMIT, 1)
        if not message:
            raise Broken("the zygote died")
        answer: dict[str, Any] = msgpack.unpackb(message)
        if "ended" in answer:
            self._ended[answer["ended"]] = Usage(answer["status"], answer["cpu_seconds"], answer["peak_memory_mb"])
        return answer, list(descriptors)

    def _last_words(self) -> str:
        """What the sandbox's own program wrote before it gave up; the last line."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        text = os.pread(self._errors, _CHUNK, 0).decode(errors="replace").strip()
        return text.splitlines()[-1] if text else ""


class Child:
    """One policy process, from here: an untrusted byte stream, a pipe of output and a pidfd."""

    def __init__(self, zygote: Zygote, pid: int, descriptor: int, connection: socket.socket, output: int) -> None:
        self.pid = pid
        """As the zygote sees it."""
        self.seconds = 0.0
        """Wall time of the last round trip."""
        self._zygote = zygote
        self._descriptor = descriptor
        self._connection = connection
        self._output = output
        self._output_limit, self._answer_limit = zygote.limits
        self._captured = bytearray()
        self._ahead = bytearray()
        """Bytes that came behind the last answer."""
        self._dropped = False
        self._usage: Usage | None = None
        self._memory: Memory | None = None
        self._pid_here = pid_behind(descriptor)
        connection.setblocking(False)
        os.set_blocking(output, False)
        self._poll = select.poll()
        self._poll.register(connection, select.POLLIN)
        self._poll.register(output, select.POLLIN)
        if zygote.watch is not None:
            self._poll.register(zygote.watch, select.POLLIN)

    def ready(self) -> None:
        """Wait until it has shut itself in. Raises Broken where it could not."""
        try:
            hello = wire.unpack(self._receive(Deadline(_START_SECONDS)))
        except (TimedOut, Ended, wire.Malformed) as error:
            raise Broken(f"a policy process did not start: {type(error).__name__}") from None
        if hello != ["ready"]:
            raise Broken(f"a policy process could not be shut in: {hello[-1]}")

    def limit_memory(self, megabytes: int) -> None:
        """From now on, have all its processes share a limit, looked after while it is waited for."""
        self._memory = Memory(self._pid_here, megabytes)

    def exchange(self, frame: bytes, seconds: float) -> bytearray:
        """Send one frame and return the body of the answer.

        Raises TimedOut, Ended, Interrupted, OutOfMemory, and wire.Malformed for an answer that is larger than allowed.
        """
        deadline = Deadline(seconds, self._pid_here)
        self._send(frame, deadline)
        body = self._receive(deadline)
        self.seconds = time.perf_counter() - deadline.started
        return body

    def wanted_seconds(self) -> float:
        """How long its threads ran or waited for a core so far; 0 where it cannot be seen."""
        return wanted_seconds(self._pid_here) if self._pid_here > 0 else 0.0

    def end(self) -> Usage:
        """Kill it and all its descendants, and wait until they have gone. Raises Broken."""
        if self._usage is None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, signal.SIGKILL)
            self._usage = self._finish()
        return self._usage

    def gone(self, seconds: float) -> bool:
        """Whether it ends by itself within `seconds`."""
        poll = select.poll()
        poll.register(self._descriptor, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def output(self) -> str:
        """What it has written to stdout and stderr, up to the limit."""
        text = self._captured.decode(errors="backslashreplace")
        return text + "\n[output cut]" if self._dropped else text

    def _finish(self) -> Usage:
        try:
            usage = self._zygote.wait(self.pid)
            self._drain(_LAST_CHUNKS)
            if self._memory is not None:
                usage = replace(usage, peak_memory_mb=max(usage.peak_memory_mb, self._memory.peak_mb))
            return usage
        finally:
            self._connection.close()
            os.close(self._output)
            os.close(self._descriptor)

    def _send(self, frame: bytes, deadline: Deadline) -> None:
        view = memoryview(frame)
        while True:
            try:
                view = view[self._connection.send(view) :]
            except BlockingIOError:
                pass
            except OSError:
                raise Ended from None
            if not view:
                return
            self._poll.modify(self._connection, select.POLLOUT)
            try:
                self._await(deadline)
            finally:
                self._poll.modify(self._connection, select.POLLIN)

    def _receive(self, deadline: Deadline) -> bytearray:
        """The body of the next frame. What has come after it is kept for the next one: nobody asked for it."""
        data, self._ahead = self._ahead, bytearray()
        end = wire.HEADER.size
        known = False
        while True:
            if not known and len(data) >= end:
                size: int = wire.HEADER.unpack_from(data)[0]
                if size > self._answer_limit:
                    raise wire.Malformed(f"an answer of {size} bytes, the limit is {self._answer_limit}")
                end, known = end + size, True
            if known and len(data) >= end:
                self._ahead = data[end:]
                return data[wire.HEADER.size : end]
            self._await(deadline)
            data += self._read(min(max(end - len(data), _CHUNK), _READ_LIMIT) if known else _CHUNK)

    def _read(self, most: int) -> bytes:
        """What has come; nothing if that was no more than a spurious wake-up."""
        try:
            chunk = self._connection.recv(most)
        except BlockingIOError:
            return b""
        except OSError:
            raise Ended from None
        if not chunk:
            raise Ended
        return chunk

    def _await(self, deadline: Deadline) -> None:
        """Until the connection is ready, reading output meanwhile."""
        while True:
            wait = deadline.wait() if self._memory is None else min(deadline.wait(), CHECK_SECONDS)
            ready = dict(self._poll.poll(wait * 1000))
            if self._memory is not None:
                self._memory.check()
            if self._zygote.watch in ready:
                raise Interrupted
            if self._output in ready:
                self._drain(1)
            if self._connection.fileno() in ready:
                return
            if deadline.is_over():
                raise TimedOut

    def _drain(self, chunks: int) -> None:
        """Keep what the limit allows of the waiting output, drop the rest."""
        for _ in range(chunks):
            try:
                chunk = os.read(self._output, _CHUNK)
            except BlockingIOError:
                return
            if not chunk:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(self._output)
                return
            room = self._output_limit - len(self._captured)
            self._captured += chunk[:room]
            self._dropped |= len(chunk) > room
