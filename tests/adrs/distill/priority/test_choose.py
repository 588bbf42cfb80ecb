"""The score decides first, then how alike the order is, then size."""

from types import SimpleNamespace

import pytest

from adrs.calibrate import Calibration
from adrs.distill.priority.choose import chosen, why_none
from adrs.distill.priority.fit import Order
from adrs.distill.priority.rewrite import Key, Program
from adrs.distill.priority.scoring import Base, Scored, lost
from adrs.distill.work import Row
from adrs.problem import load
from adrs.program import FULL, Evaluation
from adrs.rule.form import Leaf, Terminal


def scored(agreement, nodes, lost="", kind="flat"):
    order = Order(Leaf(Terminal(0, "last")), agreement, 2 * agreement - 1, agreement)
    return Scored(Key(0, "", 1, False, "", ("a",)), order, "a", "", Row("", kind, nodes, {}), lost)


def test_what_is_most_alike_and_scores_lower_is_not_chosen():
    alike, good = scored(0.999, 10, "train: lower"), scored(0.96, 30)
    assert chosen([alike, good], 40, "preserve") is good
    assert chosen([alike], 40, "preserve") is None
    assert "train: lower" in why_none([alike], "preserve")


def test_of_those_that_score_as_well_the_most_alike_then_the_smallest():
    alike, smaller, other = scored(1.0, 20), scored(0.9999, 15), scored(0.96, 10)
    assert chosen([alike, smaller, other], 40, "preserve") is smaller


def test_preserve_wants_the_order_and_improve_the_score():
    other = scored(0.7, 10)
    assert chosen([other], 40, "preserve") is None
    assert "--mode improve" in why_none([other], "preserve")
    assert chosen([other], 40, "improve") is other


def test_neither_a_longer_program_nor_a_rule_list_is_chosen():
    assert chosen([scored(1.0, 40)], 40, "preserve") is None
    assert "no shorter" in why_none([scored(1.0, 40)], "preserve")
    assert chosen([scored(1.0, 10, kind="cart")], 40, "improve") is None


@pytest.mark.parametrize(("change", "is_lost"), [(0.0, False), (1e-12, False), (1e-6, True), (-1.0, False)])
def test_a_total_that_is_computed_may_not_be_lower_at_all(change, is_lost):
    """The metric is a makespan: more is worse."""
    problem = load("transaction-scheduling")

    def evaluation(split, value):
        return Evaluation(split, FULL, "ok", metrics={"total_makespan": value}, fitness=-value)

    before = {split: evaluation(split, 1000.0) for split in ("train", "validation")}
    after = {"train": evaluation("train", 1000.0), "validation": evaluation("validation", 1000.0 * (1 + change))}
    work = SimpleNamespace(problem=problem, calibration=Calibration(problem))
    base = Base(Program("", {}), 10, before)
    assert bool(lost(work, base, after)) is is_lost
    assert lost(work, base, {"train": before["train"]}) == "validation: it was not measured"
