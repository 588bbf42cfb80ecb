"""Edits that bring in what the interface shows, so that a short program grows. Each takes a site, and returns an edit
or None.
"""

import random
from dataclasses import replace

import libcst as cst

from adrs.propose.embedded import answers, terms
from adrs.propose.embedded.edits import in_place_of, is_operand
from adrs.propose.embedded.idea import shorten
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.tree import Edit, Site, Tree, called

_EXTREMES = ("argsort", "argmax", "argmin")
_ITEM = "item"


def add(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """A new term in arithmetic, or in the place of a number."""
    if not (is_operand(tree, site) or answers.is_number_given(tree, site, shown)) or tree.is_structural(site):
        return None
    term = terms.term(tree, site, rng, shown, terms.items_at(tree, site))
    if term is None:
        return None
    code = tree.code(site.node)
    alone = isinstance(site.node, cst.BaseNumber) and rng.random() < 0.5
    loose = isinstance(site.node, cst.IfExp | cst.Comparison | cst.BooleanOperation)
    old = f"({code})" if loose else code
    new = term if alone else f"{old} {rng.choice('+-')} ({term})"
    return Edit(site.path, in_place_of(tree, site, new, None), f"`{shorten(code)}` became `{shorten(new)}`", site.path)


def order(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """What a loop goes through, or a list that is the answer, is sorted by a key of the items."""
    looped = site.field == "iter" and site.parent is not None and isinstance(site.parent.node, cst.For)
    answered = isinstance(site.node, cst.Name | cst.Call) and answers.is_order_answered(site, shown)
    if not (looped or answered) or (isinstance(site.node, cst.Call) and called(site.node) == "sorted"):
        return None
    item = _ITEM
    if looped:
        assert site.parent is not None
        target = cst.ensure_type(site.parent.node, cst.For).target
        if not isinstance(target, cst.Name):
            return None
        item = target.value
    of_items = [each for each in shown.quantities if isinstance(each.size, str)]
    term = terms.term(tree, site, rng, replace(shown, quantities=of_items), [item])
    if term is None:
        return None
    code = tree.code(site.node)
    term = _either_way(term, rng)
    new = cst.parse_expression(f"sorted({code}, key=lambda {item}: {term})")
    return Edit(site.path, new, f"`{shorten(code)}` in the order of `{shorten(term)}`", site.path)


def branch(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """A number that is given becomes another one where a quantity is large."""
    if not (is_operand(tree, site) or answers.is_number_given(tree, site, shown)) or tree.is_structural(site):
        return None
    quantity = terms.quantity(tree, site, rng, shown, terms.items_at(tree, site))
    if quantity is None:
        return None
    code = tree.code(site.node)
    if isinstance(site.node, cst.Integer):
        value = site.node.evaluated_value
        other = str(rng.choice([near for near in range(max(0, value - 3), value + 4) if near != value]))
    else:
        other = f"{terms.log_uniform(rng, 0.2, 5.0)} * ({code})"
    threshold = terms.log_uniform(rng, 0.01, 10_000.0)
    new = f"({other} if {quantity} > {threshold} else {code})"
    said = f"`{shorten(code)}` became `{shorten(other)}` where {quantity} > {threshold}"
    return Edit(site.path, cst.parse_expression(new), said, site.path)


def whole(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """A new term in an array whose order or extremes are asked for."""
    call = site.parent.parent.node if site.parent is not None and site.parent.parent is not None else None
    if not isinstance(site.node, cst.BaseExpression) or not isinstance(call, cst.Call) or called(call) not in _EXTREMES:
        return None
    if not call.args or site.parent is None or site.parent.node is not call.args[0] or site.field != "value":
        return None
    known = tree.known_at(site)
    arrays = [each.code for each in shown.quantities
              if isinstance(each.size, str) and each.argument in known and not each.of_row]  # fmt: skip
    if not arrays:
        return None
    code = tree.code(site.node)
    new = f"{code} {rng.choice('+-')} {terms.log_uniform(rng, 0.05, 20.0)} * {rng.choice(arrays)}"
    if len(arrays) > 1 and rng.random() < 0.5:
        new += f" {rng.choice('*/')} {rng.choice(arrays)}"
    return Edit(site.path, cst.parse_expression(f"({new})"), f"`{shorten(code)}` became `{shorten(new)}`", site.path)


def accumulate(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """A loop that chooses for one item after another takes what has had the least so far."""
    loop, function = site.node, site.function.node if site.function is not None else None
    if not isinstance(loop, cst.For) or not isinstance(function, cst.FunctionDef):
        return None
    choices, target, block = shown.choices.get(function.name.value), loop.target, site.parent
    if choices is None or block is None or not isinstance(block.node, cst.IndentedBlock):
        return None
    chosen = _chosen(loop, target)
    if chosen is None or not isinstance(target, cst.Name):
        return None
    of_items = [each for each in shown.quantities if isinstance(each.size, str)]
    term = terms.term(tree, site, rng, replace(shown, quantities=of_items), [target.value])
    if term is None:
        return None
    place, answer = chosen
    totals = _new_name("totals", {name for _, name, _ in tree.names})
    made = loop.body.with_changes(body=[
        *loop.body.body[:place],
        *_statements(tree, f"{answer} = min(range({choices}), key=lambda choice: {totals}[choice])",
                     f"{totals}[{answer}] += {term}"),
        *loop.body.body[place + 1 :],
    ])  # fmt: skip
    at = site.path[-1][1] or 0
    before = _statements(tree, f"{totals} = [0.0] * int({choices})")
    body = [*block.node.body[:at], *before, loop.with_changes(body=made), *block.node.body[at + 1 :]]
    said = f"`{answer}` is what has the least of `{shorten(term)}` so far"
    return Edit(block.path, block.node.with_changes(body=body), said, site.path)


def _chosen(loop: cst.For, target: cst.BaseExpression) -> tuple[int, str] | None:
    """Where in its body a loop sets an entry for its target, and that entry."""
    for place, statement in enumerate(loop.body.body):
        small = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) else None
        if isinstance(small, cst.Assign) and len(small.targets) == 1:
            entry = small.targets[0].target
            index = entry.slice[0].slice if isinstance(entry, cst.Subscript) and len(entry.slice) == 1 else None
            if isinstance(index, cst.Index) and index.value.deep_equals(target):
                return place, cst.Module([]).code_for_node(entry)
    return None


def _statements(tree: Tree, *lines: str) -> list[cst.BaseStatement]:
    config = tree.module.config_for_parsing
    return [cst.parse_statement(f"{line}\n", config=config) for line in lines]


def _new_name(name: str, known: set[str]) -> str:
    return next(new for new in (name, *(f"{name}{number}" for number in range(2, len(known) + 3))) if new not in known)


def _either_way(term: str, rng: random.Random) -> str:
    """What to order by: the least first, or the most."""
    return term if rng.random() < 0.5 else f"-({term})"
