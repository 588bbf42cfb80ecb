"""What a process may read under Landlock."""

from adrs.sandbox.inside.landlock import beside


def test_scratch_folders_of_others_lie_beside_what_may_be_read() -> None:
    readable = ["/usr/lib/python3", "/usr/bin/python3", "/etc/ld.so.cache", "/tmp/work/.venv/lib", "/tmp/work/helpers"]
    assert beside(readable, "/tmp/adrs-scratch-1") == ["/etc", "/tmp/work", "/usr"]
    assert beside(["/usr/lib", "/tmp/adrs"], "/scratch") == ["/tmp", "/usr"]
    assert beside(["/tmp"], "/tmp/adrs-scratch-1") == ["/tmp"]
