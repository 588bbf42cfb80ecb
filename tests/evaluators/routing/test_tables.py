"""Files of public benchmarks as their owners write them, and what is wrong with those that cannot be read."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from adrs import resources
from adrs.errors import UserError
from evaluators.routing import budget_table, price_list, query_tables, query_world, splits
from evaluators.routing.budget_world import BUDGETS


def cached(index: str, score: float, cost: float, **more: Any) -> dict[str, Any]:
    """A line of RouterArena's cached results."""
    return {
        "global_index": index, "question": f"question {index}?", "generated_answer": "an answer", "ground_truth": "A",
        "token_usage": {"input_tokens": 11, "output_tokens": 7, "total_tokens": 18},
        "evaluation_result": {"score": score, "inference_cost": cost, "metric": "mcq"}, **more,
    }  # fmt: skip


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_cached_results_of_one_file_a_model_are_one_table(tmp_path: Path) -> None:
    lines(tmp_path / "gemini-2.0-flash.jsonl", [cached("ArcMMLU_1", 1.0, 0.001), cached("MATH_2", 0.0, 0.002)])
    file = lines(tmp_path / "claude-3-haiku.jsonl", [cached("MATH_2", 1.0, 0.004), cached("ArcMMLU_1", 0.5, 0.003)])
    (tmp_path / "other.jsonl").write_text('{"id": 1}\n')
    found = query_tables.read(file)
    assert found.names == ["claude-3-haiku", "gemini-2.0-flash"]
    assert found.keys == ["MATH_2", "ArcMMLU_1"]
    assert found.categories == ["MATH", "ArcMMLU"]
    assert found.accuracy.tolist() == [[1.0, 0.0], [0.5, 1.0]]
    assert found.cost.tolist() == [[0.004, 0.002], [0.003, 0.001]]
    assert found.output_tokens is not None
    assert found.output_tokens.tolist() == [[7, 7], [7, 7]]
    assert found.texts[0] == "question MATH_2?"
    assert found.evaluation_only
    fit, asked = query_tables.split(found)
    assert (len(fit.keys), len(asked.keys)) == (0, 2)
    assert "an answer" not in repr(found.texts)


def test_cached_results_that_name_their_models_need_no_neighbours(tmp_path: Path) -> None:
    file = lines(tmp_path / "all.jsonl", [cached("A_1", 1.0, 0.1, model="x"), cached("A_1", 0.0, 0.2, model="y")])
    lines(tmp_path / "z.jsonl", [cached("A_1", 1.0, 0.1)])
    assert query_tables.read(file).names == ["x", "y"]


def test_a_line_ends_where_its_format_says(tmp_path: Path) -> None:
    """Texts hold what Python, but neither JSON Lines nor CSV, takes for an end of a line; a file may have a mark."""
    odd = "a\u2028b\x85c\x0cd"
    row = json.dumps(cached("A_1", 1.0, 0.1, model="x", question=odd), ensure_ascii=False)
    file = tmp_path / "odd.jsonl"
    file.write_text(f"\ufeff{row}\n")
    assert query_tables.read(file).texts == [odd]
    file = tmp_path / "odd.csv"
    file.write_text(f"\ufeffsample_id,eval_name,prompt,m,m|total_cost\nq,mmlu,{odd},1,0.1\n")
    assert query_tables.read(file).texts == [odd]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([cached("A_1", 1.0, 0.1, model="x"), cached("A_2", 1.0, 0.1, model="y")], "lacks a model"),
        ([{"global_index": "A_1", "evaluation_result": {"score": 1.0}}], "inference_cost"),
        ([{"id": 3}], "none of the known sets of columns"),
        ([], "holds no rows"),
    ],
)
def test_a_broken_file_of_cached_results_is_one_sentence(
    tmp_path: Path, rows: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        query_tables.read(lines(tmp_path / "a.jsonl", rows))


def priced(*models: str) -> str:
    """A list of prices: 1, 2, 3... dollars in, ten times as much out."""
    return json.dumps({name: {"input_token_price_per_million": at, "output_token_price_per_million": 10 * at}
                       for at, name in enumerate(models, start=1)})  # fmt: skip


def test_models_have_list_prices_and_only_without_them_blends_of_what_is_fitted_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Prices of the queries that are asked would tell of their outcomes."""
    monkeypatch.setenv("ADRS_DATA", str(tmp_path / "data"))
    file = tmp_path / "bench.csv"
    texts = [f"{letter}{letter} is the question of {letter}" for letter in "abcdefghijklmnopqrst"]
    rows = [f"q{at:02d},mmlu,{text},1,0,{0.001 * (at + 1)},{0.1 * (at + 1)}" for at, text in enumerate(texts)]
    file.write_text("\n".join(["sample_id,eval_name,prompt,x,z/y,x|total_cost,z/y|total_cost", *rows]))
    fit, asked = query_tables.split(query_tables.read(file))
    assert len(fit.keys) == 14
    pieces = 6 * len(fit.keys)
    found = [model.plain() for model in query_tables.models(fit, file)]
    assert [model["price_in"] for model in found] == pytest.approx((1e6 * fit.cost.sum(axis=0) / pieces).tolist())
    assert all(model["price_in"] == model["price_out"] for model in found)
    (tmp_path / "prices.json").write_text(priced("x"))
    assert [model.plain() for model in query_tables.models(fit, file)] == found, "prices of one pool are of one kind"
    (tmp_path / "data" / "routing").mkdir(parents=True)
    (tmp_path / "data" / price_list.PUBLISHED).write_text(priced("u", "z/y"))
    prices = [(model.name, model.price_in, model.price_out) for model in query_tables.models(fit, file)]
    assert prices == [("x", 1, 10), ("z/y", 2, 20)]
    assert len(asked.keys) == 6


def test_what_may_not_be_fitted_to_needs_list_prices(tmp_path: Path) -> None:
    file = lines(tmp_path / "all.jsonl", [cached("A_1", 1.0, 0.1, model="x"), cached("A_1", 0.0, 0.2, model="y")])
    fit, _ = query_tables.split(query_tables.read(file))
    with pytest.raises(UserError, match=r"prices of x, y are not known: write them to .*prices\.json"):
        query_tables.models(fit, file)


COLUMNS = [f"{budget}_{what}" for budget in (*BUDGETS, "unlimited") for what in ("score", "count")]


def bench(path: Path, queries: int, score: float, **changes: str) -> Path:
    """R2-Bench's CSV of one model."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["id", "prompt", *COLUMNS])
        writer.writeheader()
        for row in range(queries):
            cells = {name: str(score) if name.endswith("score") else str(10 + place + row)
                     for place, name in enumerate(COLUMNS)}  # fmt: skip
            text = f"question number {'abcdefghijklmnopqrstuvwxyz'[row]} about {'xyz'[row % 3]}{row}"
            writer.writerow({"id": f"q{row:03d}", "prompt": text, **cells, **changes})
    return path


def test_r2_bench_is_a_folder_with_a_file_for_each_model(tmp_path: Path) -> None:
    bench(tmp_path / "Qwen3-235B.csv", 20, 0.8)
    file = bench(tmp_path / "gemma-3-4b.csv", 20, 0.6)
    task = budget_table.load(file)
    assert [model.name for model in task.models] == ["Qwen3-235B", "gemma-3-4b"]
    assert task.models[0].price_out == 0.54
    assert len(task.fit) + len(task.asked) == 20
    assert len(task.asked) == 6
    assert not set(task.fit.texts) & set(task.asked.texts)
    assert np.unique(task.asked.score[:, 0]).tolist() == [0.8]
    assert np.unique(task.asked.score[:, 1]).tolist() == [0.6]
    assert task.fit.tokens.shape == (14, 2, 16)
    assert (np.diff(task.fit.tokens[0, 0]) == 2).all(), "budgets in ascending order, unlimited last"


def test_prices_of_other_models_stand_beside_the_files(tmp_path: Path) -> None:
    file = bench(tmp_path / "my-model.csv", 12, 0.5)
    with pytest.raises(UserError, match=r"prices of my-model are not known: write them to .*prices\.json"):
        budget_table.load(file)
    price = {"input_token_price_per_million": 1.5, "output_token_price_per_million": 2.5}
    (tmp_path / "prices.json").write_text(json.dumps({"my-model": price}))
    (model,) = budget_table.load(file).models
    assert (model.price_in, model.price_out) == (1.5, 2.5)
    (tmp_path / "prices.json").write_text('{"my-model": 3}')
    with pytest.raises(UserError, match=r'"my-model" must be an object, not 3'):
        budget_table.load(file)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"100_score": ""}, "a row has no number"),
        ({"unlimited_score": "1.5"}, "row 1: unlimited_score is 1.5"),
        ({"10_count": "nan"}, "row 1: 10_count is nan"),
        ({"10_count": "-3"}, "row 1: 10_count is -3"),
    ],
)
def test_a_broken_cell_of_r2_bench_is_named(tmp_path: Path, changes: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        budget_table.load(bench(tmp_path / "gemma-3-4b.csv", 12, 0.5, **changes))


def test_a_file_of_one_query_over_and_over_is_refused(tmp_path: Path) -> None:
    file = bench(tmp_path / "gemma-3-4b.csv", 12, 0.5, prompt="the same question for all of them")
    with pytest.raises(UserError, match="too few different queries"):
        budget_table.load(file)


def test_files_of_different_length_are_refused(tmp_path: Path) -> None:
    bench(tmp_path / "Qwen3-235B.csv", 12, 0.8)
    with pytest.raises(UserError, match="do not hold the same number of queries"):
        budget_table.load(bench(tmp_path / "gemma-3-4b.csv", 13, 0.6))


@pytest.mark.parametrize(
    ("name", "rows", "models", "evaluation_only"),
    [
        ("routerarena_cached_results.csv.gz", 809, 2, True),
        ("routerbench_1pct.csv.gz", 365, 11, False),
        ("routellm_gsm8k.csv.gz", 1307, 2, False),
    ],
)
def test_the_published_files_load(name: str, rows: int, models: int, evaluation_only: bool) -> None:
    path = resources.data_folder() / "routing" / name
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    found = query_tables.read(path)
    assert (len(found.keys), len(found.names), found.evaluation_only) == (rows, models, evaluation_only)
    assert found.accuracy.max() == 1.0
    assert (found.cost >= 0).all()
    if evaluation_only:
        last = query_tables.models(query_tables.split(found)[0], path)[-1]
        dollars = query_world.costs(
            found.input_tokens, found.output_tokens, np.array([(last.price_in, last.price_out)])
        )
        assert dollars[:, -1] == pytest.approx(found.cost[:, -1], abs=1e-12), "tokens are those of the last model"
    else:
        fit, asked = query_tables.split(found)
        assert not set(fit.clusters.tolist()) & set(asked.clusters.tolist())
        assert len(asked.keys) == pytest.approx(0.3 * rows, rel=0.1)


def test_near_duplicates_are_looked_for_among_the_rows_that_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at, find = [], splits.near_duplicates
    monkeypatch.setattr(query_tables, "MOST_ROWS", 6)
    monkeypatch.setattr(splits, "near_duplicates", lambda texts: looked_at.append(len(texts)) or find(texts))
    file = tmp_path / "answers.csv"
    file.write_text("prompt,contaminated,weak,strong\n" + "".join(f"{chr(97 + row)},0,0,1\n" for row in range(9)))
    fit, asked = query_tables.split(query_tables.read(file))
    assert len(fit.clusters) + len(asked.clusters) == 6
    assert looked_at == [6]
