"""Datagrams of the emulated flow, and the sockets that they go through."""

import contextlib
import os
import socket
import struct

HEADER = struct.Struct("!qq")
"""Label, and time of sending in ns from the start: all that the receiver returns."""
_NUMBER_BITS = 48
PAYLOAD, HEADERS = 1472, 28
"""Bytes: a packet of 1,500."""
READS = 64
"""At most so many in a row, so that nothing else waits for long."""
_BUFFER = 4 << 20
_SO_RCVBUFFORCE = 33
_SO_TIMESTAMPNS = 35
_TIMESPEC = struct.Struct("qq")
_ROOM = socket.CMSG_SPACE(_TIMESPEC.size)


def udp_socket(address: str = "127.0.0.1") -> socket.socket:
    """A bound, non-blocking socket that notes arrivals, with a large receive buffer where the machine grants one."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setblocking(False)
    with contextlib.suppress(PermissionError):
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
    if receive_buffer(made) < _BUFFER:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    made.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
    made.bind((address, 0))
    return made


def receive_buffer(made: socket.socket) -> int:
    """Bytes that the kernel has granted."""
    return made.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)


def connect(one: socket.socket, other: socket.socket) -> None:
    """Let two sockets hear each other and nobody else."""
    one.connect(other.getsockname())
    other.connect(one.getsockname())


def label(flow: int, number: int) -> int:
    """Tells a packet from all others: `number` counts those of its flow."""
    return flow << _NUMBER_BITS | number


def labelled(found: int) -> tuple[int, int]:
    """Flow and number of a label."""
    return found >> _NUMBER_BITS, found & ((1 << _NUMBER_BITS) - 1)


def receive(connected: socket.socket) -> tuple[bytes, int | None] | None:
    """The next datagram if there is one, and when the kernel got it: ns of the time of day, None if it does not say."""
    try:
        data, notes, _, _ = connected.recvmsg(PAYLOAD, _ROOM)
    except (BlockingIOError, ConnectionRefusedError):
        return None
    for _, kind, value in notes:
        if kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack(value)
            return data, seconds * 10**9 + nanoseconds
    return data, None


def read(descriptor: int) -> bytes | None:
    """The next datagram or packet; None if there is none."""
    try:
        return os.read(descriptor, 2048)
    except (BlockingIOError, ConnectionRefusedError):
        return None


def write(descriptor: int, data: bytes | bytearray) -> bool:
    """Send one; whether the kernel took it."""
    try:
        return os.write(descriptor, data) == len(data)
    except (BlockingIOError, ConnectionRefusedError):
        return False
