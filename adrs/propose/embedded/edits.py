"""Random edits of expressions. Each takes a site and returns an edit, or None where it does not apply."""

import math
import random
from collections.abc import Callable, Sequence

import libcst as cst

from adrs.propose.embedded.idea import shorten
from adrs.propose.embedded.text import is_atom, number
from adrs.propose.embedded.tree import Edit, Site, Tree, called, in_index, is_load

Maker = Callable[[Tree, Site, random.Random], Edit | None]

_ORDERINGS = (cst.LessThan, cst.LessThanEqual, cst.GreaterThan, cst.GreaterThanEqual)
_EQUALITIES = (cst.Equal, cst.NotEqual)
_SUMS = (cst.Add, cst.Subtract)
_PRODUCTS = (cst.Multiply, cst.Divide)
_AUGMENTED_SUMS = (cst.AddAssign, cst.SubtractAssign)
_AUGMENTED_PRODUCTS = (cst.MultiplyAssign, cst.DivideAssign)
_BOOLEANS = (cst.And, cst.Or)
_FAMILIES: Sequence[tuple[type[cst.CSTNode], ...]] = (
    _ORDERINGS, _EQUALITIES, _SUMS, _PRODUCTS, _AUGMENTED_SUMS, _AUGMENTED_PRODUCTS, _BOOLEANS,
)  # fmt: skip
_COUNTERPARTS = {"min": "max", "max": "min", "argmin": "argmax", "argmax": "argmin", "minimum": "maximum",
                 "maximum": "minimum", "floor": "ceil", "ceil": "floor", "mean": "max"}  # fmt: skip


def operator(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """Another comparison, arithmetic or boolean operator of the same family."""
    family = next((family for family in _FAMILIES if isinstance(site.node, family)), None)
    if family is None:
        return None
    outer = site.parent.node if site.parent else None
    if isinstance(outer, cst.BinaryOperation) and (_is_list(outer.left) or _is_list(outer.right)):
        return None
    if tree.is_structural(site):
        return None
    kind = rng.choice([kind for kind in family if not isinstance(site.node, kind)])
    new = kind()
    return Edit(site.path, new, f"`{tree.code(site.node)}` became `{tree.code(new)}`", site.path)


def constant(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A number moved: a float by a random factor, a whole number to another one near it; 0.0 to any of usual size."""
    node = site.node
    if not isinstance(node, cst.BaseNumber) or tree.is_structural(site):
        return None
    if isinstance(node, cst.Integer):
        value = node.evaluated_value
        moved = rng.choice((value + 1, max(0, value - 1), value * 2, value // 2))
        if moved == value:
            moved = value + 1
        new: cst.BaseNumber = cst.Integer(str(moved))
    elif isinstance(node, cst.Float):
        size = node.evaluated_value
        if size and not 1e-6 < size < 1e6:
            return None
        new = cst.Float(number((size or 1.0) * math.exp(rng.gauss(0.0, 0.7 if size else 2.0))))
    else:
        return None
    return Edit(site.path, new, f"`{node.value}` became `{tree.code(new)}`", site.path)


def call(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """min for max, another direction of a sort."""
    node = site.node
    if not isinstance(node, cst.Call):
        return None
    name = called(node)
    if name in ("sorted", "sort"):
        return _turn_sort(tree, site, node)
    if name == "argsort" and node.args and node.args[0].keyword is None:
        return _turn_argument(tree, site, node)
    if name not in _COUNTERPARTS:
        return None
    other = cst.Name(_COUNTERPARTS[name])
    function = node.func.with_changes(attr=other) if isinstance(node.func, cst.Attribute) else other
    if name == "mean" and not isinstance(node.func, cst.Attribute):
        return None
    return Edit(site.path, node.with_changes(func=function), f"`{name}` became `{other.value}`", site.path)


def _turn_sort(tree: Tree, site: Site, node: cst.Call) -> Edit | None:
    reverse = next((argument for argument in node.args
                    if argument.keyword and argument.keyword.value == "reverse"), None)  # fmt: skip
    if any(argument.star for argument in node.args):
        return None
    if reverse is None and isinstance(node.func, cst.Attribute):
        return None  # `sort` of an array knows no `reverse`
    code = tree.code(reverse.value) if reverse is not None else "False"
    arguments = [_parenthesized(argument) for argument in node.args if argument is not reverse]
    if code != "True":
        turned = cst.parse_expression(f"_(reverse={'True' if code == 'False' else f'not ({code})'})")
        arguments += cst.ensure_type(turned, cst.Call).args
    elif arguments:
        arguments[-1] = arguments[-1].with_changes(comma=node.args[-1].comma)
    said = f"`{shorten(tree.code(node))}` sorts the other way"
    return Edit(site.path, node.with_changes(args=arguments), said, site.path)


def _parenthesized(argument: cst.Arg) -> cst.Arg:
    """An argument that may have others beside it: a generator may not stand bare then."""
    if isinstance(argument.value, cst.GeneratorExp) and not argument.value.lpar:
        bracketed = argument.value.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        return argument.with_changes(value=bracketed)
    return argument


def _turn_argument(tree: Tree, site: Site, node: cst.Call) -> Edit:
    argument = node.args[0]
    code = tree.code(argument.value)
    if isinstance(argument.value, cst.UnaryOperation) and isinstance(argument.value.operator, cst.Minus):
        turned = argument.value.expression
    else:
        turned = cst.parse_expression(f"-({code})")
    arguments = [argument.with_changes(value=turned), *node.args[1:]]
    return Edit(site.path, node.with_changes(args=arguments), f"sorts by `{shorten(tree.code(turned))}`", site.path)


def field(tree: Tree, site: Site, rng: random.Random, fields: Sequence[str]) -> Edit | None:
    """Another one of the fields of an argument that are alike."""
    if not isinstance(site.node, cst.SimpleString) or not in_index(site) or site.node.evaluated_value not in fields:
        return None
    other = rng.choice([name for name in fields if name != site.node.evaluated_value])
    return Edit(site.path, cst.SimpleString(f'"{other}"'), f"`{site.node.value}` became `{other}`", site.path)


def condition(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """The opposite of the condition of an `if` or a conditional expression."""
    if site.field != "test" or site.parent is None or not isinstance(site.parent.node, cst.If | cst.IfExp):
        return None
    code = tree.code(site.node)
    opposite = cst.parse_expression(f"not ({code})")
    return Edit(site.path, opposite, f"the condition `{shorten(code)}` is negated", site.path)


def drop_term(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """One side of a sum, difference, product or boolean operation goes."""
    node = site.node
    arithmetic = isinstance(node, cst.BinaryOperation) and isinstance(
        node.operator, cst.Add | cst.Subtract | cst.Multiply | cst.Divide
    )
    if not (arithmetic or isinstance(node, cst.BooleanOperation)) or (arithmetic and tree.is_structural(site)):
        return None
    assert isinstance(node, cst.BinaryOperation | cst.BooleanOperation)
    if _is_list(node.left) or _is_list(node.right):
        return None
    kept, dropped = rng.choice(((node.left, node.right), (node.right, node.left)))
    if isinstance(kept, cst.BaseNumber):
        return None
    new = in_place_of(tree, site, tree.code(kept), kept)
    return Edit(site.path, new, f"`{shorten(tree.code(dropped))}` dropped from `{shorten(tree.code(node))}`", site.path)


def add_term(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """A quantity of the same function is added to an operand of arithmetic, with a random weight."""
    if not is_operand(tree, site) or site.function is None or tree.is_structural(site):
        return None
    known = tree.known_at(site)
    terms = [other for other in tree.sites if other.function is site.function and is_operand(tree, other)
             and not isinstance(other.node, cst.BaseNumber) and tree.names_in(other)[1] <= known]  # fmt: skip
    if not terms:
        return None
    term, code = tree.code(rng.choice(terms).node), tree.code(site.node)
    added = term if is_atom(term) else f"({term})"
    if rng.random() < 0.5:
        added = f"{math.exp(rng.uniform(-3.0, 1.5)):.2g} * {added}"
    sign = rng.choice("+-")
    new = in_place_of(tree, site, f"{code} {sign} {added}", None)
    return Edit(site.path, new, f"`{shorten(code)}` {sign} `{shorten(added)}`", site.path)


def name(tree: Tree, site: Site, rng: random.Random) -> Edit | None:
    """Another local variable of the same function that is used in the same way elsewhere."""
    node = site.node
    if not isinstance(node, cst.Name) or site.function is None or not is_load(site) or tree.is_structural(site):
        return None
    known = tree.known_at(site)
    if node.value not in known:
        return None
    uses: dict[str, set[str]] = {}
    for where, value, binding in tree.names:
        if not binding and where.function is site.function:
            uses.setdefault(value, set()).add(_use(where))
    others = sorted(other for other in known if other != node.value and _use(site) in uses.get(other, ()))
    if not others:
        return None
    other = rng.choice(others)
    return Edit(site.path, node.with_changes(value=other), f"`{node.value}` became `{other}`", site.path)


def _use(site: Site) -> str:
    """How a name is used, as far as its surroundings tell: a hint at its type."""
    assert site.parent is not None
    return f"{type(site.parent.node).__name__}.{site.field}" if not in_index(site) else "index"


def _is_list(node: cst.CSTNode) -> bool:
    """Whether an operand makes a sequence of an arithmetic operation."""
    return isinstance(node, cst.List | cst.Tuple | cst.BaseComp | cst.BaseString | cst.FormattedString)


def is_operand(tree: Tree, site: Site) -> bool:
    """Whether a node is surely a quantity: part of arithmetic, of an ordering, or of a key to order by."""
    node, parent = site.node, site.parent
    if parent is None or not isinstance(node, cst.BaseExpression) or _is_list(node):
        return False
    if isinstance(parent.node, cst.BinaryOperation):
        if _is_list(parent.node.left) or _is_list(parent.node.right):
            return False
        return isinstance(parent.node.operator, cst.Add | cst.Subtract | cst.Multiply | cst.Divide)
    if isinstance(parent.node, cst.Comparison):
        return any(isinstance(target.operator, _ORDERINGS) for target in parent.node.comparisons)
    if isinstance(parent.node, cst.ComparisonTarget):
        return isinstance(parent.node.operator, _ORDERINGS)
    if isinstance(parent.node, cst.Lambda) and not tree.is_key(site):
        return site.field == "body" and isinstance(node, cst.BinaryOperation | cst.Subscript)
    return tree.is_key(site) or (site.field == "value" and isinstance(parent.node, cst.AugAssign))


def in_place_of(tree: Tree, site: Site, code: str, kept: cst.BaseExpression | None) -> cst.BaseExpression:
    """An expression from text, in parentheses unless it stands alone or was an operand just as tight before."""
    alone = site.field == "value" and site.parent is not None and isinstance(
        site.parent.node, cst.Assign | cst.Return | cst.AugAssign | cst.Arg)  # fmt: skip
    atom = isinstance(kept, cst.Name | cst.Call | cst.Attribute | cst.Subscript)
    if (alone or atom) and "\n" not in code:
        return cst.parse_expression(code)
    return cst.parse_expression(f"({code})")
