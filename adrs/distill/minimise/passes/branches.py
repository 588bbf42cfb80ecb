"""Branches as they are shortest: what both sides do stands once, and conditions say what is, not what is not."""

import ast
import itertools
from collections.abc import Iterator

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, blocks, made, put, replacing, shown, walk, with_fields, with_list

_OPPOSITE: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip


def branches(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits of conditional statements and of conditions."""
    for path, node in walk(tree):
        if isinstance(node, ast.If) and node.orelse:
            for new in _hoisted(node):
                yield made("branches", f"{shown(node)} with what both sides do once", tree, put(tree, path, new))
        if isinstance(node, ast.If | ast.IfExp | ast.UnaryOp):
            positive = _turned(node) if isinstance(node, ast.If | ast.IfExp) else _negated(node)
            if positive is not None:
                yield replacing(tree, "branches", path, node, positive)
    for path, _, field, statements in blocks(tree):
        for index, (one, other) in enumerate(itertools.pairwise(statements)):
            joined = _joined(one, other)
            if joined is not None:
                edited = with_list(tree, path, field, [*statements[:index], joined, *statements[index + 2 :]])
                yield made("branches", f"{shown(one)} and {shown(other)} -> {shown(joined)}", tree, edited)


def _hoisted(node: ast.If) -> Iterator[list[ast.stmt]]:
    """The statement that both sides begin or end with, before or after the rest."""
    for place in (0, -1):
        one, other = node.body[place], node.orelse[place]
        if ast.dump(one) != ast.dump(other):
            continue
        body, orelse = ([each for each in side if each is not gone]
                        for side, gone in ((node.body, one), (node.orelse, other)))  # fmt: skip
        if not body and orelse:
            body, orelse = orelse, []
            rest = [ast.If(ast.UnaryOp(ast.Not(), node.test), body, orelse)]
        else:
            rest = [with_fields(node, body=body, orelse=orelse)] if body else []
        yield [one, *rest] if place == 0 else [*rest, one]


def _turned(node: ast.If | ast.IfExp) -> ast.AST | None:
    """Both sides the other way round, without a `not`."""
    if isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not) and node.orelse:
        return with_fields(node, test=node.test.operand, body=node.orelse, orelse=node.body)
    return None


def _negated(node: ast.UnaryOp) -> ast.expr | None:
    """The opposite of a comparison, or of a negation, without a `not`."""
    if not isinstance(node.op, ast.Not):
        return None
    inner = node.operand
    if isinstance(inner, ast.UnaryOp) and isinstance(inner.op, ast.Not):
        return inner.operand
    if isinstance(inner, ast.Compare) and len(inner.ops) == 1:
        return with_fields(inner, ops=[_OPPOSITE[type(inner.ops[0])]()])
    return None


def _joined(one: ast.stmt, other: ast.stmt) -> ast.stmt | None:
    """A value that a condition replaces, or a return under one and the return after it, as one expression."""
    if isinstance(one, ast.If) and not one.orelse and len(one.body) == 1 and isinstance(other, ast.Return):
        only = one.body[0]
        if isinstance(only, ast.Return) and only.value is not None and other.value is not None:
            return ast.Return(ast.IfExp(one.test, only.value, other.value))
    if isinstance(other, ast.If) and not other.orelse and len(other.body) == 1 and isinstance(one, ast.Assign):
        only = other.body[0]
        if isinstance(only, ast.Assign) and [ast.dump(each) for each in only.targets] == [
            ast.dump(each) for each in one.targets
        ]:
            merged = with_fields(one, value=ast.IfExp(other.test, only.value, one.value))
            return merged if nodes(merged) < nodes(one) + nodes(other) else None
    return None
