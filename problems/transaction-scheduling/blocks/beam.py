"""Beam search front to back: of all ways to append one transaction to a kept order, keep the few with the least key."""

import heapq

from adrs_helpers import transaction_clock as clock
from adrs_helpers.blocks import expression, integer

WIDTH = integer(1, 16, 4)
BRANCHES = integer(1, 16, 4)


def outlook_key(makespan, outlook):
    """Of a kept order: its makespan, and the mean makespan if one of the remaining transactions is appended."""
    return expression(makespan + outlook, makespan, outlook)


def extend(kept):
    """The children of one kept order by the least makespan: key, remaining transactions, order, state."""
    state, order, remaining = kept
    spans = clock.costs(state, remaining).tolist()
    for span, transaction in heapq.nsmallest(BRANCHES, zip(spans, remaining, strict=True)):
        child = clock.copy(state)
        clock.append(child, transaction)
        left = [t for t in remaining if t != transaction]
        outlook = clock.costs(child, left).mean() if left else span
        yield outlook_key(span, outlook), left, [*order, transaction], child


def solve(instance):
    beam = [(clock.new_state(instance), [], list(range(instance["num_transactions"])))]
    while beam[0][2]:
        children = {}
        for child in sorted((child for kept in beam for child in extend(kept)), key=lambda child: child[0]):
            children.setdefault(frozenset(child[1]), child)
            if len(children) == WIDTH:
                break
        beam = [(state, order, left) for _, left, order, state in children.values()]
    return min(beam, key=lambda kept: clock.makespan_so_far(kept[0]))[1]
