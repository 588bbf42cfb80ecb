"""Whether an answer gives all of a program: models write "... the rest stays as it is ..." for what they leave out.

Such a program fails at best, and does less than was meant at worst; nobody but its author knows what belongs there.
"""

import ast
import builtins
import re
from collections.abc import Iterator, Sequence

_COMMENT = re.compile(r"^(?:#+|//+|--|/\*)(?P<text>.*?)(?:\*/)?$")
_DOTS = ("...", "…")
_LEFT_OUT = re.compile(
    r"\b(rest|existing|unchanged|unmodified|same|omitted|remain\w*|previous|original|left out|as is|as before)\b",
    re.IGNORECASE,
)
_BODIES = ("body", "orelse", "finalbody")
_UNKNOWABLE = frozenset({"exec", "globals", "locals", "vars", "setattr"})
"""Names with which a program can bind others."""
_KNOWN = frozenset(dir(builtins)) | {"__file__", "__annotations__"}
_MOST_NAMES = 5


def lacking(source: str, base: str, language: str) -> str:
    """What shows that a program which was made of `base` is not all there; empty where nothing does."""
    known = {line.strip() for line in base.split("\n")}
    for line in source.split("\n"):
        if _says_left_out(line.strip()) and line.strip() not in known:
            return f"the program is not all there: it says {line.strip()[:100]!r}"
    tree, base_tree = (_parsed(text) if language == "python" else None for text in (source, base))
    if tree is None or base_tree is None:
        return ""
    dots = list(_ellipses(tree))
    if len(dots) > len(list(_ellipses(base_tree))):
        return f"the program is not all there: a statement is `...` (line {dots[0]})"
    names = sorted(_undefined(tree) & _bound(base_tree.body))[:_MOST_NAMES]
    if names:
        return f"the program is not all there: it uses {', '.join(names)}, and what defines that was left out"
    return ""


def _parsed(source: str) -> ast.Module | None:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return None


def _says_left_out(line: str) -> bool:
    comment = _COMMENT.match(line)
    if comment is None:
        return False
    text = comment["text"].strip(" \t[](){}<>")
    begins, ends = text.startswith(_DOTS), text.endswith(_DOTS)
    return (begins and ends) or ((begins or ends) and _LEFT_OUT.search(text) is not None)


def _ellipses(tree: ast.Module) -> Iterator[int]:
    """Lines of statements `...` that stand for code: not those that are all of a class, a method or a handler."""
    methods = {id(child) for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for child in node.body}
    for node in ast.walk(tree):
        nothing = isinstance(node, ast.ClassDef | ast.ExceptHandler) or id(node) in methods
        for field in _BODIES:
            body = getattr(node, field, None)
            if isinstance(body, list) and not (nothing and len(body) == 1):
                yield from (each.lineno for each in body if _is_ellipsis(each))


def _is_ellipsis(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and node.value.value is ...


def _undefined(tree: ast.Module) -> set[str]:
    """Names that are read and bound nowhere; none where a program may bind names that cannot be seen."""
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
    bound = _bound(tree.body)
    return set() if "*" in bound or read & _UNKNOWABLE else read - bound - _KNOWN


def _bound(body: Sequence[ast.AST]) -> set[str]:
    """Names that are bound anywhere in these statements, `*` among them where all of another module's are."""
    found: set[str] = set()
    for node in (node for each in body for node in ast.walk(each)):
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        else:  # definitions, handlers and patterns
            found |= {name for field in ("name", "rest") if isinstance(name := getattr(node, field, None), str)}
    return found
