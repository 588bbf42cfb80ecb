"""What every export asks of a rule: which features and reducers it uses, their names, what a file begins with."""

import re
from collections.abc import Iterator

import numpy as np

from adrs.rule import size
from adrs.rule.form import REDUCERS, Expression, Feature, Inputs, Operation, Rule, Terminal, subexpressions
from adrs.rule.interpret import transformed
from adrs.rule.plain import digest

UNVERIFIED = "UNVERIFIED"
_HOSTILE = re.compile(r"[^A-Za-z0-9 ',.;:()/+=<>%-]|/(?=/)")
"""What comments and formulas leave out of a feature's definition: whatever could end them or mean something there."""


def terminals(rule: Rule) -> tuple[Terminal, ...]:
    """Those that the rule uses, feature by feature, in the order of `REDUCERS`."""
    return tuple(
        sorted(size.terminals(rule), key=lambda terminal: (terminal.feature, REDUCERS.index(terminal.reducer)))
    )


def expressions(rule: Rule) -> Iterator[Expression]:
    """One a leaf."""
    return (leaf.expression for leaf in rule.leaves)


def in_leaves(rule: Rule) -> tuple[Terminal, ...]:
    """Terminals that expressions use; others only decide branches."""
    found = size.leaf_terminals(rule)
    return tuple(terminal for terminal in terminals(rule) if terminal in found)


def used(rule: Rule) -> dict[int, tuple[str, ...]]:
    """Reducers by feature, of the features that the rule uses."""
    found: dict[int, tuple[str, ...]] = {}
    for terminal in terminals(rule):
        found[terminal.feature] = (*found.get(terminal.feature, ()), terminal.reducer)
    return found


def operations(rule: Rule) -> frozenset[str]:
    """Names of the operations in the rule's expressions."""
    return frozenset(
        each.name for expression in expressions(rule) for each in subexpressions(expression)
        if isinstance(each, Operation)
    )  # fmt: skip


def transforms(rule: Rule) -> frozenset[str]:
    """Transforms of the features that the rule uses."""
    return frozenset(rule.inputs.features[feature].transform for feature in used(rule))


def at_rest(inputs: Inputs, feature: int) -> float:
    """What the history of a feature holds before the first interval."""
    resting = np.array([each.rest for each in inputs.features])
    return float(transformed(inputs, resting)[feature])


def variable(inputs: Inputs, terminal: Terminal) -> str:
    """The terminal in an export. The reducer at its end keeps it from being a word of the language."""
    return f"{inputs.features[terminal.feature].identifier}_{terminal.reducer}"


def repeated(expression: Expression) -> list[Operation]:
    """Operations that stand more than once in an expression, inner ones first: they are computed once."""
    counts: dict[Operation, int] = {}

    def visit(each: Expression) -> None:
        if isinstance(each, Operation):
            counts[each] = counts.get(each, 0) + 1
            if counts[each] == 1:
                for argument in each.arguments:
                    visit(argument)

    visit(expression)
    order = {each: place for place, each in enumerate(_inner_first(expression))}
    return sorted((each for each, count in counts.items() if count > 1), key=lambda each: order[each])


def _inner_first(expression: Expression) -> list[Operation]:
    found: dict[Operation, None] = {}

    def visit(each: Expression) -> None:
        if isinstance(each, Operation) and each not in found:
            for argument in each.arguments:
                visit(argument)
            found[each] = None

    visit(expression)
    return list(found)


def heading(rule: Rule, what: str) -> list[str]:
    """The first lines of every file: the digest of the rule and its features, in the order in which they come."""
    names = ", ".join(feature.identifier for feature in rule.inputs.features)
    return [f"rule {digest(rule)}: {what}", f"features, in this order: {names}"]


def harmless(text: str) -> str:
    """Words of a problem's author for a comment: letters, digits and plain punctuation."""
    return _HOSTILE.sub(" ", text).replace("*", " ").strip()


def described(feature: Feature) -> str:
    """One line about a feature for whoever writes the host."""
    words = f": {harmless(feature.definition)}" if feature.definition else ""
    return (
        f"{feature.identifier} [{harmless(feature.unit)}], {feature.low!r} to {feature.high!r}, "
        f"{feature.rest!r} at rest{words}"
    )


def marked(text: str, reasons: list[str]) -> str:
    """A file whose first line says that it is not verified, and why; without reasons, the file itself."""
    if not reasons:
        return text
    return text.replace("rule ", f"{UNVERIFIED} ({'; '.join(harmless(reason) for reason in reasons)}): rule ", 1)
