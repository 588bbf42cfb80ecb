"""Synthetic queries, what is shown of them, and how decisions are judged."""

import hashlib
import json

import numpy as np
import pytest

from adrs import problem as problems
from adrs import resources
from adrs.errors import UserError
from adrs.evaluate.evaluator_checks import check_metrics, needed
from adrs.evaluation import Failed, Invalid, Shared, WorkloadSpec
from adrs.testing.policy import InProcessPolicy
from evaluators.routing import arena, query_routing, query_words, query_world, splits, text_features
from evaluators.routing.sizes import Sizes

PROBLEM = problems.load("query-routing")
SMALL = query_routing.QueryRouting({"fit": 200, "asked": 120})


def spec(family="same", seed=1, split="train", **parameters):
    return WorkloadSpec("query-routing", f"{family}-{seed}", family, split, seed, parameters)


def evaluate(source, found=None, family="same", split="train"):
    given = spec(family, split=split)
    return SMALL.evaluate(InProcessPolicy(PROBLEM, source), found or SMALL.load(given), given)


def test_the_world_lands_in_its_bands():
    for seed in range(3):
        drawn = query_world.World().draw(np.random.default_rng(seed), 3000, query_world.Scene())
        correlation = np.corrcoef(drawn.accuracy.T)
        pairs = correlation[np.triu_indices(len(correlation), 1)]
        assert 0.27 < pairs.mean() < 0.31
        assert 0.91 < np.isin(drawn.accuracy, [0, 1]).mean() < 0.93
        assert 0.66 < drawn.accuracy[:, 5].mean() < 0.70
        assert 1000 * drawn.cost[:, 5].mean() == pytest.approx(0.047, rel=0.05)
        oracle = arena.oracle(drawn.accuracy, drawn.cost)
        assert arena.arena_score(*arena.choice_point(drawn.accuracy, drawn.cost, oracle)) > 0.87


def test_the_same_seed_gives_the_same_bytes():
    first, second = (query_routing.draw("shifted", 9, with_twins=True, sizes=Sizes(50, 40)) for _ in range(2))
    assert first.asked.features.tobytes() == second.asked.features.tobytes()
    assert first.asked.cost.tobytes() == second.asked.cost.tobytes()
    assert first.asked.texts == second.asked.texts
    assert first.twins[1] == second.twins[1]


@pytest.mark.parametrize("family", query_routing.FAMILIES)
def test_a_request_holds_what_is_allowed_and_nothing_else(family):
    task = SMALL.load(spec(family, split="test"))
    requests = task.requests(1)
    declared = set(PROBLEM.functions["route"].arguments["request"])
    assert set(requests) == declared
    assert set(task.train) == set(PROBLEM.functions["fit"].arguments["train"])
    assert all(set(model) == {"name", "price_in", "price_out"} for model in requests["models"].value)
    assert isinstance(requests["price_of_cost"], Shared)


def test_another_pool_lacks_the_best_models_and_has_other_prices():
    task = query_routing.draw("other-pool", 3, sizes=Sizes(20, 20))
    names = {model.name for model in task.models}
    assert not names & set(query_world.ABSENT_ELSEWHERE)
    assert task.asked.accuracy.shape == (20, 7)
    for place, model in enumerate(task.models):
        tokens = task.asked.input_tokens * model.price_in + task.asked.output_tokens[:, place] * model.price_out
        assert task.asked.cost[:, place] == pytest.approx(tokens / 1e6)


def test_a_failed_decision_is_wrong_at_the_dearest_price_and_stays_in_the_mean():
    task = SMALL.load(spec())
    picks = np.zeros(len(task.asked), dtype=np.int64)
    honest = query_routing.measure(task, picks)
    picks[0] = -1
    failed = query_routing.measure(task, picks)
    number = len(task.asked)
    assert failed["accuracy"] == pytest.approx(honest["accuracy"] - task.asked.accuracy[0, 0] / number)
    dearer = task.asked.cost[0].max() - task.asked.cost[0, 0]
    assert failed["cost_per_1000"] == pytest.approx(honest["cost_per_1000"] + 1000 * dearer / number)


def test_one_failure_in_a_hundred_is_let_pass_and_counted():
    found = evaluate(
        "seen = []\ndef route(model, state, request):\n    if 'prove' in request['text'][:12]:\n"
        "        raise ValueError('no')\n    return 5\n"
    )
    assert found["failed_decisions"] <= 1
    with pytest.raises(Failed, match="decisions failed"):
        evaluate("def route(model, state, request):\n    raise ValueError('no')\n")


def test_a_policy_without_fit_is_given_no_model():
    assert evaluate("def route(model, state, request):\n    return 0 if model is None and state is None else 'x'\n")


def test_hidden_state_is_found():
    with pytest.raises(Invalid, match="decision depends on call order"):
        evaluate("n = []\ndef route(model, state, request):\n    n.append(1)\n    return len(n) % 5\n")


def test_the_better_baselines_are_better_and_none_beats_the_oracle():
    given = spec()
    evaluator = query_routing.QueryRouting({"fit": 1500, "asked": 600})
    task = evaluator.load(given)
    scores = {
        baseline.name: evaluator.evaluate(InProcessPolicy(PROBLEM, baseline.path.read_text()), task, given)[
            "arena_score"
        ]
        for baseline in PROBLEM.baselines
        if baseline.name in ("always-best", "carrot-linear", "random-model", "always-cheapest")
    }
    oracle = query_routing.measure(task, arena.oracle(task.asked.accuracy, task.asked.cost))["arena_score"]
    assert scores["always-cheapest"] < scores["random-model"] < scores["always-best"]
    assert scores["always-best"] < scores["carrot-linear"] < oracle < task.bound


def test_a_test_workload_has_intervals_and_robustness():
    source = PROBLEM.baseline("state-of-the-art").path.read_text()
    found = evaluate(source, family="shifted", split="test")
    assert found["arena_score_low"] <= found["arena_score"] <= found["arena_score_high"]
    assert found["gain_over_baseline_low"] == found["gain_over_baseline_high"] == 0.0
    assert 0.3 < found["robustness"] <= 1.0


def test_an_evaluation_only_table_is_refused_outside_of_test(tmp_path):
    file = tmp_path / "any_name.csv"
    file.write_text(
        "global_index,model,metric,accuracy,input_tokens,output_tokens,cost_usd\n"
        "A_1,a,m,1.0,10,10,0.001\nA_1,b,m,0.0,10,10,0.002\nA_2,a,m,0.0,10,10,0.001\nA_2,b,m,1.0,10,10,0.002\n"
    )

    def real(split):
        return WorkloadSpec("query-routing", "arena", "arena", split, None, {"file": str(file)})

    with pytest.raises(UserError, match="only be evaluated on"):
        SMALL.load(real("train"))
    price = {"input_token_price_per_million": 50, "output_token_price_per_million": 50}
    (tmp_path / "prices.json").write_text(json.dumps({"a": price, "b": price}))
    task = SMALL.load(real("test"))
    assert len(task.fit) == 0
    for baseline in PROBLEM.baselines:
        policy = InProcessPolicy(PROBLEM, baseline.path.read_text())
        assert SMALL.evaluate(policy, task, real("test"))["failed_decisions"] == 0


def test_a_table_without_costs_counts_in_what_it_has(tmp_path):
    table = tmp_path / "answers.csv"
    header = "prompt,contaminated,mistralai/Mixtral-8x7B-Instruct-v0.1,gpt-4-1106-preview"
    table.write_text(
        "\n".join(
            [header, *(f"name {chr(97 + row)}s {chr(98 + row)}s {chr(99 + row)}s,0,{row % 2},1" for row in range(20))]
        )
        + "\n"
    )
    unpriced = WorkloadSpec("query-routing", "answers", "published", "test", None, {"file": str(table)})
    source = "def route(model, state, request):\n    return 0\n"
    results = []
    for given in (spec(split="test"), unpriced):
        metrics = SMALL.evaluate(InProcessPolicy(PROBLEM, source), SMALL.load(given), given)
        check_metrics(metrics, given.name, "", needed(PROBLEM, SMALL))
        results.append((given, metrics))
    (_, priced), (_, answers) = results
    summary = SMALL.summarise(results)
    assert "arena_score" not in answers
    assert summary["arena_score"] == pytest.approx(priced["arena_score"])
    assert min(priced["accuracy"], answers["accuracy"]) < summary["accuracy"]


def test_noisy_twins_are_seven_percent_longer():
    drawn = np.random.default_rng(1)
    texts = query_words.write(drawn, drawn.integers(0, 7, 600), np.full(600, 0.05), drawn.integers(60, 200, 600))
    ratios = [len(query_words.disturb(drawn, text)) / len(text) for text in texts]
    assert np.median(ratios) == pytest.approx(1.07, abs=0.005)


def test_arena_files_stand_under_test_alone():
    for split in ("train", "validation"):
        for loaded in (PROBLEM, *([problems.load("query-routing", "published")] if _published() else [])):
            assert not any("routerarena" in str(each.parameters) for each in loaded.workloads[split])


def _published():
    return any(each.family == "published" for each in PROBLEM.workloads["test"])


@pytest.mark.parametrize("name", ["routerbench_1pct.csv.gz", "routellm_gsm8k.csv.gz"])
def test_published_tables_load_with_disjoint_clusters(name):
    path = resources.data_folder() / "routing" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    given = WorkloadSpec("query-routing", "p", "published", "test", None, {"file": str(path)})
    task = query_routing.QueryRouting().load(given)
    assert not set(task.fit.texts) & set(task.asked.texts)
    assert task.asked.features.shape[1] == text_features.BUCKETS


def test_hash_features_have_length_one_and_know_pairs():
    found = text_features.hash_features_of(["Solve 12 apples, solve!"])
    assert np.linalg.norm(found) == pytest.approx(1.0)
    assert text_features.pieces("Solve 12 apples, é!") == ["solve", "1", "2", "apples", ",", "é", "!"]
    assert not text_features.hash_features_of(["  "]).any()
    assert np.ptp(text_features.hash_features_of(["a b", "b a"]), axis=0).any()


def test_near_duplicates_are_closed_and_dealt_together():
    texts = [f"what is the sum of {n} apples and seven pears in the red basket" for n in (1, 2, 3)]
    texts += ["name the capital of france please", "who wrote the odyssey in ancient greece"]
    clusters = splits.near_duplicates(texts)
    assert clusters.tolist() == [0, 0, 0, 1, 2]
    many = np.repeat(np.arange(100), 2)
    dealt = splits.deal(many, [f"k{row:03d}" for row in range(200)], ["s"] * 200)
    assert all(dealt[row] == dealt[row + 1] for row in range(0, 200, 2))
    assert [dealt.count(name) // 2 for name in splits.SPLITS] == [50, 20, 30]


def test_replicates_of_two_programs_are_paired():
    """Their differences give the interval that a test workload reports."""
    given = spec(split="test")
    task = SMALL.load(given)
    ours = evaluate("def route(model, state, request):\n    return 5\n", task, split="test")
    theirs = evaluate(PROBLEM.baseline("state-of-the-art").path.read_text(), task, split="test")
    differences = np.array(ours.replicates()) - np.array(theirs.replicates())
    low, high = np.percentile(differences, (2.5, 97.5))
    assert (low, high) == pytest.approx((ours["gain_over_baseline_low"], ours["gain_over_baseline_high"]))
    assert np.percentile(ours.replicates(), 2.5) == pytest.approx(ours["arena_score_low"])


def test_a_table_of_seen_prompts_is_worth_nothing_on_test():
    """No prompt of a test workload was ever in train: only what the table falls back to counts there."""
    train, test = SMALL.load(spec()), SMALL.load(spec(seed=2, split="test"))
    best = arena.oracle_by_accuracy(train.asked.accuracy, train.asked.cost)
    table = {hashlib.sha256(text.encode()).hexdigest()[:12]: int(pick)
             for text, pick in zip(train.asked.texts, best, strict=True)}  # fmt: skip
    memory = (
        f"import hashlib\nTABLE = {table}\n\n\ndef route(model, state, request):\n"
        "    return TABLE.get(hashlib.sha256(request['text'].encode()).hexdigest()[:12], 5)\n"
    )
    fallback = "def route(model, state, request):\n    return 5\n"
    gap = evaluate(memory, train)["arena_score"] - evaluate(fallback, train)["arena_score"]
    assert gap > 0.1
    scores = [evaluate(source, test, split="test")["arena_score"] for source in (memory, fallback)]
    assert scores[0] == scores[1]
