"""Which rules stand in the table of sizes and scores, and what is said of each."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from adrs.distill.symbolic.closed_loop import ClosedLoop, Outcome
from adrs.distill.symbolic.rounds import Candidate, Found
from adrs.program import SPLITS, Split
from adrs.rule.form import Rule
from adrs.rule.size import rule_nodes, rule_operations

_LUCKY = 3.0
"""Points."""


@dataclass(frozen=True)
class RuleRow:
    """One line of the table: a rule, and how it does in closed loop."""

    kind: str
    """teacher, flat, branched, by return, pursuit, cart."""
    name: str
    """For people."""
    rule: Rule | None
    """None for a teacher."""
    nodes: int
    """Of the form, or the weights of a network."""
    operations: int
    outcomes: Mapping[Split, Outcome] = field(default_factory=dict)
    fidelity: float = 1.0
    """R2 to the teacher's answers on links that nothing was fitted on."""
    chosen: bool = False


def table_places(found: Found, margin: float) -> list[int]:
    """Candidates worth a line: the chosen one first; the best of each kind, round, step and number of leaves; and those
    that none with as few operations beats on validation.
    """
    groups: dict[tuple[object, ...], int] = {}
    order = sorted(range(len(found.candidates)), key=lambda place: (-found.validation[place].fitness, place))
    for place in order:
        candidate = found.candidates[place]
        leaves = min(4, len(candidate.rule.leaves))
        groups.setdefault((candidate.kind, leaves, candidate.step), place)
        if candidate.kind == "flat":
            groups.setdefault((candidate.kind, candidate.round), place)
    first = [each for each in (found.chosen(margin), found.chosen(margin, branched=True)) if each is not None]
    return list(dict.fromkeys([*first, *groups.values(), *_front(found, order)]))


def _front(found: Found, order: Iterable[int]) -> list[int]:
    """In the order of falling fitness, those with fewer operations than all before."""
    kept, least = [], float("inf")
    for place in order:
        operations = rule_operations(found.candidates[place].rule)
        if operations < least:
            kept.append(place)
            least = operations
    return kept


async def make_rows(
    loop: ClosedLoop, found: Found, margin: float, enough: Callable[[], bool] = lambda: False
) -> list[RuleRow]:
    """The lines of all rules that stand in the table, the chosen one first, scored on every split; `test` here alone.

    Once there is enough, further ones are left with what is known: their outcomes on validation.
    """
    places, chosen = table_places(found, margin), found.chosen(margin)
    rules = [found.candidates[place].rule for place in places]
    scored: list[dict[Split, Outcome]] = []
    for some in _parts(rules, max(1, loop.workers)):
        splits = [split for split in SPLITS if loop.problem.workloads[split]
                  and (split == "validation" or not scored or not enough())]  # fmt: skip
        outcomes = {split: await loop.outcomes(some, loop.problem.workloads[split]) for split in splits}
        scored += [{split: outcomes[split][number] for split in splits} for number in range(len(some))]
    return [
        RuleRow(found.candidates[place].kind, title(found.candidates[place]), rule, rule_nodes(rule),
                rule_operations(rule), scored[number], found.candidates[place].fidelity, place == chosen)
        for number, (place, rule) in enumerate(zip(places, rules, strict=True))
    ]  # fmt: skip


def _parts(rules: Sequence[Rule], size: int) -> Iterable[Sequence[Rule]]:
    """The first by itself, then as many at a time as there are workers."""
    yield rules[:1]
    for start in range(1, len(rules), size):
        yield rules[start : start + size]


def title(candidate: Candidate) -> str:
    """What a candidate is, in words."""
    leaves = len(candidate.rule.leaves)
    kind = f"{candidate.kind}, {leaves} leaves" if leaves > 1 else candidate.kind
    return f"{kind}, round {candidate.round}, {candidate.step}"


def gap_said(validation: float, test: float) -> str:
    """A sentence where the best rule scores lower on `test` than on `validation` by more than three points."""
    gap = validation - test
    if gap <= _LUCKY:
        return ""
    return (
        f"the best rule is {gap:.1f} points lower on test than on validation: the best of many is lucky, or the "
        "workloads of test are harder"
    )
