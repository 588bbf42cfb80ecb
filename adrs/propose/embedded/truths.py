"""Edits of the truth value that a function answers with. Each takes a site, and returns an edit or None."""

import random

import libcst as cst

from adrs.propose.embedded import terms
from adrs.propose.embedded.answers import is_truth_answered
from adrs.propose.embedded.idea import shorten
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.tree import Edit, Site, Tree

_OTHER = {"True": "False", "False": "True"}
_ALONE = 0.3
"""How often a comparison takes the place of another one instead of joining it."""


def flip(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """True for False."""
    other = _OTHER.get(site.node.value) if isinstance(site.node, cst.Name) else None
    if other is None or not is_truth_answered(site, shown):
        return None
    return Edit(site.path, cst.Name(other), f"`{tree.code(site.node)}` became `{other}`", site.path)


def compare(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """Whether arithmetic over quantities is above a number, or below; alone, or joined with what stands there."""
    if not is_truth_answered(site, shown):
        return None
    term = terms.term(tree, site, rng, shown, terms.items_at(tree, site))
    if term is None:
        return None
    code = tree.code(site.node)
    new = f"({term}) {rng.choice('<>')} {terms.log_uniform(rng, 0.01, 10_000.0)}"
    literal = isinstance(site.node, cst.Name) and site.node.value in _OTHER
    if not literal and rng.random() >= _ALONE:
        new = f"({code}) {rng.choice(('and', 'or'))} ({new})"
    return Edit(site.path, cst.parse_expression(f"({new})"), f"`{shorten(code)}` became `{shorten(new)}`", site.path)
