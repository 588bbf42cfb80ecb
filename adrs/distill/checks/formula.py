"""Reads rule.tex back: the part of LaTeX that exports are written in, so that formulas can be run beside the rule."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.distill.checks.runners import Interpreted
from adrs.distill.export.latex import number, symbol
from adrs.distill.export.outline import terminals
from adrs.rule.form import Rule
from adrs.rule.interpret import bounded_logarithm, reduced, transformed

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_TOKEN = re.compile(
    r"\s*(\\left\||\\right\||\\left\(|\\right\)|\\operatorname\{b\}|(?:\\bar|\\dot|\\check|\\hat)\{x\}_\{\d+\}"
    r"|x'?_\{\d+\}|p_\{\d+\}|v|\d+(?:\.\d+)?|\\[a-z]+|[{}^,+-])"
)
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    r"\min": np.minimum, r"\max": np.maximum, r"\tanh": np.tanh, r"\ln": np.log, r"\exp": np.exp,
    r"\operatorname{b}": bounded_logarithm,
}  # fmt: skip


class Unreadable(ValueError):  # noqa: N818 - what it is
    """The text is none of what exports are written in."""


class _Reader:
    """Evaluates one formula from left to right."""

    def __init__(self, text: str, values: Mapping[str, Any]) -> None:
        self._values = values
        self._tokens = _tokens(text)
        self._at = 0

    def all(self) -> Any:
        value = self._sum()
        self._expect("")
        return value

    def _next(self) -> str:
        self._at += 1
        return self._tokens[self._at - 1]

    def _expect(self, token: str) -> None:
        if self._next() != token:
            raise Unreadable(f"expected {token!r} before {self._tokens[self._at - 1]!r}")

    @property
    def _seen(self) -> str:
        return self._tokens[self._at]

    def _sum(self) -> Any:
        value = self._product()
        while self._seen in ("+", "-"):
            value = value + self._product() if self._next() == "+" else value - self._product()
        return value

    def _product(self) -> Any:
        if self._seen == "-":
            self._next()
            return -self._product()
        value = self._power()
        while self._seen in (r"\cdot", r"\times"):
            value = self._scaled(value) if self._next() == r"\times" else value * self._power()
        return value

    def _scaled(self, mantissa: Any) -> Any:
        """A number with an exponent of ten, read as one, so that it is the one that was written."""
        for token in ("10", "^", "{"):
            self._expect(token)
        sign = self._next() if self._seen == "-" else ""
        exponent = self._next()
        self._expect("}")
        return np.float64(f"{float(mantissa)!r}e{sign}{exponent}")

    def _power(self) -> Any:
        value = self._atom()
        if self._seen == "^":
            for token in ("^", "{", "2", "}"):
                self._expect(token)
            return value * value
        return value

    def _braced(self) -> Any:
        self._expect("{")
        value = self._sum()
        self._expect("}")
        return value

    def _atom(self) -> Any:
        token = self._next()
        if token in _FUNCTIONS:
            self._expect(r"\left(")
            arguments = [self._sum()]
            while self._seen == ",":
                self._next()
                arguments.append(self._sum())
            self._expect(r"\right)")
            return _FUNCTIONS[token](*arguments)
        if token == r"\frac":
            return self._braced() / self._braced()
        if token == r"\sqrt":
            return np.sqrt(self._braced())
        if token in (r"\left(", r"\left|"):
            value = self._sum()
            self._expect(token.replace("left", "right").replace("(", ")"))
            return value if token == r"\left(" else np.abs(value)
        if token in self._values:
            return self._values[token]
        try:
            return np.float64(token)  # which divides by zero as arrays do
        except ValueError:
            raise Unreadable(f"unexpected {token!r}") from None


@lru_cache(maxsize=256)
def _tokens(text: str) -> tuple[str, ...]:
    """Those of a formula, and an empty one at its end. Raises Unreadable."""
    found, at, text = [], 0, text.strip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise Unreadable(f"cannot read {text[at : at + 30]!r}")
        found.append(match.group(1))
        at = match.end()
    return (*found, "")


@dataclass(frozen=True)
class Formula:
    """The equations of a file."""

    answer: str
    parts: tuple[tuple[str, str], ...]
    """Names with their texts, in order."""
    cases: tuple[tuple[str, tuple[str, ...]], ...]
    """Texts with the conditions under which they hold."""

    def value(self, values: Mapping[str, Any], holds: Callable[[str], NDArray[np.bool_]], rows: int) -> Floats:
        """Answers float64[rows] to symbols. Raises Unreadable."""
        known, found = dict(values), np.full(rows, np.nan)
        with np.errstate(all="ignore"):
            for name, text in self.parts:
                known[name] = _Reader(text, known).all()
            for text, conditions in self.cases:
                here = np.ones(rows, dtype=bool)
                for condition in conditions:
                    here &= holds(condition)
                found = np.where(here, _Reader(text, known).all(), found)
            return np.asarray(_Reader(self.answer, {"v": found}).all())


def read(text: str) -> Formula:
    """The equations of rule.tex. Raises Unreadable."""
    found = re.search(r"\\begin\{align\*\}\n(.*?)\\end\{align\*\}", text, re.DOTALL)
    if found is None:
        raise Unreadable("there is no display equation")
    body = found.group(1)
    cases: list[tuple[str, tuple[str, ...]]] = []
    branches = re.search(r"v &= \\begin\{cases\}\n(.*?)\n\\end\{cases\}", body, re.DOTALL)
    if branches is not None:
        for row in branches.group(1).split("\\\\\n"):
            formula, _, conditions = row.partition(r"& \text{if }")
            cases.append((formula, tuple(each.strip() for each in conditions.split(r"\text{ and }"))))
        body = body.replace(branches.group(0), "")
    equations = [tuple(line.removesuffix("\\\\").split("&=")) for line in body.splitlines() if "&=" in line]
    named = {name.strip(): formula for name, formula in (pair for pair in equations if len(pair) == 2)}
    if branches is None:
        cases.append((named.pop("v", ""), ()))
    if "a" not in named:
        raise Unreadable("there is no answer")
    answer = named.pop("a")
    return Formula(answer, tuple(named.items()), tuple(cases))


class LatexRule:
    """rule.tex behind the seam of runners. Histories and the waiting of branches are the interpreter's: the file gives
    both in words. Raises Unreadable.
    """

    def __init__(self, rule: Rule, text: str) -> None:
        self._formula = read(text)
        self._reference = Interpreted(rule)
        self._rule = rule
        self._tests = {f"{symbol(split.terminal)} > {number(split.threshold)}": (place, True)
                       for place, split in enumerate(rule.splits)}  # fmt: skip
        self._tests |= {test.replace(">", r"\le"): (place, False) for test, (place, _) in self._tests.items()}

    def reset(self, scenarios: int) -> None:
        """See Runner."""
        self._reference.reset(scenarios)

    def decide(self, features: Floats, scenarios: Any) -> tuple[Floats, Ints]:
        """See Runner."""
        _, branches = self._reference.decide(features, scenarios)
        entered = transformed(self._rule.inputs, self._reference.histories[np.asarray(scenarios, dtype=np.int64)])
        values = {symbol(terminal): reduced(entered, terminal) for terminal in terminals(self._rule)}

        def holds(condition: str) -> NDArray[np.bool_]:
            if condition not in self._tests:
                raise Unreadable(f"the rule has no condition {condition!r}")
            place, above = self._tests[condition]
            return np.asarray((branches[:, place, 0] == 1) == above)

        return self._formula.value(values, holds, len(features)), branches
