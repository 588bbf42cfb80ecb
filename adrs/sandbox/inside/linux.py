"""The system calls that Python's standard library lacks, through ctypes."""

import ctypes
import os
import platform

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 0x1
MS_NOSUID = 0x2
MS_NODEV = 0x4
MS_NOEXEC = 0x8
MS_BIND = 0x1000
MS_REC = 0x4000
MS_PRIVATE = 0x40000
MNT_DETACH = 0x2

PR_SET_PDEATHSIG = 1
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38

CAP_SYS_ADMIN = 21

_CAPABILITY_VERSION_3 = 0x20080522
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_libc = ctypes.CDLL(None, use_errno=True)


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilityData(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


# Built once: a fork pays for every page that it touches.
_own_capabilities = ctypes.byref(_CapabilityHeader(_CAPABILITY_VERSION_3, 0))
_no_capabilities = ctypes.byref((_CapabilityData * 2)())


def checked(result: int, what: str) -> int:
    """The result of a call of libc, or its errno as OSError."""
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, *arguments: object) -> int:
    """A raw system call; arguments are ints, bytes, None or ctypes values."""
    return int(_libc.syscall(ctypes.c_long(number), *arguments))


def unshare(flags: int) -> None:
    """Leave some namespaces for fresh ones."""
    checked(_libc.unshare(ctypes.c_int(flags)), "unshare")


def setns(descriptor: int, flags: int) -> None:
    """Enter the namespaces of a process, given its pidfd."""
    checked(_libc.setns(ctypes.c_int(descriptor), ctypes.c_int(flags)), "setns")


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount a file system."""
    result = _libc.mount(
        source.encode(), target.encode(), None if kind is None else kind.encode(), ctypes.c_ulong(flags), data.encode()
    )
    checked(result, f"mount of {kind or source} on {target}")


def unmount(target: str) -> None:
    """Detach a mount at once."""
    checked(_libc.umount2(target.encode(), ctypes.c_int(MNT_DETACH)), f"unmount of {target}")


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root and put the old one at `old`."""
    checked(syscall(_PIVOT_ROOT[platform.machine()], new.encode(), old.encode()), "pivot_root")


def prctl(option: int, argument: int = 0) -> None:
    """Set an attribute of this process."""
    unsigned = [ctypes.c_ulong(value) for value in (argument, 0, 0, 0)]
    checked(_libc.prctl(ctypes.c_int(option), *unsigned), f"prctl {option}")


def drop_capabilities() -> None:
    """Give up every capability, for good: nothing is run afterwards that could bring one back."""
    checked(_libc.capset(_own_capabilities, _no_capabilities), "capset")


def keep_capability(number: int) -> None:
    """Give up every capability but one, which must be among the permitted ones."""
    data = (_CapabilityData * 2)(_CapabilityData(1 << number, 1 << number, 0), _CapabilityData(0, 0, 0))
    checked(_libc.capset(_own_capabilities, ctypes.byref(data)), "capset")


def install_filter(program: ctypes.Structure) -> None:
    """Install a seccomp filter (a sock_fprog) for this thread and all that it starts."""
    result = _libc.prctl(
        ctypes.c_int(PR_SET_SECCOMP), ctypes.c_ulong(2), ctypes.byref(program), ctypes.c_ulong(0), ctypes.c_ulong(0)
    )
    checked(result, "seccomp")
