"""Reads the trees of the search engine Operon (Burlacu, Kronberger and Kommenda, GECCO 2020) as expressions."""

from collections.abc import Mapping, Sequence
from typing import Any

from adrs.rule.form import Constant, Expression, Operation

OPERATIONS = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "aq": "aq", "fmin": "min", "fmax": "max",
    "abs": "abs", "tanh": "tanh", "sqrt": "sqrt", "exp": "exp", "log": "log",
}  # fmt: skip
"""By the name that a node prints. Its type will not do: there `fmin` and `fmax` stand for each other."""


def read_tree(nodes: Sequence[Any], variables: Mapping[int, Expression]) -> Expression:
    """The expression of a tree in postfix order, where an operation's first argument stands right before it.

    variables: what they stand for, by hash. A variable carries a weight of its own. Of a
    node, `Name`, `Arity`, `Value` and `HashValue` are read. Raises ValueError for a node that no
    expression has, or a constant that is not finite.
    """
    stack: list[Expression] = []
    for node in nodes:
        if node.Arity == 0:
            stack.append(_leaf(node, variables))
        else:
            arguments = [stack.pop() for _ in range(node.Arity)]
            stack.append(_operation(node.Name, arguments))
    (root,) = stack
    return root


def _leaf(node: Any, variables: Mapping[int, Expression]) -> Expression:
    value = float(node.Value)
    if node.Name == "constant":
        return Constant(value)
    variable = variables[node.HashValue]
    return variable if value == 1.0 else Operation("mul", (Constant(value), variable))


def _operation(name: str, arguments: Sequence[Expression]) -> Expression:
    if name not in OPERATIONS:
        raise ValueError(f"there is no operation for the node {name}")
    if len(arguments) == 1:
        return Operation("neg", tuple(arguments)) if name == "-" else Operation(OPERATIONS[name], tuple(arguments))
    whole = arguments[0]
    for argument in arguments[1:]:
        whole = Operation(OPERATIONS[name], (whole, argument))
    return whole
