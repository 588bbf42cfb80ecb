"""Times are those of the files, and networks in C answer as networks in numpy do."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mpmath", reason="mpmath is not installed: pip install 'adrs[distill]'")

from adrs.distill.checks import compiler
from adrs.distill.checks.rows import Trial, sequences
from adrs.distill.export import timing
from adrs.distill.export.exporting import export
from tests.adrs.distill.rules import EVERYTHING, PROBLEM

COMPILER = compiler.find()
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler")


@needs_compiler
def test_every_language_has_a_time(tmp_path: Path) -> None:
    assert COMPILER is not None
    export(EVERYTHING, PROBLEM, tmp_path)
    rows = sequences(EVERYTHING, Trial(rows=1, corners=1, intervals=50))["long sequences"][0]
    found = [timing.compiled(EVERYTHING, tmp_path, "c", COMPILER, rows, 1000),
             timing.compiled(EVERYTHING, tmp_path, "fixed", COMPILER, rows, 1000),
             timing.in_python((tmp_path / "rule.py").read_text(), rows, 200)]  # fmt: skip
    assert all(0.0 < each < 1e6 for each in found)


@needs_compiler
@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_network_in_c_answers_as_in_numpy(activation: str, tmp_path: Path) -> None:
    assert COMPILER is not None
    generator = np.random.default_rng(0)
    sizes = [(6, 5), (5, 3), (3, 1)]
    weights = [generator.normal(size=size) for size in sizes]
    network = timing.Perceptron(weights, [generator.normal(size=size[1]) for size in sizes], activation)
    rows = generator.normal(size=(20, 6))
    expected = rows
    for place, (weight, bias) in enumerate(zip(network.weights, network.biases, strict=True)):
        expected = expected @ weight + bias
        if place < 2:
            expected = np.tanh(expected) if activation == "tanh" else np.maximum(expected, 0.0)
    values = ", ".join(map(repr, rows[7].tolist()))
    (tmp_path / "network.c").write_text(timing.network_source(network))
    (tmp_path / "main.c").write_text(
        "#include <stdio.h>\ndouble network_decide(const double inputs[6]);\nint main(void)\n{\n"
        f"    const double row[6] = {{{values}}};\n"
        '    printf("%.17g", network_decide(row));\n    return 0;\n}\n'
    )
    objects = [COMPILER.compile(tmp_path / f"{name}.c", tmp_path / f"{name}.o") for name in ("network", "main")]
    assert float(compiler.run(COMPILER.link(objects, tmp_path / "program"), b"")) == pytest.approx(
        expected[7, 0], rel=1e-12
    )
    assert timing.network_in_c(network, COMPILER, rows, 1000) > 0.0
    assert timing.network_in_numpy(network, rows, 100) > 0.0
