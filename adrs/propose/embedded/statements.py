"""Random edits of statements within a function. Each takes a site, and returns an edit or None."""

import random
from collections.abc import Sequence

import libcst as cst

from adrs.propose.embedded.idea import shorten
from adrs.propose.embedded.tree import Edit, Site, Tree, is_binding


def remove(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A statement goes, unless the block would be empty or a name would never be bound."""
    found = _in_block(site)
    if found is None:
        return None
    block, body, index = found
    if len(body) == 1 or _binds_alone(tree, site):
        return None
    if index == len(body) - 1 and _is(site.node, cst.Return):
        return None
    return _rebuilt(block, [*body[:index], *body[index + 1 :]], f"`{_first_line(tree, site)}` removed")


def repeat(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A loop, an `if` or an expression statement is done twice."""
    found = _in_block(site)
    if found is None or not (isinstance(site.node, cst.For | cst.While | cst.If) or _is(site.node, cst.Expr)):
        return None
    block, body, index = found
    if _is(site.node, cst.Expr) and _is_text(site.node):
        return None
    return _rebuilt(block, [*body[:index], body[index], *body[index:]], f"`{_first_line(tree, site)}` done twice")


def move(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A statement changes places with the next one."""
    found = _in_block(site)
    if found is None:
        return None
    block, body, index = found
    if index + 1 >= len(body) or _is(body[index + 1], cst.Return) or _is(site.node, cst.Return) or _is_text(site.node):
        return None
    swapped = [*body[:index], body[index + 1], body[index], *body[index + 2 :]]
    return _rebuilt(block, swapped, f"`{_first_line(tree, site)}` moved behind the next statement")


def unguard(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """An `if` becomes its body, or its `else`."""
    found = _in_block(site)
    if found is None or not isinstance(site.node, cst.If) or not isinstance(site.node.body, cst.IndentedBlock):
        return None
    block, body, index = found
    branches = [list(site.node.body.body)]
    if site.node.orelse is None:
        branches.append([])
    elif isinstance(site.node.orelse, cst.Else) and isinstance(site.node.orelse.body, cst.IndentedBlock):
        branches.append(list(site.node.orelse.body.body))
    chosen = rng.choice(branches)
    if not chosen and len(body) == 1:
        return None
    what = "always" if chosen is branches[0] else "never"
    return _rebuilt(block, [*body[:index], *chosen, *body[index + 1 :]],
                    f"the condition `{shorten(tree.code(site.node.test))}` {what} holds")  # fmt: skip


def leave_early(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A loop gets an exit, or skips the rest of a round, under a condition that stands in the same function."""
    if not isinstance(site.node, cst.For | cst.While) or not isinstance(site.node.body, cst.IndentedBlock):
        return None
    prefix = len(site.path)
    inside = [other for other in tree.sites if isinstance(other.node, cst.Comparison)
              and other.path[:prefix] == site.path and len(other.path) > prefix]  # fmt: skip
    if not inside or site.function is None:
        return None
    test = tree.code(rng.choice(inside).node)
    body = list(site.node.body.body)
    kind, at = rng.choice((("break", len(body)), ("break", 1), ("continue", 1)))
    negated = rng.random() < 0.5
    test = f"not ({test})" if negated else f"({test})" if "\n" in test else test
    exit_statement = cst.parse_statement(f"if {test}:\n    {kind}\n", config=tree.module.config_for_parsing)
    new = site.node.body.with_changes(body=[*body[:at], exit_statement, *body[at:]])
    return Edit((*site.path, ("body", None)), new, f"`if {shorten(test)}: {kind}` inserted")


def _in_block(site: Site) -> tuple[Site, Sequence[cst.BaseStatement], int] | None:
    """The block a statement stands in, the block's statements, and the statement's index."""
    block = site.parent
    if block is None or not isinstance(block.node, cst.IndentedBlock) or site.function is None:
        return None
    if isinstance(site.node, cst.FunctionDef | cst.ClassDef):
        return None
    index = site.path[-1][1]
    assert index is not None
    return block, block.node.body, index


def _rebuilt(block: Site, body: Sequence[cst.BaseStatement], text: str) -> Edit:
    return Edit(block.path, block.node.with_changes(body=body), text)


def _is(node: cst.CSTNode, kind: type[cst.BaseSmallStatement]) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 and isinstance(node.body[0], kind)


def _is_text(node: cst.CSTNode) -> bool:
    """Whether a statement is a docstring."""
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.Expr):
        return False
    return isinstance(node.body[0].value, cst.BaseString)


def _binds_alone(tree: Tree, site: Site) -> bool:
    """Whether a statement holds the only binding of a name that its function uses elsewhere."""
    length = len(site.path)
    names = [other for other in tree.sites if other.function is site.function and isinstance(other.node, cst.Name)]
    inside = {id(other) for other in names if other.path[:length] == site.path}
    for other in names:
        if id(other) in inside and is_binding(other):
            value = _name(other)
            elsewhere = [rest for rest in names if id(rest) not in inside and _name(rest) == value]
            if elsewhere and not any(is_binding(rest) for rest in elsewhere):
                return True
    return False


def _name(site: Site) -> str:
    return cst.ensure_type(site.node, cst.Name).value


def _first_line(tree: Tree, site: Site) -> str:
    assert isinstance(site.node, cst.SimpleStatementLine | cst.BaseCompoundStatement)
    return shorten(tree.code(site.node.with_changes(leading_lines=[])).split("\n")[0])
