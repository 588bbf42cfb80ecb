"""Source text as data: parsed, never run. What a program must be like before it is run."""

import ast
import re
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from adrs import evolve_blocks
from adrs.errors import UserError
from adrs.interface import FunctionType
from adrs.normal_form import digest
from adrs.problem import Problem

BLOCKS = "adrs_helpers.blocks"
"""What building blocks import, and no program does: it stands for holes that are filled in."""
_HALF_PAIR = re.compile(r"[\ud800-\udfff]")
_REMEMBERED = 64
"""Programs whose check is remembered: a proposer checks its own before the loop does."""
_COMMENTS = re.compile(rb"#[^\r\n]*")


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
    if _HALF_PAIR.search(source):
        raise Rejected("source contains half of a surrogate pair, which is no character")
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
