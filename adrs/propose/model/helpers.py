"""What a prompt says of the helper libraries that programs of a problem may import: read as text, never imported."""

import ast

from adrs import resources
from adrs.problem import Problem

_PACKAGE = "adrs_helpers"
_HIDDEN = ("warm",)
_LONGEST_VALUE = 100


def describe(problem: Problem) -> dict[str, str]:
    """By name of the module: its docstring, its public values, and signatures of its functions with what they do."""
    found = {}
    for name in problem.limits.imports:
        path = resources.import_root() / f"{name.replace('.', '/')}.py"
        if name.split(".")[0] == _PACKAGE and path.is_file():
            found[name] = _interface(ast.parse(path.read_text()))
    return found


def _interface(module: ast.Module) -> str:
    pieces = [ast.get_docstring(module) or ""]
    pieces.append("\n".join(_value(node) for node in module.body if isinstance(node, ast.Assign) and _value(node)))
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and node.name not in _HIDDEN:
            returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
            doc = (ast.get_docstring(node) or "").replace("\n", "\n    ")
            pieces.append(f"{node.name}({ast.unparse(node.args)}){returns}\n    {doc}".rstrip())
    return "\n\n".join(piece for piece in pieces if piece)


def _value(node: ast.Assign) -> str:
    """The assignment of public names to something plain and short."""
    names = [name.id for target in node.targets for name in ast.walk(target) if isinstance(name, ast.Name)]
    text = ast.unparse(node)
    plain = len(text) <= _LONGEST_VALUE and not any(isinstance(part, ast.Call) for part in ast.walk(node.value))
    return text if plain and not any(name.startswith("_") for name in names) else ""
