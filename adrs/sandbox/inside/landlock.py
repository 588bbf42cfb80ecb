"""Landlock: files read-only but for the scratch folder, no TCP, no signals or abstract sockets outside.

Kernel documentation: userspace-api/landlock. A rule set is cut down to what the running kernel knows.
"""

import ctypes
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import linux

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_VERSION_FLAG = 1
_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_FILE_RIGHTS_BY_ABI = ((1, 13), (2, 14), (3, 15), (5, 16))
"""From an ABI on, how many rights on files there are."""
_DEVICES = ("/dev/null", "/dev/zero")
_NET_ABI, _SCOPE_ABI = 4, 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64))


class _PathBeneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def beside(paths: Iterable[str], folder: str) -> list[str]:
    """The outermost folders and files that hold all of some paths and not a folder, unless it lies in one of the paths.

    All are absolute and resolved. There are few of them, and one rule does for each.
    """
    around = {Path(folder), *Path(folder).parents}
    found = {next((part for part in (*reversed(path.parents), path) if part not in around), path)
             for path in map(Path, paths)}  # fmt: skip
    return sorted(map(str, found))


def abi() -> int:
    """The version that the kernel speaks; 0 = none."""
    return max(0, linux.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION_FLAG)))


class Landlock:
    """Restrictions prepared once, applied in every child. Those applied twice hold both."""

    def __init__(self, readable: Sequence[str], execute: bool) -> None:
        """Open what stays readable (files and folders); `execute`: programs may be started, from there and scratch."""
        self._abi = abi()
        if not self._abi:
            raise OSError("the kernel has no Landlock")
        self._files = 0
        for least, count in _FILE_RIGHTS_BY_ABI:
            if self._abi >= least:
                self._files = (1 << count) - 1
        self._scratch = self._files if execute else self._files & ~_EXECUTE
        rights = _READ_FILE | _READ_DIR | (_EXECUTE if execute else 0)
        self._rules: list[tuple[int, int]] = []
        for path in readable:
            allowed = rights if Path(path).is_dir() else rights & ~_READ_DIR
            self._rules.append((os.open(path, os.O_PATH | os.O_CLOEXEC), allowed))
        for device in _DEVICES:
            if Path(device).exists():
                self._rules.append((os.open(device, os.O_PATH | os.O_CLOEXEC), _READ_FILE | _WRITE_FILE))

    def prepare(self) -> int:
        """A fresh rule set with what stays readable, to be applied in a child that is about to be forked."""
        attributes = _Ruleset(self._files, 0b11 if self._abi >= _NET_ABI else 0, 0b11 if self._abi >= _SCOPE_ABI else 0)
        size = 24 if self._abi >= _SCOPE_ABI else 16 if self._abi >= _NET_ABI else 8
        ruleset = linux.checked(
            linux.syscall(_CREATE_RULESET, ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0)),
            "landlock_create_ruleset",
        )
        for descriptor, rights in self._rules:
            self._allow(ruleset, descriptor, rights)
        return ruleset

    def restrict(self, ruleset: int, scratch: str) -> None:
        """Restrict this process for good; in `scratch` everything stays allowed but, mostly, starting programs."""
        folder = os.open(scratch, os.O_PATH | os.O_CLOEXEC)
        self._allow(ruleset, folder, self._scratch)
        os.close(folder)
        linux.checked(
            linux.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)), "landlock_restrict_self"
        )
        os.close(ruleset)

    def close(self) -> None:
        """Let go of the paths, for one that is not applied again."""
        for descriptor, _ in self._rules:
            os.close(descriptor)
        self._rules.clear()

    def _allow(self, ruleset: int, descriptor: int, rights: int) -> None:
        rule = _PathBeneath(rights & self._files, descriptor)
        result = linux.syscall(
            _ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), ctypes.byref(rule), ctypes.c_uint32(0)
        )
        linux.checked(result, "landlock_add_rule")
