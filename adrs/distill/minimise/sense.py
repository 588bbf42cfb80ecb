"""What can be told of a candidate without running it: names that nothing binds, and loops that nothing ends."""

import ast
import builtins
import symtable
from collections.abc import Iterator

from adrs.distill.minimise.tree import stores

_BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__"}
_ENDS = (ast.Break, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom)


def nonsense(source: str) -> str:
    """Why a program that parses cannot work; empty where nothing is known against it. Nothing is run."""
    try:
        table = symtable.symtable(source, "program.py", "exec")
    except SyntaxError as error:
        return f"syntax error: {error.msg}"
    tree = ast.parse(source)
    bound = set(stores(tree)) if any(isinstance(node, ast.Global) for node in ast.walk(tree)) else _bound(table)
    starred = any(alias.name == "*" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
                  for alias in node.names)  # fmt: skip
    for name in () if starred else _read_globally(table):
        if name not in bound and name not in _BUILTINS:
            return f"nothing binds {name}"
    for node in ast.walk(tree):
        if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value and not _ends(node):
            return "a loop without an end"
    return ""


def _bound(table: symtable.SymbolTable) -> set[str]:
    """Names that the module binds."""
    return {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}


def _read_globally(table: symtable.SymbolTable) -> Iterator[str]:
    is_module = table.get_type() == "module"
    for symbol in table.get_symbols():
        if symbol.is_referenced() and (is_module or symbol.is_global()):
            yield symbol.get_name()
    for child in table.get_children():
        yield from _read_globally(child)


def _ends(loop: ast.While) -> bool:
    """Whether anything in a loop may leave it; what only leaves an inner loop is taken for such too."""
    return any(isinstance(node, _ENDS) for node in ast.walk(loop))
