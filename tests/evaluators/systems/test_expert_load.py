"""The token counts: published check values of the generator, and reading a trace."""

import json

import numpy as np
import pytest

from adrs.errors import UserError
from adrs.problem import load
from evaluators.systems.expert_load import FAMILIES, draw, load_trace
from evaluators.systems.expert_placement import ExpertPlacement


@pytest.mark.parametrize(
    ("family", "begins", "first_total", "last_total"),
    [
        ("trace-64", [29032, 47119, 28715, 5695], 41602477, 41601362),
        ("trace-256", [6923, 11495, 6956, 1292], 92804210, 92811491),
    ],
)
def test_generator(family, begins, first_total, last_total):
    loads = draw(FAMILIES[family], 1)
    assert loads.shape == (11, FAMILIES[family].layers, FAMILIES[family].experts)
    assert loads.dtype == np.int64
    assert loads[0, 0, :4].tolist() == begins
    assert loads[0].sum() == first_total
    assert loads[-1].sum() == last_total


def test_families_differ_in_what_they_are_named_for():
    def swing(name):
        return np.log(draw(FAMILIES[name], 5) + 1.0)

    steady, shifting = swing("steady-256"), swing("trace-256")
    assert np.abs(np.diff(steady, axis=0)).mean() < 0.6 * np.abs(np.diff(shifting, axis=0)).mean()
    assert swing("skewed-64").std(axis=2).mean() > 1.3 * swing("trace-64").std(axis=2).mean()
    assert (draw(FAMILIES["trace-64-local"], 5) == draw(FAMILIES["trace-64"], 5)).all()


def records(count, layers=2, experts=4):
    return [
        {"logical_expert_load": [[step + layer + expert for expert in range(experts)] for layer in range(layers)]}
        for step in range(count)
    ]


@pytest.mark.parametrize("wrap", [lambda found: found, lambda found: {"load_history": found, "model": "any"}])
def test_a_hundred_records_of_a_trace_make_an_interval(tmp_path, wrap):
    path = tmp_path / "trace.json"
    path.write_text(json.dumps(wrap(records(250))))
    loads = load_trace(path)
    assert loads.shape == (3, 2, 4)
    assert loads[0, 1, 2] == sum(range(100)) + 100 * 3
    assert loads[2, 0, 0] == sum(range(200, 250))


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("{", "is not JSON"),
        ("{}", "logical_expert_load"),
        (json.dumps([*records(200), *records(1, layers=3)]), "all of one shape"),
        (json.dumps([{"logical_expert_load": [[0.5]]}] * 200), "logical_expert_load"),
        (json.dumps([{"logical_expert_load": [[-1]]}] * 200), "logical_expert_load"),
        (json.dumps(records(100)), "more than 100 are needed"),
    ],
)
def test_another_trace_is_an_error_that_names_the_file(tmp_path, content, fault):
    path = tmp_path / "trace.json"
    path.write_text(content)
    with pytest.raises(UserError, match=fault) as error:
        load_trace(path)
    assert str(path) in str(error.value)


def test_a_missing_trace_is_an_error_that_names_the_file(tmp_path):
    with pytest.raises(UserError, match=r"nowhere\.json"):
        load_trace(tmp_path / "nowhere.json")


def test_the_problem_states_the_sizes_that_programs_get() -> None:
    """At a millisecond a decision they decide what can be afforded."""
    problem, evaluator = load("expert-placement"), ExpertPlacement()
    for spec in problem.workloads["train"]:
        deployment = evaluator.load(spec)
        intervals, layers, experts = deployment.loads.shape
        for words in (
            f"{layers} layers of {experts} experts",
            f"{deployment.slots} slots",
            f"{deployment.nodes} nodes",
            f"{deployment.groups} groups",
            f"{deployment.gpus} GPUs",
            f"{intervals - 1} decisions each",
        ):
            assert words in problem.decide.what
