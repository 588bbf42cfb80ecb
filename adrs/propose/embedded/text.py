"""Source text cut and joined by the places that the parser reports."""

import ast
from collections.abc import Iterable

Replacement = tuple[int, int, str]
"""First byte, byte after the last, and the text that takes their place."""

MOST_DIGITS = 4
"""Significant digits of a number that is put into a program."""


class Text:
    """A source with the byte offsets of its lines; the parser counts columns in bytes of UTF-8."""

    def __init__(self, source: str) -> None:
        self.encoded = source.encode()
        self._starts = [0]
        for line in self.encoded.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def span(self, node: ast.expr | ast.stmt | ast.arg | ast.keyword) -> tuple[int, int]:
        """First byte of a node and the byte after its last."""
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return (
            self._starts[node.lineno - 1] + node.col_offset,
            self._starts[node.end_lineno - 1] + node.end_col_offset,
        )

    def lines(self, node: ast.stmt) -> tuple[int, int]:
        """The same for the whole lines that a statement stands on."""
        assert node.end_lineno is not None
        return self._starts[node.lineno - 1], min(self._starts[node.end_lineno], len(self.encoded))

    def cut(self, start: int, end: int, replacements: Iterable[Replacement] = ()) -> str:
        """The text from `start` to `end` with replacements, which must lie in it and not overlap."""
        pieces: list[bytes] = []
        for first, last, replacement in sorted(replacements):
            pieces += (self.encoded[start:first], replacement.encode())
            start = last
        pieces.append(self.encoded[start:end])
        return b"".join(pieces).decode()

    def replace(self, replacements: Iterable[Replacement]) -> str:
        """The whole source with replacements."""
        return self.cut(0, len(self.encoded), replacements)


def number(value: float, integral: bool = False) -> str:
    """A number as a program spells it: whole, or a float of few digits that stays a float."""
    if integral:
        return str(round(value))
    text = f"{value:.{MOST_DIGITS}g}"
    return text if any(mark in text for mark in ".einf") else f"{text}.0"


def is_atom(text: str) -> bool:
    """Whether an expression binds tighter than any operator, or stands in parentheses: it needs none anywhere."""
    node = ast.parse(text.strip(), mode="eval").body
    if node.col_offset > 0:
        return True
    if isinstance(node, ast.Constant):
        return not isinstance(node.value, complex)
    return isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call | ast.List | ast.Dict | ast.Set)
