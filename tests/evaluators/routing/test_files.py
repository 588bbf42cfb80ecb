"""Files in the formats of public benchmarks."""

import json
import math

import pytest

from adrs.errors import UserError
from evaluators.routing import agent_files, agent_run_folder, curve_files, query_files
from evaluators.routing.files import Record

PRICES = {"gpt-4o": {"input_token_price_per_million": 2.5, "output_token_price_per_million": 10.0}}


def write(path, data):
    path.write_text(data if isinstance(data, str) else json.dumps(data))
    return path


def arena_row(index, name, accuracy, cost, optimality=False, **usage):
    return {"global index": index, "prompt": "", "prediction": name, "accuracy": accuracy, "cost": cost,
            "for_optimality": optimality, "generated_result": {"token_usage": usage} if usage else None}  # fmt: skip


def test_a_router_arena_file(tmp_path):
    rows = [
        arena_row("a_1", "gpt-4o", 1.0, 0.002),
        arena_row("a_2", "gpt-4o_batch", 0.0, None, input_tokens=1000, output_tokens=100),
        arena_row("a_1", "cheap", 1.0, 0.001, optimality=True),
    ]
    twins = write(tmp_path / "twins.json", [{"global index": "a_1", "prediction": "other"}])
    prices = write(tmp_path / "prices.json", PRICES)
    report = query_files.score({
        "predictions": write(tmp_path / "p.json", rows), "robustness": twins, "prices": prices,
    })  # fmt: skip
    found = report.metrics
    assert found["accuracy"] == 0.5
    assert found["avg_cost_per_1000"] == pytest.approx(1000 * (0.002 + 0.0035) / 2)
    assert found["optimal_selection_ratio"] == 0.0
    assert found["optimal_cost_ratio"] == pytest.approx(0.5)
    assert found["robustness_score"] == 0.0
    assert any("1 costs were computed" in note for note in report.notes)


def test_an_unknown_price_is_guessed_as_officially_or_zero_and_said(tmp_path):
    rows = [
        arena_row("a_1", "openai/gpt-4o-2024", 1.0, None, input_tokens=1_000_000, output_tokens=0),
        arena_row("a_2", "nobody", None, None, input_tokens=5, output_tokens=5),
    ]
    prices = write(tmp_path / "prices.json", PRICES)
    report = query_files.score({"predictions": write(tmp_path / "p.json", rows), "prices": prices})
    assert report.metrics["total_cost"] == 2.5
    assert report.metrics["accuracy"] == 1.0
    assert any('"gpt-4o" was taken for "openai/gpt-4o-2024"' in note for note in report.notes)
    assert any("nobody" in note for note in report.notes)
    assert any("1 rows with zero" in note for note in report.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "row 1 is no object"),
        ('[{"prediction": "a"}]', 'row 1 has no "global index"'),
        (
            '[{"global index": 1, "prediction": "a", "accuracy": "x"}]',
            '"accuracy" must be a number from 0 to 1, not "x"',
        ),
        ('{"a": 1}\n{broken', "line 2 is no JSON"),
    ],
)
def test_a_malformed_row_is_named(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        query_files.score({"predictions": write(tmp_path / "p.json", text)})


def bank(tmp_path):
    rows = [{"id": f"i_step_{step}", "benchmark": "w", "instance_id": "i", "step_index": step, "gold_tier_id": label}
            for step, label in ((1, 0), (2, 3), (3, 3))]  # fmt: skip
    prompts = ({"low": 1100, "high": 1000}, {"low": 1650, "high": 1500}, {"low": 2310, "high": 2100})
    facts = [{"id": row["id"], "prompt_tokens": {"mid": 0, "mid_high": 0, **tokens}, "output_tokens": output,
              "prev_is_semantic_prefix": row["step_index"] > 1}
             for row, tokens, output in zip(rows, prompts, (100, 80, 90), strict=True)]  # fmt: skip
    lines = "\n".join(json.dumps(fact) for fact in facts)
    return write(tmp_path / "bank.json", rows), write(tmp_path / "facts.jsonl", lines)


def test_twin_router_bench_predictions(tmp_path):
    questions, facts = bank(tmp_path)
    predictions = write(tmp_path / "p.json", {"rows": [
        {"id": "i_step_1", "predicted_tier": "low"}, {"id": "i_step_2", "pred_tier_id": 3},
        {"id": "i_step_3", "predicted_tier_id": 3},
    ]})  # fmt: skip
    found = agent_files.score({"predictions": predictions, "bank": questions, "facts": facts}).metrics
    assert found["cost_savings_score_percent"] == pytest.approx(12.610650887573978, abs=1e-9)
    assert found["combined_score_percent"] == pytest.approx((300 + 12.610650887573978) / 4, abs=1e-9)
    bare = agent_files.score({"predictions": predictions, "bank": questions})
    assert bare.metrics["case_pass_rate_percent"] == 100
    assert bare.metrics["combined_score_percent"] is None
    assert any("token facts" in note for note in bare.notes)


def test_missing_ids_are_errors_and_unknown_ones_refused(tmp_path):
    questions, facts = bank(tmp_path)
    some = write(tmp_path / "p.jsonl", '{"id": "i_step_1", "pred_tier_id": 0}\n{"id": "i_step_2", "error": "x"}\n')
    report = agent_files.score({"predictions": some, "bank": questions, "facts": facts})
    assert report.metrics["num_errors"] == 2
    assert report.metrics["cost_save"] < report.metrics["cost_savings_score_percent"]
    unknown = write(tmp_path / "q.json", [{"id": "nobody", "pred_tier_id": 0}])
    with pytest.raises(UserError, match="no row with id nobody"):
        agent_files.score({"predictions": unknown, "bank": questions})


def test_a_run_folder(tmp_path):
    (tmp_path / "results").mkdir()
    model = "anthropic/claude-opus-4.6"
    usage = {"prompt_tokens": 1000, "completion_tokens": 10, "prompt_tokens_details": {"cached_tokens": 400}}
    for name, resolved, error in (("a", True, None), ("b", False, "HTTP 503"), ("c", False, "wrong")):
        write(tmp_path / "results" / f"{name}.json", {"instance_id": name, "resolved": resolved, "agent_error": error,
                                                      "step_count": 2})  # fmt: skip
        steps = [{"__marker__": 1}, {"step_cost_usd": 0.25, "model_id": model, "raw_usage": usage}, {"model_id": model,
                 "raw_usage": usage}]  # fmt: skip
        write(tmp_path / f"{name}.trace.jsonl", "\n".join(json.dumps(step) for step in steps))
    found = agent_run_folder.score({"run_dir": tmp_path}).metrics
    assert found["total_bill_usd"] == pytest.approx(0.75 + 1.2)
    assert found["without_infrastructure"]["total_bill_usd"] == pytest.approx(0.5 + 0.6)
    assert agent_run_folder.score({"run_dir": tmp_path, "exclude_infrastructure": True}).metrics["instances"] == 2
    only = write(tmp_path / "ids.txt", "c\n")
    none = agent_run_folder.score({"run_dir": tmp_path, "instances": only}).metrics
    assert none["bill_per_resolved_usd"] == math.inf


@pytest.mark.parametrize(
    ("provider", "usage", "expected"),
    [
        ("openai_compat", {"prompt_tokens": 10, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4,
         "cache_write_tokens": 1}}, (5, 4, 1, 2)),
        ("openai_compat", {"prompt_tokens": 0, "completion_tokens": 0, "input_tokens": 7, "output_tokens": 3},
         (7, 0, 0, 3)),
        ("anthropic", {"input_tokens": 1, "cache_read_input_tokens": 2, "cache_creation_input_tokens": 3,
         "output_tokens": 4}, (1, 2, 3, 4)),
        ("deepseek", {"prompt_tokens": 9, "prompt_cache_hit_tokens": 4, "completion_tokens": 1}, (5, 4, 0, 1)),
        ("gemini", {"promptTokenCount": 9, "cachedContentTokenCount": 4, "candidatesTokenCount": 1}, (5, 4, 0, 1)),
    ],
)  # fmt: skip
def test_token_buckets_of_providers(provider, usage, expected):
    assert agent_run_folder.token_buckets(provider, Record(usage, "here")) == expected


def test_more_cached_than_prompt_tokens_is_an_error():
    with pytest.raises(UserError, match="more cached tokens"):
        agent_run_folder.token_buckets(
            "openai_compat", Record({"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 2}}, "here")
        )


def test_task_level_cases(tmp_path):
    def steps(tier, tokens):
        return [{"tier": tier, "completion_tokens": tokens}]

    cases = [
        {"passed": True, "baseline": steps("high", 100), "test": steps("mid", 100), "optimal": steps("low", 100)},
        {"passed": False, "baseline": steps("high", 100), "test": steps("low", 100), "optimal": steps("low", 100)},
    ]
    found = agent_files.score({"cases": write(tmp_path / "cases.json", cases)}).metrics
    assert found["cost_savings_score"] == pytest.approx(100 * 23 / 24.5)


def test_a_curve(tmp_path):
    file = write(tmp_path / "c.csv", "method,lambda,cost,performance\na,0,1,.5\na,1,2,.7\na,2,4,.8\nb,0,9,.1\n")
    found = curve_files.score({"curve": file, "target": 0.7}).metrics
    assert found["a.audc"] == pytest.approx(0.7)
    assert found["a.qnc"] == pytest.approx(1 / 8)
    assert curve_files.score({"curve": file, "target": 0.7, "range": "1,4"}).metrics["a.qnc"] == pytest.approx(1 / 3)
    with pytest.raises(UserError, match="LO below HI"):
        curve_files.score({"curve": file, "range": "4,1"})
    with pytest.raises(UserError, match="no meaning"):
        curve_files.score({"curve": file, "predictions": file})


def test_a_broken_curve_is_named_by_its_line(tmp_path):
    with pytest.raises(UserError, match='line 3: "cost" must be a number of at least 0, not "x"'):
        curve_files.score({"curve": write(tmp_path / "c.csv", "method,cost,performance\na,1,1\na,x,1\n")})
