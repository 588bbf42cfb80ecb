"""Whatever is loaded, a policy is sent declared fields and nothing that says which recorded task it is asked about."""

import csv
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import problem as problems
from adrs.evaluation import Evaluator, WorkloadSpec
from evaluators.routing import agent_step_routing, budgeted_routing, query_routing
from evaluators.routing.budget_world import BUDGETS
from tests.evaluators.routing.recording import RecordingPolicy, keys, opened

SECRET = st.from_regex(r"zq[a-z]{8}", fullmatch=True)
NESTED = {
    "query-routing": {"name", "price_in", "price_out"},
    "budgeted-routing": {"name", "price_in", "price_out"},
    "agent-step-routing": {
        "role", "content", "tool_calls", "tool_call_id", "name", "id", "type", "function", "arguments", "text",
        "tool_use_id", "input", "description", "cached_tokens", "age", "time_to_live",
    },
    "agent-step-routing-trajectory": {"cached_tokens", "age", "time_to_live", "max_steps", "budget_usd"},
}  # fmt: skip
"""Fields of what is declared as plain data."""
SOURCES = {
    "query-routing": "def fit(train):\n    pass\n\ndef route(model, state, request):\n    return 0\n",
    "budgeted-routing": "def fit(train):\n    pass\n\ndef route(model, state, request):\n    return 0, None\n",
    "agent-step-routing": "def fit(train):\n    pass\n\ndef reset(model, episode):\n    pass\n\n"
                          "def route(model, state, request):\n    return 3\n",
    "agent-step-routing-trajectory": "def fit(train):\n    pass\n\ndef reset(model, episode):\n    pass\n\n"
                                     "def route(model, state, request):\n    return 3\n\n"
                                     "def observe(model, state, feedback):\n    pass\n",
}  # fmt: skip
EVALUATORS: dict[str, Evaluator[Any]] = {
    "query-routing": query_routing.QueryRouting({"fit": 40, "asked": 30}),
    "budgeted-routing": budgeted_routing.BudgetedRouting({"fit": 40, "asked": 30}),
    "agent-step-routing": agent_step_routing.RecordedSteps(),
    "agent-step-routing-trajectory": agent_step_routing.SimulatedRuns({"runs": 10}),
}


def sent(name: str, spec: WorkloadSpec) -> list[tuple[str, Any]]:
    """Everything that a policy is sent of a workload, checked against the interface."""
    problem = problems.load(name)
    policy = RecordingPolicy(problem, SOURCES[name])
    evaluator = EVALUATORS[name]
    evaluator.evaluate(policy, evaluator.load(spec), spec)
    found = [(function, opened(arguments)) for function, arguments in policy.sent]
    for function, arguments in found:
        kind = problem.functions[function]
        for argument, value in zip(kind.crossing, arguments, strict=True):
            declared = kind.arguments[argument]
            if isinstance(declared, dict):
                assert set(value) == set(declared), f"{function} is sent {argument}"
                assert keys(list(value.values())) <= NESTED[name], f"{function}: {argument}"
            else:
                assert value is None, f"{function}: {argument}"
    return found


def spec_of(name: str, family: str = "real", seed: int | None = None, **parameters: Any) -> WorkloadSpec:
    return WorkloadSpec(name, family, family, "test" if seed is None else "train", seed, parameters)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        *(("query-routing", family) for family in query_routing.FAMILIES),
        *(("budgeted-routing", family) for family in budgeted_routing.FAMILIES),
        ("agent-step-routing", "same"),
        ("agent-step-routing-trajectory", "same"),
        ("agent-step-routing-trajectory", "forgiving"),
        ("agent-step-routing-trajectory", "long"),
    ],
)
def test_generated_workloads_send_declared_fields_alone(name: str, family: str) -> None:
    functions = {function for function, _ in sent(name, spec_of(name, family, 3))}
    assert {"fit", "route"} <= functions


def table(folder: Path, kind: str, secret: str) -> Path:
    """A file of a public benchmark, with a secret wherever a request must not have it."""
    words = ("one", "two", "red", "blue", "tall")
    questions = [f"what is {left} {right} and why are {right} things {left}" for left in words for right in words]
    file = folder / f"{secret}.csv"
    rows: list[dict[str, Any]]
    if kind == "routerbench":
        rows = [{"sample_id": f"{secret}.{place}", "eval_name": secret, "prompt": json.dumps([text]),
                 "a|score": 1.0, "b|score": place % 2, "a|total_cost": 0.01, "b|total_cost": 0.001,
                 "oracle_model_to_route_to": secret} for place, text in enumerate(questions)]  # fmt: skip
    elif kind == "routellm":
        rows = [{"subject": secret, "prompt": text, "contaminated": 0, "weak": place % 2,
                 "strong": 1, "weak_response": secret, "strong_response": secret}
                for place, text in enumerate(questions)]  # fmt: skip
    elif kind == "r2-bench":
        file = folder / "Qwen3-235B.csv"
        cells = {f"{budget}_{what}": value for budget in (*BUDGETS, "unlimited")
                 for what, value in (("score", 0.5), ("count", 20 if budget == 10 else 40))}  # fmt: skip
        rows = [{"id": f"{secret}_{place}", "domain": secret, "prompt": text, **cells}
                for place, text in enumerate(questions)]  # fmt: skip
    else:
        file = folder / "any.jsonl"
        price = {"input_token_price_per_million": 1, "output_token_price_per_million": 2}
        (folder / "prices.json").write_text(json.dumps({"a": price, "b": price}))
        lines = [{"global_index": f"{secret}_{place}", "question": text, "model": model, "generated_answer": secret,
                  "ground_truth": secret, "dataset": secret, "token_usage": {"input_tokens": 5, "output_tokens": 7},
                  "evaluation_result": {"score": place % 2, "inference_cost": 0.001, "metric": secret}}
                 for place, text in enumerate(questions) for model in ("a", "b")]  # fmt: skip
        file.write_text("\n".join(json.dumps(line) for line in lines))
        return file
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return file


@settings(max_examples=3, deadline=None)
@given(secret=SECRET)
@pytest.mark.parametrize("kind", ["routerbench", "routellm", "routerarena", "r2-bench"])
def test_tables_send_texts_but_neither_ids_nor_names_of_data_sets_nor_answers(kind: str, secret: str) -> None:
    name = "budgeted-routing" if kind == "r2-bench" else "query-routing"
    with tempfile.TemporaryDirectory() as folder:
        found = sent(name, spec_of(name, file=str(table(Path(folder), kind, secret))))
    assert "what is" in repr(found)
    assert secret not in repr(found)


@settings(max_examples=3, deadline=None)
@given(
    secret=SECRET, extra=st.dictionaries(st.sampled_from(["total_steps", "scenario", "difficulty", "split"]), SECRET)
)
def test_a_question_bank_sends_no_ids_no_benchmark_and_no_labels(secret: str, extra: dict[str, str]) -> None:
    call = {
        "id": f"toolu_{secret}",
        "type": "function",
        "index": secret,
        "function": {"name": "run", "arguments": "{}"},
    }
    conversation = [
        {"role": "system", "content": "be brief", "cache_control": secret},
        {"role": "user", "content": [{"type": "text", "text": f"mend {secret}__{secret}-12907", "citations": secret}]},
        {"role": "assistant", "content": None, "tool_calls": [call], "reasoning": secret},
        {"role": "tool", "tool_call_id": f"toolu_{secret}", "content": "done"},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{secret}", "content": "more"}]},
    ]
    rows = [
        {"id": f"{secret}_step_{step}_{run}", "benchmark": secret, "instance_id": f"{secret}__{secret}-{run}",
         "step_index": step, "gold_tier_id": step % 4, "messages": conversation[: step + 1],
         "tools": [{"type": "function", "function": {"name": "run", "description": f"of {secret}__{secret}-7"},
                    "cache_control": secret}], **extra}
        for run in range(8) for step in range(1, 5)
    ]  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "question_bank.jsonl"
        file.write_text("\n".join(json.dumps(row) for row in rows))
        found = sent("agent-step-routing", spec_of("agent-step-routing", file=str(file)))
    asked = [arguments for function, arguments in found if function == "route"]
    assert "repository-issue" in repr(asked)
    assert "call_1" in repr(asked)
    assert secret not in repr(found)
    assert "total_steps" not in repr(found)


def test_features_of_a_question_bank_do_not_know_which_task_it_is() -> None:
    """They are of the masked text, so that two names of one form give the same."""
    from evaluators.routing import agent_prefixes

    features = []
    with tempfile.TemporaryDirectory() as folder:
        for name in ("astropy__astropy-12907", "django__django-11099"):
            file = Path(folder) / "bank.jsonl"
            row = {"id": "x", "gold_tier_id": 0, "messages": [{"role": "user", "content": f"mend {name} please"}]}
            file.write_text(json.dumps(row))
            features.append(agent_prefixes.read_bank(file).features)
    assert (features[0] == features[1]).all()
