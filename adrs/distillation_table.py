"""Reads the table `[distill]` of a problem: which function of the policy a rule may stand for, and what it is shown; or
by which name programs may declare a function that says what comes first.
"""

from collections.abc import Mapping

from adrs.errors import UserError, did_you_mean
from adrs.interface import FunctionType
from adrs.problem_records import Distillation
from adrs.rule.form import TRANSFORMS, Feature, Inputs
from adrs.rule.plain import IDENTIFIER
from adrs.strict_toml import Table


def read_distillation(table: Table, functions: Mapping[str, FunctionType]) -> tuple[Distillation | None, str]:
    """The table, checked against the interface: what of the policy a rule may stand for, if the table says, and the
    name of a priority function, or an empty text. Raises UserError.
    """
    priority = table.take("priority", str, "")
    if priority and not priority.isidentifier():
        raise UserError(f'{table.file}: distill.priority = "{priority}" is no name of a function')
    if not table.data or (priority and "function" not in table.data):
        table.finish()
        return None, priority
    return _distillation(table, functions), priority


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
    _check(table, function, functions[function], inputs)
    return Distillation(function, inputs, instances)


def _check(table: Table, function: str, kind: FunctionType, inputs: Inputs) -> None:
    """The function must take one row of all features of all intervals, and answer one number."""
    length = inputs.window * len(inputs.features)
    taken = [str(kind.arguments[name]) for name in kind.crossing]
    if taken != [f"float[{length}]"] or str(kind.returns) != "float":
        raise UserError(
            f"{table.file}: distill.function = {function} must take one argument float[{length}] besides the state, "
            f"which is {inputs.window} intervals of {len(inputs.features)} features, and return a float"
        )


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
