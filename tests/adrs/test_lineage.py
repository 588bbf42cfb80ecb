"""The tree: what is shown, and what is folded to a count."""

from adrs.lineage import Node, tree
from adrs.program import Parent
from adrs.store import Summary


def summary(number: int, parent: int | None, fitness: float | None) -> Summary:
    parents = () if parent is None else (Parent(parent, "parent"),)
    return Summary(number, str(number), 0, "p", "o", "", "", "ok" if fitness is not None else "error", "", fitness,
                   fitness, parents)  # fmt: skip


def shown(roots: list[Node]) -> set[int]:
    return {node.summary.id for node in roots} | {number for node in roots for number in shown(node.children)}


ROWS = [summary(1, None, 0.0), summary(2, 1, -1.0), summary(3, 1, 2.0), summary(4, 2, 1.0), summary(5, 3, None),
        summary(6, 4, 3.0)]  # fmt: skip


def test_improvements_and_their_ancestors_are_shown_and_the_rest_is_counted() -> None:
    roots = tree(ROWS)
    assert shown(roots) == {1, 2, 3, 4, 6}
    third = next(node for node in roots[0].children if node.summary.id == 3)
    assert (third.folded, third.gain) == (1, 2.0)
    assert shown(tree(ROWS, everything=True)) == {1, 2, 3, 4, 5, 6}


def test_the_winner_is_shown_even_if_it_was_not_the_best_on_train() -> None:
    rows = [*ROWS, summary(7, 3, 1.5)]
    assert 7 not in shown(tree(rows))
    assert 7 in shown(tree(rows, winner=7))


def test_a_run_with_one_program_and_one_without_any() -> None:
    assert shown(tree(ROWS[:1])) == {1}
    assert tree([]) == []
