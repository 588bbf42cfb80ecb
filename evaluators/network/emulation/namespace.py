"""Network namespaces and TUN devices without a name that outlives us: the kernel removes them with the last descriptor.

A namespace is held by an open descriptor and a device by its own, so that nothing is left however a process ends.
"""

import contextlib
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from adrs.errors import UserError
from adrs.sandbox.inside import linux

TUN_PATH = Path("/dev/net/tun")
_TUNSETIFF = 0x400454CA
_IFF_TUN, _IFF_NO_PI = 0x0001, 0x1000
_OWN = "/proc/thread-self/ns/net"


class Namespace:
    """An empty network of its own."""

    def __init__(self) -> None:
        """Raises OSError without the privilege."""
        before = os.open(_OWN, os.O_RDONLY)
        try:
            linux.unshare(linux.CLONE_NEWNET)
            self.descriptor = os.open(_OWN, os.O_RDONLY)
            linux.setns(before, linux.CLONE_NEWNET)
        finally:
            os.close(before)

    @contextlib.contextmanager
    def inside(self) -> Iterator[None]:
        """Sockets, devices and processes that are made meanwhile belong to this network."""
        before = os.open(_OWN, os.O_RDONLY)
        linux.setns(self.descriptor, linux.CLONE_NEWNET)
        try:
            yield
        finally:
            linux.setns(before, linux.CLONE_NEWNET)
            os.close(before)

    def run(self, *command: str) -> None:
        """Run a command in this network. Raises UserError if it fails."""
        with self.inside():
            done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise UserError(f"`{' '.join(command)}` failed: {done.stderr.strip() or done.stdout.strip()}")

    def dropped(self, device: str) -> int:
        """Packets that the kernel could not hand to a device's reader, or take from its writer."""
        with self.inside():
            text = Path("/proc/thread-self/net/dev").read_text()
        fields = next(line for line in text.splitlines() if line.strip().startswith(f"{device}:")).split(":")[1].split()
        return int(fields[3]) + int(fields[11])

    def close(self) -> None:
        """Let go of it."""
        os.close(self.descriptor)


def open_tun(name: str) -> int:
    """A new TUN device of the network that this process is in; its non-blocking descriptor. Raises OSError."""
    descriptor = os.open(TUN_PATH, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(descriptor, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _IFF_TUN | _IFF_NO_PI))
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def configure(namespace: Namespace, device: str, address: str, commands: Sequence[Sequence[str]] = ()) -> None:
    """Give a device its address and switch it on. Raises UserError."""
    for command in (
        ("ip", "link", "set", "lo", "up"),
        ("ip", "link", "set", device, "addrgenmode", "none"),  # no packets of IPv6's own
        ("ip", "address", "add", f"{address}/24", "dev", device),
        ("ip", "link", "set", device, "mtu", "1500", "txqueuelen", "1000", "up"),
        *commands,
    ):
        namespace.run(*command)
