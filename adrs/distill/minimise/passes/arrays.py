"""What is written item by item becomes arithmetic on whole arrays, as numpy has it.

`sorted(range(n), key=lambda i: x[i] - y[i])` becomes `np.argsort(x - y)`, `min(range(n), key=lambda i: x[i])`
`np.argmin(x)`, `[a + b for a, b in zip(x, y)]` `x + y`, and `for i in range(n): x[i] = y[i] + 1` `x = y + 1`.
"""

import ast
from collections.abc import Iterator, Mapping
from itertools import combinations

from adrs.distill.minimise.size import nodes
from adrs.distill.minimise.tree import Edit, loads, made, put, shown, stores, transformed, walk, with_fields, with_list

_CHOICES = {"sorted": "argsort", "min": "argmin", "max": "argmax"}
_SUMMARIES = {"sum": "sum", "any": "any", "all": "all", "min": "min", "max": "max"}
_ELEMENTWISE = {"min": "minimum", "max": "maximum"}
_SAME_IN_MATH = frozenset({"exp", "log", "log1p", "expm1", "sqrt", "tanh", "sin", "cos", "floor", "ceil", "log2"})
_OF_ITEMS = frozenset({*_ELEMENTWISE.values(), *_SAME_IN_MATH, "where", "abs"})
"""Functions of numpy that go item by item."""
_NUMPY = "numpy"
_MOST_CUT = 3
"""Arrays of a key that are cut in all combinations."""


class _NotElementwise(Exception):  # noqa: N818 - an answer
    """An expression is not the same for every item."""


def arrays(tree: ast.Module, fixed: frozenset[str]) -> Iterator[Edit]:
    """Edits of expressions and loops; whether what they hold are arrays, the oracle tells."""
    name = _numpy_of(tree) or "np"
    if not _numpy_of(tree) and (loads(tree)[name] or stores(tree)[name]):
        return
    for path, node in walk(tree):
        for new in _alternatives(node, name):
            edited = _with_numpy(put(tree, path, new), name)
            if nodes(edited) < nodes(tree):
                yield made("arrays", f"{shown(node)} -> {shown(new)}", tree, edited)


def _alternatives(node: ast.AST, numpy: str) -> Iterator[ast.AST]:
    try:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in _CHOICES:
                yield from _chosen(node, node.func.id, numpy)
            elif node.func.id in _SUMMARIES and len(node.args) == 1 and not node.keywords:
                yield _method(_items(node.args[0], numpy), _SUMMARIES[node.func.id])
        elif isinstance(node, ast.ListComp):
            yield _items(node, numpy)
        elif isinstance(node, ast.For):
            yield from _looped(node, numpy)
        if isinstance(node, ast.BinOp | ast.Call):
            whole, cut = _cut_outside(node)
            if cut is not None:
                yield ast.Subscript(whole, cut, ast.Load())
    except _NotElementwise:
        return


def _chosen(node: ast.Call, function: str, numpy: str) -> Iterator[ast.expr]:
    """The order of items by a key, or the item with the least or largest one, where items are counted from 0."""
    keywords = {keyword.arg: keyword.value for keyword in node.keywords}
    key, reverse = keywords.pop("key", None), keywords.pop("reverse", None)
    if len(node.args) != 1 or keywords or not isinstance(key, ast.Lambda) or len(key.args.args) != 1:
        return
    end, item = _counted(node.args[0]), key.args.args[0].arg
    is_reverse = isinstance(reverse, ast.Constant) and bool(reverse.value)
    if end is None or nodes(key.args) != 2 or (reverse is not None and not is_reverse):
        return
    for body in _cut(key.body, item, end):
        whole = _gathered(_whole(body, {}, item, numpy))
        plain = _call(numpy, _CHOICES[function], ast.UnaryOp(ast.USub(), whole) if is_reverse else whole)
        yield plain
        if function == "sorted":
            stable = with_fields(plain, keywords=[ast.keyword("kind", ast.Constant("stable"))])
            yield from (stable, _method(plain, "tolist"), _method(stable, "tolist"))


def _cut(body: ast.expr, item: str, end: ast.expr) -> Iterator[ast.expr]:
    """A key as it stands, and with arrays cut to as many items as there are: one that is longer does not fit."""
    subscripts = [node for node in ast.walk(body) if _is_item(node, item)]
    found = dict.fromkeys(ast.dump(node.value) for node in subscripts if isinstance(node, ast.Subscript))
    for count in range(len(found) + 1) if len(found) <= _MOST_CUT else (0,):
        for chosen in combinations(found, count):
            yield _with_cut(body, item, end, frozenset(chosen))


def _with_cut(body: ast.expr, item: str, end: ast.expr, chosen: frozenset[str]) -> ast.expr:
    def change(node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.Subscript) or not _is_item(node, item) or ast.dump(node.value) not in chosen:
            return node
        return with_fields(node, value=ast.Subscript(node.value, ast.Slice(None, end, None), ast.Load()))

    found = transformed(ast.Module([ast.Expr(body)], []), change).body[0]
    assert isinstance(found, ast.Expr)
    return found.value


def _gathered(expression: ast.expr) -> ast.expr:
    """The same with cuts as far outside as they go, where that is shorter."""

    def change(node: ast.AST) -> ast.AST:
        if not isinstance(node, ast.BinOp | ast.Call):
            return node
        whole, cut = _cut_outside(node)
        return node if cut is None else ast.Subscript(whole, cut, ast.Load())

    found = transformed(ast.Module([ast.Expr(expression)], []), change).body[0]
    assert isinstance(found, ast.Expr)
    return min(expression, found.value, key=nodes)


def _cut_outside(node: ast.expr) -> tuple[ast.expr, ast.Slice | None]:
    """`x[:n] + 2 * y[:n]` as `x + 2 * y` and the cut; an expression and None where there is none that all share."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        return node.value, node.slice
    if isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _OF_ITEMS:
        parts = node.args if not node.keywords else []
    else:
        return node, None
    found = [(part, None) if isinstance(part, ast.Constant) else _cut_outside(part) for part in parts]
    cuts = {"" if cut is None else ast.dump(cut): cut for (_, cut), part in zip(found, parts, strict=True)
            if not isinstance(part, ast.Constant)}  # fmt: skip
    if len(cuts) != 1 or None in cuts.values():
        return node, None
    wholes = [whole for whole, _ in found]
    if isinstance(node, ast.BinOp):
        return with_fields(node, left=wholes[0], right=wholes[1]), next(iter(cuts.values()))
    return with_fields(node, args=wholes), next(iter(cuts.values()))


def _items(node: ast.expr, numpy: str) -> ast.expr:
    """All items of a comprehension with one loop at once."""
    if not isinstance(node, ast.ListComp | ast.GeneratorExp) or len(node.generators) != 1:
        raise _NotElementwise
    generator = node.generators[0]
    if generator.ifs or generator.is_async:
        raise _NotElementwise
    items, index = _bound(generator.target, generator.iter)
    return _whole(node.elt, items, index, numpy)


def _looped(node: ast.For, numpy: str) -> Iterator[ast.stmt]:
    """A loop that gives every item of a variable a value."""
    only = node.body[0]
    if len(node.body) != 1 or node.orelse or not isinstance(only, ast.Assign | ast.AugAssign):
        return
    items, index = _bound(node.target, node.iter)
    target = only.target if isinstance(only, ast.AugAssign) else only.targets[0]
    if not isinstance(target, ast.Subscript) or not _is_item(target, index) or not isinstance(target.value, ast.Name):
        return
    if isinstance(only, ast.Assign) and len(only.targets) > 1:
        return
    changed, value = ast.Name(target.value.id, ast.Store()), _whole(only.value, items, index, numpy)
    if isinstance(only, ast.AugAssign):
        yield ast.AugAssign(changed, only.op, value)
    else:
        yield ast.Assign([changed], value, lineno=only.lineno)


def _bound(target: ast.expr, iterated: ast.expr) -> tuple[dict[str, ast.expr], str]:
    """Arrays by the name of their item, and the name of the index; empty where there is none."""
    if isinstance(target, ast.Name):
        return ({}, target.id) if _counted(iterated) is not None else ({target.id: iterated}, "")
    if (
        not isinstance(target, ast.Tuple)
        or not isinstance(iterated, ast.Call)
        or not isinstance(iterated.func, ast.Name)
    ):
        raise _NotElementwise
    arguments = iterated.args
    if iterated.func.id != "zip" or len(arguments) != len(target.elts):
        raise _NotElementwise
    found: dict[str, ast.expr] = {}
    for each, array in zip(target.elts, arguments, strict=True):
        if not isinstance(each, ast.Name) or isinstance(array, ast.Starred):
            raise _NotElementwise
        found[each.id] = array
    return found, ""


def _counted(iterated: ast.expr) -> ast.expr | None:
    """The end of a range from 0."""
    if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id == "range":
        return iterated.args[0] if len(iterated.args) == 1 and not iterated.keywords else None
    return None


def _whole(node: ast.expr, items: Mapping[str, ast.expr], index: str, numpy: str) -> ast.expr:
    """An expression of an item as one of arrays. Raises _NotElementwise, also for one that holds no item."""
    new = _of_arrays(node, items, index, numpy)
    if new is node:
        raise _NotElementwise
    return new


def _of_arrays(node: ast.expr, items: Mapping[str, ast.expr], index: str, numpy: str) -> ast.expr:
    read = loads(node)
    if not any(read[name] for name in items) and not read[index]:
        return node

    def deeper(inner: ast.expr) -> ast.expr:
        return _of_arrays(inner, items, index, numpy)

    if isinstance(node, ast.Name) and node.id in items:
        return items[node.id]
    if isinstance(node, ast.Subscript) and _is_item(node, index):
        if loads(node.value)[index]:
            raise _NotElementwise
        return node.value
    if isinstance(node, ast.BinOp):
        return with_fields(node, left=deeper(node.left), right=deeper(node.right))
    if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
        return with_fields(node, operand=deeper(node.operand))
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return with_fields(node, left=deeper(node.left), comparators=[deeper(node.comparators[0])])
    if isinstance(node, ast.IfExp):
        return _call(numpy, "where", deeper(node.test), deeper(node.body), deeper(node.orelse))
    if isinstance(node, ast.Call) and not node.keywords:
        return with_fields(_elementwise(node, numpy), args=[deeper(each) for each in node.args])
    raise _NotElementwise


def _elementwise(node: ast.Call, numpy: str) -> ast.Call:
    """The same call for arrays, its arguments left as they are."""
    function = node.func
    if isinstance(function, ast.Name):
        if function.id in ("float", "int"):
            raise _NotElementwise
        if function.id in _ELEMENTWISE and len(node.args) == 2:
            return _call(numpy, _ELEMENTWISE[function.id], *node.args)
        if function.id == "abs":
            return node
    if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
        if function.value.id == numpy:
            return node
        if function.value.id == "math" and function.attr in _SAME_IN_MATH:
            return _call(numpy, function.attr, *node.args)
    raise _NotElementwise


def _is_item(node: ast.AST, index: str) -> bool:
    """Whether a node is something at an index."""
    return isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Name) and node.slice.id == index


def _call(module: str, function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Attribute(ast.Name(module, ast.Load()), function, ast.Load()), list(arguments), [])


def _method(array: ast.expr, name: str) -> ast.Call:
    return ast.Call(ast.Attribute(array, name, ast.Load()), [], [])


def _numpy_of(tree: ast.Module) -> str:
    """The name under which a program imports numpy; empty if it does not."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == _NUMPY:
                    return alias.asname or alias.name
    return ""


def _with_numpy(tree: ast.Module, name: str) -> ast.Module:
    """The program with numpy imported, where it needs it and did not."""
    if _numpy_of(tree) or not loads(tree)[name]:
        return tree
    place = next((at for at, node in enumerate(tree.body) if not _goes_first(node)), len(tree.body))
    new = ast.Import([ast.alias(_NUMPY, name)])
    return with_list(tree, (), "body", [*tree.body[:place], new, *tree.body[place:]])


def _goes_first(node: ast.stmt) -> bool:
    """Whether a statement is a docstring or about the language's future."""
    return isinstance(node, ast.Expr) or (isinstance(node, ast.ImportFrom) and node.module == "__future__")
