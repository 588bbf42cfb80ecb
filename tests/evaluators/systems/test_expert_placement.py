"""Simulator, rules and published numbers of expert placement."""

import json
from functools import cache
from runpy import run_path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import problem as problems
from adrs.errors import UserError
from adrs.evaluate import harness
from adrs.evaluation import Invalid, WorkloadSpec
from adrs.problem import Problem
from adrs.program import Job
from adrs.testing.policy import InProcessPolicy
from evaluators.systems import expert_placement_legacy
from evaluators.systems.expert_load import FAMILIES, draw
from evaluators.systems.expert_placement import (
    Deployment,
    ExpertPlacement,
    balancedness,
    check_placement,
    leaderboard,
    nodes_of_groups,
    slot_loads,
)

PROBLEM = problems.load("expert-placement")


@cache
def place_of(baseline):
    return run_path(str(PROBLEM.folder / "baselines" / f"{baseline}.py"))["place"]


@cache
def deployment(family, seed=1):
    return Deployment(draw(FAMILIES[family], seed), FAMILIES[family].groups_stay_on_node)


def gpu_loads(placement, load, gpus):
    return slot_loads(placement, load).reshape(len(load), gpus, -1).sum(axis=2)


def mean_balancedness(place, workload, local, expected=lambda load: load):
    values = []
    for interval, (seen, served) in enumerate(zip(workload.loads[:-1], workload.loads[1:], strict=True)):
        config = {**workload.config(interval), "groups_stay_on_node": local}
        values.append(balancedness(gpu_loads(place(expected(seen), config, {}), served, workload.gpus)))
    return np.array(values)


@pytest.mark.parametrize(
    ("family", "round_robin", "hierarchical", "everywhere", "hierarchical_zigzag", "global_zigzag"),
    [
        ("trace-64", 0.4472, 0.5813, 0.7465, 0.5822, 0.7501),
        ("trace-256", 0.3064, 0.6283, 0.7214, 0.6229, 0.7180),
        ("steady-256", 0.3614, 0.8201, 0.8844, 0.8112, 0.8826),
        ("skewed-64", 0.3847, 0.4106, 0.5092, 0.4120, 0.5119),
    ],
)
def test_balancedness_of_baselines(family, round_robin, hierarchical, everywhere, hierarchical_zigzag, global_zigzag):
    workload = deployment(family)
    expected = {
        ("round_robin", False): round_robin,
        ("eplb_greedy", True): hierarchical,
        ("eplb_greedy", False): everywhere,
        ("zigzag", True): hierarchical_zigzag,
        ("zigzag", False): global_zigzag,
    }
    for (baseline, local), value in expected.items():
        assert round(mean_balancedness(place_of(baseline), workload, local).mean(), 4) == value, (baseline, local)


def test_shrinking_towards_the_mean_pays():
    workload = deployment("trace-64")
    shrunk = mean_balancedness(place_of("shrunk_greedy"), workload, False)
    unshrunk = mean_balancedness(place_of("eplb_greedy"), workload, False, lambda load: np.exp(np.log(load + 1)))
    assert round(shrunk.mean(), 4) == 0.7517
    assert round(unshrunk.mean(), 4) == 0.7442


def test_single_intervals_of_the_global_greedy():
    values = mean_balancedness(place_of("eplb_greedy"), deployment("trace-64"), False)
    assert round(values.min(), 3) == 0.438
    assert round(values.max(), 3) == 0.828


def test_example_of_the_published_balancer():
    """README of github.com/deepseek-ai/EPLB."""
    load = np.array(
        [[90, 132, 40, 61, 104, 165, 39, 4, 73, 56, 183, 86], [20, 107, 104, 64, 19, 197, 187, 157, 172, 86, 16, 27]]
    )
    config = {"slots": 16, "groups": 4, "nodes": 2, "gpus": 8, "groups_stay_on_node": True, "interval": 0}
    assert place_of("eplb_greedy")(load, config, {}).tolist() == [
        [5, 6, 5, 7, 8, 4, 3, 4, 10, 9, 10, 2, 0, 1, 11, 1],
        [7, 10, 6, 8, 6, 11, 8, 9, 2, 4, 5, 1, 5, 0, 3, 1],
    ]


def test_no_load_is_no_balance():
    assert balancedness(np.zeros((2, 4))) == 0


@st.composite
def placements(draw_):
    """A small deployment of one interval, and a placement in which every expert has a slot."""
    layers, gpus, per_gpu = draw_(st.integers(1, 3)), draw_(st.integers(1, 5)), draw_(st.integers(1, 4))
    experts = draw_(st.integers(1, gpus * per_gpu))
    generator = np.random.default_rng(draw_(st.integers(0, 2**32)))
    load = generator.integers(1, 1000, size=(layers, experts))
    rows = [np.r_[np.arange(experts), generator.integers(0, experts, gpus * per_gpu - experts)] for _ in range(layers)]
    return load, np.array([generator.permutation(row) for row in rows]), gpus


@given(placements())
@settings(max_examples=60, deadline=None)
def test_balancedness_by_definition(case):
    load, placement, gpus = case
    per_gpu = placement.shape[1] // gpus
    mean = largest = 0.0
    for row, experts in zip(load.tolist(), placement.tolist(), strict=True):
        loads = [0.0] * gpus
        for slot, expert in enumerate(experts):
            loads[slot // per_gpu] += row[expert] / experts.count(expert)
        mean += sum(loads) / gpus
        largest += max(loads)
    found = gpu_loads(placement, load, gpus)
    assert balancedness(found) == pytest.approx(mean / largest, rel=1e-12)
    assert 0 < balancedness(found) <= 1 + 1e-12
    np.testing.assert_allclose(found.sum(axis=1), load.sum(axis=1))


@given(placements(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
def test_order_within_a_gpu_and_of_gpus_does_not_matter(case, random):
    load, placement, gpus = case
    table = placement.reshape(len(placement), gpus, -1)
    shuffled = table[:, random.sample(range(gpus), gpus)][:, :, ::-1].reshape(placement.shape)
    before, after = gpu_loads(placement, load, gpus), gpu_loads(shuffled, load, gpus)
    assert balancedness(after) == pytest.approx(balancedness(before), rel=1e-12)


@given(placements())
@settings(max_examples=40, deadline=None)
def test_legacy_rules_agree_where_the_maps_do(case):
    load, placement, _ = case
    log2phy, logcnt = expert_placement_legacy.maps(placement, load.shape[1])
    answer = {"phy2log": placement, "log2phy": log2phy, "logcnt": logcnt}
    strict = slot_loads(placement, load)
    np.testing.assert_allclose(expert_placement_legacy.slot_loads(answer, load), strict, rtol=1e-6)
    np.testing.assert_allclose(expert_placement_legacy.slot_loads(placement, load), strict, rtol=1e-6)


def test_legacy_rules_lose_the_load_of_a_repeated_slot():
    load = np.array([[60, 30]])
    answer = {
        "phy2log": np.array([[0, 0, 1, 1]]),
        "log2phy": np.array([[[0, 0, -1], [2, 3, -1]]]),
        "logcnt": np.array([[2, 2]]),
    }
    assert expert_placement_legacy.slot_loads(answer, load).tolist() == [[30, 0, 15, 15]]


@pytest.fixture(scope="module")
def evaluate():
    """Evaluate a source on some workloads, in process: one round, no rest."""

    def run(problem: Problem, source, split="train", parameters=None):
        evaluator = ExpertPlacement({"rounds": 1, **(parameters or {})})
        return harness.evaluate(
            problem, evaluator, harness.Workloads(evaluator), InProcessPolicy(problem, source), Job(source, split)
        )

    return run


def test_legacy_rules_give_the_published_hole_its_full_score(evaluate):
    legacy = problems.load(str(PROBLEM.folder / "legacy"))
    cheat = evaluate(legacy, legacy.cheats[0].path.read_text(), parameters={"rules": "legacy"})
    honest = evaluate(legacy, legacy.seed.read_text(), parameters={"rules": "legacy"})
    assert cheat.metrics["balancedness"] == pytest.approx(1.0)
    assert honest.metrics["balancedness"] == pytest.approx(0.45, abs=0.02)
    assert cheat.fitness is None
    assert cheat.score is None
    assert "legacy" in cheat.reason


def local_row():
    return np.concatenate([np.tile(np.arange(16 * node, 16 * node + 16), 5)[:72] for node in range(4)])


def test_an_expert_without_slot_is_named():
    workload = deployment("trace-64")
    placement = np.tile(np.arange(288) % 64, (26, 1))
    placement[3][placement[3] == 17] = 18
    with pytest.raises(Invalid) as broken:
        check_placement(placement, workload, interval=4)
    assert broken.value.rule == "expert without slot"
    assert broken.value.detail == "interval 4, layer 3: expert 17 has no slot"


def test_groups_must_stay_on_their_node_where_that_is_asked():
    local, free = deployment("trace-64-local"), deployment("trace-64")
    placement = np.tile(local_row(), (26, 1))
    check_placement(placement, local, 0)
    placement[5, 0], placement[5, -1] = placement[5, -1], placement[5, 0]
    check_placement(placement, free, 0)
    with pytest.raises(Invalid, match="interval 2, layer 5: group 0 is on 2 nodes"):
        check_placement(placement, local, 2)


def test_every_node_has_its_number_of_groups():
    row = local_row()
    row[:72] = np.tile(np.arange(24), 3)
    row[72:144] = np.tile(np.arange(24, 32), 9)
    with pytest.raises(Invalid, match="layer 0: node 0 has 3 groups, not 2"):
        check_placement(np.tile(row, (26, 1)), deployment("trace-64-local"), 0)


def test_nodes_of_groups():
    assert nodes_of_groups(np.array([local_row()]), 64, 8, 4).sum(axis=2).tolist() == [[1] * 8]
    assert nodes_of_groups(np.array([np.arange(288) % 64]), 64, 8, 4).sum(axis=2).tolist() == [[4] * 8]


@pytest.mark.parametrize(
    ("balance", "seconds", "points"),
    [
        (1.0, 1e-5, 100.0), (0.7555, 0.0015, 67.995 + 5 / 0.75), (0.5, 0.001, 55.0), (0.5, 0.01, 46.0),
        (0.5, 0.02, 45.1), (0.5, 0.5, 35.02), (0.5, 2.0, 25.005),
    ],
)  # fmt: skip
def test_points_of_the_leaderboard(balance, seconds, points):
    assert leaderboard(balance, seconds) == pytest.approx(points)


def test_metrics_of_a_program(evaluate):
    result = evaluate(PROBLEM, PROBLEM.seed.read_text())
    assert result.verdict == "ok"
    assert result.workloads[0].name == "trace-64-1000"
    assert len(result.workloads) == 6
    local = result.workloads[-1].metrics
    assert local["nodes_per_group"] == 1
    assert local["moved_slots"] == 0
    assert local["unstable"] == 0
    assert local["balancedness_slot"] < local["balancedness"] < 1
    for workload in result.workloads:
        metrics = workload.metrics
        assert metrics["leaderboard"] == leaderboard(metrics["balancedness"], metrics["decision_time"])
        assert "balancedness" in workload.feedback
    assert result.fitness == pytest.approx(np.mean([w.metrics["leaderboard"] for w in result.workloads]))


def test_moved_slots(evaluate):
    turning = """
import numpy as np
def place(load, config, state):
    nodes = [np.tile(np.arange(16 * node, 16 * node + 16), 5)[:72] for node in range(4)]
    return np.tile(np.concatenate(nodes[::-1] if config["interval"] % 2 else nodes), (26, 1))
"""
    result = evaluate(PROBLEM, turning)
    assert [workload.metrics["moved_slots"] for workload in result.workloads] == [1.0] * 6


def test_trivial_below_state_of_the_art_on_every_split(evaluate):
    """With ten times the time that the greedy rule needs here, against none at all."""
    for split in ("train", "validation", "test"):
        trivial = evaluate(PROBLEM, PROBLEM.baseline("trivial").path.read_text(), split)
        published = evaluate(PROBLEM, PROBLEM.baseline("state-of-the-art").path.read_text(), split)
        slow = leaderboard(published.metrics["balancedness"], 0.05)
        assert slow > leaderboard(trivial.metrics["balancedness"], 1e-5) + 5, split


def test_splits_share_no_workload_and_tests_have_another_shape():
    names = {split: {spec.name for spec in specs} for split, specs in PROBLEM.workloads.items()}
    assert not names["train"] & names["validation"]
    assert not (names["train"] | names["validation"]) & names["test"]
    assert any(name.startswith("trace-256") for name in names["test"])
    assert not any(name.startswith("trace-256") for name in names["train"] | names["validation"])


def test_the_policy_sees_only_the_past(evaluate):
    spying = """
import numpy as np
def place(load, config, state):
    state.setdefault("seen", []).append(config["interval"])
    assert sorted(config) == ["gpus", "groups", "groups_stay_on_node", "interval", "nodes", "slots"]
    assert state["seen"] == list(range(config["interval"] + 1))
    nodes = 4 if config["groups_stay_on_node"] else 1
    on_node = np.arange(288 // nodes) % (64 // nodes)
    return np.tile((np.arange(nodes)[:, None] * (64 // nodes) + on_node).ravel(), (26, 1))
"""
    assert evaluate(PROBLEM, spying).verdict == "ok"


def test_a_program_whose_answers_differ_is_called_unstable(evaluate):
    unsteady = """
import os
import numpy as np
def place(load, config, state):
    nodes = [np.tile(np.arange(16 * node, 16 * node + 16), 5)[:72] for node in range(4)]
    turn = os.urandom(1)[0] % 4
    return np.tile(np.concatenate(nodes[turn:] + nodes[:turn]), (26, 1))
"""
    result = evaluate(PROBLEM, unsteady, parameters={"rounds": 2})
    assert result.metrics["unstable"] > 0
    assert any("unstable" in workload.feedback for workload in result.workloads)


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [
        ({"round": 5}, 'unknown key "evaluator.parameters.round"; did you mean "rounds"'),
        ({"rounds": 0}, "rounds must be a number above 0"),
        ({"rounds": 2.5}, "rounds must be a number above 0"),
        ({"patience_seconds": True}, "patience_seconds must be a number above 0"),
        ({"rules": "lax"}, 'must be "strict" or "legacy"'),
    ],
)
def test_wrong_parameters(parameters, fault):
    with pytest.raises(UserError, match=fault):
        ExpertPlacement(parameters)


def test_workloads_that_cannot_be_loaded(tmp_path, monkeypatch):
    monkeypatch.setenv("ADRS_DATA", str(tmp_path))
    evaluator = ExpertPlacement()
    with pytest.raises(UserError, match='unknown family "trace-65"; did you mean "trace-64"'):
        evaluator.load(WorkloadSpec("expert-placement", "trace-65-1", "trace-65", "train", 1))
    with pytest.raises(UserError, match="needs seeds"):
        evaluator.load(WorkloadSpec("expert-placement", "trace-64", "trace-64", "train"))
    spec = WorkloadSpec("expert-placement", "published", "published", "test", parameters={"file": "nowhere.json"})
    with pytest.raises(UserError, match=str(tmp_path / "nowhere.json")):
        evaluator.load(spec)
    spec = WorkloadSpec("expert-placement", "trace-64-1", "trace-64", "train", 1, {"idle_second": 1})
    with pytest.raises(UserError, match='unknown key "idle_second"; did you mean "idle_seconds"'):
        evaluator.load(spec)


def test_a_recorded_trace_becomes_the_training_set_on_request(tmp_path, monkeypatch, evaluate):
    monkeypatch.setenv("ADRS_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"expert-load\.json is missing"):
        problems.load("expert-placement", "published")
    generator = np.random.default_rng(3)
    steps = [{"logical_expert_load": generator.integers(0, 99, (2, 64)).tolist()} for _ in range(300)]
    (tmp_path / "expert_load").mkdir()
    (tmp_path / "expert_load" / "expert-load.json").write_text(json.dumps({"load_history": steps}))
    problem = problems.load("expert-placement", "published")
    result = evaluate(problem, problem.seed.read_text())
    assert [workload.name for workload in result.workloads] == ["published-expert-load"]
    assert 0 < result.metrics["balancedness"] < 1
