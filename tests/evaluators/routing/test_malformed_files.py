"""What `adrs score` says of files that cannot be right."""

import json
import re
from pathlib import Path

import pytest

from adrs.errors import UserError
from evaluators.routing import agent_files, agent_prefixes, agent_run_folder, curve_files, query_files, text_features
from evaluators.routing.files import Record


def write(path: Path, data) -> Path:
    """Text and bytes as they are, all else as JSON."""
    path.write_bytes(
        data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()
    )
    return path


def refused(score, options, sentence: str) -> None:
    with pytest.raises(UserError, match=re.escape(sentence)) as found:
        score(options)
    assert "\n" not in str(found.value)


def arena(index, accuracy=1.0, cost=0.002, **more):
    return {"global index": index, "prediction": "m", "accuracy": accuracy, "cost": cost, **more}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ([arena("a"), arena("b"), arena("a")], 'row 3 has the same "global index" as p.json: row 1: a'),
        ([arena("a", cost=-1)], 'row 1: "cost" must be a number of at least 0, not -1'),
        ([arena("a", cost=10**400)], 'row 1: "cost" must be a number of at least 0, not 1000'),
        ([arena("a", accuracy=95)], 'row 1: "accuracy" must be a number from 0 to 1, not 95'),
        ([arena("a", for_optimality="true")], '"for_optimality" must be true or false, not "true"'),
        ([arena("a", prediction=3)], '"prediction" must be a text, not 3'),
        ([arena(True)], '"global index" must be an id, which is a text or a whole number, not true'),
        (
            [arena("a", cost=None, generated_result={"token_usage": 3})],
            'generated_result: "token_usage" must be an obj',
        ),
        ("[" * 100_000, "p.json is no JSON: it is nested too deeply"),
        ('[{"global index": "a"}, {"global', "p.json is no JSON: Unterminated string"),
        (b"\xff\xfe[", "p.json cannot be read"),
        ([], "p.json holds no rows"),
    ],
)
def test_rows_of_router_arena_that_cannot_be(tmp_path, monkeypatch, data, sentence):
    monkeypatch.chdir(tmp_path)
    refused(query_files.score, {"predictions": write(Path("p.json"), data)}, sentence)


@pytest.mark.parametrize(
    ("option", "data", "sentence"),
    [
        ("prices", {"m": {"input_token_price_per_million": "cheap", "output_token_price_per_million": 1}},
         'm: "input_token_price_per_million" must be a number of at least 0, not "cheap"'),
        ("prices", '{"m": {"input_token_price_per_million": NaN}}', "must be a number of at least 0, not NaN"),
        ("prices", {"m": {"input_token_price_per_million": 1}}, 'm has no "output_token_price_per_million"'),
        ("prices", {"m": 3}, '"m" must be an object, not 3'),
        ("subset", ["x", "y"], "f.txt: none of its 2 ids is among the regular rows"),
        ("subset", "x y", "f.txt: none of its 2 ids is among the regular rows"),
        ("subset", b"\xff", "f.txt cannot be read"),
        ("robustness", [{"global index": "a", "prediction": "m"}] * 2, "row 2 has the same"),
    ],
)  # fmt: skip
def test_files_beside_router_arenas_that_cannot_be(tmp_path, option, data, sentence):
    predictions = write(tmp_path / "p.json", [arena("a")])
    refused(query_files.score, {"predictions": predictions, option: write(tmp_path / "f.txt", data)}, sentence)


def test_what_optimality_leaves_out_is_told(tmp_path):
    pool = [{"for_optimality": True, **more} for more in ({"cost": None}, {"cost": 0.003}, {"cost": 0.001})]
    rows = [arena("a"), arena("b"), *(arena("a", **more) for more in pool), arena("c", for_optimality=True)]
    subset = write(tmp_path / "ids.json", ["a", "zz"])
    found = query_files.score({"predictions": write(tmp_path / "p.json", rows), "subset": subset})
    told = " ".join(found.notes)
    assert found.metrics["optimality_queries"] == 1
    assert "1 of the 2 ids in" in told
    assert "first zz" in told
    for count in ("belong to no query", "have no accuracy or no cost", "repeat a model of their query"):
        assert f"1 rows with for_optimality {count}" in told
    alone = query_files.score({"predictions": write(tmp_path / "p.json", [arena("a")])})
    assert any("compares each pick with nothing else" in note for note in alone.notes)


def test_lines_end_where_json_lines_says(tmp_path):
    lines = "\n".join(json.dumps(arena(index, prompt="a\u2028b\x85c\x0cd"), ensure_ascii=False) for index in "ab")
    found = query_files.score({"predictions": write(tmp_path / "p.jsonl", f"\ufeff{lines}\n\n")})
    assert found.metrics["num_queries"] == 2


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("method,cost,performance\na,-2,.5\n", 'line 2: "cost" must be a number of at least 0, not -2.0'),
        ("method,cost,performance\na,1,70\n", 'line 2: "performance" must be a number from 0 to 1, not 70.0'),
        ("method,cost,performance\na,1,nan\n", 'line 2: "performance" must be a number from 0 to 1, not NaN'),
        ("method,cost,performance\na,1\n", 'line 2 has no "performance"'),
        ("method,cost,performance\n\na,0,1,0,5\n", "line 3 has more cells than line 1 names columns"),
        (
            "method;cost;performance\na;1;1\n",
            "line 1 names no column method, cost, performance; it reads 'method;cost;",
        ),
        ("method,cost\na,1\n", "line 1 names no column performance; it reads 'method,cost'"),
        (",cost,performance\n", "line 1 names no column method"),
        ("method,cost,performance\n", "c.csv holds no rows"),
    ],
)
def test_curves_that_cannot_be(tmp_path, text, sentence):
    refused(curve_files.score, {"curve": write(tmp_path / "c.csv", text)}, sentence)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("target", float("nan"), '"target" must be a number from 0 to 1, not NaN'),
        ("target", 70.0, '"target" must be a number from 0 to 1, not 70.0'),
        ("range", "0,inf", '--range: "HI" must be a number of at least 0, not Infinity'),
        ("range", "-1,2", '--range: "LO" must be a number of at least 0, not -1.0'),
        ("range", "1", "--range must read LO,HI"),
    ],
)
def test_targets_and_ranges_that_cannot_be(tmp_path, option, value, sentence):
    curve = write(tmp_path / "c.csv", "method,cost,performance\na,1,.5\na,2,.7\n")
    refused(curve_files.score, {"curve": curve, option: value}, sentence)


def test_a_curve_as_a_spreadsheet_saves_it(tmp_path):
    curve = write(tmp_path / "c.csv", "\ufeffmethod, lambda, cost, performance\r\nmine, 0, 1, .5\r\nmine, 1, 2, .7\r\n")
    assert curve_files.score({"curve": curve}).metrics["mine.peak"] == 0.7


def run_folder(folder: Path, results: dict, steps=({"step_cost_usd": 0.25},)) -> Path:
    """A run: results by the names of their files, all with the same trace."""
    (folder / "results").mkdir()
    for name, result in results.items():
        write(folder / "results" / f"{name}.json", result)
        lines = steps if isinstance(steps, bytes) else "\n".join(json.dumps(step) for step in steps)
        write(folder / f"{name}.trace.jsonl", lines)
    return folder


@pytest.mark.parametrize(
    ("results", "steps", "sentence"),
    [
        ({"a": {"instance_id": "a"}, "b": {"instance_id": "a"}}, [], 'b.json has the same "instance_id" as'),
        ({"a": {"resolved": "true"}}, [], 'a.json: "resolved" must be true or false, not "true"'),
        ({"a": {"step_count": -3}}, [], '"step_count" must be a whole number from 0 to 1e+15, not -3'),
        (
            {"a": {}},
            [{"step_cost_usd": 1}, {"step_cost_usd": -1}],
            'line 2: "step_cost_usd" must be a number of at least',
        ),
        ({"a": {}}, [[1]], "a.trace.jsonl: line 1 is no object but [1]"),
        ({"a": {}}, b"\xff", "a.trace.jsonl cannot be read"),
        ({"a": []}, [], "a.json is no object but []"),
    ],
)
def test_runs_that_cannot_be(tmp_path, results, steps, sentence):
    refused(agent_run_folder.score, {"run_dir": run_folder(tmp_path, results, steps)}, sentence)


@pytest.mark.parametrize("penalty", [float("nan"), float("inf"), -1.0])
def test_penalties_that_cannot_be(tmp_path, penalty):
    options = {"run_dir": run_folder(tmp_path, {"a": {}}), "penalty": penalty}
    refused(agent_run_folder.score, options, 'adrs score: "penalty" must be a number of at least 0')


def test_instances_without_results_are_told_and_a_filter_must_match(tmp_path):
    folder = run_folder(tmp_path, {"a": {"resolved": True}, "b": {}}, [{"cost": 3}, {"step_cost_usd": 0.5}])
    some = write(tmp_path / "some.json", ["a", "zz"])
    found = agent_run_folder.score({"run_dir": folder, "instances": some})
    assert found.metrics["instances"] == 1
    assert found.metrics["total_bill_usd"] == 0.5
    told = " ".join(found.notes)
    assert "1 of the 2 ids in" in told
    assert "first zz" in told
    assert "1 steps have no step_cost_usd and count as free" in told
    none = write(tmp_path / "none.txt", "x\ny\n")
    refused(agent_run_folder.score, {"run_dir": folder, "instances": none}, "none of its 2 ids is among the results")


def test_infinities_are_text_wherever_they_stand(tmp_path):
    plain = agent_run_folder.score({"run_dir": run_folder(tmp_path, {"a": {}})}).plain()
    assert plain["bill_per_resolved_usd"] == plain["all"]["bill_per_resolved_usd"] == "inf"


@pytest.mark.parametrize(
    ("provider", "usage"),
    [
        ("deepseek", {"prompt_tokens": 1, "prompt_cache_hit_tokens": 4}),
        ("gemini", {"promptTokenCount": 1, "cachedContentTokenCount": 4}),
    ],
)
def test_no_provider_reads_more_from_a_cache_than_it_was_asked(provider, usage):
    with pytest.raises(UserError, match="more cached tokens"):
        agent_run_folder.token_buckets(provider, Record(usage, "here"))


TOKENS = {"low": 1100, "mid": 0, "mid_high": 0, "high": 1000}
QUESTION = {"id": "i_1", "benchmark": "w", "instance_id": "i", "step_index": 1, "gold_tier_id": 0}
FACT = {"id": "i_1", "prompt_tokens": TOKENS, "output_tokens": 100, "prev_is_semantic_prefix": False}
CHOICE = {"id": "i_1", "pred_tier_id": 0}


def static(folder: Path, bank=(QUESTION,), facts=(FACT,), predictions=(CHOICE,)) -> dict[str, Path]:
    """Options that score these rows."""
    rows = {"bank": bank, "facts": facts, "predictions": predictions}
    return {name: write(folder / f"{name}.json", list(found)) for name, found in rows.items()}


def without(row, name):
    return {key: value for key, value in row.items() if key != name}


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ([without(FACT, "prev_is_semantic_prefix")], 'facts.json: row 1 has no "prev_is_semantic_prefix"'),
        ([without(FACT, "output_tokens")], 'row 1 has no "output_tokens"'),
        ([without(FACT, "prompt_tokens")], 'row 1 has no "prompt_tokens"'),
        ([{**FACT, "prompt_tokens": without(TOKENS, "high")}], 'row 1: prompt_tokens has no "high"'),
        ([{**FACT, "output_tokens": -50}], '"output_tokens" must be a whole number from 0 to 1e+15, not -50'),
        ([{**FACT, "output_tokens": 1.5}], '"output_tokens" must be a whole number from 0 to 1e+15, not 1.5'),
        (
            [{**FACT, "prev_is_semantic_prefix": "false"}],
            '"prev_is_semantic_prefix" must be true or false, not "false"',
        ),
        ([{**FACT, "gold_tier_id": 3}], '"gold_tier_id" is 3, but 0 in'),
        ([{**FACT, "step_index": 2}], '"step_index" is 2, but 1 in'),
        ([FACT, FACT], 'row 2 has the same "id" as'),
        ([{**FACT, "id": "other"}], "lacks 1 rows of the bank, the first with id i_1"),
    ],
)
def test_token_facts_that_cannot_be(tmp_path, facts, sentence):
    refused(agent_files.score, static(tmp_path, facts=facts), sentence)


@pytest.mark.parametrize(
    ("predictions", "sentence"),
    [
        ([CHOICE, {**CHOICE, "error": "boom"}], 'predictions.json: row 2 has the same "id" as'),
        ([{"id": "i_1", "tier": 0}], "has none of pred_tier_id, predicted_tier_id, predicted_tier and error"),
        ([{**CHOICE, "predicted_tier": "high"}], "row 1 has two tiers: low, high"),
        (
            [{**CHOICE, "pred_tier_id": 2.0}],
            '"pred_tier_id" must be a tier: 0 to 3, or one of low, mid, mid_high, high',
        ),
        ([{**CHOICE, "pred_tier_id": True}], "must be a tier"),
    ],
)
def test_choices_of_tiers_that_cannot_be(tmp_path, predictions, sentence):
    refused(agent_files.score, static(tmp_path, predictions=predictions), sentence)


@pytest.mark.parametrize(
    ("bank", "sentence"),
    [
        ([], "bank.json holds no rows"),
        ([QUESTION, QUESTION], 'bank.json: row 2 has the same "id" as'),
        ([without(QUESTION, "benchmark")], 'row 1 has no "benchmark"'),
        ([{**QUESTION, "gold_tier_id": 7}], '"gold_tier_id" must be a tier'),
        ([{**QUESTION, "step_index": 1.5}], '"step_index" must be a whole number'),
    ],
)
def test_banks_that_cannot_be(tmp_path, bank, sentence):
    refused(agent_files.score, static(tmp_path, bank=bank), sentence)


@pytest.mark.parametrize(
    ("calls", "sentence"),
    [
        (["x"], 'row 1: messages, item 1: tool_calls, item 1 is no object but "x"'),
        ({"a": 1}, 'item 1: "tool_calls" must be a list of objects, not {"a": 1}'),
        (1, 'item 1: "tool_calls" must be a list of objects, not 1'),
    ],
)
def test_calls_of_tools_that_cannot_be(tmp_path, calls, sentence):
    bank = write(tmp_path / "bank.json", [{**QUESTION, "messages": [{"role": "assistant", "tool_calls": calls}]}])
    refused(agent_prefixes.read_bank, bank, sentence)


def test_half_a_pair_of_surrogates_is_read_as_a_question_mark(tmp_path):
    """No program could be sent it otherwise."""
    text = "\ud800 hi \U0001f600"
    message = {"role": "user", "content": text, "tool_calls": None}
    bank = agent_prefixes.read_bank(write(tmp_path / "bank.json", [{**QUESTION, "messages": [message]}]))
    assert bank.messages[0][0] == {**message, "content": "? hi \U0001f600"}
    assert (bank.features == text_features.hash_features_of([text])).all()


def test_steps_may_be_counted_from_zero(tmp_path):
    """The step after the first reads its cache: the two have places of their own."""
    bank = [{**QUESTION, "id": f"i_{step}", "step_index": step, "gold_tier_id": 3} for step in (0, 1)]
    facts = [{**FACT, "id": f"i_{step}", "prev_is_semantic_prefix": step > 0} for step in (0, 1)]
    choices = [{"id": f"i_{step}", "predicted_tier": "high"} for step in (0, 1)]
    from_zero = agent_files.score(static(tmp_path, bank, facts, choices)).metrics
    moved = [{**row, "step_index": row["step_index"] + 1} for row in bank]
    assert agent_files.score(static(tmp_path, moved, facts, choices)).metrics == from_zero


def test_errors_of_a_router_and_facts_of_other_calls_are_told(tmp_path):
    options = static(tmp_path, facts=[FACT, {**FACT, "id": "other"}], predictions=[{"id": "i_1", "pred_tier_id": None}])
    found = agent_files.score(options)
    assert found.metrics["num_errors"] == 1
    assert any("1 predictions have an error, or null for a tier" in note for note in found.notes)
    assert any("1 rows of" in note and "are of no call in the bank" in note for note in found.notes)


STEPS = [{"tier": "high", "completion_tokens": 100}]
CASE = {"passed": True, "baseline": STEPS, "test": STEPS, "optimal": STEPS}


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        ({**CASE, "passed": "no"}, 'cases.json: row 1: "passed" must be true or false, not "no"'),
        (without(CASE, "passed"), 'row 1 has no "passed"'),
        ({**CASE, "test": [{"tier": "low", "completion_tokens": -1000}]},
         'row 1: test, item 1: "completion_tokens" must be a number of at least 0, not -1000'),
        ({**CASE, "test": [{"tier": "low"}]}, 'test, item 1 has no "completion_tokens"'),
        ({**CASE, "optimal": {}}, '"optimal" must be a list of objects, not {}'),
    ],
)  # fmt: skip
def test_cases_that_cannot_be(tmp_path, case, sentence):
    refused(agent_files.score, {"cases": write(tmp_path / "cases.json", [case])}, sentence)
