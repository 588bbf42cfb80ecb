"""Reads the table `[distill]` of a problem: which function of the policy a rule may stand for, and what it is shown; or
what is known of items that programs choose among.
"""

import ast
from collections.abc import Mapping

from adrs.errors import UserError, did_you_mean
from adrs.interface import FunctionType, Type, ValueType
from adrs.problem_records import Choosing, Distillation
from adrs.rule.form import TRANSFORMS, Feature, Inputs
from adrs.rule.plain import IDENTIFIER
from adrs.strict_toml import Table

_OF_ITEMS = (ast.BinOp, ast.UnaryOp, ast.operator, ast.unaryop, ast.Subscript, ast.Name, ast.Constant, ast.expr_context)


def read_distillation(table: Table, functions: Mapping[str, FunctionType]) -> tuple[Distillation | None, Choosing]:
    """The table, checked against the interface: what of the policy a rule may stand for, if the table says, and what is
    known of choices. Raises UserError.
    """
    choosing = Choosing(table.take("priority", str, ""), table.strings("items"))
    if choosing.function and not choosing.function.isidentifier():
        raise UserError(f'{table.file}: distill.priority = "{choosing.function}" is no name of a function')
    arguments = {name for function in functions.values() for name in function.arguments}
    for text in choosing.items:
        _check_item(table, text, arguments)
    if not table.data or (choosing != Choosing() and "function" not in table.data):
        table.finish()
        return None, choosing
    return _distillation(table, functions), choosing


def _check_item(table: Table, text: str, arguments: set[str]) -> None:
    """An expression must read arguments at `item`, and do arithmetic at the most."""
    try:
        nodes = list(ast.walk(ast.parse(text, mode="eval").body))
    except SyntaxError:
        raise UserError(f'{table.file}: distill.items: "{text}" is no expression') from None
    for node in nodes:
        if not isinstance(node, _OF_ITEMS):
            raise UserError(f'{table.file}: distill.items: "{text}" must read arguments at [item] and calculate')
    names = {node.id for node in nodes if isinstance(node, ast.Name)}
    unknown = sorted(names - arguments - {"item"})
    if unknown or "item" not in names:
        what = f"{unknown[0]}{did_you_mean(unknown[0], arguments)}" if unknown else "no [item]"
        raise UserError(f'{table.file}: distill.items: "{text}" has {what}')


def _distillation(table: Table, functions: Mapping[str, FunctionType]) -> Distillation:
    function = table.take("function", str)
    if function not in functions:
        raise UserError(f'{table.file}: distill.function = "{function}"{did_you_mean(function, functions)}')
    features = tuple(_feature(entry) for entry in table.tables("features"))
    if not features:
        raise UserError(f"{table.file}: distill.features must list at least one feature")
    window = table.take("window", int, 1)
    low, high = table.take("low", float), table.take("high", float)
    if window < 1 or not low < high:
        raise UserError(f"{table.file}: distill.window must be at least 1, and distill.low less than distill.high")
    inputs = Inputs(features, window, low, high, table.take("unit", float, 1.0))
    instances = table.take("instances", str, "")
    table.finish()
    others = [name for name in functions if name != function]
    if others:
        raise UserError(
            f"{table.file}: distill.function = {function} must be the only one of [policy.functions], since a rule "
            f"stands for a whole program; there is {others[0]} as well"
        )
    _check(table, function, functions[function], inputs)
    return Distillation(function, inputs, instances)


def _check(table: Table, function: str, kind: FunctionType, inputs: Inputs) -> None:
    """The function must take one row of all features of all intervals, then its state, and answer one number: what is
    made of a rule is a function of these two, in this order.
    """
    length = inputs.window * len(inputs.features)
    taken, answered = [_written(each) for each in kind.arguments.values()], _written(kind.returns)
    where = f"{table.file}: distill.function = {function}"
    if (taken, answered) == ([f"float[{length}]"], "float"):
        raise UserError(
            f'{where} takes no state, in which a rule keeps its history: put state = "state" last into '
            f"[policy.functions.{function}.arguments], so that programs define {function}({', '.join(kind.arguments)}, "
            "state)"
        )
    if (taken, answered) != ([f"float[{length}]", "state"], "float"):
        raise UserError(
            f"{where} must take one argument float[{length}], which is {inputs.window} intervals of "
            f"{len(inputs.features)} features, then its state, and return a float; it takes "
            f"{', '.join(taken) or 'nothing'} and returns {answered}"
        )


def _written(kind: Type) -> str:
    """A type in the words of problem.toml."""
    return str(kind) if isinstance(kind, ValueType) else "a dict" if isinstance(kind, Mapping) else "a tuple"


def _feature(table: Table) -> Feature:
    identifier = table.take("identifier", str)
    if not IDENTIFIER.fullmatch(identifier):
        raise UserError(
            f'{table.file}: {table.path("identifier")} = "{identifier}" must be made of lower-case letters, digits and '
            "underscores, and begin with a letter"
        )
    low, high = table.take("low", float), table.take("high", float)
    if not low < high:
        raise UserError(f"{table.file}: {table.path('low')} must be less than {table.path('high')}")
    feature = Feature(
        name=table.take("name", str), identifier=identifier, unit=table.take("unit", str),
        rest=table.take("rest", float), low=low, high=high, transform=table.choice("transform", TRANSFORMS, "identity"),
        definition=table.take("definition", str, ""),
    )  # fmt: skip
    table.finish()
    return feature
