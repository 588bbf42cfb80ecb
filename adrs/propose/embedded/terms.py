"""Arithmetic over what a program can read at a place: the terms that edits bring in."""

import math
import random
from collections.abc import Sequence

import libcst as cst

from adrs.propose.embedded import expressions
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.text import number
from adrs.propose.embedded.tree import Site, Tree

_MOST_ARGUMENTS = 3
_SAME_AXIS = 0.9
"""How often the items of a term are those that the answers are about, where there are such."""


def term(tree: Tree, site: Site, rng: random.Random, shown: Shown, items: Sequence[str]) -> str | None:
    """Arithmetic over a few quantities that can be read at a site."""
    wanted = rng.randint(1, _MOST_ARGUMENTS)
    texts = [quantity(tree, site, rng, shown, items) for _ in range(wanted)]
    arguments = list(dict.fromkeys(text for text in texts if text is not None))
    return expressions.fill(expressions.draw(rng, len(arguments)), arguments) if arguments else None


def quantity(tree: Tree, site: Site, rng: random.Random, shown: Shown, items: Sequence[str]) -> str | None:
    """A scalar that can be read at a site, by its code."""
    known = tree.known_at(site)
    readable = [
        each for each in shown.quantities if each.argument in known and (items or not isinstance(each.size, str))
    ]
    axes = shown.decided_on
    if rng.random() < _SAME_AXIS and axes:  # what is decided on is what most variables stand for
        readable = [each for each in readable if not isinstance(each.size, str) or each.size in axes] or readable
    if not readable:
        return None
    chosen = rng.choice(readable)
    if chosen.size is None:
        return chosen.code
    index = rng.choice(items) if isinstance(chosen.size, str) else rng.randrange(chosen.size)
    return f"{chosen.code}[{index}]{chosen.of_row}"


def items_at(tree: Tree, site: Site) -> list[str]:
    """Variables at a site that may stand for an item: of loops, of keys, and further parameters of a helper."""
    known = tree.known_at(site)
    bound = (name for where, name, binds in tree.names if binds and where.function is site.function and _is_item(where))
    return list(dict.fromkeys(name for name in bound if name in known))


def _is_item(site: Site) -> bool:
    for outer in (site, *site.ancestors()):
        parent = outer.parent.node if outer.parent is not None else None
        if isinstance(outer.node, cst.Param):
            return outer.path[-1] != ("params", 0) or any(
                isinstance(each.node, cst.Lambda) for each in site.ancestors()
            )
        if outer.field == "target" and isinstance(parent, cst.For | cst.CompFor):
            return True
        if isinstance(outer.node, cst.BaseStatement):
            return False
    return False


def log_uniform(rng: random.Random, low: float, high: float) -> str:
    """A number of two digits, of any size between the two with equal chance."""
    return number(float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.2g}"))
