"""Edits of the whole number that a function answers with: a level, or which one of several. Each takes a site, and
returns an edit or None.
"""

import random
from dataclasses import replace

import libcst as cst

from adrs.propose.embedded import terms
from adrs.propose.embedded.answers import whole_answered
from adrs.propose.embedded.idea import shorten
from adrs.propose.embedded.shown import Shown, Whole
from adrs.propose.embedded.tree import Edit, Site, Tree, called

_ROUNDED = ("max", "min", "round")
_ITEM = "item"
_WEIGHTS = (0.001, 10.0)
"""Of a new term: what is shown is mostly larger than the level that depends on it."""
_FEW = 16
"""Numbers in a range out of which any is as good a guess as those near by."""
_FIRST = 8
"""Of an axis whose length is not known, this many entries are guessed at, the first ones most."""


def level(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """The number becomes what arithmetic over quantities comes to, rounded and kept within its range."""
    whole = whole_answered(site, shown)
    if whole is None or whole.axis or (isinstance(site.node, cst.Call) and called(site.node) in _ROUNDED):
        return None
    term = terms.term(tree, site, rng, shown, terms.items_at(tree, site))
    if term is None:
        return None
    weighed = f"{terms.log_uniform(rng, *_WEIGHTS)} * ({term})"
    alone = isinstance(site.node, cst.BaseNumber) and rng.random() < 0.5
    new = weighed if alone else f"({tree.code(site.node)}) {rng.choice('+-')} {weighed}"
    return _edit(tree, site, whole.within(f"round({new})"))


def branch(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """The number becomes another one where a quantity is large."""
    whole = whole_answered(site, shown)
    quantity = terms.quantity(tree, site, rng, shown, terms.items_at(tree, site)) if whole is not None else None
    if whole is None or quantity is None:
        return None
    code = tree.code(site.node)
    other = _other(whole, site.node, rng)
    if other is None:
        return None
    return _edit(tree, site, f"({other} if {quantity} > {terms.log_uniform(rng, 0.01, 10_000.0)} else {code})")


def choose(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """Which one of several becomes the one with the least, or the most, of what is shown of each."""
    whole = whole_answered(site, shown)
    if whole is None or not whole.axis:
        return None
    known = tree.known_at(site)
    columns = [each for each in shown.quantities if each.size == whole.axis and each.argument in known]
    if not columns:
        return None
    term = terms.term(tree, site, rng, replace(shown, quantities=columns), [_ITEM])
    return _edit(tree, site, f"{rng.choice(('min', 'max'))}(range(len({columns[0].code})), key=lambda {_ITEM}: {term})")


def _other(whole: Whole, node: cst.CSTNode, rng: random.Random) -> str | None:
    """Another number of the range: for a literal often one near it."""
    value = node.evaluated_value if isinstance(node, cst.Integer) else None
    if whole.axis:
        return str(rng.choice([each for each in range(1 + rng.randrange(_FIRST)) if each != value] or [1]))
    low, high = whole.low, whole.high
    if low is not None and high is not None and high - low < _FEW:
        others = [each for each in range(low, high + 1) if each != value]
        return str(rng.choice(others)) if others else None
    if value is None:
        other = round(float(terms.log_uniform(rng, 1.0, 1000.0)))
    else:
        scaled = round(value * float(terms.log_uniform(rng, 0.2, 5.0)))
        other = rng.choice((scaled, value + rng.choice((-3, -2, -1, 1, 2, 3))))
    other = other if low is None else max(low, other)
    other = other if high is None else min(high, other)
    return str(other) if other != value else None


def _edit(tree: Tree, site: Site, new: str) -> Edit:
    code = tree.code(site.node)
    return Edit(site.path, cst.parse_expression(new), f"`{shorten(code)}` became `{shorten(new)}`", site.path)
