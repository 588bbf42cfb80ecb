"""The tree: what is shown, and what is folded to a count."""

from pathlib import Path

import pytest

from adrs.lineage import Tree, children, tree
from adrs.program import Parent
from adrs.store import Reader
from tests.adrs.lineage_tools import Log


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs 3 and 6 improve on all before them; 8 is told last and not the best on train."""
    log = Log(tmp_path_factory.mktemp("tree"))
    log.program(None, 0.0)
    log.program(1, -100.0)
    log.program(1, 200.0)
    log.program(2, 100.0)
    log.program(3, None, verdict="error", reason="small: ZeroDivisionError")
    log.program(4, 300.0)
    log.program(5, 150.0)
    log.program(3, 250.0, others=(Parent(1, "crossover"),))
    return log.close()


def shown(found: Tree) -> dict[int, int | None]:
    return {node.program.id: node.parent for node in found.nodes}


def test_improvements_and_their_ancestors_are_shown_and_the_rest_is_counted(run: Path) -> None:
    with Reader(run) as reader:
        found, whole = tree(reader), tree(reader, everything=True)
    assert shown(found) == {1: None, 2: 1, 3: 1, 4: 2, 6: 4}
    third = next(node for node in found.nodes if node.program.id == 3)
    assert (third.folded, third.hidden_children, third.gain) == (3, 2, 200.0)
    assert [node.program.id for node in found.nodes if node.improved] == [1, 6, 3]
    assert found.programs == len(found.nodes) + sum(node.folded for node in found.nodes) + found.folded_roots
    assert shown(whole) == {1: None, 2: 1, 3: 1, 4: 2, 5: 3, 6: 4, 7: 5, 8: 3}
    assert not any(node.folded for node in whole.nodes)


def test_parents_come_before_their_children(run: Path) -> None:
    with Reader(run) as reader:
        for found in (tree(reader), tree(reader, everything=True)):
            seen = set()
            for node in found.nodes:
                assert node.parent is None or node.parent in seen
                seen.add(node.program.id)


def test_the_winner_is_shown_even_if_it_was_not_the_best_on_train(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 10.0)
    log.program(1, 9.0)
    log.chosen(3)
    with Reader(log.close()) as reader:
        assert tree(reader).winner == 3
        assert 3 in shown(tree(reader))


def test_a_branch_unfolds_on_demand(run: Path) -> None:
    with Reader(run) as reader:
        first = children(reader, 3)
        assert [(node.program.id, node.parent, node.folded) for node in first.nodes] == [(5, 3, 1), (8, 3, 0)]
        assert [node.program.id for node in children(reader, 3, offset=1, limit=1).nodes] == [8]
        assert children(reader, 8).nodes == ()


def test_a_run_with_one_program_and_one_without_any(tmp_path: Path) -> None:
    empty = Log(tmp_path, "empty")
    one = Log(tmp_path, "one")
    one.program(None, 0.0)
    with Reader(empty.close()) as reader:
        assert tree(reader) == Tree((), 0, None)
    with Reader(one.close()) as reader:
        assert shown(tree(reader)) == {1: None}
