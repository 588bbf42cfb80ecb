"""Programs without what does not matter in them: the digest by which duplicates are found, and their words."""

import ast
import builtins
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import NamedTuple

_NORMALISED_PREFIX = "%"
"""Of names that no source can have."""
_STATEMENTS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Fields that hold statements, or what holds them."""
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Global, ast.Nonlocal)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_EXPRESSION_SCOPES = (ast.Lambda, *_COMPREHENSIONS)
_LOOKS_AT_NAMES = frozenset({"locals", "vars", "eval", "exec", "dir", "globals"})
_WORDS = re.compile(r"\w+|[^\w\s]")


def digest(tree: ast.Module) -> str:
    """Hash of a syntax tree without what does not matter: comments, docstrings, spelling of constants, local names.

    The tree is changed on the way.
    """
    _normalise(tree)
    return sha256(ast.dump(tree, annotate_fields=False).encode(errors="surrogatepass")).hexdigest()


def tokens(source: str) -> list[str]:
    """What a program consists of, in order: words of its normalised syntax tree, but for the values of its numbers.

    Where the text is no Python, its words and marks.
    """
    try:
        tree = ast.parse(source)
        _normalise(tree)
        found: list[str] = []
        _collect(tree, found)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return words(source)
    return found


def words(text: str) -> list[str]:
    """Words and marks of any text, in order."""
    return _WORDS.findall(text)


def _collect(node: ast.AST, found: list[str]) -> None:
    found.append(type(node).__name__)
    for name in node._fields:
        value = getattr(node, name)
        if isinstance(value, ast.AST):
            if not isinstance(value, ast.expr_context):
                _collect(value, found)
        elif isinstance(value, list):
            for element in value:
                if isinstance(element, ast.AST):
                    _collect(element, found)
        elif value is not None and not isinstance(value, int | float):
            found.append(repr(value))


class _Whole(NamedTuple):
    """What normalising a part must know of the whole."""

    keywords: frozenset[str | None]
    """Names that calls pass arguments by, None among them where some come out of a dictionary."""
    given: frozenset[str]
    """Names that are there from the beginning: builtins, and what is imported."""

    @classmethod
    def of(cls, tree: ast.AST) -> "_Whole":
        nodes = list(ast.walk(tree))
        imported = {(node.asname or node.name).partition(".")[0] for node in nodes if isinstance(node, ast.alias)}
        keywords = frozenset(node.arg for node in nodes if isinstance(node, ast.keyword))
        return cls(keywords, frozenset(imported | set(dir(builtins))))

    def says_nothing(self, annotation: ast.expr | None) -> bool:
        """Whether an annotation that is evaluated where it stands has no other effect than to be there."""
        names = () if annotation is None else (node for node in ast.walk(annotation) if isinstance(node, ast.Name))
        return all(name.id in self.given for name in names)


def _normalise(node: ast.AST, program: _Whole | None = None, within: str = "module") -> None:
    """Rename locals and arguments in order of appearance; drop docstrings, and annotations that mean nothing.

    Those within a function are never evaluated, those of a class may make a field. Only statements are descended into,
    since expressions hold none.
    """
    program = program or _Whole.of(node)
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
        node.body = _without_docstring(node.body)
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        within = "class" if isinstance(node, ast.ClassDef) else "function"
    for field in _STATEMENTS:
        inside = getattr(node, field, None)
        if isinstance(inside, list):  # the body of a lambda or of a conditional expression is none
            for number, child in enumerate(inside):
                _normalise(child, program, within)
                inside[number] = _plain(child, program, within)
    if isinstance(node, ast.FunctionDef):
        if program.says_nothing(node.returns):
            node.returns = None
        _rename_locals(node, program)


def _plain(node: ast.AST, program: _Whole, within: str) -> ast.AST:
    """An assignment without its annotation where that means nothing; whatever else as it is."""
    if not isinstance(node, ast.AnnAssign) or node.value is None or not isinstance(node.target, ast.Name):
        return node
    if within == "class" or (within == "module" and not program.says_nothing(node.annotation)):
        return node
    return ast.Assign([node.target], node.value)


def _without_docstring(body: list[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        return body[1:] or [ast.Pass()]
    return body


def _rename_locals(function: ast.FunctionDef, program: _Whole) -> None:
    """Rename what a function binds where its names cannot matter: not what is passed by keyword.

    They may where it has nested functions or classes, or looks into its frame; and a name that is bound here and means
    something of the module's as well is left as it is.
    """
    names: dict[str, str] = {}
    kept = set(program.keywords) | _outside(function)
    nested = False
    for child in ast.walk(function):
        if isinstance(child, ast.Name):
            if child.id in _LOOKS_AT_NAMES:
                return
            if isinstance(child.ctx, ast.Store):
                names.setdefault(child.id, f"{_NORMALISED_PREFIX}{len(names)}")
        elif isinstance(child, ast.arg):
            names.setdefault(child.arg, f"{_NORMALISED_PREFIX}{len(names)}")
            if None in program.keywords:
                kept.add(child.arg)
        elif isinstance(child, ast.arguments):
            kept |= {argument.arg for argument in child.kwonlyargs}
        elif isinstance(child, ast.ExceptHandler) and child.name is not None:
            names.setdefault(child.name, f"{_NORMALISED_PREFIX}{len(names)}")
        elif isinstance(child, ast.alias):
            kept.add(child.asname or child.name.partition(".")[0])
        elif isinstance(child, ast.pattern):
            kept |= {text for field in ("name", "rest") if isinstance(text := getattr(child, field, None), str)}
        elif isinstance(child, _EXPRESSION_SCOPES):
            nested = True
        elif isinstance(child, _SCOPES) and child is not function:
            return
    if nested:
        kept |= _free(function.body) - _bound(function)
    for child in ast.walk(function):
        if isinstance(child, ast.Name):
            child.id = child.id if child.id in kept else names.get(child.id, child.id)
        elif isinstance(child, ast.arg):
            if program.says_nothing(child.annotation):
                child.annotation = None
            child.arg = child.arg if child.arg in kept else names[child.arg]
        elif isinstance(child, ast.ExceptHandler) and child.name is not None:
            child.name = child.name if child.name in kept else names[child.name]


def _outside(function: ast.FunctionDef) -> set[str]:
    """Names in what is computed where the function is defined: decorators, defaults of arguments, annotations."""
    annotations = [node.annotation for node in ast.walk(function.args) if isinstance(node, ast.arg)]
    defaults = (*function.args.defaults, *function.args.kw_defaults)
    outside = (*function.decorator_list, *defaults, *annotations, function.returns)
    return {node.id for each in outside if each for node in ast.walk(each) if isinstance(node, ast.Name)}


def _bound(function: ast.FunctionDef) -> set[str]:
    """Names that are the function's own: its arguments, and what it assigns outside of lambdas and comprehensions."""
    found = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    waiting: list[ast.AST] = list(function.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name is not None:
            found.add(node.name)
        if isinstance(node, ast.comprehension):
            waiting += [node.iter, *node.ifs]
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return found


def _stored(target: ast.AST) -> set[str]:
    return {node.id for node in ast.walk(target) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}


def _free(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that are read here and bound by no lambda or comprehension around them."""
    found: set[str] = set()
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Lambda):
            own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)}
            found |= _free([node.body]) - own
            waiting.append(node.args)
        elif isinstance(node, _COMPREHENSIONS):
            generators = node.generators
            waiting.append(generators[0].iter)
            inside = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.comprehension)]
            inside += [part for each in generators for part in (each.target, *each.ifs)]
            inside += [each.iter for each in generators[1:]]
            found |= _free(inside) - {name for each in generators for name in _stored(each.target)}
        elif isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Store):
                found.add(node.id)
        else:
            waiting += ast.iter_child_nodes(node)
    return found
