"""What a problem says of an item: expressions over what it shows the policy, with the item's number as `item`."""

import ast
from collections.abc import Iterator, Sequence

from adrs.distill.priority.scope import names

ITEM = "item"


def of_item(declared: Sequence[str], visible: Sequence[str], index: str) -> Iterator[str]:
    """The expressions of the item that a variable numbers, where all that they read is in sight."""
    for tree in _in_sight(declared, visible):
        yield ast.unparse(_Renamed(index).visit(tree))


def of_all(declared: Sequence[str], visible: Sequence[str]) -> Iterator[str]:
    """The expressions of all items as arrays; without those that use the number otherwise than to read an array."""
    for tree in _in_sight(declared, visible):
        whole = _Whole().visit(tree)
        if ITEM not in names(whole):
            yield ast.unparse(whole)


def _in_sight(declared: Sequence[str], visible: Sequence[str]) -> Iterator[ast.expr]:
    for text in declared:
        tree = ast.parse(text, mode="eval").body
        if set(names(tree)) <= {ITEM, *visible}:
            yield tree


class _Renamed(ast.NodeTransformer):
    """Another name for the number."""

    def __init__(self, index: str) -> None:
        self._index = index

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(self._index, node.ctx) if node.id == ITEM else node


class _Whole(ast.NodeTransformer):
    """Arrays instead of their elements at the number."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        is_element = isinstance(node.slice, ast.Name) and node.slice.id == ITEM
        return self.visit(node.value) if is_element else self.generic_visit(node)
