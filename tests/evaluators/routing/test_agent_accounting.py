"""Prices, grades and bounds of tiers chosen for recorded calls."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs.errors import UserError
from adrs.evaluation import WorkloadSpec
from evaluators.routing import agent_accounting as accounting
from evaluators.routing import agent_bank, agent_prefixes, masking, reference, tiers
from evaluators.routing.agent_accounting import ERROR, Facts
from evaluators.routing.agent_step_routing import RecordedSteps


def facts(labels, steps=None, prefix=None, output=None, prompt=None, instance=None, workload=None):
    number = len(labels)
    prompts = np.zeros((number, 4), dtype=np.int64)
    high = np.array(prompt or (1000 + 500 * np.arange(number)))
    prompts[:] = tiers.tier_tokens(high)
    return Facts(
        instance or ["t"] * number, workload or ["w"] * number, np.array(steps or range(1, number + 1)),
        np.array(labels), prompts, np.array(prefix or [False] + [True] * (number - 1)),
        np.array(output or [100] * number),
    )  # fmt: skip


def worked():
    prompt = np.array([[1100, 0, 0, 1000], [1650, 0, 0, 1500], [2310, 0, 0, 2100]])
    return Facts(["t"] * 3, ["w"] * 3, np.array([1, 2, 3]), np.array([0, 3, 3]), prompt, np.array([False, True, True]),
                 np.array([100, 80, 90]))  # fmt: skip


def combined(known, chosen, official=False):
    return accounting.combine(accounting.grade(known, np.array(chosen), official).sums().sum(axis=0))


def test_the_worked_case():
    paths = accounting.price(worked(), np.array([0, 3, 3]), official=True)
    assert paths.high == pytest.approx([0.00875, 0.005625, 0.00675], abs=1e-12)
    assert paths.chosen == pytest.approx([0.000336, 0.011375, 0.00675], abs=1e-12)
    assert float(combined(worked(), [0, 3, 3])["cost_save"]) == pytest.approx(12.610650887573978, abs=1e-9)


def test_a_failed_trajectory_counts_what_it_spent():
    known = replace(worked(), label=np.array([1, 3, 3]))
    found = combined(known, [0, 3, 3])
    assert float(found["cost_save"]) == pytest.approx(-87.38934911242602, abs=1e-9)
    assert float(found["traj_pass"]) == 0.0


def test_always_high_is_all_right_and_saves_nothing():
    found = combined(facts([0, 3]), [3, 3])
    assert [float(found[name]) for name in ("row_pass", "row_exact", "traj_pass", "cost_save")] == [100, 50, 100, 0]


def test_a_cache_expires_after_three_steps_and_needs_a_prefix():
    warm = accounting.price(facts([3, 3], steps=[1, 4]), np.array([3, 3]), official=True).chosen[1]
    expired = accounting.price(facts([3, 3], steps=[1, 5]), np.array([3, 3]), official=True).chosen[1]
    broken = accounting.price(facts([3, 3], prefix=[False, False]), np.array([3, 3]), official=True).chosen[1]
    assert warm == pytest.approx((1000 * 0.5 + 500 * 6.25 + 100 * 25) / 1e6)
    assert expired == broken == pytest.approx((1500 * 6.25 + 100 * 25) / 1e6)


def test_rows_out_of_order_and_steps_that_are_missing():
    known = facts([0, 1, 2], steps=[5, 1, 3], prompt=[3000, 1000, 2000], prefix=[True, False, True])
    assert known.previous.tolist() == [2, -1, 1]


def test_rows_with_equal_steps_take_the_later_ones_place():
    known = facts([0, 0, 0], steps=[1, 2, 2])
    assert known.previous.tolist() == [-1, 1, 1]
    assert known.following.tolist() == [1, -1, -1]


def test_a_row_before_that_stands_later_is_known_by_its_tier():
    known = facts([3] * 4, steps=[8] * 4, prefix=[True] * 4)
    assert known.previous.tolist() == [2] * 4
    paths = accounting.price(known, np.full(4, tiers.HIGH), official=True)
    read = known.prompt[2, tiers.HIGH]
    write = np.maximum(known.prompt[:, tiers.HIGH] - read, 0)
    output = known.output * tiers.STATIC_PRICES[tiers.HIGH, tiers.OUTPUT]
    assert paths.high == pytest.approx((read * 0.5 + write * 6.25 + output) / 1e6), "all of them read from its cache"


def test_a_single_step_and_zero_output():
    known = facts([0], output=[0])
    assert float(combined(known, [0])["cost_save"]) == pytest.approx(100 * (1 - 1170 * 0.26 / (1000 * 6.25)))


def test_without_any_cost_there_is_no_cost_save():
    known = facts([0], prompt=[0], output=[0])
    found = combined(known, [0])
    assert np.isnan(found["cost_save"])
    assert np.isnan(found["combined"])


def test_crashing_on_hard_rows_pays_officially_and_not_here():
    known = facts([0, 3, 0, 0], instance=["a", "a", "b", "c"], prompt=[1000, 9000, 1000, 1000])
    honest, crashing = [0, 0, 0, 0], [0, ERROR, 0, 0]
    assert combined(known, crashing, official=True)["cost_save"] > combined(known, honest, official=True)["cost_save"]
    assert combined(known, crashing)["cost_save"] < combined(known, honest)["cost_save"]
    for official in (True, False):
        assert combined(known, crashing, official)["row_pass"] == 75
        assert combined(known, crashing, official)["traj_pass"] == 50


def test_ours_and_the_official_save_agree_where_nothing_failed():
    known = facts([0, 3, 1], instance=["a", "a", "b"])
    assert combined(known, [1, 3, 0]) == combined(known, [1, 3, 0], official=True)


def test_all_wrong():
    found = combined(facts([3, 3]), [0, 0])
    assert [float(found[name]) for name in ("row_pass", "row_exact", "traj_pass")] == [0, 0, 0]
    assert found["cost_save"] < 0


def test_an_official_error_is_free_and_breaks_the_chosen_path_alone():
    known = facts([3, 3, 3])
    paths = accounting.price(known, np.array([3, ERROR, 3]), official=True)
    assert paths.chosen[1] == paths.high[1] == 0
    assert paths.chosen[2] == pytest.approx((2000 * 6.25 + 2500) / 1e6)
    assert paths.high[2] == pytest.approx((1500 * 0.5 + 500 * 6.25 + 2500) / 1e6)


@settings(max_examples=25)
@given(st.data())
def test_the_cheapest_passing_path_is_the_cheapest(data):
    number = data.draw(st.integers(1, 3))
    labels = data.draw(st.lists(st.integers(0, 3), min_size=number, max_size=number))
    gaps = data.draw(st.lists(st.integers(1, 5), min_size=number, max_size=number))
    prefix = data.draw(st.lists(st.booleans(), min_size=number, max_size=number))
    prompt = data.draw(st.lists(st.integers(1, 5000), min_size=number, max_size=number))
    known = facts(labels, steps=np.cumsum(gaps).tolist(), prefix=prefix, prompt=prompt)
    paths = itertools.product(*(range(label, 4) for label in labels))
    prices = [accounting.price(known, np.array(path), official=True).chosen.sum() for path in paths]
    assert accounting.cheapest_passing(known)[0] == pytest.approx(min(prices), rel=1e-12)


@pytest.fixture(scope="module")
def bank():
    return agent_bank.draw(np.random.default_rng([4, 0]))


def test_the_bank_has_the_published_shape(bank):
    known = bank.facts
    assert len(known) == 970
    assert known.trajectory.max() + 1 == 520
    counts = np.array([np.bincount(known.label[known.workload_number == w], minlength=4) for w in range(5)])
    assert counts.tolist() == [list(shape.labels) for shape in agent_bank.SHAPES]
    medians = [np.median(known.prompt[known.workload_number == w, 3]) for w in range(5)]
    assert medians == pytest.approx([4000, 1650, 2100, 3100, 10800], rel=0.15)


def test_baselines_of_the_bank_land_in_their_bands(bank):
    known = bank.facts
    score = {tier: float(combined(known, np.full(970, tier))["combined"]) for tier in range(4)}
    assert score[3] == pytest.approx(54.381443, abs=1e-6)
    assert 62 < score[0] < 65.5
    assert 50.5 < score[1] < 52.5
    task, evaluator = agent_prefixes.Task(bank, bank), RecordedSteps()
    spec = WorkloadSpec("agent-step-routing", "same-4", "same", "train", 4)
    rule, oracle = (evaluator.reference(name, task, spec)["combined"] for name in ("workload-rule", "label-oracle"))
    assert score[3] < rule < oracle <= accounting.upper_bound(known)
    assert "mid_high 0%, high 100%;" in agent_prefixes.measure(task, np.full(970, ERROR)).feedback, "as it is billed"


def test_what_is_shown_of_a_bank_names_nothing(bank):
    task = agent_prefixes.Task(bank, bank)
    allowed = {"role", "content", "tool_calls", "tool_call_id", "name"}
    assert all(set(message) <= allowed for messages in task.shown for message in messages)
    assert set(task.train) == {"messages", "features", "prompt_tokens", "step", "trajectory", "tier", "prices"}
    text = str(task.shown[:40])
    assert "swebench" not in text
    assert "mtrag" not in text


def test_ids_are_renamed_and_names_of_issues_masked():
    call = {"id": "toolu_9f", "function": {"name": "run", "arguments": "cd astropy__astropy-12907"}}
    prompt = [
        {"role": "assistant", "content": None, "tool_calls": [call], "secret": 1},
        {"role": "tool", "content": "in /testbed/astropy__astropy-12907/x.py", "tool_call_id": "toolu_9f"},
    ]
    (shown,) = masking.masked([prompt])
    assert shown[0]["tool_calls"][0]["id"] == shown[1]["tool_call_id"] == "call_1"
    assert "astropy" not in str(shown)
    assert "secret" not in shown[0]
    assert prompt[0]["tool_calls"][0]["id"] == "toolu_9f"


def test_legacy_scores():
    known = facts([0, 3, 1], instance=["a", "a", "b"])
    found = accounting.legacy(known, np.array([0, 3, 2]))
    assert found["trajectory_pass"] == 100
    assert found["trajectory_exact"] == 50
    assert found["row_saving"] == pytest.approx(100 * (24.5 + 20) / (24.5 + 23))
    assert accounting.legacy(facts([3]), np.array([3]))["trajectory_mean"] is None


def test_a_question_bank_in_the_public_schema(tmp_path):
    system, user = {"role": "system", "content": "be brief"}, {"role": "user", "content": "mend it"}
    answer = {"role": "assistant", "content": None}
    rows = [
        {"id": "i_step_2", "benchmark": "swebench", "instance_id": "i", "step_index": 2, "gold_tier_id": 3,
         "messages": [system, user, answer]},
        {"id": "i_step_1", "benchmark": "swebench", "instance_id": "i", "step_index": 1, "gold_tier_id": 0,
         "messages": [system, user]},
        {"id": "alone", "benchmark": "qmsum", "gold_tier_id": 1, "messages": [user]},
    ]  # fmt: skip
    file = tmp_path / "question_bank.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    known = agent_prefixes.read_bank(file).facts
    assert known.previous.tolist() == [1, -1, -1]
    assert known.prefix.tolist() == [True, False, False]
    assert known.workloads == ["swebench", "qmsum"]
    assert known.output.tolist() == [4, 4, 500], "the answer, the mean of its run, none recorded"
    for wrong, sentence in (
        ({"id": 1}, 'row 1 has no "gold_tier_id"'),
        ({**rows[0], "gold_tier_id": 7}, 'row 1: "gold_tier_id" must be a tier'),
        ({**rows[0], "messages": ["hello"]}, 'row 1: messages, item 1 is no object but "hello"'),
    ):
        file.write_text(json.dumps(wrong))
        with pytest.raises(UserError, match=sentence):
            agent_prefixes.read_bank(file)


def question_bank(file, instances):
    rows = []
    for number in range(instances):
        said, tool = f"answer {number}", {"name": "look", "description": f"at owner__thing-{number}", "id": "secret"}
        messages = [{"role": "user", "content": f"mend {number}"}, {"role": "assistant", "content": said}]
        rows += [{"id": f"{number}-{step}", "benchmark": f"b{number % 2}", "instance_id": f"i{number}",
                  "step_index": step, "gold_tier_id": number % 4, "messages": messages[:step], "tools": [tool]}
                 for step in (1, 2)]  # fmt: skip
    file.write_text("\n".join(map(json.dumps, rows)))
    return WorkloadSpec("agent-step-routing", "p", "published", "test", None, {"file": str(file)})


def test_a_question_bank_is_dealt_by_run_and_fitted_to_itself(tmp_path):
    task = RecordedSteps().load(question_bank(tmp_path / "bank.jsonl", 40))
    fit, asked = task.fit.facts, task.bank.facts
    assert (len(fit), len(asked)) == (56, 24)
    assert not set(fit.instance) & set(asked.instance)
    kinds = {(name, label) for name, label in zip(fit.workload, fit.label.tolist(), strict=True)}
    assert kinds == set(zip(asked.workload, asked.label.tolist(), strict=True)), "every stratum is in both"
    assert len(task.shown_tools) == len(asked)
    assert all(tools == [{"name": "look", "description": "at repository-issue"}] for tools in task.shown_tools)
    reference.ReferencePolicy("agent-step-routing").call("fit", task.train)
    with pytest.raises(UserError, match="too few runs"):
        RecordedSteps().load(question_bank(tmp_path / "bank.jsonl", 4))


def test_the_baseline_plays_a_bank_and_interleaving_changes_nothing(bank):
    task = agent_prefixes.Task(bank, bank)
    policy = reference.ReferencePolicy("agent-step-routing")
    together = agent_prefixes.play(policy, task, 1, np.arange(520)).chosen
    some = np.array([30, 2, 17])
    apart = agent_prefixes.play(policy, task, 1, some).chosen
    rows = np.isin(bank.facts.trajectory, some)
    assert (together[rows] == apart[rows]).all()
    found = agent_prefixes.measure(task, together)
    assert found["combined"] > 70
    high = agent_prefixes.resampled(task, np.full(970, tiers.HIGH))["combined"]
    agent_prefixes.add_intervals(found, task, together, high)
    assert found["combined_low"] < found["combined"] < found["combined_high"]
    assert found["gain_over_baseline_low"] > 0
