"""A Docker engine of the tests' own, without a registry or a network, for as long as they run."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

_START_SECONDS = 60.0
_END_SECONDS = 30.0
_DRIVERS = ("overlay2", "vfs")
# An OCI runtime that refuses namespaces to what runs in a container while a file `refuse` lies beside it.
_RUNTIME = """#!{python}
import json, os, pathlib, sys
bundle = pathlib.Path(sys.argv[sys.argv.index("--bundle") + 1] if "--bundle" in sys.argv else ".")
if "create" in sys.argv and (pathlib.Path(__file__).parent / "refuse").exists():
    config = json.loads((bundle / "config.json").read_text())
    rule = {{"names": ["unshare"], "action": "SCMP_ACT_ERRNO"}}
    config["linux"]["seccomp"]["syscalls"].append(rule)
    (bundle / "config.json").write_text(json.dumps(config))
os.execv({runc!r}, [{runc!r}, *sys.argv[1:]])
"""


class NoEngine(Exception):  # noqa: N818 - what there is
    """Why none can be started."""


class Engine:
    """A running engine."""

    def __init__(self, folder: Path) -> None:
        self.address = f"unix://{folder}/docker.sock"
        self._refuse = folder / "refuse"

    @contextlib.contextmanager
    def refusing_namespaces(self) -> Iterator[None]:
        self._refuse.touch()
        try:
            yield
        finally:
            self._refuse.unlink()


@contextlib.contextmanager
def engine(folder: Path) -> Iterator[Engine]:
    """Raises NoEngine. All that it started has ended, and its folder is gone, afterwards.

    The engine is no descendant of this process, and ends with it even where that is killed.
    """
    reason = _missing()
    if reason:
        folder.rmdir()
        raise NoEngine(reason)
    guardian = subprocess.Popen(
        [sys.executable, __file__, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    guardian.wait()  # it goes on as a process of its own
    assert guardian.stdin is not None
    assert guardian.stdout is not None
    with guardian.stdin, guardian.stdout:
        said = guardian.stdout.readline().strip()
        try:
            if said != "ready":
                raise NoEngine(f"dockerd was started and answered: {said}")
            yield Engine(folder)
        finally:
            guardian.stdin.close()
            guardian.stdout.read()


def _missing() -> str:
    if os.getuid() != 0:
        return "only root can start an engine"
    if shutil.which("dockerd") is None or shutil.which("runc") is None:
        return "the program dockerd is not installed (package docker.io)"
    return ""


def guard(folder: Path) -> None:
    """Hold an engine until stdin ends, then clean up; answers on stdout with `ready` or with what went wrong."""
    if os.fork():
        return
    os.setsid()
    runtime = folder / "runtime"
    runtime.write_text(_RUNTIME.format(python=os.path.realpath(sys.executable), runc=shutil.which("runc")))
    runtime.chmod(0o755)
    (folder / "none.json").write_text("{}")
    said = ""
    for driver in _DRIVERS:
        process = _start(folder, driver, runtime)
        try:
            said = _await(process, folder)
            if said == "ready":
                print(said, flush=True)
                sys.stdin.read()
                break
        finally:
            _stop(process, folder)
    shutil.rmtree(folder, ignore_errors=True)
    if said != "ready":
        print(said, flush=True)


def _start(folder: Path, driver: str, runtime: Path) -> "subprocess.Popen[bytes]":
    arguments = [
        "dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none", f"--storage-driver={driver}",
        f"--data-root={folder}/data", f"--exec-root={folder}/exec", f"--pidfile={folder}/pid",
        f"--host=unix://{folder}/docker.sock", f"--add-runtime=tested={runtime}", "--default-runtime=tested",
        "--cgroup-parent=/adrs-tests", f"--config-file={folder}/none.json",
    ]  # fmt: skip
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)


def _await(process: "subprocess.Popen[bytes]", folder: Path) -> str:
    """`ready` when it answers, else its last words."""
    import docker

    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(docker.errors.DockerException):
            docker.DockerClient(base_url=f"unix://{folder}/docker.sock").close()
            return "ready"
        time.sleep(0.1)
    lines = (folder / "log").read_text(errors="replace").splitlines()
    return lines[-1] if lines else "nothing"


def _stop(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """End it with its containerd and whatever it left, unmount what it mounted, remove its data."""
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for pid in started_in(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    mounts = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for mount in reversed([mount for mount in mounts if Path(mount).is_relative_to(folder)]):
        subprocess.run(["umount", "--lazy", mount], check=False)
    for name in ("data", "exec"):
        shutil.rmtree(folder / name, ignore_errors=True)
    for group in Path("/sys/fs/cgroup").glob("**/adrs-tests"):
        with contextlib.suppress(OSError):
            group.rmdir()


def started_in(folder: Path) -> list[int]:
    """Processes whose command line names the folder: the engine's own, and those that hold its containers."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in (entry / "cmdline").read_bytes() and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


def in_containers() -> list[int]:
    """Processes in the containers of the tests' engine."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if "/adrs-tests/" in (entry / "cgroup").read_text():
                found.append(int(entry.name))
    return found


if __name__ == "__main__":
    guard(Path(sys.argv[1]))
