"""Why the kernel refuses a namespace, in words: its own answers mislead."""

_HINTS = (
    (("ENOSPC", "No space left"), "no user namespace may be made here, see /proc/sys/user/max_user_namespaces"),
    (
        ("EPERM", "Operation not permitted", "No permissions", "Permission denied"),
        "user namespaces are refused here, by a container's profile or by one of kernel.unprivileged_userns_clone and "
        "kernel.apparmor_restrict_unprivileged_userns",
    ),
    (("user map", "uid map"), "/proc cannot be written here, as in many containers"),
)


def explained(answer: str) -> str:
    """The answer with what it most likely means."""
    for signs, meaning in _HINTS:
        if any(sign in answer for sign in signs):
            return f"{answer} ({meaning})"
    return answer
