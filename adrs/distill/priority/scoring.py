"""Expressions in a key's place: ordinary programs, evaluated in the sandbox as any other."""

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adrs.distill.minimise.passes.cleanup import cleanup
from adrs.distill.minimise.size import size
from adrs.distill.minimise.tolerance import tolerance
from adrs.distill.priority.fit import Order
from adrs.distill.priority.record import Table
from adrs.distill.priority.rewrite import Key, Program
from adrs.distill.priority.write import written
from adrs.distill.work import Row, Work
from adrs.errors import UserError
from adrs.program import Evaluation, Job, Split
from adrs.rule.form import Split as Branch
from adrs.source import Rejected, Screen

CONTROL = "cart"
"""Kind of a row that is there to be compared with."""
_WORDS = {CONTROL: "rule list", "branched": "branches", "flat": "expression"}
"""For people: of how many nodes follows."""
SPLITS: tuple[Split, ...] = ("train", "validation")


@dataclass(frozen=True)
class Base:
    """The program whose keys are looked at."""

    program: Program
    nodes: int
    """Without what nothing reads."""
    evaluations: Mapping[Split, Evaluation]


@dataclass(frozen=True)
class Scored:
    """One expression in a key's place."""

    key: Key
    order: Order
    text: str
    """The expression, as the program has it."""
    source: str
    row: Row
    lost: str = field(default="")
    """What speaks against the program; empty where it scores no lower than the base."""


async def evaluated(work: Work, source: str, known: Mapping[Split, Evaluation]) -> dict[Split, Evaluation]:
    """Evaluations of a program on train and validation; what is known is not asked again. Stops at a failure."""
    found = dict(known)
    for split in SPLITS:
        if split not in found and work.problem.workloads[split]:
            job = Job(source, split, scale=work.calibration.scale(split), thorough=True)
            found[split] = await work.executor.evaluate(job)
            work.evaluations += 1
            if found[split].verdict == "infrastructure":
                raise UserError(found[split].reason)
        if split in found and found[split].fitness is None:
            break
    return found


async def scored(work: Work, base: Base, key: Key, table: Table, order: Order, is_control: bool) -> Scored:
    """One expression, or a rule list, as a program. Raises UserError where evaluation itself fails."""
    made: list[str] = []

    def value(terms: Sequence[ast.expr]) -> ast.expr:
        new = written(order.node, [terms[place] for place in table.kept], key.arrays)
        made.append(" ".join(ast.unparse(ast.fix_missing_locations(ast.Expression(new))).split()))
        return new

    source = cleaned(work, base.program.replaced(key, value))
    evaluations = await evaluated(work, source, {})
    kind = CONTROL if is_control else "branched" if isinstance(order.node, Branch) else "flat"
    nodes = size(ast.parse(source)).nodes
    name = f"line {key.line}, {_WORDS[kind]} of {order.nodes}"
    more = {"operations": order.operations, "fidelity": order.agreement, "tau": order.tau}
    row = Row(name, kind, nodes, evaluations, more)
    return Scored(key, order, made[0], source, row, lost(work, base, evaluations))


def lost(work: Work, base: Base, evaluations: Mapping[Split, Evaluation]) -> str:
    """What speaks against a program: a total lower than the base's by more than the tolerance, or a failure."""
    for split, before in base.evaluations.items():
        after = evaluations.get(split)
        allowed = tolerance(work.problem, "improve", [before], behaves=False)
        reason = (
            "it was not measured" if after is None else allowed.broken(before, after, work.calibration.scale(split))
        )
        if split in SPLITS and reason:
            return f"{split}: {reason}"
    return ""


def cleaned(work: Work, source: str) -> str:
    """A program without what nothing reads; the program itself where that would be none of the problem's any more."""
    edit = next(iter(cleanup(ast.parse(source), frozenset(work.problem.functions))), None)
    if edit is None:
        return source
    shorter = ast.unparse(edit.make()) + "\n"
    try:
        Screen(work.problem).check(shorter, anywhere=True)
    except Rejected:
        return source
    return shorter
