"""Compiled rules in a process of their own: rows go in through a pipe, answers and sides of branches come out."""

import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from adrs.distill.checks.compiler import Compiler
from adrs.distill.export import hysteresis
from adrs.rule.form import Rule

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Kind = Literal["c", "fixed"]
KINDS: tuple[Kind, ...] = ("c", "fixed")
PREFIXES: dict[Kind, str] = {"c": "rule", "fixed": "rule_fixed"}

_DRIVER = """#include <stdio.h>
#include <stdlib.h>
#include "{prefix}.h"

typedef {type} number;

/* Requests begin with a count of doubles. Below 0: so many scenarios, all at their start. Else so many rows, each the
   number of a scenario and its features; each is answered by the decision and the state of all branches. */
{convert}
int main(void)
{{
    {prefix}_state *states = NULL;
    double count;
    while (fread(&count, sizeof count, 1, stdin) == 1) {{
        if (count < 0) {{
            free(states);
            states = malloc((size_t)-count * sizeof *states);
            if (states == NULL)
                return 1;
            for (size_t place = 0; place < (size_t)-count; place++)
                {prefix}_reset(&states[place]);
            continue;
        }}
        double *rows = malloc((size_t)count * (1 + {features}) * sizeof *rows);
        if (rows == NULL || fread(rows, (1 + {features}) * sizeof *rows, (size_t)count, stdin) != (size_t)count)
            return 1;
        for (size_t row = 0; row < (size_t)count; row++) {{
            const double *given = rows + row * (1 + {features});
            {prefix}_state *state = &states[(size_t)given[0]];
            number features[{features}];
            for (int place = 0; place < {features}; place++)
                features[place] = taken(given[1 + place]);
            const double answer = told({prefix}_decide(state, features));
            fwrite(&answer, sizeof answer, 1, stdout);
            for (int place = 0; place < {branches}; place++) {{
                {dumped}
            }}
        }}
        free(rows);
        fflush(stdout);
    }}
    free(states);
    return 0;
}}
"""
_DOUBLES = """static number taken(double x)
{
    return x;
}

static double told(number x)
{
    return x;
}
"""
_UNITS = """static number taken(double x)
{
    const double scaled = x * 65536.0;
    if (scaled > 1e15)
        return INT64_C(1000000000000000);
    if (scaled < -1e15)
        return -INT64_C(1000000000000000);
    return (number)(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
}

static double told(number x)
{
    return (double)x / 65536.0;
}
"""
CONVERSIONS: dict[Kind, str] = {"c": _DOUBLES, "fixed": _UNITS}
"""Functions in C from doubles to a rule's numbers and back."""
_DUMPED = """const {prefix}_branch branch = state->branches[place];
                const double side[2] = {{branch.above, {waited}}};
                fwrite(side, sizeof side, 1, stdout);"""


def _dumped(rule: Rule, prefix: str) -> str:
    return _DUMPED.format(prefix=prefix, waited=hysteresis.waited(rule.patience, "branch")) if rule.splits else ""


class DriverEnded(Exception):  # noqa: N818 - what happened
    """The process with the compiled rule is gone."""


class CompiledRule:
    """Runs rule.c or rule_fixed.c; use it in a `with` statement. Raises CompileError and DriverEnded."""

    def __init__(self, rule: Rule, compiler: Compiler, folder: Path, kind: Kind) -> None:
        """`folder` holds the exports."""
        self._rule, self._compiler, self._folder, self._kind = rule, compiler, folder, kind
        self._scratch = tempfile.TemporaryDirectory(prefix="adrs-rule-")
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "CompiledRule":
        program = self._build(Path(self._scratch.name))
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={})
        self.reset(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._scratch.cleanup()

    def _build(self, scratch: Path) -> Path:
        rule, prefix = self._rule, PREFIXES[self._kind]
        for suffix in (".h", ".c"):
            (scratch / f"{prefix}{suffix}").write_text((self._folder / f"{prefix}{suffix}").read_text())
        driver = scratch / "driver.c"
        driver.write_text(
            _DRIVER.format(
                prefix=prefix, type="double" if self._kind == "c" else "int64_t",
                convert=CONVERSIONS[self._kind], features=len(rule.inputs.features),
                branches=len(rule.splits), dumped=_dumped(rule, prefix),
            )
        )  # fmt: skip
        objects = [self._compiler.compile(scratch / f"{prefix}.c", scratch / "rule.o"),
                   self._compiler.compile(driver, scratch / "driver.o")]  # fmt: skip
        return self._compiler.link(objects, scratch / "driver")

    def reset(self, scenarios: int) -> None:
        """So many scenarios, all at their start."""
        self._send(np.array([-float(scenarios)]))

    def decide(self, features: Floats, scenarios: Any) -> tuple[Floats, Ints]:
        """Answers float64[rows] to features float64[rows, features], and branches int64[rows, branches, 2]."""
        branches = len(self._rule.splits)
        rows = np.column_stack([np.asarray(scenarios, dtype=np.float64), features])
        self._send(np.array([float(len(rows))]), rows)
        width = 1 + 2 * branches
        assert self._process is not None
        assert self._process.stdout is not None
        found = self._process.stdout.read(8 * width * len(rows))
        if len(found) != 8 * width * len(rows):
            raise DriverEnded(f"the process with {PREFIXES[self._kind]}.c has ended without an answer")
        table = np.frombuffer(found, dtype=np.float64).reshape(len(rows), width)
        return table[:, 0].copy(), table[:, 1:].reshape(len(rows), branches, 2).astype(np.int64)

    def _send(self, *parts: Floats) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            for part in parts:
                self._process.stdin.write(np.ascontiguousarray(part, dtype=np.float64).tobytes())
            self._process.stdin.flush()
        except BrokenPipeError:
            raise DriverEnded(f"the process with {PREFIXES[self._kind]}.c has ended") from None
