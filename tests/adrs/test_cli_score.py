"""`adrs score`: files in the formats of public benchmarks, without running anything."""

from pathlib import Path

import pytest

from tests.adrs.cli_tools import adrs, adrs_json

CURVE = "method,lambda,cost,performance\na,0,1,.5\na,.5,2,.7\na,1,4,.8\n"


def test_a_curve_is_scored_as_a_table_and_as_json(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text(CURVE)
    shown = adrs("score", "budgeted-routing", "--curve", "curve.csv", "--target", "0.7", cwd=tmp_path).stdout
    assert "a.audc" in shown
    assert "0.3333333333" in shown
    found = adrs_json("score", "budgeted-routing", "--curve", "curve.csv", cwd=tmp_path)
    assert found["a.peak"] == 0.8
    assert found["notes"]


def test_the_examples_of_the_help_are_scored(tmp_path: Path) -> None:
    shown = [line.strip() for line in adrs("score", "--help", cwd=tmp_path).stdout.splitlines()]
    files = {"arena.jsonl": "global index", "tiers.jsonl": "pred_tier_id", "bank.jsonl": "gold_tier_id"}
    for name, key in files.items():
        (tmp_path / name).write_text(next(line for line in shown if line.startswith("{") and key in line))
    start = shown.index("method,lambda,cost,performance")
    (tmp_path / "curve.csv").write_text("\n".join(shown[start : start + 2]))
    arena = adrs_json("score", "query-routing", "--predictions", "arena.jsonl", cwd=tmp_path)
    assert (arena["accuracy"], arena["total_cost"]) == (1.0, 0.0021)
    tiers = adrs_json(
        "score", "agent-step-routing", "--predictions", "tiers.jsonl", "--bank", "bank.jsonl", cwd=tmp_path
    )
    assert tiers["case_pass_rate_percent"] == 0.0
    assert adrs_json("score", "budgeted-routing", "--curve", "curve.csv", cwd=tmp_path)["mine.peak"] == 0.75


def test_what_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("method,cost,performance\na,one,1\n")
    wrong = adrs("score", "budgeted-routing", "--curve", "curve.csv", cwd=tmp_path, code=1).stderr
    assert wrong == 'adrs: curve.csv: line 2: "cost" must be a number of at least 0, not "one"\n'
    none = adrs("score", "model-placement", cwd=tmp_path, code=1).stderr
    assert none.startswith("adrs: problem model-placement has no public format; those that have: agent-step-routing,")


def test_without_published_data_the_generators_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRS_DATA", str(tmp_path))
    done = adrs("problem", "query-routing", "--workloads", "published", cwd=tmp_path)
    assert "the shipped generators stand in" in done.stderr
    assert "train: same-1000" in done.stdout
