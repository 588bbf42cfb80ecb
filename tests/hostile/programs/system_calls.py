import ctypes
import platform

X86 = {
    "ptrace": 101, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161, "unshare": 272, "setns": 308,
    "keyctl": 250, "add_key": 248, "bpf": 321, "perf_event_open": 298, "io_uring_setup": 425, "userfaultfd": 323,
    "init_module": 175, "kexec_load": 246, "reboot": 169, "sethostname": 170, "swapon": 167, "process_vm_readv": 310,
    "process_vm_writev": 311, "pidfd_open": 434, "pidfd_send_signal": 424, "memfd_create": 319, "shmget": 29,
    "msgget": 68, "semget": 64, "mq_open": 240, "personality": 135, "setuid": 105, "setgroups": 116, "capset": 126,
    "open_by_handle_at": 304, "name_to_handle_at": 303, "inotify_init1": 294, "fanotify_init": 300, "quotactl": 179,
    "mknodat": 259, "clone3": 435, "vfork": 58, "fork": 57, "execve": 59, "seccomp": 317, "sched_setscheduler": 144,
    "fadvise64": 221, "readahead": 187, "mincore": 27, "preadv2": 327, "pwritev2": 328, "getrusage": 98, "openat2": 437,
}
ARM = {
    "ptrace": 117, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51, "unshare": 97, "setns": 268,
    "keyctl": 219, "add_key": 217, "bpf": 280, "perf_event_open": 241, "io_uring_setup": 425, "userfaultfd": 282,
    "process_vm_readv": 270, "process_vm_writev": 271, "pidfd_open": 434, "memfd_create": 279, "shmget": 194,
    "clone3": 435, "execve": 221, "seccomp": 277,
    "fadvise64": 223, "readahead": 213, "mincore": 232, "preadv2": 286, "pwritev2": 287, "getrusage": 165, "openat2": 437,
}


def solve(values):
    library = ctypes.CDLL(None, use_errno=True)
    table = X86 if platform.machine() == "x86_64" else ARM
    for name, number in table.items():
        result = library.syscall(number, 0, 0, 0, 0, 0, 0)
        if result != -1 or ctypes.get_errno() not in (1, 38):
            raise AssertionError(f"{name} answered {result}, errno {ctypes.get_errno()}")
    if platform.machine() == "x86_64":
        for flags in (0x10000000 | 17, 0x20000000 | 17, 17):
            if library.syscall(56, flags, 0, 0, 0, 0) != -1:
                raise AssertionError("clone")
    return {"choice": 0, "weights": [0.0] * len(values)}
