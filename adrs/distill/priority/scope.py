"""Where a node stands in a program, and which names are in sight there."""

import ast
from collections.abc import Iterator

from adrs.distill.minimise.tree import COMPREHENSIONS, stores

Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
Owner = ast.FunctionDef | ast.Lambda


class Scopes:
    """The parents of all nodes of a tree."""

    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self._parents = {id(child): node for node in ast.walk(tree) for child in ast.iter_child_nodes(node)}
        times = stores(tree)
        self.functions = {
            node.name: node for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and times[node.name] == 1 and self._is_plain(node)
        }  # fmt: skip
        """Functions that are defined once and in no class, by name."""
        self.modules = {(alias.asname or alias.name).split(".")[0] for node in ast.walk(tree)
                        if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}  # fmt: skip
        """Names that imports bind."""

    def _is_plain(self, function: ast.FunctionDef) -> bool:
        return not isinstance(self.parent(function), ast.ClassDef) and not function.decorator_list

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node above."""
        return self._parents.get(id(node))

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """All nodes above, the innermost first."""
        found = self.parent(node)
        while found is not None:
            yield found
            found = self.parent(found)

    def owner(self, node: ast.AST) -> Owner | None:
        """The innermost function around a node; None at module level."""
        return next((each for each in self.above(node) if isinstance(each, Owner)), None)

    def comprehension(self, node: ast.AST) -> Comprehension | None:
        """The innermost comprehension around a node that is within the same function."""
        for each in self.above(node):
            if isinstance(each, Owner):
                return None
            if isinstance(each, COMPREHENSIONS):
                return each
        return None

    def in_sight(self, node: ast.AST) -> list[str]:
        """Names that functions and comprehensions around a node bind, the innermost first; none of the module's."""
        found: dict[str, None] = {}
        for each in self.above(node):
            if isinstance(each, Owner):
                found |= dict.fromkeys(parameters(each))
                if isinstance(each, ast.FunctionDef):
                    found |= dict.fromkeys(_bound(each))
            elif isinstance(each, COMPREHENSIONS):
                found |= dict.fromkeys(targets(each))
        return [name for name in found if name not in self.functions and name not in self.modules]

    def assigned(self, name: str, node: ast.AST) -> ast.expr | None:
        """What a name stands for at a node, where the function around it assigns it once and no parameter has it."""
        for owner in self.above(node):
            if not isinstance(owner, ast.FunctionDef):
                if isinstance(owner, ast.Lambda) and name in parameters(owner):
                    return None
                continue
            if name in parameters(owner):
                return None
            values = [each.value for each in ast.walk(owner) if isinstance(each, ast.Assign)
                      and len(each.targets) == 1 and _is(each.targets[0], name)]  # fmt: skip
            times = sum(each.id == name and isinstance(each.ctx, ast.Store) for each in ast.walk(owner)
                        if isinstance(each, ast.Name))  # fmt: skip
            if times:
                return values[0] if times == 1 and values else None
        return None

    def is_changed(self, name: str) -> bool:
        """Whether any element of a variable of that name is assigned: then it is a state, and no formula."""
        return any(isinstance(each, ast.Subscript) and isinstance(each.ctx, ast.Store) and _is(each.value, name)
                   for each in ast.walk(self.tree))  # fmt: skip


def parameters(owner: Owner) -> list[str]:
    """Names of a function's parameters."""
    given = owner.args
    found = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return found + [each.arg for each in (given.vararg, given.kwarg) if each is not None]


def targets(comprehension: Comprehension) -> list[str]:
    """Names that a comprehension binds."""
    return [name for each in comprehension.generators for name in names(each.target)]


def names(node: ast.AST) -> list[str]:
    """Names in a node, each once."""
    return list(dict.fromkeys(each.id for each in ast.walk(node) if isinstance(each, ast.Name)))


def _bound(function: ast.FunctionDef) -> Iterator[str]:
    """Names that the statements of a function bind, without those of functions in it."""
    pending: list[ast.AST] = [*function.body]
    while pending:
        node = pending.pop(0)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        if not isinstance(node, (*COMPREHENSIONS, ast.FunctionDef, ast.Lambda, ast.ClassDef)):
            pending += ast.iter_child_nodes(node)


def _is(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name
