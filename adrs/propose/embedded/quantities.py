"""Edits that bring in what the interface shows, so that a short program grows. Each takes a site, and returns an edit
or None.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import replace

import libcst as cst

from adrs.propose.embedded import expressions
from adrs.propose.embedded.edits import in_place_of, is_operand
from adrs.propose.embedded.idea import shorten
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.text import number
from adrs.propose.embedded.tree import Edit, Site, Tree, called

_MOST_ARGUMENTS = 3
_EXTREMES = ("argsort", "argmax", "argmin")
_TO_NUMBERS = ("abs", "float", "int", "round")
_ITEM = "item"
_SAME_AXIS = 0.9
"""How often the items of a term are those that the answers are about, where there are such."""


def add(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """A new term in arithmetic, or in the place of a number."""
    if not (is_operand(site) or _is_number_given(tree, site, shown)) or tree.is_structural(site):
        return None
    term = _term(tree, site, rng, shown, _items(tree, site))
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
    answered = isinstance(site.node, cst.Name | cst.Call) and _is_answer(site, shown)
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
    term = _term(tree, site, rng, replace(shown, quantities=of_items), [item])
    if term is None:
        return None
    code = tree.code(site.node)
    term = _either_way(term, rng)
    new = cst.parse_expression(f"sorted({code}, key=lambda {item}: {term})")
    return Edit(site.path, new, f"`{shorten(code)}` in the order of `{shorten(term)}`", site.path)


def key(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """Another key of a sort, a minimum or a maximum, or one with a new term."""
    outer = site.parent.node if site.parent is not None else None
    if not isinstance(site.node, cst.Lambda) or not isinstance(outer, cst.Arg) or len(site.node.params.params) != 1:
        return None
    if outer.keyword is None or outer.keyword.value != "key" or isinstance(site.node.body, cst.Tuple):
        return None
    item = site.node.params.params[0].name.value
    term = _term(tree, site, rng, shown, [item])
    if term is None:
        return None
    old = tree.code(site.node.body)
    new = _either_way(term, rng) if rng.random() < 0.5 else f"({old}) {rng.choice('+-')} ({term})"
    made = site.node.with_changes(body=cst.parse_expression(new))
    return Edit(site.path, made, f"the key `{shorten(old)}` became `{shorten(new)}`", site.path)


def branch(tree: Tree, site: Site, rng: random.Random, shown: Shown) -> Edit | None:
    """A number that is given becomes another one where a quantity is large."""
    if not (is_operand(site) or _is_number_given(tree, site, shown)) or tree.is_structural(site):
        return None
    quantity = _quantity(tree, site, rng, shown, _items(tree, site))
    if quantity is None:
        return None
    code = tree.code(site.node)
    if isinstance(site.node, cst.Integer):
        value = site.node.evaluated_value
        other = str(rng.choice([near for near in range(max(0, value - 3), value + 4) if near != value]))
    else:
        other = f"{_log_uniform(rng, 0.2, 5.0)} * ({code})"
    threshold = _log_uniform(rng, 0.01, 10_000.0)
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
    arrays = [each.code for each in shown.quantities if isinstance(each.size, str) and each.argument in known]
    if not arrays:
        return None
    code = tree.code(site.node)
    new = f"{code} {rng.choice('+-')} {_log_uniform(rng, 0.05, 20.0)} * {rng.choice(arrays)}"
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
    term = _term(tree, site, rng, replace(shown, quantities=of_items), [target.value])
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


def _term(tree: Tree, site: Site, rng: random.Random, shown: Shown, items: Sequence[str]) -> str | None:
    """Arithmetic over a few quantities that can be read at a site."""
    wanted = rng.randint(1, _MOST_ARGUMENTS)
    texts = [_quantity(tree, site, rng, shown, items) for _ in range(wanted)]
    arguments = list(dict.fromkeys(text for text in texts if text is not None))
    return expressions.fill(expressions.draw(rng, len(arguments)), arguments) if arguments else None


def _quantity(tree: Tree, site: Site, rng: random.Random, shown: Shown, items: Sequence[str]) -> str | None:
    """A scalar that can be read at a site, by its code."""
    known = tree.known_at(site)
    readable = [
        each for each in shown.quantities if each.argument in known and (items or not isinstance(each.size, str))
    ]
    if rng.random() < _SAME_AXIS and shown.lists:  # what is decided on is what most variables stand for
        axes = set(shown.lists.values())
        readable = [each for each in readable if not isinstance(each.size, str) or each.size in axes] or readable
    if not readable:
        return None
    chosen = rng.choice(readable)
    if chosen.size is None:
        return chosen.code
    return f"{chosen.code}[{rng.choice(items) if isinstance(chosen.size, str) else rng.randrange(chosen.size)}]"


def _either_way(term: str, rng: random.Random) -> str:
    """What to order by: the least first, or the most."""
    return term if rng.random() < 0.5 else f"-({term})"


def _items(tree: Tree, site: Site) -> list[str]:
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


def _is_number_given(tree: Tree, site: Site, shown: Shown) -> bool:
    """Whether a node is a number that a function returns or a variable gets."""
    outer = site.parent.node if site.parent is not None else None
    if site.field != "value" or not isinstance(outer, cst.Return | cst.Assign):
        return False
    function = site.function.node if site.function is not None else None
    answers = isinstance(outer, cst.Return) and isinstance(function, cst.FunctionDef)
    return (answers and cst.ensure_type(function, cst.FunctionDef).name.value in shown.numbers) or _is_number(
        tree, site.node, shown
    )


def _is_number(tree: Tree, node: cst.CSTNode, shown: Shown) -> bool:
    """Whether an expression is a number, as far as it tells by itself: a literal, arithmetic, or what is shown."""
    if isinstance(node, cst.BaseNumber | cst.BinaryOperation):
        return True
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus) and _is_number(tree, node.expression, shown)
    if isinstance(node, cst.Call):
        return called(node) in _TO_NUMBERS and len(node.args) == 1 and _is_number(tree, node.args[0].value, shown)
    scalars = {each.code for each in shown.quantities if each.size is None}
    arrays = {each.code for each in shown.quantities} - scalars
    if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        return _code(tree, node) in scalars or _code(tree, node.value) in arrays
    return isinstance(node, cst.Name) and node.value in scalars


def _code(tree: Tree, node: cst.CSTNode) -> str:
    """With the quotes that quantities have."""
    return tree.code(node).replace("'", '"')


def _is_answer(site: Site, shown: Shown) -> bool:
    returned = site.field == "value" and site.parent is not None and isinstance(site.parent.node, cst.Return)
    function = site.function.node if site.function is not None else None
    return returned and isinstance(function, cst.FunctionDef) and function.name.value in shown.lists


def _log_uniform(rng: random.Random, low: float, high: float) -> str:
    return number(float(f"{math.exp(rng.uniform(math.log(low), math.log(high))):.2g}"))
