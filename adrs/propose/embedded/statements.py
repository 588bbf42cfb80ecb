"""Random edits of statements within a function. Each takes a site, and returns an edit or None."""

import random
from collections.abc import Sequence

import libcst as cst

from adrs.propose.embedded.idea import shorten
from adrs.propose.embedded.tree import Edit, Site, Tree, is_private


def remove(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A statement goes, unless the block would be empty or a name would never be bound."""
    found = _in_block(site)
    if found is None:
        return None
    block, body, index = found
    if len(body) == 1 or _is_text(site.node) or _binds_alone(tree, site):
        return None
    if _leaves(tree, site) and not isinstance(site.node, cst.If):
        return None
    return _rebuilt(block, site, [*body[:index], *body[index + 1 :]], f"`{_first_line(tree, site)}` removed")


def repeat(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A loop, an `if` or an expression statement is done twice."""
    found = _in_block(site)
    if found is None or not (isinstance(site.node, cst.For | cst.While | cst.If) or _is(site.node, cst.Expr)):
        return None
    block, body, index = found
    if _is(site.node, cst.Expr) and _is_text(site.node):
        return None
    return _rebuilt(block, site, [*body[:index], body[index], *body[index:]], f"`{_first_line(tree, site)}` done twice")


def move(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A statement changes places with the next one."""
    found = _in_block(site)
    if found is None:
        return None
    block, body, index = found
    if index + 1 >= len(body) or _is(body[index + 1], cst.Return) or _is(site.node, cst.Return) or _is_text(site.node):
        return None
    follower = next(other for other in tree.sites if other.path == (*site.path[:-1], ("body", index + 1)))
    if isinstance(site.node, cst.SimpleStatementLine) and tree.names_in(site)[0] & tree.names_in(follower)[1]:
        return None  # what it binds is read by the next one
    swapped = [*body[:index], body[index + 1], body[index], *body[index + 2 :]]
    return _rebuilt(block, site, swapped, f"`{_first_line(tree, site)}` moved behind the next statement")


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
    return _rebuilt(block, site, [*body[:index], *chosen, *body[index + 1 :]],
                    f"the condition `{shorten(tree.code(site.node.test))}` {what} holds")  # fmt: skip


def leave_early(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A loop gets an exit, or skips the rest of a round, under a condition that stands in the same function."""
    if not isinstance(site.node, cst.For | cst.While) or not isinstance(site.node.body, cst.IndentedBlock):
        return None
    if site.function is None:
        return None
    body = list(site.node.body.body)
    kind, at = rng.choice((("break", len(body)), ("break", 0), ("continue", 0)))
    length = len(site.path)
    inside = [other for other in tree.sites
              if isinstance(other.node, cst.Comparison) and other.path[:length] == site.path
              and not is_private(other) and other.path[length][0] != "test"]  # fmt: skip
    if at == 0:
        block = next(other for other in tree.sites if other.path == (*site.path, ("body", None)))
        bound = tree.names_in(block)[0]
        inside = [other for other in inside if not bound & tree.names_in(other)[1]]
    if not inside:
        return None
    test = tree.code(rng.choice(inside).node)
    negated = rng.random() < 0.5
    test = f"not ({test})" if negated else f"({test})" if "\n" in test else test
    exit_statement = cst.parse_statement(f"if {test}:\n    {kind}\n", config=tree.module.config_for_parsing)
    new = site.node.body.with_changes(body=[*body[:at], exit_statement, *body[at:]])
    return Edit((*site.path, ("body", None)), new, f"`if {shorten(test)}: {kind}` inserted", site.path)


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


def _rebuilt(block: Site, site: Site, body: Sequence[cst.BaseStatement], text: str) -> Edit:
    return Edit(block.path, block.node.with_changes(body=body), text, site.path)


def _is(node: cst.CSTNode, kind: type[cst.BaseSmallStatement]) -> bool:
    return isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1 and isinstance(node.body[0], kind)


def _is_text(node: cst.CSTNode) -> bool:
    """Whether a statement is a docstring."""
    if not isinstance(node, cst.SimpleStatementLine) or not isinstance(node.body[0], cst.Expr):
        return False
    return isinstance(node.body[0].value, cst.BaseString)


def _binds_alone(tree: Tree, site: Site) -> bool:
    """Whether a statement holds the only binding of a name that its function reads elsewhere."""
    length = len(site.path)
    own, _ = tree.names_in(site)
    outside = [(name, bound) for where, name, bound in tree.names
               if where.function is site.function and where.path[:length] != site.path]  # fmt: skip
    return any((name, False) in outside and (name, True) not in outside for name in own)


def _leaves(tree: Tree, site: Site) -> bool:
    """Whether a statement holds a return."""
    length = len(site.path)
    return any(isinstance(other.node, cst.Return) and other.path[:length] == site.path for other in tree.sites)


def _first_line(tree: Tree, site: Site) -> str:
    assert isinstance(site.node, cst.SimpleStatementLine | cst.BaseCompoundStatement)
    return shorten(tree.code(site.node.with_changes(leading_lines=[])).split("\n")[0])
