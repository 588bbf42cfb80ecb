import os
import stat


def solve(values):
    for name in ("/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/tty", "/dev/ptmx", "/dev/fuse", "/dev/kvm"):
        try:
            os.open(name, os.O_RDWR)
        except OSError:
            continue
        raise AssertionError(f"opened {name}")
    try:
        os.mknod("adrs_hostile_marker", 0o600 | stat.S_IFBLK, os.makedev(8, 0))
    except OSError:
        return {"choice": 0, "weights": [0.0] * len(values)}
    raise AssertionError("made a device")
