"""A seccomp filter: which system calls a policy process may make. Deny by default.

Classic BPF over `struct seccomp_data` (kernel documentation: userspace-api/seccomp_filter). No sockets, no new
processes or programs, no namespaces, mounts, tracing, signals to others, changes of limits, owners or permissions;
a number unknown here answers ENOSYS, so that the C library falls back, everything else EPERM.

Files that can only be read keep a state all the same: which of their pages and names are in memory, and hints of how
they will be used. No call sets it or tells it, counts of page faults included, or one process could leave word for the
next.
"""

import ctypes
import errno
import platform

from . import linux

_ALLOWED: dict[str, tuple[int | None, int | None]] = {
    "access": (21, None), "alarm": (37, None), "arch_prctl": (158, None), "brk": (12, 214), "chdir": (80, 49),
    "clock_getres": (229, 114), "clock_gettime": (228, 113), "clock_nanosleep": (230, 115), "close": (3, 57),
    "close_range": (436, 436), "copy_file_range": (326, 285), "creat": (85, None), "dup": (32, 23), "dup2": (33, None),
    "dup3": (292, 24), "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441), "epoll_wait": (232, None), "eventfd": (284, None),
    "eventfd2": (290, 19), "exit": (60, 93), "exit_group": (231, 94), "faccessat": (269, 48), "faccessat2": (439, 439),
    "fallocate": (285, 47), "fchdir": (81, 50), "fdatasync": (75, 83), "flock": (73, 32), "fstat": (5, 80),
    "fstatfs": (138, 44), "fsync": (74, 82), "ftruncate": (77, 46), "futex": (202, 98), "futex_waitv": (449, 449),
    "get_mempolicy": (239, 236), "get_robust_list": (274, 100), "getcpu": (309, 168), "getcwd": (79, 17),
    "getdents": (78, None), "getdents64": (217, 61), "getegid": (108, 177), "geteuid": (107, 175), "getgid": (104, 176),
    "getgroups": (115, 158), "getitimer": (36, 102), "getpgid": (121, 155), "getpgrp": (111, None), "getpid": (39, 172),
    "getppid": (110, 173), "getpriority": (140, 141), "getrandom": (318, 278), "getresgid": (120, 150),
    "getresuid": (118, 148), "getrlimit": (97, 163), "getsid": (124, 156), "gettid": (186, 178),
    "gettimeofday": (96, 169), "getuid": (102, 174), "link": (86, None), "linkat": (265, 37), "lseek": (8, 62),
    "lstat": (6, None), "membarrier": (324, 283), "mkdir": (83, None), "mkdirat": (258, 34), "mmap": (9, 222),
    "mprotect": (10, 226), "mremap": (25, 216), "msync": (26, 227), "munmap": (11, 215), "nanosleep": (35, 101),
    "newfstatat": (262, 79), "open": (2, None), "openat": (257, 56), "pause": (34, None), "pipe": (22, None),
    "pipe2": (293, 59), "poll": (7, None), "ppoll": (271, 73), "pread64": (17, 67), "preadv": (295, 69),
    "pselect6": (270, 72), "pwrite64": (18, 68), "pwritev": (296, 70), "read": (0, 63), "readlink": (89, None),
    "readlinkat": (267, 78), "readv": (19, 65), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "restart_syscall": (219, 128), "rmdir": (84, None), "rseq": (334, 293), "rt_sigaction": (13, 134),
    "rt_sigpending": (127, 136), "rt_sigprocmask": (14, 135), "rt_sigreturn": (15, 139), "rt_sigsuspend": (130, 133),
    "rt_sigtimedwait": (128, 137), "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "sched_rr_get_interval": (148, 127), "sched_yield": (24, 124), "select": (23, None), "sendfile": (40, 71),
    "set_robust_list": (273, 99), "set_tid_address": (218, 96), "setitimer": (38, 103), "sigaltstack": (131, 132),
    "signalfd": (282, None), "signalfd4": (289, 74), "stat": (4, None), "statfs": (137, 43), "statx": (332, 291),
    "symlink": (88, None), "symlinkat": (266, 36), "sysinfo": (99, 179), "time": (201, None),
    "timer_create": (222, 107), "timer_delete": (226, 111), "timer_getoverrun": (225, 109), "timer_gettime": (224, 108),
    "timer_settime": (223, 110), "timerfd_create": (283, 85), "timerfd_gettime": (287, 87),
    "timerfd_settime": (286, 86), "times": (100, 153), "truncate": (76, 45), "umask": (95, 166), "uname": (63, 160),
    "unlink": (87, None), "unlinkat": (263, 35), "wait4": (61, 260), "waitid": (247, 95), "write": (1, 64),
    "writev": (20, 66),
}  # fmt: skip
"""Always allowed; numbers on x86_64 and on aarch64 (asm/unistd.h)."""
_FOR_PROCESSES: dict[str, tuple[int | None, int | None]] = {
    "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200), "chmod": (90, None), "connect": (42, 203),
    "fchmod": (91, 52), "fchmodat": (268, 53), "fgetxattr": (193, 10), "flistxattr": (196, 13),
    "futimesat": (261, None), "getpeername": (52, 205), "getrusage": (98, 165), "getsockname": (51, 204),
    "getsockopt": (55, 209), "getxattr": (191, 8), "lgetxattr": (192, 9), "listen": (50, 201), "listxattr": (194, 11),
    "llistxattr": (195, 12), "pidfd_open": (434, 434), "pidfd_send_signal": (424, 424), "recvfrom": (45, 207),
    "recvmsg": (47, 212), "sendmsg": (46, 211), "sendto": (44, 206), "setpgid": (109, 154), "setpriority": (141, 140),
    "setsid": (112, 157), "setsockopt": (54, 208), "shutdown": (48, 210), "utime": (132, None), "utimensat": (280, 88),
    "utimes": (235, None),
}  # fmt: skip
"""Allowed where a policy may start processes, which a pid namespace holds: to group, watch, measure and talk to them,
to copy files for them."""
_CONDITIONAL: dict[str, tuple[int | None, int | None]] = {
    "clone": (56, 220), "clone3": (435, 435), "execve": (59, 221), "execveat": (322, 281), "fcntl": (72, 25),
    "fork": (57, None), "ioctl": (16, 29), "kill": (62, 129), "madvise": (28, 233), "openat2": (437, 437),
    "prctl": (157, 167), "preadv2": (327, 286), "prlimit64": (302, 261), "pwritev2": (328, 287), "socket": (41, 198),
    "socketpair": (53, 199), "tgkill": (234, 131), "vfork": (58, None),
}  # fmt: skip
"""Allowed with some arguments, or where a policy may start processes."""
_LAST_KNOWN = 450

_MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""Column of the tables, AUDIT_ARCH."""
_X32_BIT = 0x40000000

_CLONE_THREAD = 0x00010000
_CLONE_NAMESPACES = 0x7E020080
_LOCAL = 1
"""AF_UNIX."""
_PRCTL_DEATH_SIGNAL = 1
_PRCTL_ALLOWED = (3, 15, 16, 27, 0x53564D41)
"""PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_GET_SECUREBITS, PR_SET_VMA."""
_IOCTL_ALLOWED = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX."""
_FCNTL_ALLOWED = (*range(8), *range(36, 39), *range(1030, 1033))
"""What concerns the descriptor, locks and pipes: F_DUPFD to F_SETLKW, F_OFD_*, F_DUPFD_CLOEXEC, F_*PIPE_SZ."""
_MADVISE_ALLOWED = (*range(3), 4, 8, 10, 11, *range(14, 20), 102, 103)
"""What concerns the own address space, and not which pages of files are in memory: MADV_NORMAL, _RANDOM, _SEQUENTIAL,
_DONTNEED, _FREE, _*FORK, _*HUGEPAGE, _*DUMP, _GUARD_*."""

_LOAD, _JUMP, _RETURN = 0x20, 0x05, 0x06
_EQUAL, _GREATER, _GREATER_EQUAL, _ANY_BIT = 0x15, 0x25, 0x35, 0x45
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_FARTHEST_JUMP = 255
_OWN_PID = 0xFFFFFFF0
"""Stands for the process's own pid until that is known; no pid is so large."""


class _Instruction(ctypes.Structure):
    _fields_ = (("code", ctypes.c_uint16), ("yes", ctypes.c_uint8), ("no", ctypes.c_uint8), ("k", ctypes.c_uint32))


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.POINTER(_Instruction)))


_Code = tuple[int, int, int, int]
_DENY: _Code = (_RETURN, 0, 0, _ERRNO | errno.EPERM)
_PASS: _Code = (_RETURN, 0, 0, _ALLOW)
_UNKNOWN: _Code = (_RETURN, 0, 0, _ERRNO | errno.ENOSYS)


def supported() -> bool:
    """Whether there is a table for this machine."""
    return platform.machine() in _MACHINES


class Filter:
    """A filter built once and installed in every child."""

    def __init__(self, threads: bool, processes: bool) -> None:
        """`threads`, `processes`: what a policy process may start. Raises OSError for an unknown machine."""
        if not supported():
            raise OSError(f"there is no table of system calls for {platform.machine()}")
        code = assemble(platform.machine(), threads, processes)
        self._instructions = (_Instruction * len(code))(*(_Instruction(*entry) for entry in code))
        self._program = _Program(len(code), self._instructions)
        self._own = [index for index, entry in enumerate(code) if entry[3] == _OWN_PID]

    def install(self, own_pid: int) -> None:
        """Filter this process from now on; it may signal `own_pid`, itself."""
        for index in self._own:
            self._instructions[index].k = own_pid
        linux.install_filter(self._program)


def assemble(machine: str, threads: bool, processes: bool) -> list[_Code]:
    """The filter's instructions: (code, jump if true, jump if false, constant); _OWN_PID is still to be put in."""
    column, architecture = _MACHINES[machine]
    code: list[_Code] = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_EQUAL, 1, 0, architecture),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
    ]
    if machine == "x86_64":
        code += [(_GREATER_EQUAL, 0, 1, _X32_BIT), (_RETURN, 0, 0, _KILL)]
    for name, body in _conditions(threads, processes).items():
        number = _CONDITIONAL[name][column]
        if number is not None:
            code += [(_EQUAL, 0, len(body), number), *body]
    tables = [_ALLOWED, _FOR_PROCESSES] if processes else [_ALLOWED]
    entries = [numbers[column] for table in tables for numbers in table.values()]
    allowed = sorted(number for number in entries if number is not None)
    return code + _search(_intervals(allowed))


def _intervals(allowed: list[int]) -> list[tuple[int, _Code]]:
    """What to answer from a number on, up to the next entry's."""
    intervals: list[tuple[int, _Code]] = []
    for number in range(_LAST_KNOWN + 1):
        verdict = _PASS if number in allowed else _DENY
        if not intervals or intervals[-1][1] != verdict:
            intervals.append((number, verdict))
    return [*intervals, (_LAST_KNOWN + 1, _UNKNOWN)]


def _search(intervals: list[tuple[int, _Code]]) -> list[_Code]:
    """A binary search: the kernel runs the filter for every number once when it is installed, to cache the answers."""
    if len(intervals) == 1:
        return [intervals[0][1]]
    middle = len(intervals) // 2
    below, above = _search(intervals[:middle]), _search(intervals[middle:])
    if len(below) > _FARTHEST_JUMP:
        return [(_GREATER_EQUAL, 0, 1, intervals[middle][0]), (_JUMP, 0, 0, len(below)), *below, *above]
    return [(_GREATER_EQUAL, len(below), 0, intervals[middle][0]), *below, *above]


def _conditions(threads: bool, processes: bool) -> dict[str, list[_Code]]:
    """What to do with a conditional system call once its number has matched; each body ends in a return."""
    flags: _Code = (_LOAD, 0, 0, _ARGUMENTS)
    start = [_PASS] if processes else [_DENY]
    clone = start
    if threads and not processes:
        clone = [(_ANY_BIT, 0, 1, _CLONE_THREAD), _PASS, _DENY]
    clone = [flags, (_ANY_BIT, 0, 1, _CLONE_NAMESPACES), _DENY, *clone]
    return {
        "clone": clone,
        "clone3": [_UNKNOWN],
        "fork": start,
        "vfork": start,
        "execve": start,
        "execveat": start,
        "kill": [_PASS] if processes else _first_argument_in((_OWN_PID,)),
        "tgkill": [_PASS] if processes else _first_argument_in((_OWN_PID,)),
        "prctl": _first_argument_in((*_PRCTL_ALLOWED, _PRCTL_DEATH_SIGNAL) if processes else _PRCTL_ALLOWED),
        "ioctl": _second_argument_in(_IOCTL_ALLOWED),
        "fcntl": _second_argument_in(_FCNTL_ALLOWED),
        "madvise": [(_LOAD, 0, 0, _ARGUMENTS + 16), *_loaded_in(_MADVISE_ALLOWED)],
        # their flags could ask what is in memory; without them, the C library takes the calls that have none
        "openat2": [_UNKNOWN],
        "preadv2": [_UNKNOWN],
        "pwritev2": [_UNKNOWN],
        "prlimit64": [_PASS] if processes else _read_own_limit(),
        "socket": _first_argument_in((_LOCAL,)) if processes else [_DENY],
        "socketpair": _first_argument_in((_LOCAL,)) if processes else [_DENY],
    }


def _first_argument_in(values: tuple[int, ...]) -> list[_Code]:
    return [(_LOAD, 0, 0, _ARGUMENTS), *_loaded_in(values)]


def _second_argument_in(values: tuple[int, ...]) -> list[_Code]:
    return [(_LOAD, 0, 0, _ARGUMENTS + 8), *_loaded_in(values)]


def _loaded_in(values: tuple[int, ...]) -> list[_Code]:
    code: list[_Code] = []
    for value in values:
        code += [(_EQUAL, 0, 1, value), _PASS]
    return [*code, _DENY]


def _read_own_limit() -> list[_Code]:
    """Process 0 (oneself) and no new limit (a null pointer, both halves)."""
    code: list[_Code] = []
    for offset in (_ARGUMENTS, _ARGUMENTS + 16, _ARGUMENTS + 20):
        code += [(_LOAD, 0, 0, offset), (_EQUAL, 1, 0, 0), _DENY]
    return [*code, _PASS]
