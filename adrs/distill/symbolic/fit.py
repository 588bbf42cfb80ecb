"""Fronts of expressions for one table of examples: searched, mended, tested on links that they were not fitted on."""

from collections.abc import Sequence

import numpy as np

from adrs.distill.symbolic.choose import Fitted
from adrs.distill.symbolic.controls import cart, pursuits
from adrs.distill.symbolic.examples import Examples, r_squared
from adrs.distill.symbolic.search import Effort, search
from adrs.distill.symbolic.simplify import mended
from adrs.rule.form import Constant, Expression, Inputs, Leaf, Node, Rule, Split
from adrs.rule.interpret import Floats
from adrs.rule.size import expression_nodes


def found_expressions(examples: Examples, length: int, seed: int, effort: Effort) -> list[Expression]:
    """One search, mended on all rows."""
    raw = search(examples.matrix, examples.targets, examples.variables, length, seed, effort)
    return mended(raw, examples.column, examples.targets)


def front(expressions: Sequence[Expression], fitted: Examples, held: Examples) -> list[Fitted]:
    """Those that no smaller one fits as well as, the smallest first; fit on the rows that were fitted on decides, the
    one noted is that on the rows held out. Members that are not finite there are left out before anything is compared.
    """
    scored = []
    for expression in [*expressions, Constant(float(fitted.targets.mean()))]:
        inside = r_squared(fitted.value(expression), fitted.targets)
        outside = r_squared(held.value(expression), held.targets) if len(held) else inside
        if np.isfinite(inside) and np.isfinite(outside):
            scored.append((expression_nodes(expression), inside, Fitted(expression, outside)))
    scored.sort(key=lambda each: (each[0], -each[1]))
    kept, best = [], -np.inf
    for _, inside, member in scored:
        if inside > best:
            kept.append(member)
            best = inside
    return kept


def fidelity(rule: Rule, examples: Examples) -> float:
    """R2 of a rule's answers on rows that do not follow each other, hence as if branches did not wait."""
    answers = np.clip(_answers(rule.root, examples), rule.inputs.low, rule.inputs.high)
    return r_squared(answers, examples.targets)


def _answers(node: Node, examples: Examples) -> Floats:
    if isinstance(node, Leaf):
        return examples.value(node.expression)
    above = examples.column(node.terminal) > node.threshold
    return np.where(above, _answers(node.above, examples), _answers(node.below, examples))


def control_rules(examples: Examples, inputs: Inputs, leaves: Sequence[int]) -> "dict[str, list[Rule]]":
    """Cheap rules to compare with, by kind."""
    return {
        "pursuit": [Rule(inputs, Leaf(each)) for each in pursuits(examples)],
        "cart": [cart(examples, inputs, count) for count in leaves],
    }


def is_branched(rule: Rule) -> bool:
    """Whether it has branches at all."""
    return isinstance(rule.root, Split)
