"""What is chosen is what does best in closed loop, and nothing else counts before that."""

import asyncio
import math
from dataclasses import replace

import numpy as np
import pytest

from adrs.distill.symbolic.choose import Fitted, Judges, choose_leaves, collapsed, knee, preferred
from adrs.distill.symbolic.closed_loop import BROKEN, ClosedLoop, Outcome, fresh, like
from adrs.distill.symbolic.constants import rule_constants, rule_with_constants
from adrs.distill.symbolic.examples import make_examples
from adrs.distill.symbolic.fit import fidelity
from adrs.distill.symbolic.rounds import Candidate, Found
from adrs.distill.symbolic.rows import gap_said, make_rows
from adrs.distill.symbolic.teachers import NetworkTeacher
from adrs.distill.symbolic.tune import rounded, tuned
from adrs.distill.symbolic.workers import Workers
from adrs.program import Recording
from adrs.rule.form import Constant, Leaf, Operation, Rule, Split, Terminal
from adrs.rule.size import rule_operations

ERROR, RATIO = Terminal(0, "last"), Terminal(1, "last")


def times(number, expression):
    return Operation("mul", (Constant(number), expression))


def steer(valve, error, ratio):
    """A rule that is linear in the newest error and inflow."""
    return Rule(valve.distillation.inputs, Leaf(Operation("add", (times(error, ERROR), times(ratio, RATIO)))))


def outcomes(loop, rules, split="validation"):
    return asyncio.run(loop.outcomes(rules, loop.problem.workloads[split]))


def test_the_closer_copy_that_does_worse_is_not_chosen(valve, loop, network):
    """Twice the gain of the teacher copies it badly and holds the level better."""
    teacher = NetworkTeacher(network, loop)
    samples = asyncio.run(teacher.recorded(valve.workloads["train"], Recording("valve", noise=0.25)))
    examples = make_examples(samples, valve.distillation.inputs)
    copy, bold = steer(valve, -0.9, -2.5), steer(valve, -1.6, -4.0)
    fits = [fidelity(rule, examples) for rule in (copy, bold)]
    assert fits[0] > fits[1] + 0.1
    scored = outcomes(loop, [copy, bold])
    assert scored[1].fitness > scored[0].fitness + 0.02
    found = Found([Candidate(copy, "flat", 1, fidelity=fits[0]), Candidate(bold, "flat", 1, fidelity=fits[1])], scored)
    assert found.chosen(0.01) == 1
    rows = asyncio.run(make_rows(loop, found, 0.01))
    assert [row.rule for row in rows if row.chosen] == [bold]
    assert set(rows[0].outcomes) == {"train", "validation", "test"}


def test_within_the_margin_fewer_operations_win_and_broken_rules_never(valve):
    small, large = steer(valve, -1.0, 0.0), steer(valve, -1.0, -1.0)
    small = Rule(small.inputs, Leaf(times(-1.0, ERROR)))
    near = [Outcome(0.5, 0.5, ()), Outcome(0.504, 0.504, ())]
    assert preferred([small, large], near, 0.005) == 0
    assert preferred([small, large], near, 0.001) == 1
    assert preferred([small, large], [BROKEN, near[1]], 10.0) == 1
    assert preferred([small, large], [BROKEN, BROKEN], 10.0) is None
    assert math.isinf(BROKEN.worst_tenth)


def test_rules_of_too_many_operations_are_chosen_only_where_there_are_no_others(valve):
    small, large = Rule(valve.distillation.inputs, Leaf(times(-1.0, ERROR))), steer(valve, -1.0, -1.0)
    apart = [Outcome(0.5, 0.5, ()), Outcome(0.9, 0.9, ())]
    assert preferred([small, large], apart, 0.005, rule_operations(large)) == 1
    assert preferred([small, large], apart, 0.005, rule_operations(small)) == 0
    assert preferred([small, large], apart, 0.005, 1) == 1
    found = Found([Candidate(small, "flat", 1), Candidate(large, "flat", 1)], apart, most_operations=3)
    assert found.chosen(0.005) == 0


def test_once_there_is_enough_the_chosen_rule_alone_is_scored_on_test(valve, loop):
    rules = [steer(valve, -1.0 - 0.2 * step, -2.0) for step in range(3)]
    found = Found([Candidate(rule, "flat", place) for place, rule in enumerate(rules)], outcomes(loop, rules))
    rows = asyncio.run(make_rows(loop, found, 0.0, lambda: True))
    assert rows[0].chosen
    assert set(rows[0].outcomes) == {"train", "validation", "test"}
    assert [set(row.outcomes) for row in rows[1:]] == [{"validation"}] * 2


def test_the_worst_tenth_is_of_single_instances(loop, valve):
    (outcome,) = outcomes(loop, [steer(valve, -1.0, -2.0)])
    assert len(outcome.instances) == 24
    assert outcome.worst_tenth == pytest.approx(np.sort(outcome.instances)[:2].mean())


def test_a_rule_with_a_pole_breaks_and_ends_nothing(loop, valve):
    pole = Rule(valve.distillation.inputs, Leaf(Operation("log", (ERROR,))))
    assert outcomes(loop, [pole, steer(valve, -1.0, 0.0)])[0] == BROKEN


def test_asked_again_nothing_is_evaluated(loop, valve):
    rule = steer(valve, -1.0, -2.0)
    assert outcomes(loop, [rule, rule]) == outcomes(loop, [rule, rule])
    assert loop.evaluations == 2


@pytest.mark.slow
def test_two_processes_say_what_one_says(valve, loop, network):
    rules = [steer(valve, -1.0 - 0.1 * step, -2.0) for step in range(4)]
    with Workers(2) as workers:
        apart = ClosedLoop(valve, workers)
        specs = valve.workloads["validation"]

        async def both(loop):
            return await loop.outcomes([*rules, network], specs), await loop.recorded(
                network, specs, Recording("valve")
            )

        scored, samples = asyncio.run(both(apart))
    expected, same = asyncio.run(both(loop))
    assert scored == expected
    assert samples.answers.tolist() == same.answers.tolist()


def test_fresh_workloads_have_seeds_of_no_split(valve):
    known = [spec for specs in valve.workloads.values() for spec in specs]
    drawn = fresh(valve.workloads["train"], known, 50, seed=4)
    seeds = {spec.seed for spec in drawn}
    assert len(seeds) == len({spec.name for spec in drawn}) == 50
    assert not seeds & {spec.seed for spec in known}
    assert drawn == fresh(valve.workloads["train"], known, 50, seed=4)
    still = replace(known[0], seed=None)
    assert fresh([still], known, 3, seed=4) == [still]


def test_workloads_to_tune_on_are_of_the_same_families_and_of_no_split(valve):
    known = [spec for specs in valve.workloads.values() for spec in specs]
    other = replace(known[0], family="pools")
    drawn = like([*valve.workloads["validation"], other], known, 3, seed=4)
    assert [spec.family for spec in drawn] == ["tanks"] * 3 + ["pools"] * 3
    assert len({spec.seed for spec in [*drawn, *known]}) == len(drawn) + len(known)
    assert like([replace(known[0], seed=None)], known, 3, seed=4) == []


def test_the_knee_is_where_more_nodes_stop_paying():
    sizes = [ERROR, times(2.0, ERROR), Operation("add", (times(2.0, ERROR), times(1.0, RATIO)))]
    assert knee([Fitted(each, fit) for each, fit in zip(sizes, (0.1, 0.9, 0.95), strict=True)]) == 1
    assert knee([Fitted(ERROR, 0.3)]) == 0
    assert knee([Fitted(ERROR, 0.5), Fitted(sizes[1], 0.2)]) == 0


def test_leaves_are_chosen_together_in_closed_loop(valve, loop):
    """The better fits are worse leaves; one step at a time leads from the knees to the good pair."""
    inputs = valve.distillation.inputs
    fronts = [[Fitted(times(gain, ERROR), fit) for gain, fit in ((-0.1, 0.99), (-1.5, 0.2))] for _ in range(2)]
    judges = Judges(loop, valve.workloads["train"], valve.workloads["validation"])

    def build(leaves):
        return Rule(inputs, Split(RATIO, 0.0, *(Leaf(each) for each in leaves)))

    rules = asyncio.run(choose_leaves(judges, build, fronts, steer(valve, -1.5, -4.0).root.expression))
    assert rules[0] == build([times(-1.5, ERROR)] * 2)
    assert rules[1] == build([steer(valve, -1.5, -4.0).root.expression] * 2)
    assert collapsed(rules[1]) == steer(valve, -1.5, -4.0)


def test_leaves_cost_no_more_than_they_may(valve, loop):
    inputs, judges = valve.distillation.inputs, Judges(loop, valve.workloads["train"], valve.workloads["validation"])
    dear = Operation("add", (times(-1.5, ERROR), times(-4.0, RATIO)))
    fronts = [[Fitted(Constant(0.0), 0.0), Fitted(times(-1.5, ERROR), 0.9), Fitted(dear, 0.99)] for _ in range(2)]

    def build(leaves):
        return Rule(inputs, Split(RATIO, 0.0, *(Leaf(each) for each in leaves)))

    most = rule_operations(build([times(-1.5, ERROR)] * 2))
    for rule in asyncio.run(choose_leaves(judges, build, fronts, dear, most)):
        assert rule_operations(rule) <= most
    assert asyncio.run(choose_leaves(judges, build, fronts, dear, 3)) == []


def test_tuning_raises_the_fitness_and_repeats(valve, loop):
    start = steer(valve, -0.5, -1.0)
    specs = valve.workloads["train"]
    first, again = (asyncio.run(tuned(loop, start, specs, 3, 60)) for _ in range(2))
    assert first == again
    before, after = outcomes(loop, [start, first], "train")
    assert after.fitness > before.fitness + 0.02
    assert asyncio.run(tuned(loop, start, specs, 3, 60, lambda: True)) == start


def test_rounding_makes_constants_plain_and_costs_no_more_than_the_margin(valve, loop):
    judges = Judges(loop, valve.workloads["train"], valve.workloads["validation"])
    start = steer(valve, -1.5234567, -3.8765432)
    short = asyncio.run(rounded(judges, start, 0.002))
    assert all(float(f"{number:.3g}") == number for number in rule_constants(short))
    for split in ("train", "validation"):
        before, after = outcomes(loop, [start, short], split)
        assert after.fitness >= before.fitness - 0.002
    plain = asyncio.run(rounded(judges, start, 10.0))
    assert rule_constants(plain) == [0.0]


def test_constants_of_a_rule_go_out_and_in_in_one_order(valve):
    rule = Rule(valve.distillation.inputs, Split(RATIO, 0.5, Leaf(times(2.0, ERROR)), steer(valve, 3.0, 4.0).root))
    assert rule_constants(rule) == [0.5, 2.0, 3.0, 4.0]
    assert rule_with_constants(rule, rule_constants(rule)) == rule
    assert rule_constants(rule_with_constants(rule, [1.0, 2.0, 3.0, 5.0])) == [1.0, 2.0, 3.0, 5.0]


def test_a_gap_of_more_than_three_points_is_said():
    assert "10.0 points lower" in gap_said(validation=90.0, test=80.0)
    assert gap_said(validation=90.0, test=87.5) == gap_said(validation=80.0, test=95.0) == ""
