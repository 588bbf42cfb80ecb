"""Where a program gives a number, an order or a truth value: as an answer, to a variable, to what makes one of it."""

import libcst as cst

from adrs.propose.embedded.shown import Shown, Whole
from adrs.propose.embedded.tree import Site, Tree, called

_TO_WHOLES = ("int", "round")
_TO_NUMBERS = ("abs", "float", *_TO_WHOLES)
_EXTREMES = ("max", "min")


def is_number_given(tree: Tree, site: Site, shown: Shown) -> bool:
    """Whether a node is a number of any size that a function returns, a variable gets, or a call takes."""
    if _is_taken(tree, site, shown):
        return True
    if not _is_given(site) or whole_answered(site, shown):
        return False
    site = _given_as(site)
    return (_is_returned(site) and _function(site) in shown.numbers) or _is_number(tree, site.node, shown)


def whole_answered(site: Site, shown: Shown) -> Whole | None:
    """The range of the whole number with which a function answers at a site; None where it does not."""
    site = _given_as(site)
    return shown.wholes.get(_function(site)) if _is_returned(site) else None


def is_order_answered(site: Site, shown: Shown) -> bool:
    """Whether a function answers at a site with a list that may be an order of the items."""
    return _is_returned(site) and _function(site) in shown.orders


def is_truth_answered(site: Site, shown: Shown) -> bool:
    """Whether a function answers with a truth value that is this node, or that it is a part of."""
    while site.parent is not None and (
        isinstance(site.parent.node, cst.BooleanOperation)
        or (isinstance(site.parent.node, cst.UnaryOperation) and isinstance(site.parent.node.operator, cst.Not))
    ):
        if site.field == "operator":
            return False
        site = site.parent
    site = _given_as(site)
    return _is_returned(site) and _function(site) in shown.truths


def _given_as(site: Site) -> Site:
    """The whole conditional expression of which a node is one of the two values."""
    while site.field in ("body", "orelse") and site.parent is not None and isinstance(site.parent.node, cst.IfExp):
        site = site.parent
    return site


def _function(site: Site) -> str:
    """The name of the innermost function around a site."""
    function = site.function.node if site.function is not None else None
    return function.name.value if isinstance(function, cst.FunctionDef) else ""


def _is_returned(site: Site) -> bool:
    return site.field == "value" and site.parent is not None and isinstance(site.parent.node, cst.Return)


def _is_taken(tree: Tree, site: Site, shown: Shown, rounded: bool = False) -> bool:
    """Whether a node is what a call makes a number of, or keeps within bounds (not a bound itself), and that number is
    what a function returns or a variable gets: within other arithmetic it is mostly a size. What a function returns as
    a whole number must be rounded on the way, or be `rounded` already."""
    call = site.parent.parent if site.parent is not None else None
    if call is None or not isinstance(call.node, cst.Call) or site.field != "value":
        return False
    if any(each.keyword or each.star for each in call.node.args) or not _is_number(tree, call.node, shown):
        return False
    alone = called(call.node) in _TO_NUMBERS and len(call.node.args) == 1
    kept = called(call.node) in _EXTREMES and not isinstance(site.node, cst.BaseNumber)
    rounded = rounded or called(call.node) in _TO_WHOLES
    given = _is_given(call) and (rounded or whole_answered(call, shown) is None)
    return (alone or kept) and (given or _is_taken(tree, call, shown, rounded))


def _is_given(site: Site) -> bool:
    """Whether a node is what a function returns or a variable gets."""
    site = _given_as(site)
    return site.field == "value" and site.parent is not None and isinstance(site.parent.node, cst.Return | cst.Assign)


def _is_number(tree: Tree, node: cst.CSTNode, shown: Shown) -> bool:
    """Whether an expression is a number, as far as it tells by itself: a literal, arithmetic, or what is shown."""
    if isinstance(node, cst.BaseNumber | cst.BinaryOperation):
        return True
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus) and _is_number(tree, node.expression, shown)
    if isinstance(node, cst.IfExp):
        return _is_number(tree, node.body, shown) and _is_number(tree, node.orelse, shown)
    if isinstance(node, cst.Call):
        numbers = [_is_number(tree, each.value, shown) for each in node.args]
        alone = called(node) in _TO_NUMBERS and len(numbers) == 1
        return all(numbers) and (alone or (called(node) in _EXTREMES and len(numbers) > 1))
    scalars = {each.code for each in shown.quantities if each.size is None}
    arrays = {each.code for each in shown.quantities if not each.of_row} - scalars
    if isinstance(node, cst.Subscript) and len(node.slice) == 1 and isinstance(node.slice[0].slice, cst.Index):
        return _code(tree, node) in scalars or _code(tree, node.value) in arrays
    return isinstance(node, cst.Name) and node.value in scalars


def _code(tree: Tree, node: cst.CSTNode) -> str:
    """With the quotes that quantities have."""
    return tree.code(node).replace("'", '"')
