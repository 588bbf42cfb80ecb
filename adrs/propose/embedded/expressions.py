"""Small random arithmetic expressions over placeholders a0, a1, ...: what fills an `expression` hole."""

import ast
import math
import random
import re
from collections.abc import Sequence
from typing import TypeGuard

from adrs.propose.embedded.text import is_atom, number

_PLACEHOLDER = re.compile(r"\ba(\d+)\b")
_CONSTANTS = (0.05, 20.0)
_GUARD = "1e-09"
_MOST_NODES = 40


def draw(rng: random.Random, arguments: int) -> str:
    """An expression over one to four of `arguments` placeholders."""
    text = _term(rng, rng.randrange(arguments))
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        text = _join(rng, text, _term(rng, rng.randrange(arguments)))
    return _tidy(text)


def vary(rng: random.Random, text: str, arguments: int) -> str:
    """The expression with one part added, dropped, redrawn or scaled."""
    tree = ast.parse(text, mode="eval")
    inner = [node for node in ast.walk(tree.body) if _is_part(node)]
    if len(inner) > _MOST_NODES:
        return draw(rng, arguments)
    node = rng.choice(inner)
    old = ast.unparse(node)
    kind = rng.choice(("add", "add", "drop", "redraw", "scale"))
    if kind == "add":
        new = _join(rng, old, _term(rng, rng.randrange(arguments)))
    elif kind == "drop" and isinstance(node, ast.BinOp):
        new = ast.unparse(rng.choice((node.left, node.right)))
    elif kind == "scale" and isinstance(node, ast.Constant) and isinstance(node.value, float):
        new = number(node.value * math.exp(rng.gauss(0.0, 0.7)))
    elif kind == "scale":
        new = f"{_constant(rng)} * ({old})"
    else:
        new = _term(rng, rng.randrange(arguments))
    varied = _tidy(ast.unparse(_Swap(node, ast.parse(new, mode="eval").body).visit(tree)))
    return varied if _PLACEHOLDER.search(varied) else draw(rng, arguments)


def fill(text: str, arguments: Sequence[str]) -> str:
    """The expression with the placeholders replaced by the arguments, in parentheses where they need them."""
    if _PLACEHOLDER.fullmatch(text):
        return arguments[int(text[1:])]

    def argument(match: re.Match[str]) -> str:
        inserted = arguments[int(match[1])]
        return inserted if is_atom(inserted) else f"({inserted})"

    return _PLACEHOLDER.sub(argument, text)


def constants(text: str) -> list[tuple[int, int, float]]:
    """First and last column and value of each constant that is worth tuning."""
    found = []
    for node in ast.walk(ast.parse(text, mode="eval")):
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and abs(node.value) > 1e-6:
            assert node.end_col_offset is not None
            found.append((node.col_offset, node.end_col_offset, node.value))
    return sorted(found)


def with_constants(text: str, values: Sequence[float]) -> str:
    """The expression with the constants that `constants` finds replaced, in their order."""
    for (start, end, _), value in reversed(list(zip(constants(text), values, strict=True))):
        text = f"{text[:start]}{number(value)}{text[end:]}"
    return text


def _is_part(node: ast.AST) -> TypeGuard[ast.expr]:
    """Whether a node may be varied: not the name of a function, nor what guards a division."""
    if isinstance(node, ast.Name):
        return _PLACEHOLDER.fullmatch(node.id) is not None
    if isinstance(node, ast.Constant):
        return isinstance(node.value, float) and node.value > 1e-6
    if isinstance(node, ast.BinOp):
        return ast.unparse(node.right) != _GUARD
    return isinstance(node, ast.Call) and ast.unparse(node.func) != "abs"


def _constant(rng: random.Random) -> str:
    low, high = _CONSTANTS
    return f"{math.exp(rng.uniform(math.log(low), math.log(high))):.2g}"


def _term(rng: random.Random, argument: int) -> str:
    return f"a{argument}" if rng.random() < 0.6 else f"{_constant(rng)} * a{argument}"


def _join(rng: random.Random, left: str, right: str) -> str:
    kind = rng.choice("++++---***//mn")
    if kind == "/":
        return f"({left}) / (abs({right}) + {_GUARD})"
    if kind in "mn":
        return f"{'max' if kind == 'm' else 'min'}({left}, {right})"
    return f"({left}) {kind} ({right})"


def _tidy(text: str) -> str:
    """The same expression with as few parentheses as it needs, and floats only."""
    tree = ast.parse(text, mode="eval")
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = float(str(node.value))
    return ast.unparse(tree)


class _Swap(ast.NodeTransformer):
    """Puts one node in the place of another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self._old, self._new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self._old:
            return self._new
        visited: ast.AST = self.generic_visit(node)
        return visited
