"""How large a program is: nodes of its syntax tree, then characters."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, order=True, slots=True)
class Size:
    """Compares by nodes, ties by characters."""

    nodes: int
    """Of the syntax tree, without docstrings, the module node and load or store contexts."""
    characters: int
    """Of the text as `ast.unparse` writes it, without comments."""


def size(tree: ast.Module) -> Size:
    """Size of a parsed program."""
    return Size(nodes(tree), len(ast.unparse(tree)))


def nodes(node: ast.AST) -> int:
    """Nodes of a subtree, itself included unless it is a module."""
    count = 0 if isinstance(node, ast.Module | ast.expr_context) else 1
    return count + sum(nodes(child) for child in _counted(node))


def is_docstring(owner: ast.AST, statement: ast.AST) -> bool:
    """Whether a statement is the docstring of a module, class or function."""
    return (
        isinstance(owner, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and bool(owner.body)
        and owner.body[0] is statement
        and isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _counted(node: ast.AST) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if not is_docstring(node, child):
            yield child
