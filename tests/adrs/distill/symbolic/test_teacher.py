"""Networks are arrays in a file: read strictly, asked like any policy."""

import numpy as np
import pytest

from adrs.distill.symbolic.teacher import TeacherPolicy, load_network
from adrs.errors import UserError
from tests.adrs.distill.conftest import write_network

RAW = np.random.default_rng(2).uniform(0.2, 3.0, size=(40, 4, 2))


def test_answers_are_those_of_the_formula(network):
    seen = np.concatenate([RAW[:, -1, :1], np.log(RAW[:, -1, 1:])], axis=1)
    assert network.answers(RAW) == pytest.approx(np.tanh(seen) @ [-1.2, -3.0], abs=1e-6)
    assert network.parameters == 8 * 2 + 2 + 2 + 1
    assert network.operations == 2 * (16 + 2) + 2


def test_answers_do_not_depend_on_who_is_asked_beside(network, valve):
    policy = TeacherPolicy(network, valve.distillation.inputs, "valve")
    together = policy.map("valve", RAW.reshape(40, 8))
    assert together.tolist() == [policy.call("valve", row.reshape(8)) for row in RAW]
    assert np.abs(policy.map("valve", 100 * RAW.reshape(40, 8))).max() <= 4.0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"w0": np.zeros((8, 2))}, "float32"),
        ({"w0": np.zeros((7, 2), np.float32)}, "w0 must be"),
        ({"w1": np.zeros((2, 3), np.float32)}, "w1 must be"),
        ({"b1": np.full(1, np.nan, np.float32)}, "not finite"),
        ({"activation": np.array(["tan"])}, 'did you mean "tanh"'),
        ({"transforms": np.array(["identity"])}, "transforms must be 2"),
        ({"lows": np.array([-10, 0], np.float32)}, "logarithm"),
        ({"w1": None}, "exactly"),
        ({"w2": np.zeros((2, 1), np.float32)}, "exactly"),
        ({"b0": np.array([{}, {}], dtype=object)}, "no file of numpy arrays"),
    ],
)
def test_what_is_no_network_is_refused(tmp_path, valve, changes, said):
    with pytest.raises(UserError, match=said):
        load_network(write_network(tmp_path / "W.npz", **changes), valve.distillation.inputs)


def test_a_file_that_is_no_archive_is_refused(tmp_path, valve):
    (tmp_path / "W.npz").write_text("weights")
    with pytest.raises(UserError, match="no file of numpy arrays"):
        load_network(tmp_path / "W.npz", valve.distillation.inputs)
    np.save(tmp_path / "w.npy", np.zeros(3))
    with pytest.raises(UserError, match="no file of numpy arrays"):
        load_network(tmp_path / "w.npy", valve.distillation.inputs)
    with pytest.raises(UserError, match="cannot be read: No such file"):
        load_network(tmp_path / "missing.npz", valve.distillation.inputs)
