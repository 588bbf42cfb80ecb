"""Fresh namespaces and a root folder of read-only binds, made by the process that will live in them.

What `bwrap` does, from the standard library: user_namespaces(7), pivot_root(2), mount_setattr(2).
"""

import contextlib
import ctypes
import os
import resource
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from . import linux

_NOBODY = 65534
_STAGING = "/tmp"
_OLD_ROOT = "/old-root"
_READ_ONLY, _NO_SUID, _NO_DEVICES = 0x1, 0x2, 0x4
_MOUNT_SETATTR = 442
_AT_RECURSIVE = 0x8000
_AT_FDCWD = -100
_FRESH = (
    linux.CLONE_NEWUSER | linux.CLONE_NEWNS | linux.CLONE_NEWNET | linux.CLONE_NEWIPC | linux.CLONE_NEWUTS
    | linux.CLONE_NEWCGROUP
)  # fmt: skip


class _MountAttributes(ctypes.Structure):
    _fields_ = (
        ("set", ctypes.c_uint64), ("clear", ctypes.c_uint64), ("propagation", ctypes.c_uint64),
        ("user_namespace", ctypes.c_uint64),
    )  # fmt: skip


def enter(plan: Mapping[str, Any]) -> bool:
    """Leave the machine but for what the plan names.

    readable: pairs of a path and where it is shown. covered: folders and files to hide among those. links: pairs of a
    path and what it points to. devices: paths. folders: empty ones.

    Afterwards this process has CAP_SYS_ADMIN in its own user namespace, to shut its children in. Returns whether a
    limit of processes holds for it, which is not so for root. Raises OSError.
    """
    os.umask(0o022)
    root = os.getuid() == 0
    two_users = _new_user()
    forbid_users()
    socket.sethostname("sandbox")
    _new_root(plan)
    if two_users:
        become_nobody()
    linux.keep_capability(linux.CAP_SYS_ADMIN)
    for _, path in plan["readable"]:
        if not os.access(path, os.R_OK | os.X_OK if Path(path).is_dir() else os.R_OK):
            raise OSError(f"{path} cannot be read by the sandbox's user; give others the right to read it")
    return two_users or not root


def forbid_users() -> None:
    """Let no user namespace be made in this one any more, where /proc/sys can be written."""
    with contextlib.suppress(OSError):
        Path("/proc/sys/user/max_user_namespaces").write_text("0")


def become_nobody() -> None:
    """Go on as the user nobody, with CAP_SYS_ADMIN in the own user namespace; root's processes are not limited."""
    linux.prctl(linux.PR_SET_KEEPCAPS, 1)
    os.setgroups([])
    os.setresgid(_NOBODY, _NOBODY, _NOBODY)
    os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    linux.keep_capability(linux.CAP_SYS_ADMIN)


def processes_are_counted() -> bool:
    """Whether the kernel holds this user to a limit of processes, found out by trying: it lets root have any number,
    also a root who is called otherwise in this user namespace.
    """
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
        try:
            grandchild = os.fork()
        except BlockingIOError:
            os._exit(0)
        if grandchild:
            os.waitpid(grandchild, 0)
        os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def _new_user() -> bool:
    """Enter fresh namespaces. True where another user than ours can be taken: root gives its children to nobody."""
    user, group = os.getuid(), os.getgid()
    if user == 0:
        return _map_from_outside()
    linux.unshare(_FRESH)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{_NOBODY} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{_NOBODY} {group} 1")
    return False


def _map_from_outside() -> bool:
    """Enter fresh namespaces in which root and nobody exist, or root alone where the machine has no other user.

    A map of more than oneself can be written only from the parent namespace, hence a helper that stays there.
    """
    target = os.getpid()
    ready, go = os.pipe()
    helper = os.fork()
    if helper == 0:
        os.close(go)
        os.read(ready, 1)
        os._exit(write_maps(target))
    os.close(ready)
    linux.unshare(_FRESH)
    os.close(go)
    users = os.waitstatus_to_exitcode(os.waitpid(helper, 0)[1])
    if users not in (1, 2):
        raise OSError("the user map of the sandbox could not be written")
    return users == 2


def write_maps(target: int) -> int:
    """Give the user namespace of a process root and nobody, or root alone. Returns how many could be mapped."""
    for users, lines in ((2, f"0 0 1\n{_NOBODY} {_NOBODY} 1\n"), (1, "0 0 1\n")):
        with contextlib.suppress(OSError):
            Path(f"/proc/{target}/uid_map").write_text(lines)
            Path(f"/proc/{target}/gid_map").write_text(lines)
            return users
    return 0


def _new_root(plan: Mapping[str, Any]) -> None:
    """A tmpfs with binds of what may be read, all of it read-only in the end."""
    linux.mount("none", "/", None, linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", _STAGING, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755,size=1m,nr_inodes=4096")
    Path(_STAGING + _OLD_ROOT).mkdir()
    linux.pivot_root(_STAGING, _STAGING + _OLD_ROOT)
    os.chdir("/")
    for source, target in plan["readable"]:
        _bind(source, target, _READ_ONLY | _NO_SUID | _NO_DEVICES)
    for path in plan["devices"]:
        if Path(_OLD_ROOT + path).exists():
            _bind(path, path, _READ_ONLY | _NO_SUID)
    for path in plan["folders"]:
        Path(path).mkdir(parents=True, exist_ok=True)
    for link, target in plan["links"]:
        Path(link).symlink_to(target)
    for path in plan["covered"]:
        if Path(path).is_dir():
            linux.mount("tmpfs", path, "tmpfs", linux.MS_RDONLY | linux.MS_NOSUID, "mode=000,size=4k")
        else:
            linux.mount("/dev/null", path, None, linux.MS_BIND)
    linux.unmount(_OLD_ROOT)
    Path(_OLD_ROOT).rmdir()
    _set_attributes("/", _READ_ONLY, 0)


def _bind(source: str, target: str, attributes: int) -> None:
    """Show a file or folder of the old root in the new one."""
    source = _OLD_ROOT + source
    if Path(source).is_dir():
        Path(target).mkdir(parents=True, exist_ok=True)
    else:
        Path(target).parent.mkdir(parents=True, exist_ok=True)
        Path(target).touch()
    linux.mount(source, target, None, linux.MS_BIND | linux.MS_REC)
    _set_attributes(target, attributes, _AT_RECURSIVE)


def _set_attributes(path: str, attributes: int, flags: int) -> None:
    wanted = _MountAttributes(attributes)
    result = linux.syscall(
        _MOUNT_SETATTR, ctypes.c_int(_AT_FDCWD), path.encode(), ctypes.c_uint(flags), ctypes.byref(wanted),
        ctypes.c_size_t(ctypes.sizeof(wanted)),
    )  # fmt: skip
    linux.checked(result, f"mount_setattr of {path}")
