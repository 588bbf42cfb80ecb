"""A program's concrete syntax tree with a path to every node, so that an edit costs no walk over the tree."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache, cached_property, lru_cache

import libcst as cst

from adrs import evolve_blocks
from adrs.propose.embedded.literals import KEYED_CALLS, SHAPE_CALLS, SHAPE_KEYWORDS

Path = tuple[tuple[str, int | None], ...]
"""From the module down: name of a field, and index in it where it is a list."""

_LAYOUT = frozenset((
    "annotation", "asname", "asynchronous", "body_indent", "colon", "comma", "decorators", "dot", "encoding", "equal",
    "footer", "header", "indent", "lbrace", "lbracket", "leading_lines", "lines_after_decorators", "lpar", "newline",
    "rbrace", "rbracket", "returns", "rpar", "semicolon", "trailing_whitespace", "type_parameters",
))  # fmt: skip


@dataclass(frozen=True, eq=False)
class Site:
    """A node and where it is."""

    node: cst.CSTNode
    path: Path
    parent: "Site | None"
    function: "Site | None"
    """The innermost function around it."""
    statement: "Site | None"
    """The innermost statement that it is or belongs to, if that stands in a block."""

    @property
    def field(self) -> str:
        """Name of the parent's field that holds it."""
        return self.path[-1][0] if self.path else ""

    def functions(self) -> Iterator["Site"]:
        """Around it, innermost first."""
        site = self.function
        while site is not None:
            yield site
            site = site.function

    def ancestors(self) -> Iterator["Site"]:
        """Innermost first."""
        site = self.parent
        while site is not None:
            yield site
            site = site.parent


@dataclass(frozen=True)
class Edit:
    """Another node in the place of one."""

    path: Path
    node: cst.CSTNode
    text: str
    """What it does, for a person."""
    at: Path
    """The node that `text` is about, which may lie within the one that is replaced."""

    def overlaps(self, other: "Edit") -> bool:
        """Whether one's place lies in the other's."""
        length = min(len(self.path), len(other.path))
        return self.path[:length] == other.path[:length]


class Tree:
    """A parsed program. Raises libcst.ParserSyntaxError for source that is none."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.module = cst.parse_module(source)

    @cached_property
    def sites(self) -> Sequence[Site]:
        """All nodes but layout, annotations and decorators, in the order of the source."""
        found: list[Site] = []
        _walk(self.module, (), None, found)
        return found

    @cached_property
    def names(self) -> Sequence[tuple[Site, str, bool]]:
        """Every name that stands for a variable in a function, in order: where, the name, and whether it is bound."""
        found = []
        for site in self.sites:
            if isinstance(site.node, cst.Name) and site.function is not None:
                if is_binding(site):
                    found.append((site, site.node.value, True))
                elif is_load(site):
                    found.append((site, site.node.value, False))
        return found

    @cached_property
    def module_names(self) -> frozenset[str]:
        """Names of simple assignments at module level."""
        return frozenset(site.node.value for site in self.sites
                         if isinstance(site.node, cst.Name) and site.function is None and is_binding(site))  # fmt: skip

    @cached_property
    def _bound_in(self) -> Mapping[Path, set[str]]:
        """Names that are a function's own."""
        found: dict[Path, set[str]] = {}
        for where, name, bound in self.names:
            if bound and where.function is not None and not is_private(where):
                found.setdefault(where.function.path, set()).add(name)
        return found

    def known_at(self, site: Site) -> set[str]:
        """Variables that a node may read: bound before it in its function or in one around that, around it in a lambda,
        or in the module."""
        functions = list(site.functions())
        before: dict[Path, set[str]] = {function.path: set() for function in functions}
        for where, name, bound in self.names:
            if where is site or where.path[: len(site.path)] == site.path:
                break
            earlier = where.statement is not site.statement  # an assignment's target comes before its value
            inside = where.function.path if where.function is not None else ()
            if bound and earlier and inside in before and not is_private(where):
                before[inside].add(name)
        known = set(self.module_names)
        for function in reversed(functions):  # what is bound anywhere in a function is its own
            known = (known - self._bound_in.get(function.path, set())) | before[function.path]
        around = [outer for outer in site.ancestors() if isinstance(outer.node, cst.Lambda | cst.BaseComp)]
        for where, name, bound in self.names if around else ():
            if bound and any(where.path[: len(outer.path)] == outer.path for outer in around):
                known.add(name)
        return known

    @cached_property
    def _sizes(self) -> frozenset[str]:
        """Variables that somewhere are an index, a shape or the end of a range."""
        return frozenset(name for site, name, bound in self.names if not bound and _in_shape(site, ranges=True))

    @cached_property
    def _keys(self) -> frozenset[Path]:
        """Places of what something is ordered by, see `is_key`."""
        given = [site for site in self.sites if _is_given_as_key(site)]
        named = {site.node.value for site in given if isinstance(site.node, cst.Name)}
        lambdas = {id(site.node) for site in given if isinstance(site.node, cst.Lambda)}
        wholes = (site for site in self.sites if _returned_by(site) in named or _body_of(site) in lambdas)
        return frozenset(path for site in wholes for path in _compared(site))

    def is_key(self, site: Site) -> bool:
        """Whether something is ordered by a node: the body of a lambda that is given as `key`, or what a function
        returns whose name is."""
        return site.path in self._keys

    def is_structural(self, site: Site) -> bool:
        """Whether a node is an index, a shape or a length, or arithmetic on such: changing it breaks more than it
        betters. What something is ordered by is none, also where an index is a part of it."""
        if _in_shape(site) or _counts_rounds(site):
            return True
        if any(site.path[:end] in self._keys for end in range(len(site.path) + 1)):
            return False
        reads = self.names_in(site)[1]
        if not reads and site.parent is not None and isinstance(site.parent.node, cst.BinaryOperation):
            reads = self.names_in(site.parent)[1]
        return bool(reads) and reads <= self._sizes

    def names_in(self, site: Site) -> tuple[set[str], set[str]]:
        """Names that a node binds, and those that it reads; what a lambda or comprehension binds is left out."""
        length = len(site.path)
        inside = [name for name in self.names if name[0].path[:length] == site.path]
        private = {name for where, name, bound in inside if bound and is_private(where)}
        bound = {name for where, name, bound in inside if bound and not is_private(where)}
        return bound, {name for _, name, bound in inside if not bound} - private

    @cached_property
    def editable(self) -> Sequence[Site]:
        """Sites in functions, and within an evolve block where the program has any."""
        blocks = evolve_blocks.spans(self.source)
        lines = {index + 1 for start, end in blocks for index in range(start, end)}
        inside = (site for site in self.sites if site.function is not None)
        return [site for site in inside if not blocks or self.line(site.path) in lines]

    @cached_property
    def _lines(self) -> Mapping[Path, int]:
        """The first line of each statement. Both parsers know the same statements, in the same order."""
        kinds = (cst.BaseSmallStatement, cst.BaseCompoundStatement)
        statements = [site.path for site in self.sites if isinstance(site.node, kinds)]
        parsed = [node for node in ast.walk(ast.parse(self.source)) if isinstance(node, ast.stmt)]
        lines = sorted((node.lineno, node.col_offset) for node in parsed)
        return {path: line for path, (line, _) in zip(statements, lines, strict=True)}

    def line(self, path: Path) -> int:
        """The first line of the statement that a node belongs to."""
        at = (*path, ("body", 0))  # a line of small statements is not a statement of its own
        return next((self._lines[at[:end]] for end in range(len(at), 0, -1) if at[:end] in self._lines), 1)

    def replace(self, edits: Sequence[Edit]) -> str:
        """The source after edits that do not overlap."""
        module: cst.CSTNode = self.module
        for edit in edits:
            module = _put(module, edit.path, edit.node)
        assert isinstance(module, cst.Module)
        return module.code

    def code(self, node: cst.CSTNode) -> str:
        """The text of one node, without comments before it."""
        return self.module.code_for_node(node).strip()


NO_TREE = (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError)
"""What is raised for text or an edit of which no tree can be made: no program, `return(x + y)` about to lose its
parentheses, nested too deep."""


@lru_cache(maxsize=24)
def parse(source: str) -> Tree | None:
    """The tree of a program; the last few are kept. None for source of which none can be made."""
    try:
        evolve_blocks.spans(source)
        return Tree(source)
    except (*NO_TREE, evolve_blocks.Unbalanced):
        return None


def is_binding(site: Site) -> bool:
    """Whether a name is bound here: a parameter, or part of a target and not of an index in it."""
    below: Site = site
    for outer in site.ancestors():
        if isinstance(outer.node, cst.Param):
            return below.field == "name"
        if below.field in ("target", "targets"):
            return True
        if isinstance(outer.node, cst.Subscript | cst.Attribute | cst.BaseStatement):
            return False
        below = outer
    return False


def is_load(site: Site) -> bool:
    """Whether a name is read here as a variable."""
    if site.field in ("attr", "keyword", "name", "func", "names") or site.parent is None:
        return False
    return not is_binding(site)


def is_private(site: Site) -> bool:
    """Whether a node is part of a lambda or a comprehension, whose variables are known there alone."""
    return any(isinstance(outer.node, cst.Lambda | cst.BaseComp) for outer in site.ancestors())


def in_index(site: Site) -> bool:
    """Whether a node is part of a subscript's index."""
    return any(name == "slice" for name, _ in site.path)


def called(node: cst.Call) -> str:
    """The last part of the name of what is called, empty for a call of anything else."""
    function = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
    return function.value if isinstance(function, cst.Name) else ""


def _is_given_as_key(site: Site) -> bool:
    argument = site.parent.node if site.parent is not None and site.field == "value" else None
    return isinstance(argument, cst.Arg) and argument.keyword is not None and argument.keyword.value == "key"


def _returned_by(site: Site) -> str:
    """The name of the function that returns a node; empty where none does."""
    function = site.function.node if site.function is not None else None
    returned = site.parent is not None and isinstance(site.parent.node, cst.Return) and site.field == "value"
    return function.name.value if returned and isinstance(function, cst.FunctionDef) else ""


def _body_of(site: Site) -> int:
    """Identity of the lambda whose body a node is; 0 where it is none."""
    return id(site.parent.node) if site.parent is not None and site.field == "body" else 0


def _compared(site: Site) -> Iterator[Path]:
    """The place of a key, or those of its parts where it is a tuple."""
    if not isinstance(site.node, cst.Tuple):
        yield site.path
        return
    for index, element in enumerate(site.node.elements):
        if isinstance(element, cst.Element):
            yield (*site.path, ("elements", index), ("value", None))


def _in_shape(site: Site, ranges: bool = False) -> bool:
    """Whether a node is part of an index, or of an argument that is a shape, an axis, a seed, a key or digits."""
    if in_index(site):
        return True
    for outer in (site, *site.ancestors()):
        if isinstance(outer.node, cst.Arg) and outer.parent is not None and isinstance(outer.parent.node, cst.Call):
            name = called(outer.parent.node)
            if outer.node.keyword is not None and outer.node.keyword.value in SHAPE_KEYWORDS:
                return True
            if name in SHAPE_CALLS or (ranges and name == "range"):
                return True
            if name in KEYED_CALLS and isinstance(outer.node.value, cst.Integer):
                return True
    return False


def _counts_rounds(site: Site) -> bool:
    """Whether a node is part of a loop's condition on the length of something, as of an answer that is not complete."""
    around = (outer for outer in (site, *site.ancestors()) if outer.field == "test" and outer.parent is not None)
    test = next((outer.node for outer in around if outer.parent and isinstance(outer.parent.node, cst.While)), None)
    sides = [test.left, *(each.comparator for each in test.comparisons)] if isinstance(test, cst.Comparison) else []
    return any(isinstance(side, cst.Call) and called(side) == "len" for side in sides)


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind)
                 if not field.name.startswith("whitespace") and field.name not in _LAYOUT)  # fmt: skip


def _walk(node: cst.CSTNode, path: Path, parent: Site | None, found: list[Site]) -> None:
    function = statement = None
    if parent is not None:
        function = parent if isinstance(parent.node, cst.FunctionDef) else parent.function
        statement = parent.statement
    site = Site(node, path, parent, function, statement)
    if parent is not None and isinstance(parent.node, cst.IndentedBlock):
        object.__setattr__(site, "statement", site)
    found.append(site)
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, cst.CSTNode):
            _walk(value, (*path, (name, None)), site, found)
        elif isinstance(value, list | tuple):
            for index, element in enumerate(value):
                if isinstance(element, cst.CSTNode):
                    _walk(element, (*path, (name, index)), site, found)


def _put(node: cst.CSTNode, path: Path, new: cst.CSTNode) -> cst.CSTNode:
    if not path:
        return new
    (name, index), rest = path[0], path[1:]
    value = getattr(node, name)
    if index is None:
        return node.with_changes(**{name: _put(value, rest, new)})
    return node.with_changes(**{name: [*value[:index], _put(value[index], rest, new), *value[index + 1 :]]})
