"""Edits of what something is ordered by, see `Tree.is_key`."""

import ast
import random
from dataclasses import replace

import libcst as cst

from adrs.propose.embedded import terms
from adrs.propose.embedded.idea import shorten
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.text import is_atom
from adrs.propose.embedded.tree import Edit, Site, Tree

_OWN = 0.5
"""How often a new term is something that the program keeps itself, where it does."""
_NUMBERS = (cst.BinaryOperation, cst.UnaryOperation, cst.Subscript, cst.Call, cst.BaseNumber, cst.IfExp)


def key(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """Another quantity to order by, the same turned round, or one with a new term."""
    if not tree.is_key(site):
        return None
    old = tree.code(site.node)
    turned = _turned(tree, site.node, old)
    term = _term(tree, site, rng, shown)
    if term is None or rng.random() < 0.25:
        return _edit(site, f"the key `{shorten(old)}` is negated", turned)
    wrapped = f"({term})"
    new = rng.choice((term, f"-{wrapped}", f"({old}) + {wrapped}", f"({old}) - {wrapped}"))
    edit = _edit(site, f"the key `{shorten(old)}` became `{shorten(new)}`", new)
    return None if _plain(new) == _plain(old) else edit


def _plain(code: str) -> str:
    """An expression without what changes nothing."""
    return ast.unparse(ast.parse(f"({code}\n)"))


def _turned(tree: Tree, node: cst.CSTNode, code: str) -> str:
    """The other way round; without a sign where there is one."""
    if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Minus):
        return tree.code(node.expression)
    return f"-{code}" if is_atom(code) else f"-({code})"


def _edit(site: Site, said: str, new: str) -> Edit:
    return Edit(site.path, cst.parse_expression(f"({new}\n)" if "\n" in new else new), said, site.path)


def _term(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> str | None:
    """A number that may differ from item to item: what the program keeps itself, or arithmetic over what is shown."""
    items = [each.name.value for each in _maker(site).params.params[:1]]
    own = [*_locals(tree, site), *(f"{name}[{item}]" for item in items for name in _kept(tree, site))]
    if own and rng.random() < _OWN:
        return rng.choice(own)
    of_items = replace(shown, quantities=[each for each in shown.quantities if isinstance(each.size, str)])
    found = terms.term(tree, site, rng, of_items, items)
    return found if found is not None or not own else rng.choice(own)


def _maker(site: Site) -> cst.Lambda | cst.FunctionDef:
    """The lambda or function that makes a key."""
    return next(outer.node for outer in site.ancestors() if isinstance(outer.node, cst.Lambda | cst.FunctionDef))


def _locals(tree: Tree, site: Site) -> list[str]:
    """Variables of a named key's function that are numbers, as far as what they were set to tells. None for a lambda:
    those of the function around it are the same for all items."""
    if isinstance(_maker(site), cst.Lambda):
        return []
    known, found = tree.known_at(site), dict[str, None]()
    for where, name, bound in tree.names:
        assigned = where.parent.parent.node if bound and where.parent and where.parent.parent else None
        if where.function is site.function and isinstance(assigned, cst.Assign) and name in known:
            found |= {name: None} if isinstance(assigned.value, _NUMBERS) else {}
    return list(found)


def _kept(tree: Tree, site: Site) -> list[str]:
    """Variables that a program looks up one entry of by the name of something, as it may for the item."""
    known, found = tree.known_at(site), dict[str, None]()
    for where, name, bound in tree.names:
        outer = where.parent.node if where.parent is not None else None
        if not bound and name in known and where.field == "value" and isinstance(outer, cst.Subscript):
            index = outer.slice[0].slice if len(outer.slice) == 1 else None
            found |= {name: None} if isinstance(index, cst.Index) and isinstance(index.value, cst.Name) else {}
    return list(found)
