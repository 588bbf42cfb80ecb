"""The neural teacher: the same decisions inside the engine and out, better than the rule that it began as."""

import numpy as np
import pytest

from adrs import problem as problems
from evaluators.network import congestion_control, perceptron, train_teacher
from evaluators.network.simulation import Simulation

PROBLEM = problems.load("congestion-control")
WEIGHTS = PROBLEM.folder / "teacher.npz"


@pytest.fixture(scope="module")
def links():
    return train_teacher.links(7, "unseen", 12)


def value(links, decide):
    simulation = Simulation(links)
    simulation.run(lambda asked, observations: decide(observations))
    found = [congestion_control.measures.measure(simulation, number) for number in range(len(links))]
    return float(np.mean([congestion_control.link_value(link) for link in found]))


def test_the_engine_decides_as_the_matrices_do(links):
    teacher = perceptron.load(WEIGHTS)
    inside = Simulation(links, teacher)
    inside.run()
    asked = Simulation(links)
    asked.run(lambda flows, observations: teacher.answers(observations))
    np.testing.assert_allclose(inside.arrays.history, asked.arrays.history, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(inside.arrays.flows["rate"], asked.arrays.flows["rate"], rtol=1e-9)


def test_the_shipped_teacher_is_small_and_beats_the_rule_that_it_cloned(links):
    teacher = perceptron.load(WEIGHTS)
    assert WEIGHTS.stat().st_size < 10_000
    assert len(teacher.numbers) == 1537
    hand = value(links, lambda observations: train_teacher.hand_rule(teacher.inputs(observations)))
    assert train_teacher.value(teacher, links) > hand + 0.1


def test_training_improves_and_repeats(monkeypatch, tmp_path, links):
    monkeypatch.setattr(train_teacher, "_STEPS", 300)
    monkeypatch.setattr(train_teacher, "_CLONED_LINKS", 8)
    cloned = train_teacher.train(3, 0)
    trained = train_teacher.train(3, 5)
    assert train_teacher.value(trained, links) > train_teacher.value(cloned, links)
    assert (train_teacher.train(3, 0).numbers == cloned.numbers).all()
    trained.save(tmp_path / "weights.npz")
    again = perceptron.load(tmp_path / "weights.npz")
    np.testing.assert_allclose(again.numbers, trained.numbers, rtol=1e-6)


def test_other_files_of_weights_are_refused(tmp_path):
    with np.load(WEIGHTS) as file:
        arrays = dict(file)
    np.savez(tmp_path / "relu.npz", **{**arrays, "activation": np.array(["relu"])})
    with pytest.raises(ValueError, match="tanh"):
        perceptron.load(tmp_path / "relu.npz")
    np.savez(tmp_path / "wide.npz", **{**arrays, "w1": arrays["w1"][:-1]})
    with pytest.raises(ValueError, match="fits"):
        perceptron.load(tmp_path / "wide.npz")
