"""Starts the zygote where it cannot inherit its control socket: that is handed over a named socket instead."""

import socket
import sys


def main() -> None:
    """Take the control socket from the named one, which stays open as long as this process lives."""
    named = socket.socket(socket.AF_UNIX)
    named.connect(sys.argv[1])
    _, descriptors, _, _ = socket.recv_fds(named, 1, 1)
    named.detach()
    sys.argv[1:] = [str(descriptors[0])]
    from . import __main__  # noqa: F401 - importing it runs the zygote


main()
