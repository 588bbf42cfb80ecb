"""The process that starts a container, hands it the zygote's control socket and removes it in the end.

Run by the backend as `python -m adrs.sandbox.docker_container PLAN CONTROL`, so that a worker never holds a
connection to the engine. The container cannot inherit a descriptor; the socket reaches it over another one that
lies in a private folder for as long as that takes.
"""

import contextlib
import json
import os
import select
import socket
import struct
import sys
import tempfile
from pathlib import Path
from typing import Any

from adrs.sandbox import docker_image
from adrs.sandbox.base import SandboxUnavailable

_START_SECONDS = 30.0
_LAST_WORDS = 1000
_LOCAL = "unix://"
_REFUSED = (
    "acct", "add_key", "bpf", "clock_adjtime", "clock_settime", "create_module", "delete_module", "fanotify_init",
    "finit_module", "init_module", "io_uring_enter", "io_uring_register", "io_uring_setup", "ioperm", "iopl", "kcmp",
    "kexec_file_load", "kexec_load", "keyctl", "lookup_dcookie", "nfsservctl", "open_by_handle_at",
    "perf_event_open", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot", "request_key",
    "settimeofday", "swapoff", "swapon", "syslog", "userfaultfd", "vhangup",
)  # fmt: skip
"""System calls refused to the whole container. The engine's own list refuses namespaces and, in older versions,
Landlock; each program gets a far tighter filter, made by the zygote."""


def main() -> None:
    """Hold one container until the zygote in it ends or the parent dies."""
    plan = json.loads(sys.argv[1])
    control = int(sys.argv[2])
    parent = os.pidfd_open(os.getppid())
    if os.getppid() != plan["parent"]:
        return
    try:
        import docker.errors
        import docker.types
    except ImportError as error:
        _report(plan, f"the Python package docker cannot be imported: {error}")
        return
    try:
        with contextlib.ExitStack() as stack:
            connection = _start(plan, control, parent, stack)
            os.close(control)
            _report(plan, None)
            select.select([connection.fileno(), parent], [], [])
    except SandboxUnavailable as reason:
        _report(plan, str(reason))
    except (docker.errors.DockerException, OSError) as error:
        _report(plan, f"the engine at {docker_image.address()} was asked and answered: {error}")


def _report(plan: dict[str, Any], reason: str | None) -> None:
    """Say once how it went."""
    with contextlib.suppress(OSError):
        os.write(plan["report"], json.dumps({"unavailable": reason}).encode())
        os.close(plan["report"])


def _start(plan: dict[str, Any], control: int, parent: int, stack: contextlib.ExitStack) -> socket.socket:
    """Run the container and give it the control socket. Returns a connection that ends with the zygote."""
    if not docker_image.address().startswith(_LOCAL):
        raise SandboxUnavailable(
            f"DOCKER_HOST is {docker_image.address()}; only an engine on this machine ({_LOCAL}...) can be used"
        )
    if not Path(docker_image.address().removeprefix(_LOCAL)).exists():
        raise SandboxUnavailable(f"no engine listens at {docker_image.address()}; start one, or set DOCKER_HOST")
    client = docker_image.connect()
    stack.callback(client.close)
    if not client.images.list(plan["image"]):
        raise SandboxUnavailable(
            f"the engine at {docker_image.address()} answers and has no image {plan['image']}; "
            "`adrs sandbox build-image` makes it"
        )
    with tempfile.TemporaryDirectory(prefix="adrs-control-") as folder:
        shared = Path(folder, "shared")
        shared.mkdir()
        shared.chmod(0o755)
        return _run(client, plan, shared, control, parent, stack)


def _run(
    client: Any, plan: dict[str, Any], shared: Path, control: int, parent: int, stack: contextlib.ExitStack
) -> socket.socket:
    """Run the container with the folder in which it finds a socket to connect to."""
    os.chdir(shared)  # the name of a socket must be short
    listener = stack.enter_context(socket.socket(socket.AF_UNIX))
    listener.bind("socket")
    Path("socket").chmod(0o666)
    listener.listen(1)
    container = client.api.create_container(
        plan["image"], command=[*plan["command"], f"{docker_image.CONTROL}/socket"], environment=plan["environment"],
        user=plan["user"], working_dir="/", network_disabled=True, hostname="sandbox", labels={"adrs": "sandbox"},
        host_config=_host_config(client, plan, shared),
    )["Id"]  # fmt: skip
    stack.callback(_remove, client, container)
    output = client.api.attach_socket(container, {"stdout": 1, "stderr": 1, "stream": 1})
    client.api.start(container)
    connection = _accept(listener, output, parent)
    stack.callback(connection.close)
    socket.send_fds(connection, [b"c"], [control])
    os.chdir("/")
    return connection


def _host_config(client: Any, plan: dict[str, Any], shared: Path) -> Any:
    from docker.types import LogConfig, Mount

    kinds = [name for option in client.info().get("SecurityOptions") or () for name in option.split(",")]
    security = ["no-new-privileges"]
    if "name=seccomp" in kinds:
        rules = [{"names": list(_REFUSED), "action": "SCMP_ACT_ERRNO"}]
        security.append("seccomp=" + json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": rules}))
    if "name=apparmor" in kinds and plan["scratch"] is None:
        security.append("apparmor=unconfined")  # its default refuses every mount
    if "name=selinux" in kinds:
        security.append("label=disable")  # its default refuses the folders that are mounted
    mounts = [Mount(target, source, type="bind", read_only=True) for source, target in plan["mounts"]]
    mounts.append(Mount(docker_image.CONTROL, str(shared), type="bind", read_only=True))
    for path in plan["covered"]:
        if Path(path).is_dir():
            mounts.append(Mount(path, None, type="tmpfs", read_only=True, tmpfs_mode=0, tmpfs_size=4096))
        else:
            mounts.append(Mount(path, "/dev/null", type="bind", read_only=True))
    return client.api.create_host_config(
        mounts=mounts, network_mode="none", read_only=True, cap_drop=["ALL"], security_opt=security, ipc_mode="none",
        mem_limit=plan["memory_bytes"], memswap_limit=plan["memory_bytes"], pids_limit=plan["tasks"],
        auto_remove=True, log_config=LogConfig(type="none"),
        tmpfs={} if plan["scratch"] is None else {"/scratch": plan["scratch"]},
    )  # fmt: skip


def _accept(listener: socket.socket, output: Any, parent: int) -> socket.socket:
    """The connection of the process in the container."""
    poll = select.poll()
    for descriptor in (listener.fileno(), output.fileno(), parent):
        poll.register(descriptor, select.POLLIN)
    said = b""
    while ready := dict(poll.poll(_START_SECONDS * 1000)):
        if listener.fileno() in ready:
            connection = listener.accept()[0]
            _check_user(connection)
            return connection
        chunk = b"" if parent in ready else os.read(output.fileno(), 1 << 12)
        said += chunk
        if not chunk:
            break
    # The engine frames what a container says with bytes that cannot be printed.
    words = "".join(c for c in said.decode(errors="replace") if c.isprintable() or c == "\n").strip()
    said_last = words.splitlines()[-1][-_LAST_WORDS:] if words else "nothing"
    raise SandboxUnavailable(f"a container was started, did not connect and answered: {said_last}")


def _check_user(connection: socket.socket) -> None:
    """Whoever starts a program must be able to kill it."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    user = struct.unpack("3i", credentials)[1]
    if os.getuid() not in (0, user):
        raise SandboxUnavailable(
            f"a container was started and runs as user {user}, whose processes user {os.getuid()} cannot end; "
            "an engine that maps users cannot be used"
        )


def _remove(client: Any, container: str) -> None:
    """Kill and remove it; that the engine has done so already is no fault."""
    import docker.errors

    with contextlib.suppress(docker.errors.APIError):
        client.api.remove_container(container, force=True)


if __name__ == "__main__":
    main()
