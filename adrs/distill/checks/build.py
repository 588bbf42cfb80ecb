"""Check (v): the C files build without a warning and ask the linker for nothing but the mathematics they use."""

import tempfile
from pathlib import Path

from adrs.distill.checks.compiler import FLAGS, NO_COMPILER, CompileError, Compiler, symbols
from adrs.distill.checks.driver import PREFIXES, Kind
from adrs.distill.checks.record import Check, skipped
from adrs.distill.export.double import library
from adrs.rule.form import Rule

NAME = "build"
INTEGERS_ONLY = "-mgeneral-regs-only"
"""No register of floating point may be touched."""


def build(rule: Rule, folder: Path, kind: Kind, compiler: Compiler | None) -> Check:
    """Compile one C file of `folder` and look at the symbols that it leaves open."""
    if compiler is None:
        return skipped(NAME, NO_COMPILER, kind)
    source = folder / f"{PREFIXES[kind]}.c"
    with tempfile.TemporaryDirectory(prefix="adrs-build-") as name:
        scratch = Path(name)
        flags = [INTEGERS_ONLY] if kind == "fixed" and compiler.knows(INTEGERS_ONLY, scratch) else []
        try:
            made = compiler.compile(source, scratch / "rule.o")
            for flag in flags:
                compiler.compile(source, scratch / "integers.o", flag)
        except CompileError as error:
            return Check(NAME, False, str(error).splitlines()[0], target=kind)
        open_symbols = symbols(made)
    if open_symbols is None:
        return skipped(NAME, "builds, but there is no nm to look at its symbols", kind)
    allowed = library(rule) if kind == "c" else frozenset()
    foreign = sorted(open_symbols - allowed)
    if foreign:
        return Check(NAME, False, f"undefined symbols {', '.join(foreign)}", target=kind)
    said = f"undefined symbols: {', '.join(sorted(open_symbols)) or 'none'}"
    return Check(NAME, True, f"{Path(compiler.path).name} {' '.join((*FLAGS, *flags))}; {said}", target=kind)
