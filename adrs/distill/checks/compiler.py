"""The C compiler of this machine, if there is one."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

NO_COMPILER = "no C compiler"
FLAGS = ("-std=c99", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
_SECONDS = 120.0


class CompileError(Exception):
    """What the compiler said."""


@dataclass(frozen=True)
class Compiler:
    """One that was found."""

    path: str

    def compile(self, source: Path, into: Path, *flags: str) -> Path:
        """Compile one file to an object. Raises CompileError."""
        self._run([*FLAGS, *flags, "-I", str(source.parent), "-c", str(source), "-o", str(into)])
        return into

    def link(self, objects: Sequence[Path], into: Path) -> Path:
        """Make a program. Raises CompileError."""
        self._run([*map(str, objects), "-o", str(into), "-lm"])
        return into

    def knows(self, flag: str, folder: Path) -> bool:
        """Whether it takes a flag, on an empty file made in `folder`."""
        empty = folder / "empty.c"
        empty.write_text("typedef int nothing;\n")
        try:
            self.compile(empty, folder / "empty.o", flag)
        except CompileError:
            return False
        return True

    def _run(self, arguments: list[str]) -> None:
        try:
            done = subprocess.run(
                [self.path, *arguments], capture_output=True, text=True, timeout=_SECONDS, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CompileError(f"{self.path} did not run: {error}") from None
        if done.returncode:
            raise CompileError(done.stderr.strip() or f"{self.path} ended with {done.returncode}")


def find() -> Compiler | None:
    """`cc`, `gcc` or `clang`, in this order; None where the path has none of them."""
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    return Compiler(found) if found else None


def run(program: Path, given: bytes) -> str:
    """What a program that was made here prints. Raises CompileError where it fails."""
    done = subprocess.run([program], input=given, capture_output=True, timeout=_SECONDS, env={})
    if done.returncode:
        raise CompileError(f"{program.name} ended with {done.returncode}")
    return done.stdout.decode()


def symbols(object_file: Path) -> set[str] | None:
    """Undefined symbols of an object; None where there is no `nm`."""
    nm = shutil.which("nm")
    if nm is None:
        return None
    listed = subprocess.run([nm, "-u", str(object_file)], capture_output=True, text=True, timeout=_SECONDS, check=True)
    return {line.split()[-1] for line in listed.stdout.splitlines() if line.split()}
