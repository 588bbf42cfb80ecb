import socket


def solve(values):
    for family, kind in (
        (socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_INET6, socket.SOCK_STREAM),
        (socket.AF_INET, socket.SOCK_RAW), (socket.AF_UNIX, socket.SOCK_STREAM), (socket.AF_NETLINK, socket.SOCK_RAW),
        (socket.AF_PACKET, socket.SOCK_RAW),
    ):
        try:
            socket.socket(family, kind)
        except OSError:
            continue
        raise AssertionError(f"opened {family} {kind}")
    try:
        socket.create_connection(("127.0.0.1", 22), timeout=0.1)
    except OSError:
        return {"choice": 0, "weights": [0.0] * len(values)}
    raise AssertionError("connected")
