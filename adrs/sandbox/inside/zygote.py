"""The zygote: one warm process inside the sandbox that forks a policy process for each candidate.

Single-threaded. It never sees a program: a child's connection is handed through, and only the child reads it.
Control messages are msgpack over a SOCK_SEQPACKET socket. First the settings come in; the answer is `ready` or
`failed`. Then each `spawn` brings two descriptors (the child's end of its connection, the pipe for its output) and is
answered by `spawned` with the child's pidfd, and later by `ended` with its wait status and resources.
"""

import contextlib
import gc
import importlib
import mmap
import os
import random
import resource
import select
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgpack

from . import isolate, linux
from .removal import remove

_MESSAGE_LIMIT = 1 << 16


def main() -> None:
    """Serve the control socket whose number is the only argument, until it closes."""
    control = socket.socket(fileno=int(sys.argv[1]))
    settings = msgpack.unpackb(control.recv(_MESSAGE_LIMIT))
    try:
        if settings["isolate"] is not None:
            settings["threads"] = isolate.enter(settings["isolate"])
            _look_for_modules_in(settings["package_root"])
        if settings["become_nobody"]:
            isolate.forbid_users()
            linux.unmount("/proc")
            isolate.become_nobody()
        settings["threads"] = settings["threads"] and isolate.processes_are_counted()
        if settings["restrict"] and settings["processes"] and not settings["threads"]:
            raise OSError("programs that start processes need a sandbox that counts them; this one cannot do so here")
        janitor = None if settings["scratch"] is None else _Janitor.start(settings["scratch"], control)
        if settings["namespaces"]:
            linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
            _become_first_process(control)
        zygote = _Zygote(control, settings, janitor)
    except Exception as error:  # the edge: reported to whoever asked for this sandbox
        control.send(msgpack.packb({"failed": f"{type(error).__name__}: {error}"}))
        os._exit(1)
    zygote.serve()


def _look_for_modules_in(root: str) -> None:
    """This package has moved together with the root folder."""
    package = sys.modules[__package__ or ""]
    package.__path__[:] = [f"{root}/{package.__name__}"]
    sys.path[sys.path.index(os.environ["PYTHONPATH"].split(os.pathsep)[0])] = root


@dataclass(frozen=True)
class _Janitor:
    """A process that removes folders, however long that takes, and in the end the scratch folder."""

    pid: int
    told: int
    """A pipe for the names of folders in the scratch folder, a line each."""

    @classmethod
    def start(cls, scratch: str, control: socket.socket) -> "_Janitor":
        """Fork it; the end is when this process has died, in whatever way."""
        names, told = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                os.setsid()
                control.close()
                os.close(told)
                with os.fdopen(names) as lines:
                    for line in lines:
                        remove(f"{scratch}/{line.rstrip()}")
                remove(scratch)
            finally:
                os._exit(0)
        os.close(names)
        return cls(pid, told)


def _become_first_process(control: socket.socket) -> None:
    """Go on as the first process of a pid namespace of our own, which dies with us."""
    linux.unshare(linux.CLONE_NEWPID | linux.CLONE_NEWNS | linux.CLONE_NEWIPC)
    child = os.fork()
    if child:
        control.close()
        _, status = os.waitpid(child, 0)
        os._exit(os.waitstatus_to_exitcode(status) & 0xFF)
    linux.prctl(linux.PR_SET_PDEATHSIG, signal.SIGKILL)
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)


class _Zygote:
    """Children by pid, each with its pidfd."""

    def __init__(self, control: socket.socket, settings: dict[str, Any], janitor: _Janitor | None) -> None:
        self._control = control
        self._settings = settings
        self._children: dict[int, int] = {}
        self._scratch: str | None = settings["scratch"]
        self._janitor = janitor
        self._folders: dict[int, str] = {}
        self._spawned = 0
        self._own = os.pidfd_open(os.getpid())
        _warm(settings["imports"], settings["numba"])
        from . import child  # after the imports are warm: it needs numpy
        from .landlock import Landlock, beside

        readable, execute = settings["landlock"], settings["processes"] > 0
        if self._scratch is not None:
            linux.prctl(linux.PR_SET_CHILD_SUBREAPER, 1)
            if readable is not None:
                # There may be hundreds of rules, and nothing is mounted any more: once for all children.
                linux.prctl(linux.PR_SET_NO_NEW_PRIVS, 1)
                common = Landlock(readable, execute)
                common.restrict(common.prepare(), self._scratch)
                common.close()
                readable = beside(readable, self._scratch)  # each child's own folder is added when it is forked
        self._landlock = None if readable is None else Landlock(readable, execute)
        settings["mapped_bytes"] = _mapped_bytes()
        self._walls = child.walls(settings, self._landlock)
        self._child = child
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
        random.seed(0)
        gc.collect()
        gc.freeze()
        control.send(msgpack.packb({"ready": True}))

    def serve(self) -> None:
        """Spawn on request and report ends; leave when the other side has gone."""
        while True:
            ready = dict(self._poll.poll())
            if self._control.fileno() in ready:
                self._request()
            for pid, descriptor in list(self._children.items()):
                if descriptor in ready:
                    self._reap(pid, descriptor)

    def _request(self) -> None:
        message, descriptors, _, _ = socket.recv_fds(self._control, _MESSAGE_LIMIT, 2)
        if not message:
            os._exit(0)
        connection, output = descriptors
        namespaces = self._settings["namespaces"]
        if namespaces:
            linux.unshare(linux.CLONE_NEWPID)
        folder = ""
        if self._scratch is not None:
            self._spawned += 1
            folder = f"{self._scratch}/{self._spawned}"
            os.mkdir(folder, 0o700)  # noqa: PTH102
        ruleset = -1 if self._landlock is None else self._landlock.prepare()
        pid = os.fork()
        if pid == 0:
            self._child.run(self._walls, self._child.Opening(connection, output, ruleset, folder))
            os._exit(1)
        for inherited in (connection, output, ruleset):
            if inherited >= 0:
                os.close(inherited)
        descriptor = os.pidfd_open(pid)
        if namespaces:
            linux.setns(self._own, linux.CLONE_NEWPID)
        self._children[pid] = descriptor
        if folder:
            self._folders[pid] = folder
        self._poll.register(descriptor, select.POLLIN)
        socket.send_fds(self._control, [msgpack.packb({"spawned": pid})], [descriptor])

    def _reap(self, pid: int, descriptor: int) -> None:
        if self._scratch is not None:
            self._clear(pid)
        _, status, usage = os.wait4(pid, 0)
        self._poll.unregister(descriptor)
        os.close(descriptor)
        del self._children[pid]
        ended = {
            "ended": pid, "status": status, "cpu_seconds": usage.ru_utime + usage.ru_stime,
            "peak_memory_mb": usage.ru_maxrss / 1024,
        }  # fmt: skip
        self._control.send(msgpack.packb(ended))

    def _clear(self, pid: int) -> None:
        """End what a child that has died left running and have its files removed, where no namespace has done it.

        A program can make so many that this takes longer than anybody waits, so they get a name first that no later
        process can know.
        """
        assert self._janitor is not None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
        while orphans := set(_children()) - set(self._children) - {self._janitor.pid}:
            for orphan in orphans:
                os.kill(orphan, signal.SIGKILL)
                os.waitpid(orphan, 0)
        name = os.urandom(16).hex()
        with contextlib.suppress(OSError):  # a program that nothing shuts in may have removed the folder
            os.rename(self._folders.pop(pid), f"{self._scratch}/{name}")  # noqa: PTH104
            os.write(self._janitor.told, f"{name}\n".encode())


def _children() -> list[int]:
    """Pids of the processes whose parent this one is, by birth or because theirs has died."""
    try:
        return [int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        return []


def _warm(imports: list[str], numba: bool) -> None:
    """Import what programs may import, and what those would import only when used."""
    import numpy as np

    for name in ("numpy.random", "numpy.linalg", "numpy.fft"):
        importlib.import_module(name)
    for name in (
        "bisect", "collections", "copy", "dataclasses", "enum", "functools", "heapq", "itertools", "json", "linecache",
        "math", "operator", "string", "traceback", "types", "typing",
    ):  # fmt: skip
        importlib.import_module(name)
    if numba:
        _read_numba_cache_only()
    for name in imports:
        module = importlib.import_module(name)
        if hasattr(module, "warm"):
            module.warm()
    str(np.linspace(0.0, 1.0, 2))
    np.random.seed(0)
    np.random.default_rng(0).random(2) @ np.ones(2)
    np.linalg.inv(np.eye(2))


def _read_numba_cache_only() -> None:
    """Let numba read its cache in a folder that cannot be written: what it lacks is compiled, and kept nowhere."""
    caching: Any = importlib.import_module("numba.core.caching")
    caching._CacheLocator.ensure_cache_path = lambda locator: None
    save = caching.Cache.save_overload

    def save_overload(cache: Any, signature: Any, data: Any) -> None:
        with contextlib.suppress(OSError):
            save(cache, signature, data)

    caching.Cache.save_overload = save_overload


def _mapped_bytes() -> int:
    """The size of this process's address space, found by bisection of RLIMIT_AS: there is no /proc to read it from."""
    page = mmap.PAGESIZE
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 47
    while high - low > page:
        middle = (low + high) // 2 // page * page
        resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
        try:
            mmap.mmap(-1, page).close()
            high = middle
        except (OSError, MemoryError):
            low = middle
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return high
