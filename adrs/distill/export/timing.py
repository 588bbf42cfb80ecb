"""How long one decision takes: rules in C, fixed point and Python, and networks in plain C and numpy.

CPU time of the thread, best of seven rounds of 400,000 calls over rows; C is built with -O2 and not inlined. A decision
of a rule includes transforms, history and branches, not the measuring of features; one of a network includes neither
the transforms of its inputs nor its history, which flatters it.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.distill.checks.compiler import Compiler, run
from adrs.distill.checks.driver import CONVERSIONS, KINDS, PREFIXES, Kind
from adrs.rule.form import Rule

__all__ = [
    "CALLS", "KINDS", "ROUNDS", "Perceptron", "compiled", "in_python", "network_in_c", "network_in_numpy",
    "network_source",
]  # fmt: skip

Floats = NDArray[np.float64]
CALLS = 400_000
ROUNDS = 7

_MAIN = """#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
{include}

typedef {type} number;

{convert}
static double now(void)
{{
    struct timespec at;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}}

/* Reads rows of {width} doubles from stdin; prints the nanoseconds of the best round, and a sum that needs them all. */
int main(void)
{{
    static number rows[{count}][{width}];
    double row[{width}], best = 1e300, total = 0;
    for (int place = 0; place < {count}; place++) {{
        if (fread(row, sizeof row, 1, stdin) != 1)
            return 1;
        for (int column = 0; column < {width}; column++)
            rows[place][column] = taken(row[column]);
    }}
    {state}
    for (int round = 0; round < {rounds}; round++) {{
        const double began = now();
        for (int call = 0, place = 0; call < {calls}; call++) {{
            total += told({decide});
            place = place == {count} - 1 ? 0 : place + 1;
        }}
        const double spent = (now() - began) / {calls};
        best = spent < best ? spent : best;
    }}
    printf("%.6g %.17g\\n", best, total);
    return 0;
}}
"""
_NETWORK = """#include <math.h>

{arrays}

double network_decide(const double inputs[{width}])
{{
    {buffers}
{layers}
    return {result};
}}
"""
_LAYER = """    for (int out = 0; out < {outputs}; out++) {{
        double sum = b{layer}[out];
        for (int in = 0; in < {inputs}; in++)
            sum += w{layer}[out][in] * {source}[in];
        x{layer}[out] = {activated};
    }}"""


@dataclass(frozen=True)
class Perceptron:
    """Layers of a network, the last one linear."""

    weights: Sequence[Floats]
    """[inputs, outputs] of each layer."""
    biases: Sequence[Floats]
    activation: str
    """tanh or relu."""


def compiled(rule: Rule, folder: Path, kind: Kind, compiler: Compiler, rows: Floats, calls: int = CALLS) -> float:
    """Nanoseconds of a decision by rule.c or rule_fixed.c of `folder`, on features float64[rows, features], in order.

    Raises CompileError.
    """
    prefix = PREFIXES[kind]
    main = _main(
        include=f'#include "{prefix}.h"', type="double" if kind == "c" else "int64_t", convert=CONVERSIONS[kind],
        state=f"static {prefix}_state state;\n    {prefix}_reset(&state);",
        decide=f"{prefix}_decide(&state, rows[place])", rows=rows, calls=calls,
    )  # fmt: skip
    sources = {f"{prefix}{suffix}": (folder / f"{prefix}{suffix}").read_text() for suffix in (".h", ".c")}
    return _timed(compiler, {**sources, "main.c": main}, rows)


def network_in_c(network: Perceptron, compiler: Compiler, rows: Floats, calls: int = CALLS) -> float:
    """Nanoseconds of an answer in plain C, weights as data, on inputs float64[rows, inputs]. Raises CompileError."""
    main = _main(
        include=f"double network_decide(const double inputs[{rows.shape[1]}]);", type="double",
        convert=CONVERSIONS["c"], state="", decide="network_decide(rows[place])", rows=rows, calls=calls,
    )  # fmt: skip
    return _timed(compiler, {"network.c": network_source(network), "main.c": main}, rows)


def network_source(network: Perceptron) -> str:
    """The network in plain C."""
    arrays, buffers, layers, source = [], [], [], "inputs"
    last = len(network.weights) - 1
    for layer, (weights, biases) in enumerate(zip(network.weights, network.biases, strict=True)):
        inputs, outputs = weights.shape
        rows = ",\n    ".join("{" + ", ".join(map(repr, row)) + "}" for row in weights.T.astype(float).tolist())
        arrays.append(f"static const double w{layer}[{outputs}][{inputs}] = {{\n    {rows}\n}};")
        arrays.append(f"static const double b{layer}[{outputs}] = {{{', '.join(map(repr, biases.tolist()))}}};")
        buffers.append(f"double x{layer}[{outputs}];")
        active = "tanh(sum)" if network.activation == "tanh" else "sum > 0.0 ? sum : 0.0"
        layers.append(_LAYER.format(layer=layer, inputs=inputs, outputs=outputs, source=source,
                                    activated="sum" if layer == last else active))  # fmt: skip
        source = f"x{layer}"
    return _NETWORK.format(
        arrays="\n".join(arrays), width=network.weights[0].shape[0], buffers="\n    ".join(buffers),
        layers="\n".join(layers), result=f"{source}[0]",
    )  # fmt: skip


def network_in_numpy(network: Perceptron, rows: Floats, calls: int = CALLS) -> float:
    """Nanoseconds of an answer in numpy, one row at a time."""
    activate: Callable[[Floats], Floats] = np.tanh if network.activation == "tanh" else lambda x: np.maximum(x, 0.0)
    hidden = list(zip(network.weights[:-1], network.biases[:-1], strict=True))
    last, bias = network.weights[-1], network.biases[-1]

    def answer(row: Floats) -> Floats:
        for weights, biases in hidden:
            row = activate(row @ weights + biases)
        return np.asarray(row @ last + bias)

    return _best(answer, list(rows), calls)


def in_python(source: str, rows: Floats, calls: int = CALLS) -> float:
    """Nanoseconds of a decision by the class of rule.py, whose text is made from a rule's tree."""
    module: dict[str, Any] = {"__name__": "rule"}
    exec(compile(source, "rule.py", "exec"), module)
    return _best(module["Rule"]().decide, rows.tolist(), calls)


def _best(decide: Callable[[Any], Any], rows: Sequence[Any], calls: int) -> float:
    repeated = [rows[place % len(rows)] for place in range(calls)]
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.thread_time_ns()
        for row in repeated:
            decide(row)
        best = min(best, (time.thread_time_ns() - began) / calls)
    return best


def _main(include: str, type: str, convert: str, state: str, decide: str, rows: Floats, calls: int) -> str:
    return _MAIN.format(include=include, type=type, convert=convert, state=state, decide=decide, calls=calls,
                        rounds=ROUNDS, count=len(rows), width=rows.shape[1])  # fmt: skip


def _timed(compiler: Compiler, sources: dict[str, str], rows: Floats) -> float:
    with tempfile.TemporaryDirectory(prefix="adrs-timing-") as name:
        scratch = Path(name)
        for file, text in sources.items():
            (scratch / file).write_text(text)
        objects = [compiler.compile(path, path.with_suffix(".o")) for path in sorted(scratch.glob("*.c"))]
        program = compiler.link(objects, scratch / "timing")
        said = run(program, np.ascontiguousarray(rows, dtype=np.float64).tobytes())
    return float(said.split()[0])
