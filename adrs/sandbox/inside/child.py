"""The policy process: shuts itself in, runs one program and answers calls until it is killed.

What it says is never believed, only checked; whatever happens to it is the program's own doing once it has said that
it is ready.
"""

import linecache
import math
import os
import random
import resource
import signal
import sys
import time
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from . import forking, linux, seccomp, wire
from .landlock import Landlock
from .spread import spread, stack

PROGRAM = "program.py"
SCRATCH = "/scratch"
_TEXT_LIMIT = 1000
_CONNECTION = 3
_DESCRIPTORS = 64
_DESCRIPTORS_WITH_PROCESSES = 512
_MOST_INHERITED = 4096
_BUFFER = 1 << 16
_READY = wire.pack(["ready"])
_TICKS = 5
"""In the seconds that a call may take."""
_TOO_LONG = "the call took too long"
_ballast = bytearray(8 << 20)
"""Address space to throw away where a program has used up all of it, so that this can still be told; never touched, so
that it takes no memory."""


@dataclass(frozen=True)
class Walls:
    """What every child of a zygote shuts itself in with, prepared before the fork: there it costs nothing."""

    limits: tuple[tuple[int, int], ...]
    """Resource and hard limit."""
    mount_options: str | None
    """Of the private tmpfs; None where there are no namespaces."""
    landlock: Landlock | None
    filter: seccomp.Filter | None
    """None where nothing is restricted but resources."""
    processes: bool
    """Whether the program may start processes."""
    over: tuple[str, ...]
    """Folders that the scratch folder is laid over; what they hold is seen in both."""


@dataclass(frozen=True)
class Opening:
    """What one child is forked with."""

    connection: int
    output: int
    ruleset: int = -1
    """Of Landlock."""
    folder: str = ""
    """The scratch folder where there can be no private tmpfs."""


def walls(settings: dict[str, Any], landlock: Landlock | None) -> Walls:
    """Prepare them from the zygote's settings."""
    processes = settings["processes"] > 0
    limits = {
        resource.RLIMIT_AS: settings["mapped_bytes"] + settings["memory_bytes"],
        resource.RLIMIT_CPU: settings["cpu_seconds"],
        resource.RLIMIT_FSIZE: settings["scratch_bytes"],
        resource.RLIMIT_NOFILE: _DESCRIPTORS_WITH_PROCESSES if processes else _DESCRIPTORS,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_MEMLOCK: 0,
        resource.RLIMIT_MSGQUEUE: 0,
        resource.RLIMIT_STACK: settings["stack_bytes"],
    }
    if settings["tasks"]:
        limits[resource.RLIMIT_NPROC] = settings["tasks"]
    for which, value in limits.items():
        hard = resource.getrlimit(which)[1]
        limits[which] = value if hard == resource.RLIM_INFINITY else min(value, hard)
    options = f"size={settings['scratch_bytes']},nr_inodes={settings['scratch_inodes']},mode=700"
    return Walls(
        tuple(limits.items()),
        options if settings["namespaces"] else None,
        landlock,
        seccomp.Filter(settings["threads"], processes) if settings["restrict"] else None,
        processes,
        tuple(settings["over"]),
    )


def run(walls: Walls, opening: Opening) -> None:
    """Become the policy process; never returns."""
    connection = opening.connection
    try:
        connection = _arrange_descriptors(connection, opening.output)
        _shut_in(walls, opening)
    except Exception as error:  # the edge: a machine's fault, reported as such before any program is seen
        _write(connection, wire.pack(["broken", f"{type(error).__name__}: {error}"]))
        os._exit(1)
    program = _Program(connection)
    signal.signal(signal.SIGPROF, program.tick)
    _write(connection, _READY)
    program.serve()


def _arrange_descriptors(connection: int, output: int) -> int:
    """0 = nothing, 1 and 2 = the captured output, 3 = the connection. The others are closed later."""
    os.dup2(os.open("/dev/null", os.O_RDONLY), 0)
    os.dup2(connection, _CONNECTION)
    os.dup2(output, 1)
    os.dup2(output, 2)
    return _CONNECTION


def _shut_in(walls: Walls, opening: Opening) -> None:
    os.setsid()
    scratch = opening.folder or SCRATCH
    if walls.mount_options is not None:
        linux.unshare(linux.CLONE_NEWNS | linux.CLONE_NEWIPC)
        flags = linux.MS_NOSUID | linux.MS_NODEV | (0 if walls.processes else linux.MS_NOEXEC)
        linux.mount("tmpfs", SCRATCH, "tmpfs", flags, walls.mount_options)
        for folder in walls.over:
            _lay_over(folder)
    else:
        os.environ["HOME"] = os.environ["TMPDIR"] = scratch
        if "tempfile" in sys.modules:
            sys.modules["tempfile"].__dict__["tempdir"] = None
    os.chdir(scratch)
    for which, value in walls.limits:
        resource.setrlimit(which, (value, value))
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    if walls.filter is not None:
        linux.drop_capabilities()
        linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
        if walls.landlock is not None:
            walls.landlock.restrict(opening.ruleset, scratch)
    if walls.processes:
        forking.restore()
    os.closerange(_CONNECTION + 1, _MOST_INHERITED)
    if walls.filter is not None:
        walls.filter.install(os.getpid())


def _lay_over(folder: str) -> None:
    for entry in os.scandir(folder):
        place = f"{SCRATCH}/{entry.name}"
        if entry.is_dir():
            os.mkdir(place)  # noqa: PTH102
        else:
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY))
        linux.mount(entry.path, place, None, linux.MS_BIND | linux.MS_REC)
    linux.mount(SCRATCH, folder, None, linux.MS_BIND | linux.MS_REC)


class _Program:
    """One candidate's module and the states of its scenarios."""

    def __init__(self, connection: int) -> None:
        self._connection = connection
        self._functions: dict[str, _Function] = {}
        self._states: list[Any] = [{}]
        self._model: Any = None
        self._scenario = -1
        """The scenario at work in a map."""
        self._overtime = math.inf
        """CPU seconds of the thread after which the call at work takes too long."""

    def serve(self) -> None:
        """Answer requests [nonce, operation, ...] with [nonce, kind, ...], one at a time."""
        operations: dict[str, Callable[..., Any]] = {
            "load": self._load, "call": self._call, "map": self._map, "attempt": self._attempt,
            "reset": self._reset, "echo": self._echo,
        }  # fmt: skip
        buffer = bytearray(_BUFFER)
        while True:
            body = _read_frame(self._connection, buffer)
            nonce, operation, *arguments = wire.unpack(body)
            self._scenario = -1
            try:
                answer = [nonce, "ok", wire.compact(operations[operation](*arguments))]
                frame = wire.pack(answer)
            except BaseException as error:  # the edge: whatever a program raises is reported, not believed
                if isinstance(error, MemoryError):
                    _ballast.clear()  # what used up the memory may be held until the exception is gone, or for good
                frame = wire.pack([nonce, *_report(error, self._scenario)])
            _flush()
            _write(self._connection, frame)

    def _load(self, source: str, functions: dict[str, dict[str, Any]]) -> None:
        module = types.ModuleType("program")
        module.__file__ = PROGRAM
        sys.modules["program"] = module
        linecache.cache[PROGRAM] = (len(source), None, source.splitlines(keepends=True), PROGRAM)
        exec(compile(source, PROGRAM, "exec", dont_inherit=True), module.__dict__)
        for name, roles in functions.items():
            function = module.__dict__.get(name)
            if not callable(function) and not (roles["optional"] and function is None):
                raise NameError(f"function {name} is not defined")
            self._functions[name] = _Function(function, roles["arguments"], roles["keeps"])

    def _call(self, name: str, arguments: list[Any]) -> Any:
        function = self._functions[name]
        return self._ask(function, arguments, 0) if function.call is not None else None

    def _ask(self, function: "_Function", arguments: Sequence[Any], scenario: int) -> Any:
        """One answer; None where it stays here."""
        assert function.call is not None
        sent = iter(arguments)
        kept = {"state": self._states[scenario], "model": self._model}
        answer = function.call(*[kept[role] if role else next(sent) for role in function.arguments])
        if not function.keeps:
            return answer
        if function.keeps == "state":
            self._states[scenario] = answer
        elif function.keeps == "model":
            self._model = answer
        return None

    def _map(self, name: str, columns: list[Any], chosen: Any) -> Any:
        function = self._functions[name]
        if function.call is None:
            return None
        scenarios: Sequence[int] = range(len(self._states)) if chosen is None else _listed(chosen)
        count = len(scenarios)
        sent = iter([spread(column, count) for column in columns])
        answers: list[Any] = []
        if function.keeps:
            rows = zip(*sent, strict=True) if columns else [()] * count
            for self._scenario, row in zip(scenarios, rows, strict=True):
                self._ask(function, row, self._scenario)
            return None
        # As little as possible for each call: simulators ask for a hundred thousand decisions.
        kept = {"state": [self._states[number] for number in scenarios], "model": [self._model] * count}
        arguments = [kept[role] if role else next(sent) for role in function.arguments]
        call = function.call
        try:
            for row in zip(*arguments, strict=True) if arguments else [()] * count:
                answers.append(call(*row))
        except BaseException:
            self._scenario = scenarios[len(answers)]
            raise
        return stack(answers)

    def _attempt(
        self, name: str, columns: list[Any], scenarios: list[int], seconds: float, most_failures: int
    ) -> list[Any]:
        """Answers of the calls that succeed, [row, verdict, reason] of those that fail, CPU seconds of all asked."""
        function = self._functions[name]
        spread_out = [spread(column, len(scenarios)) for column in columns]
        rows = zip(*spread_out, strict=True) if columns else [()] * len(scenarios)
        answers: list[Any] = []
        failures: list[Any] = []
        times: list[float] = []
        clock = time.thread_time  # read once a call, and one timer for all: batches have hundreds of quick ones
        signal.setitimer(signal.ITIMER_PROF, seconds / _TICKS, seconds / _TICKS)
        try:
            now = clock()
            for row, arguments in enumerate(rows if function.call is not None else []):
                started = now
                try:
                    self._overtime = started + seconds
                    answer = plain(self._ask(function, arguments, scenarios[row]))
                    self._overtime = math.inf
                    now = clock()
                    if now - started > seconds:
                        raise _Overtime(_TOO_LONG)
                except (MemoryError, wire.Unsendable):
                    raise
                except BaseException as error:  # the edge: a failed decision is counted by the other side
                    self._overtime = math.inf
                    _, kind, message, line, _ = _report(error, -1)
                    verdict = "timeout" if isinstance(error, _Overtime) else "error"
                    failures.append([row, verdict, f"{kind}: {message}{f' (line {line})' if line else ''}"])
                    now = clock()
                else:
                    answers.append(answer)
                times.append(now - started)
                if len(failures) > most_failures:
                    break
        finally:
            self._overtime = math.inf
            signal.setitimer(signal.ITIMER_PROF, 0.0)
        if function.call is None:
            times = [0.0] * len(scenarios)
        return [wire.compact(stack(answers)), failures, np.array(times)]

    def tick(self, number: int, frame: Any) -> None:
        """Raise _Overtime in a call that takes too long, again at every tick where it goes on."""
        if time.thread_time() > self._overtime:
            raise _Overtime(_TOO_LONG)

    def _reset(self, seed: int, scenarios: int) -> None:
        random.seed(seed)
        np.random.seed(seed % 2**32)
        self._states = [{} for _ in range(scenarios)]

    def _echo(self, *arguments: Any) -> list[Any]:
        return list(arguments)


@dataclass(frozen=True)
class _Function:
    """One function of the program."""

    call: Callable[..., Any] | None
    """None where the program leaves it out."""
    arguments: Sequence[str]
    """For each argument `state` or `model`, which stay here, or nothing: then it is sent."""
    keeps: str
    """`state`, `model` or `nothing` where the answer stays here."""


class _Overtime(BaseException):
    """A call took too long."""


def plain(answer: Any) -> Any:
    """The answer, if its scalars are of Python's own types. Raises Unsendable."""
    kind = type(answer)
    if kind in (tuple, list):
        return [plain(entry) for entry in answer]
    if kind is dict:
        return {key: plain(entry) for key, entry in answer.items()}
    if kind not in (int, float, bool, str, type(None), np.ndarray):
        raise wire.Unsendable("type", f"a value of type {kind.__name__}")
    return answer


def _listed(numbers: Any) -> list[int]:
    listed: list[int] = numbers if isinstance(numbers, list) else numbers.tolist()
    return listed


def _report(error: BaseException, scenario: int) -> list[Any]:
    """What to say of an exception: kind, then type, message, own line (0 = none), scenario (-1 = none)."""
    if isinstance(error, wire.Unsendable):
        return ["unsendable", error.rule, error.what]
    kind = "memory" if isinstance(error, MemoryError) else "error"
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == PROGRAM:
            line = trace.tb_lineno
        trace = trace.tb_next
    try:
        message = str(error)[:_TEXT_LIMIT].encode(errors="replace").decode()
    except BaseException:  # the program's own __str__
        message = ""
    return [kind, type(error).__name__[:100], message, line if type(line) is int else 0, scenario]


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # closed or replaced by the program
            continue


def _read_frame(descriptor: int, buffer: bytearray) -> memoryview:
    """The body of the next frame, in `buffer` where it fits; there is never more to read than one."""
    got = os.readv(descriptor, [buffer])
    while 0 < got < wire.HEADER.size:
        got += _read_some(descriptor, memoryview(buffer)[got:])
    if got == 0:
        os._exit(0)
    end = wire.HEADER.size + wire.HEADER.unpack_from(buffer)[0]
    if end > len(buffer):
        larger = bytearray(end)
        larger[:got] = buffer[:got]
        buffer = larger
    view = memoryview(buffer)
    while got < end:
        got += _read_some(descriptor, view[got:end])
    return view[wire.HEADER.size : end]


def _read_some(descriptor: int, view: memoryview) -> int:
    count = os.readv(descriptor, [view])
    if count == 0:
        os._exit(0)
    return count


def _write(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
