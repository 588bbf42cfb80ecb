"""Rules as JSON, read strictly: whatever is not a small, finite, well-formed rule is refused with the reason."""

import contextlib
import json
import math
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from adrs.errors import UserError, did_you_mean
from adrs.rule.form import (
    ARITY,
    MOST_DEPTH,
    MOST_NODES,
    REDUCERS,
    TRANSFORMS,
    Constant,
    Expression,
    Feature,
    Inputs,
    Leaf,
    Node,
    Operation,
    Rule,
    Split,
    Terminal,
)

VERSION = 1
IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,39}")


def plain(rule: Rule) -> dict[str, Any]:
    """The rule as what JSON can say; `from_plain` reads it back to an equal rule."""
    return {
        "version": VERSION,
        "window": rule.inputs.window,
        "low": rule.inputs.low,
        "high": rule.inputs.high,
        "unit": rule.inputs.unit,
        "patience": rule.patience,
        "features": [vars(feature) for feature in rule.inputs.features],
        "rule": _plain_node(rule.root, rule.inputs),
    }


def digest(rule: Rule) -> str:
    """Hash of the rule's plain form: the name that its exports carry."""
    return sha256(json.dumps(plain(rule), sort_keys=True).encode()).hexdigest()


def from_tree(data: Any, inputs: Inputs) -> Rule:
    """Read a tree alone, which a rule's plain form has under `rule`. Raises UserError that names what is wrong."""
    return Rule(inputs, _Reader(inputs).node(data, 1))


def is_tree(data: Any) -> bool:
    """Whether this is meant as a tree alone, and not as a whole rule."""
    return isinstance(data, list | int | float) or (isinstance(data, dict) and bool({"test", "feature"} & set(data)))


def from_plain(data: Any) -> Rule:
    """Read a whole rule. Raises UserError that names what is wrong."""
    table = _table(data, {"version", "window", "low", "high", "unit", "patience", "features", "rule"}, "a rule")
    if table["version"] != VERSION:
        raise UserError(f"rule: version {table['version']!r} is not the one this release reads, which is {VERSION}")
    features = table["features"]
    if not isinstance(features, list) or not features:
        raise UserError("rule: features must be a list of tables")
    low, high = _number(table["low"], "low"), _number(table["high"], "high")
    inputs = Inputs(tuple(_feature(each) for each in features), _count(table["window"], "window"), low, high,
                    _number(table["unit"], "unit"))  # fmt: skip
    if len({feature.identifier for feature in inputs.features}) < len(features):
        raise UserError("rule: two features have one identifier")
    if not low < high:
        raise UserError(f"rule: low = {low} must be less than high = {high}")
    reader = _Reader(inputs)
    return Rule(inputs, reader.node(table["rule"], 1), _count(table["patience"], "patience"))


def _plain_node(node: Node, inputs: Inputs) -> Any:
    if isinstance(node, Leaf):
        return _plain_expression(node.expression, inputs)
    return {
        "test": _plain_expression(node.terminal, inputs),
        "threshold": node.threshold,
        "below": _plain_node(node.below, inputs),
        "above": _plain_node(node.above, inputs),
    }


def _plain_expression(expression: Expression, inputs: Inputs) -> Any:
    if isinstance(expression, Constant):
        return expression.value
    if isinstance(expression, Terminal):
        return {"feature": inputs.features[expression.feature].identifier, "reducer": expression.reducer}
    return [expression.name, *(_plain_expression(each, inputs) for each in expression.arguments)]


class _Reader:
    """Reads the nodes of one rule, counting them."""

    def __init__(self, inputs: Inputs) -> None:
        self._inputs = inputs
        self._places = {feature.identifier: place for place, feature in enumerate(inputs.features)}
        self._nodes = 0

    def node(self, data: Any, depth: int) -> Node:
        if isinstance(data, dict) and "test" in data:
            self._enter(depth)
            table = _table(data, {"test", "threshold", "below", "above"}, "a branch")
            terminal = self.expression(table["test"], depth + 1)
            if not isinstance(terminal, Terminal):
                raise UserError("rule: a branch must test a feature")
            below, above = self.node(table["below"], depth + 1), self.node(table["above"], depth + 1)
            return Split(terminal, _number(table["threshold"], "threshold"), below, above)
        return Leaf(self.expression(data, depth))

    def expression(self, data: Any, depth: int) -> Expression:
        self._enter(depth)
        if isinstance(data, dict):
            table = _table(data, {"feature", "reducer"}, "a terminal")
            feature = table["feature"]
            if not isinstance(feature, str) or feature not in self._places:
                raise UserError(f"rule: there is no feature {feature!r}{did_you_mean(str(feature), self._places)}")
            if table["reducer"] not in self._inputs.reducers:
                raise UserError(f"rule: {table['reducer']!r} is none of the reducers {', '.join(REDUCERS)}")
            return Terminal(self._places[feature], table["reducer"])
        if isinstance(data, list):
            name = data[0] if data else None
            if not isinstance(name, str) or ARITY.get(name) != len(data) - 1:
                raise UserError(f"rule: {name!r} with {max(0, len(data) - 1)} arguments is no operation")
            return Operation(name, tuple(self.expression(each, depth + 1) for each in data[1:]))
        return Constant(_number(data, "a constant"))

    def _enter(self, depth: int) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES or depth > MOST_DEPTH:
            raise UserError(f"rule: more than {MOST_NODES} nodes, or deeper than {MOST_DEPTH}")


def _feature(data: Any) -> Feature:
    keys = {"name", "identifier", "unit", "rest", "low", "high", "transform", "definition"}
    table = _table(data, keys, "a feature")
    texts = {key: table[key] for key in ("name", "identifier", "unit", "transform", "definition")}
    if not all(isinstance(text, str) and len(text) <= 400 for text in texts.values()):
        raise UserError("rule: a feature's name, identifier, unit, transform and definition must be short texts")
    if not IDENTIFIER.fullmatch(texts["identifier"]):
        raise UserError(f"rule: {texts['identifier']!r} is no identifier of lower-case letters, digits and underscores")
    transform = next((each for each in TRANSFORMS if each == texts["transform"]), None)
    if transform is None:
        raise UserError(f"rule: {texts['transform']!r} is none of the transforms {', '.join(TRANSFORMS)}")
    numbers = {key: _number(table[key], key) for key in ("rest", "low", "high")}
    if not numbers["low"] < numbers["high"]:
        raise UserError(f"rule: feature {texts['identifier']}: low must be less than high")
    return Feature(
        name=texts["name"], identifier=texts["identifier"], unit=texts["unit"], transform=transform,
        definition=texts["definition"], **numbers,
    )  # fmt: skip


def _table(data: Any, keys: set[str], what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict) or set(data) != keys:
        raise UserError(f"rule: {what} must be a table of exactly {', '.join(sorted(keys))}")
    return data


def _number(data: Any, what: str) -> float:
    if not isinstance(data, bool) and isinstance(data, int | float):
        with contextlib.suppress(OverflowError):  # of an integer beyond all floats
            if math.isfinite(data):
                return float(data)
    raise UserError(f"rule: {what} must be a finite number, not {repr(data)[:60]}")


def _count(data: Any, what: str) -> int:
    if type(data) is not int or not 1 <= data <= 1000:
        raise UserError(f"rule: {what} must be a whole number from 1 to 1000, not {data!r}")
    return data
