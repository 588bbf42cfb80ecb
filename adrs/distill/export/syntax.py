"""Expressions as infix text, for Python and C alike, in the order of operations that the tree has."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from adrs.distill.export.outline import repeated, variable
from adrs.rule.form import Constant, Expression, Inputs, Operation, Terminal

_SIGNS = {"add": ("+", 1), "sub": ("-", 1), "mul": ("*", 2), "div": ("/", 2)}
"""With how strongly they bind."""
_NEGATION, _ATOM = 3, 4


@dataclass(frozen=True)
class Syntax:
    """How a language writes constants and operations."""

    constant: Callable[[float], str]
    functions: Mapping[str, str]
    """Operation to function; those that are not here are written with their signs."""

    def text(self, expression: Expression, inputs: Inputs, known: Mapping[Expression, str]) -> str:
        """An expression; `known` ones are written by their names."""
        return self._bound(expression, inputs, known)[0]

    def steps(self, expression: Expression, inputs: Inputs) -> tuple[list[tuple[str, str]], str]:
        """Names with texts of what is used more than once, in order, and the text of the whole that uses the names."""
        known: dict[Expression, str] = {}
        steps = []
        for place, each in enumerate(repeated(expression), start=1):
            steps.append((f"part_{place}", self.text(each, inputs, known)))
            known[each] = f"part_{place}"
        return steps, self.text(expression, inputs, known)

    def _bound(self, expression: Expression, inputs: Inputs, known: Mapping[Expression, str]) -> tuple[str, int]:
        """The text and how strongly its outermost operation binds."""
        if expression in known:
            return known[expression], _ATOM
        if isinstance(expression, Constant):
            text = self.constant(expression.value)
            return text, 0 if text.startswith("-") else _ATOM
        if isinstance(expression, Terminal):
            return variable(inputs, expression), _ATOM
        return self._operation(expression, inputs, known)

    def _operation(self, each: Operation, inputs: Inputs, known: Mapping[Expression, str]) -> tuple[str, int]:
        if each.name in self.functions:
            arguments = ", ".join(self.text(argument, inputs, known) for argument in each.arguments)
            return f"{self.functions[each.name]}({arguments})", _ATOM
        parts = [self._bound(argument, inputs, known) for argument in each.arguments]
        if each.name == "neg":
            return f"-{_within(parts[0], _ATOM)}", _NEGATION
        sign, strength = _SIGNS[each.name]
        return f"{_within(parts[0], strength)} {sign} {_within(parts[1], strength + 1)}", strength


def _within(part: tuple[str, int], least: int) -> str:
    text, strength = part
    return text if strength >= least else f"({text})"
