"""Syntax trees that are never changed: an edit makes a new one that shares all but the way to what it replaces."""

import ast
import copy
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from adrs.distill.minimise.size import nodes

Path = tuple[str | int, ...]
"""From the module down: names of fields, each followed by an index where it is a list."""
Node = TypeVar("Node", bound=ast.AST)
Function = ast.FunctionDef | ast.AsyncFunctionDef
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Edit:
    """One candidate: another program that ought to be smaller."""

    kind: str
    text: str
    """What it does, for a person."""
    gain: int
    """Nodes that it saves."""
    make: Callable[[], ast.Module]
    """The new program."""
    number: int = 0
    """Which of several with the same text."""

    @property
    def key(self) -> tuple[str, str, int]:
        """By which it is known again after another edit has been made elsewhere."""
        return self.kind, self.text, self.number


Pass = Callable[[ast.Module, frozenset[str]], Iterable[Edit]]
"""Edits of a program, given names of the interface's functions, which must stay."""


def walk(node: ast.AST, path: Path = ()) -> Iterator[tuple[Path, ast.AST]]:
    """All nodes and where they are, parents first; load and store contexts are left out."""
    yield path, node
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            for index, element in enumerate(value):
                if isinstance(element, ast.AST):
                    yield from walk(element, (*path, name, index))
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            yield from walk(value, (*path, name))


def at(tree: ast.AST, path: Path) -> ast.AST:
    """The node at a path."""
    found = tree
    for step in path:
        found = found[step] if isinstance(step, int) else getattr(found, step)  # type: ignore[index]
    return found


def put(node: Node, path: Path, new: ast.AST | Sequence[ast.AST]) -> Node:
    """A copy with something else at a path: a node, or several where the path ends in an index."""
    name, index = path[0], path[1] if len(path) > 1 and isinstance(path[1], int) else None
    assert isinstance(name, str)
    changed = copy.copy(node)
    value = getattr(node, name)
    if index is None:
        setattr(changed, name, put(value, path[1:], new) if path[1:] else new)
        return changed
    inside = [put(value[index], path[2:], new)] if path[2:] else [new] if isinstance(new, ast.AST) else list(new)
    setattr(changed, name, [*value[:index], *inside, *value[index + 1 :]])
    return changed


def with_fields(node: Node, **fields: object) -> Node:
    """A copy with other fields."""
    changed = copy.copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def with_list(tree: ast.Module, owner: Path, name: str, items: Sequence[ast.AST]) -> ast.Module:
    """A copy with another list in a field of the node at `owner`."""
    changed = with_fields(at(tree, owner), **{name: list(items)})
    if not owner:
        assert isinstance(changed, ast.Module)
        return changed
    return put(tree, owner, changed)


def blocks(tree: ast.Module) -> Iterator[tuple[Path, ast.AST, str, list[ast.stmt]]]:
    """Every list of statements: path of its owner, the owner, name of the field, the statements."""
    for path, node in walk(tree):
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list) and statements:
                yield path, node, name, statements


def transformed(tree: ast.Module, change: Callable[[ast.AST], ast.AST | None]) -> ast.Module:
    """A copy in which `change` was asked about every node, children first; None drops an element of a list."""
    result = _transformed(tree, change)
    assert isinstance(result, ast.Module)
    return result


def _transformed(node: ast.AST, change: Callable[[ast.AST], ast.AST | None]) -> ast.AST | None:
    fields: dict[str, object] = {}
    for name, value in ast.iter_fields(node):
        if isinstance(value, list):
            items = [_transformed(item, change) if isinstance(item, ast.AST) else item for item in value]
            if any(new is not old for new, old in zip(items, value, strict=True)):
                fields[name] = [new for new, old in zip(items, value, strict=True) if new is not None or old is None]
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
            new = _transformed(value, change)
            if new is not value:
                fields[name] = new
    return change(with_fields(node, **fields) if fields else node)


def loads(tree: ast.AST) -> Counter[str]:
    """How often each name is read."""
    return Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load))


def stores(tree: ast.AST) -> Counter[str]:
    """How often each name is bound by a statement or as a target; parameters are not counted."""
    found: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found[node.id] += 1
        elif isinstance(node, Function | ast.ClassDef):
            found[node.name] += 1
        elif isinstance(node, ast.alias):
            found[(node.asname or node.name).split(".")[0]] += 1
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found[node.name] += 1
    return found


def functions(tree: ast.Module) -> dict[str, tuple[Path, ast.FunctionDef]]:
    """Functions that are defined once, and in no class, by name."""
    times = stores(tree)
    found: dict[str, tuple[Path, ast.FunctionDef]] = {}
    for path, node in walk(tree):
        if isinstance(node, ast.FunctionDef) and times[node.name] == 1:
            owner = at(tree, path[:-2])
            if not isinstance(owner, ast.ClassDef):
                found[node.name] = (path, node)
    return found


def shown(node: ast.AST, most: int = 60) -> str:
    """A node's text on one line, cut."""
    text = " ".join(ast.unparse(node).split())
    return text if len(text) <= most else f"{text[: most - 3]}..."


def largest_first(edits: Iterable[Edit]) -> list[Edit]:
    """Sorted by what they save, equal ones as they came and numbered."""
    times: Counter[tuple[str, str]] = Counter()
    numbered = []
    for edit in edits:
        numbered.append(Edit(edit.kind, edit.text, edit.gain, edit.make, times[edit.kind, edit.text]))
        times[edit.kind, edit.text] += 1
    return sorted(numbered, key=lambda edit: -edit.gain)


def replacing(tree: ast.Module, kind: str, path: Path, old: ast.AST, new: ast.AST, text: str = "") -> Edit:
    """An edit that puts one node in the place of another."""
    told = text or f"{shown(old)} -> {shown(new)}"
    return Edit(kind, told, nodes(old) - nodes(new), lambda: put(tree, path, new))


def made(kind: str, text: str, before: ast.Module, after: ast.Module) -> Edit:
    """An edit whose result is known already."""
    return Edit(kind, text, nodes(before) - nodes(after), lambda: after)
