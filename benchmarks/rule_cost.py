"""Nanoseconds of one decision: rules as C, fixed-point C and Python, beside networks in plain C and numpy.

    python benchmarks/rule_cost.py [rule.json ...]

Without files, a rule of three ratios of the newest interval, one with history and a branch, and a network. Rows are
those of a long random sequence in the input box. Errors are the largest of the checks' rows.
"""

import argparse
import json
import tempfile
from pathlib import Path

import numpy as np

from adrs.distill.checks import compiler as compilers
from adrs.distill.checks.rows import Trial, sequences
from adrs.distill.export import timing
from adrs.distill.export.cost import cost
from adrs.distill.export.exporting import check, expected, export
from adrs.problem import load
from adrs.rule.form import Constant, Leaf, Rule
from adrs.rule.plain import from_plain, plain

NEWEST = [{"feature": feature, "reducer": "last"} for feature in ("latency_gradient", "latency_ratio", "sending_ratio")]
THREE_TERMS = ["sub", 2.0, ["add", ["mul", 10.0, NEWEST[0]], ["add", ["mul", 6.0, NEWEST[1]], ["mul", 3.0, NEWEST[2]]]]]
"""Ratios enter as bounded logarithms, so that two divisions are in it."""
HISTORY = ["sub", 2.0, ["add", ["mul", 20.0, {"feature": "latency_gradient", "reducer": "slope"}],
                        ["mul", 6.0, {"feature": "latency_ratio", "reducer": "mean"}]]]  # fmt: skip
TANGENT = ["neg", ["tanh", ["add", NEWEST[1], {"feature": "latency_ratio", "reducer": "minimum"}]]]
BRANCHED = {"test": {"feature": "sending_ratio", "reducer": "mean"}, "threshold": 0.05, "below": HISTORY,
            "above": TANGENT}  # fmt: skip


def measure(name: str, rule: Rule) -> None:
    """Print a rule's cost, times and errors."""
    problem, compiler = load("congestion-control"), compilers.find()
    rows = sequences(rule, Trial())["long sequences"][0]
    with tempfile.TemporaryDirectory() as folder:
        exported = export(rule, problem, Path(folder))
        print(f"{name}: {cost(rule).words}, {cost(rule).nodes} nodes")
        for each in check(exported, expected(rule)):
            if each.name == "agreement" or each.failed:
                print(f"  {each.name} {each.target:11s} {each.detail.partition(';')[0]}")
        if compiler is not None:
            for kind in ("c", "fixed"):
                if kind in exported.targets:
                    print(f"  {kind:6s} {timing.compiled(rule, exported.folder, kind, compiler, rows):8.1f} ns")
        print(f"  python {timing.in_python((exported.folder / 'rule.py').read_text(), rows):8.1f} ns")


def measure_networks() -> None:
    """A perceptron 30-32-16-1 with tanh."""
    generator = np.random.default_rng(0)
    sizes = [(30, 32), (32, 16), (16, 1)]
    network = timing.Perceptron([generator.normal(0, 0.3, size) for size in sizes],
                                [generator.normal(0, 0.1, size[1]) for size in sizes], "tanh")  # fmt: skip
    rows, compiler = generator.normal(0, 1, (1000, 30)), compilers.find()
    print("network 30-32-16-1, tanh: 3024 operations")
    if compiler is not None:
        print(f"  c      {timing.network_in_c(network, compiler, rows):8.1f} ns")
    print(f"  numpy  {timing.network_in_numpy(network, rows):8.1f} ns")


def main() -> None:
    """Measure the rules of files, or the two shipped ones and a network."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rules", nargs="*", type=Path)
    arguments = parser.parse_args()
    for path in arguments.rules:
        measure(path.name, from_plain(json.loads(path.read_text())))
    if not arguments.rules:
        problem = load("congestion-control")
        assert problem.distillation is not None
        empty = plain(Rule(problem.distillation.inputs, Leaf(Constant(0.0))))
        for name, tree in (("three terms", THREE_TERMS), ("branched, with history", BRANCHED)):
            measure(name, from_plain({**empty, "rule": tree}))
        measure_networks()


if __name__ == "__main__":
    main()
