from pathlib import Path


def solve(values):
    for name in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf", "/proc/1/environ", "/var/log/dpkg.log"):
        try:
            text = Path(name).read_bytes()
        except OSError:
            continue
        raise AssertionError(f"reached {name}: {text[:20]!r}")
    for name in ("/root", "/home", "/etc", "/var", "/boot", "/mnt", "/srv"):
        try:
            entries = [entry.name for entry in Path(name).iterdir()]
        except OSError:
            continue
        if len(entries) > 1:  # the way to the interpreter may lead through one of them
            raise AssertionError(f"reached {name}: {entries[:5]}")
    return {"choice": 0, "weights": [0.0] * len(values)}
