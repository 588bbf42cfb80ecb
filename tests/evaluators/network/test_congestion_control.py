"""The wide-area problem: what its value rewards, and what no program can do."""

import numpy as np
import pytest

from adrs import problem as problems
from adrs.errors import UserError
from adrs.evaluation import Invalid, WorkloadSpec
from adrs.testing.policy import InProcessPolicy
from evaluators.network import measures
from evaluators.network.congestion_control import BASELINES, CongestionControl, link_value
from evaluators.network.layout import SECOND
from evaluators.network.simulation import Simulation

PROBLEM = problems.load("congestion-control")
EVALUATOR = CongestionControl(PROBLEM.evaluator_parameters)
SPEC = WorkloadSpec("congestion-control", "single-7", "single", "train", 7)


def evaluate(source, workload, spec=SPEC):
    return EVALUATOR.evaluate(InProcessPolicy(PROBLEM, source), workload, spec)


def program(body):
    return f"def on_interval(observation, state):\n    {body}\n"


@pytest.fixture(scope="module")
def links():
    return EVALUATOR.load(SPEC)


@pytest.fixture(scope="module")
def trivial(links):
    return EVALUATOR.reference("constant-rate", links, SPEC)


def test_the_native_constant_rate_is_the_program_that_changes_nothing(links, trivial):
    assert dict(evaluate(program("return 0.0"), links)) == dict(trivial)


def test_links_by_themselves_are_what_they_are_together(links, trivial):
    conditions, alone = zip(*EVALUATOR.instances(links), strict=True)
    values = [EVALUATOR.reference("constant-rate", each, SPEC)["value"] for each in alone]
    assert values == [trivial[f"link_{number:02d}"] for number in range(len(values))]
    assert len({tuple(each) for each in conditions}) == 1
    assert all(np.isfinite(list(each.values())).all() for each in conditions)


def test_the_first_two_intervals_of_a_flow_end_without_a_question(links):
    """As problem.toml and the README tell whoever writes a host."""
    [scenario] = links.scenarios[:1]
    simulation = Simulation([scenario])
    began = []

    def decide(asked, observations):
        began.append(int(simulation.arrays.flows["interval_start"][0]))
        if len(began) == 1:
            assert observations[0, :-3].tolist() == [0.0, 1.0, 1.0] * 9
            assert observations[0, -2] == 1.0  # it is the first that enters the smallest mean
        return np.zeros(1)

    simulation.run(decide)
    [flow] = scenario.flows
    base = flow.base + flow.size * 8 * SECOND // scenario.rates[0][1]
    assert began[0] == flow.start + 2 * (3 * base // 2)


@pytest.mark.parametrize("cheat", ["overdrive", "starve", "stretch", "last_burst", "bully"])
def test_extremes_end_below_the_trivial_baseline(cheat, links, trivial):
    source = (PROBLEM.folder / "cheats" / f"{cheat}.py").read_text()
    assert evaluate(source, links)["value"] < trivial["value"]


def test_decisions_that_depend_on_the_order_of_calls_are_invalid(links):
    twice = WorkloadSpec("congestion-control", "single-7", "single", "train", 7, {"shuffles": 2})
    assert evaluate(PROBLEM.seed.read_text(), links, twice)["decisions"] > 1000
    with pytest.raises(Invalid, match="order of calls"):
        evaluate((PROBLEM.folder / "cheats" / "call_order.py").read_text(), links, twice)


def test_actions_beyond_the_range_are_cut_and_counted(links):
    huge = evaluate(program("return 1e308"), links)
    assert huge["clamped_actions"] == huge["decisions"]
    assert huge["value"] == evaluate(program("return 40.0"), links)["value"]


@pytest.mark.parametrize("family", ["single", "dynamic", pytest.param("sharing", marks=pytest.mark.slow)])
def test_no_native_baseline_beats_the_one_that_stands_for_the_published(family):
    """On validation, which it was picked on; all workloads of a family together."""
    specs = [spec for spec in PROBLEM.workloads["validation"] if spec.family == family]
    loaded = [(spec, EVALUATOR.load(spec)) for spec in specs]

    def value(name):
        return EVALUATOR.summarise([(spec, EVALUATOR.reference(name, links, spec)) for spec, links in loaded])["value"]

    low, best = value("constant-rate"), value("best-published")
    assert best - low > 0.05
    for name in BASELINES:
        assert 100 * (value(name) - low) / (best - low) <= 101, name


def test_values_and_their_bounds():
    quiet = measures.LinkMeasures(1.0, 0, 0, 0, 0.0, 0.0, 1, 1, 1, 1.0, np.array([1]), 1, 1)
    assert link_value(quiet) == 1.0
    full = measures.LinkMeasures(1.0, 0, 0, 0, 9.0, 0.9, 1, 1, 1, 1.0, np.array([1]), 1, 1)
    assert link_value(full, 1.0) == -2.0
    assert measures.family_value(np.array([0.0] + [1.0] * 9)) == pytest.approx(0.75 * 0.9)
    assert measures.jain_index(np.array([1.0, 0.0])) == 0.5


def test_a_wrong_key_is_named():
    with pytest.raises(UserError, match="did you mean"):
        EVALUATOR.load(WorkloadSpec("p", "w", "single", "train", 1, {"kindz": []}))
    with pytest.raises(UserError, match="no native baseline"):
        EVALUATOR.reference("tahoe", EVALUATOR.load(SPEC), SPEC)


def test_a_bully_is_worth_less_than_cubic_beside_cubic():
    spec = WorkloadSpec("p", "against", "sharing", "test", 3, {"kinds": ["against-cubic"]})
    links = EVALUATOR.load(spec)
    few = type(links)(links.scenarios[:3], links.fair[:3])
    bully = (PROBLEM.folder / "cheats" / "bully.py").read_text()
    assert evaluate(bully, few, spec)["value"] < EVALUATOR.reference("cubic", few, spec)["value"]


def test_a_recorded_trace_takes_the_place_of_drawn_capacities(tmp_path):
    """12 Mbit/s for a second, silence for a second, again and again."""
    trace = tmp_path / "trace.txt"
    trace.write_text("".join(f"{millisecond}\n" for millisecond in range(1000)) + "1999\n")
    spec = WorkloadSpec("p", "recorded", "dynamic", "test", 3, {"trace": str(trace)})
    links = EVALUATOR.load(spec)
    rates = {rate for link in links.scenarios for _, rate in link.rates}
    assert rates == {12_000_000, 100_000, 120_000}
    assert len({link.rates for link in links.scenarios}) > 1
    assert 0 < EVALUATOR.reference("copa", links, spec)["utilisation"] <= 1.001
    trace.write_text("7\n3\n")
    with pytest.raises(UserError, match="never go back"):
        EVALUATOR.load(spec)
    with pytest.raises(UserError, match="in place of"):
        EVALUATOR.load(WorkloadSpec("p", "recorded", "single", "test", 3, {"trace": str(trace)}))


def test_bbr_follows_a_rise_of_the_capacity_sooner_than_vivace():
    spec = WorkloadSpec("p", "steps", "dynamic", "test", 3, {"kinds": ["square-wave"]})
    links = EVALUATOR.load(spec)
    one = type(links)(links.scenarios[:1], links.fair[:1])
    bbr, vivace = (EVALUATOR.reference(name, one, spec)["convergence_s"] for name in ("bbr", "vivace"))
    assert 0 < bbr < 2 < vivace <= 5
    steady = EVALUATOR.load(SPEC)
    assert "convergence_s" not in EVALUATOR.reference("bbr", steady, SPEC)
