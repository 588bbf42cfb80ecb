"""Source text as data: parsed, never run. The interface check and the digest by which duplicates are found."""

import ast
import builtins
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from adrs import evolve_blocks
from adrs.errors import UserError
from adrs.interface import FunctionType
from adrs.problem import Problem

BLOCKS = "adrs_helpers.blocks"
"""What building blocks import, and no program does: it stands for holes that are filled in."""
_NORMALISED_PREFIX = "%"
"""Of names that no source can have."""
_STATEMENTS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Fields that hold statements, or what holds them."""
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Global, ast.Nonlocal)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_EXPRESSION_SCOPES = (ast.Lambda, *_COMPREHENSIONS)
_LOOKS_AT_NAMES = frozenset({"locals", "vars", "eval", "exec", "dir", "globals"})
_REMEMBERED = 64
"""Programs whose check is remembered: a proposer checks its own before the loop does."""
_COMMENTS = re.compile(rb"#[^\r\n]*")
_WORDS = re.compile(r"\w+|[^\w\s]")


class Rejected(Exception):  # noqa: N818 - reads as the verdict it causes
    """The source cannot be a program of this problem; the message says why."""

    def __init__(self, message: str, importing: str | None = None) -> None:
        """`importing` is the package that the problem does not allow, if that is why."""
        super().__init__(message)
        self.importing = importing


class Screen:
    """What a program of one problem must be like before it is run."""

    def __init__(self, problem: Problem) -> None:
        """Read the seed program: its evolve blocks say what may change. Raises UserError where they are unbalanced."""
        self._problem = problem
        self._limit = problem.limits.source_kb * 1024
        self._fixed = _fixed_parts(problem.seed)
        self._digest = lru_cache(maxsize=_REMEMBERED)(self._check)

    def check(self, source: str, anywhere: bool = False) -> str:
        """The digest of a program; raises Rejected.

        anywhere: it may differ from the seed outside of evolve blocks, as baselines do. A shared evaluator sees the
        file itself, and knows what it needs of it: there the digest is of the text, and names and imports are left to
        the evaluator.
        """
        return self._digest(source, anywhere)

    def _check(self, source: str, anywhere: bool) -> str:
        if self._problem.trust == "line":
            found = screen(source, self._problem.functions, self._problem.limits.imports, self._limit)
            self._check_literals(source)
        else:
            if self._problem.language == "python":
                parse(source, self._limit)
            else:
                check_text(source, self._limit)
            found = sha256(source.encode(errors="surrogatepass")).hexdigest()
        if self._fixed is not None and not anywhere:
            broken = evolve_blocks.violation(self._fixed, source)
            if broken:
                raise Rejected(broken)
        return found

    def _check_literals(self, source: str) -> None:
        limit = self._problem.limits.literals_kb << 10
        size = len(source.encode(errors="surrogatepass"))
        if size <= limit:
            return
        literals = round(literal_share(source) * size)
        if literals > limit:
            raise Rejected(f"literals and comments take {literals} bytes of the source, the limit is {limit}")


def _fixed_parts(seed: Path) -> list[list[str]] | None:
    try:
        return evolve_blocks.fixed_parts(seed.read_text(errors="replace"))
    except evolve_blocks.Unbalanced as unbalanced:
        raise UserError(f"the seed program {seed} has evolve blocks that do not fit: {unbalanced}") from None


def parse(source: str, limit_bytes: int) -> ast.Module:
    """Parse a candidate's source; raises Rejected for what Python, or good sense, refuses."""
    check_text(source, limit_bytes)
    try:
        return ast.parse(source)
    except SyntaxError as error:
        raise Rejected(f"syntax error in line {error.lineno}: {error.msg}") from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise Rejected(f"source cannot be parsed: {error or type(error).__name__}") from None


def check_text(source: str, limit_bytes: int) -> None:
    """Refuse what is no source in any language; raises Rejected."""
    if len(source) > limit_bytes or len(source.encode(errors="surrogatepass")) > limit_bytes:
        raise Rejected(f"source has {len(source)} characters, the limit is {limit_bytes} bytes")
    if "\0" in source:
        raise Rejected("source contains a null byte")
    if not source.strip():
        raise Rejected("source is empty")


def screen(source: str, functions: Mapping[str, FunctionType], imports: Iterable[str], limit_bytes: int) -> str:
    """Check a candidate before it is run and return its digest.

    Each function of the interface must be defined at module level and accept the declared arguments by position;
    only the standard library and `imports` may be imported. Raises Rejected. This is courtesy, not security: it saves
    evaluations and gives clear messages, while the sandbox holds what slips through.
    """
    tree = parse(source, limit_bytes)
    defined = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    assigned = {target.id for node in tree.body if isinstance(node, ast.Assign)
                for target in node.targets if isinstance(target, ast.Name)}  # fmt: skip
    imported = {alias.asname or alias.name for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)
                for alias in node.names}  # fmt: skip
    for function in functions.values():
        node = defined.get(function.name)
        if node is not None:
            _check_arguments(node, function)
        elif function.name not in assigned | imported and not function.optional:
            raise Rejected(f"function {function.name} is not defined; write {function.signature()}")
    _check_imports(tree, frozenset(imports))
    try:
        return digest(tree)
    except RecursionError:
        raise Rejected("source is nested too deeply") from None


def _check_arguments(node: ast.FunctionDef, function: FunctionType) -> None:
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    least = len(positional) - len(arguments.defaults)
    given = len(function.arguments)
    keyword_only = any(default is None for default in arguments.kw_defaults)
    if least > given or (len(positional) < given and arguments.vararg is None) or keyword_only:
        raise Rejected(f"function {function.name} takes other arguments; write {function.signature()}")


def _check_imports(tree: ast.Module, allowed: frozenset[str]) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise Rejected(f"line {node.lineno}: a relative import; a program is one file")
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            if f"{name}.".startswith(f"{BLOCKS}."):
                raise Rejected(
                    f"line {node.lineno}: import of {name}: this is a building block with holes for a run to fill in, "
                    "and no program; programs that a run made of it have numbers in their place"
                )
            prefixes = {name[:end] for end in [*(i for i, c in enumerate(name) if c == "."), len(name)]}
            if name.split(".")[0] not in sys.stdlib_module_names and not prefixes & allowed:
                known = ", ".join(sorted(allowed)) or "nothing else"
                text = f"line {node.lineno}: import of {name}; allowed: the standard library and {known}"
                raise Rejected(text, importing=name.split(".")[0])


def literal_share(source: str) -> float:
    """Share of a source's characters that stand in numbers, texts, displays of them and comments, docstrings included:
    high for stored answers, since a program can read all of its own text."""
    text = bytearray(source.encode())
    lengths = [0]
    for line in text.splitlines(keepends=True):
        lengths.append(lengths[-1] + len(line))
    for node in ast.walk(ast.parse(source)):
        if _is_literal(node) and isinstance(node, ast.expr) and node.end_lineno and node.end_col_offset is not None:
            start = lengths[node.lineno - 1] + node.col_offset
            stop = lengths[node.end_lineno - 1] + node.end_col_offset
            text[start:stop] = bytes(stop - start)
    comments = sum(map(len, _COMMENTS.findall(text)))  # no sign that begins one is in a text any more
    return (text.count(0) + comments) / max(1, len(text))


def _is_literal(node: ast.AST) -> bool:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return bool(node.elts) and all(_is_literal(element) for element in node.elts)
    if isinstance(node, ast.Dict):
        return bool(node.keys) and all(key is not None and _is_literal(key) for key in node.keys)
    return isinstance(node, ast.Constant)


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


class _Program(NamedTuple):
    """What normalising a part must know of the whole."""

    keywords: frozenset[str | None]
    """Names that calls pass arguments by, None among them where some come out of a dictionary."""
    given: frozenset[str]
    """Names that are there from the beginning: builtins, and what is imported."""

    @classmethod
    def of(cls, tree: ast.AST) -> "_Program":
        nodes = list(ast.walk(tree))
        imported = {(node.asname or node.name).partition(".")[0] for node in nodes if isinstance(node, ast.alias)}
        keywords = frozenset(node.arg for node in nodes if isinstance(node, ast.keyword))
        return cls(keywords, frozenset(imported | set(dir(builtins))))

    def says_nothing(self, annotation: ast.expr | None) -> bool:
        """Whether an annotation that is evaluated where it stands has no other effect than to be there."""
        nodes = ast.walk(annotation) if annotation is not None else ()
        return all(node.id in self.given for node in nodes if isinstance(node, ast.Name))


def _normalise(node: ast.AST, program: _Program | None = None, within: str = "module") -> None:
    """Rename locals and arguments in order of appearance; drop docstrings, and annotations that mean nothing.

    Those within a function are never evaluated, those of a class may make a field. Only statements are descended into,
    since expressions hold none.
    """
    program = program or _Program.of(node)
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


def _plain(node: ast.AST, program: _Program, within: str) -> ast.AST:
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


def _rename_locals(function: ast.FunctionDef, program: _Program) -> None:
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
    outside = (
        *function.decorator_list, *function.args.defaults, *function.args.kw_defaults, *annotations, function.returns,
    )  # fmt: skip
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
