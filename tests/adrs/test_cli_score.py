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


def test_what_does_not_fit_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "curve.csv").write_text("method,cost,performance\na,one,1\n")
    wrong = adrs("score", "budgeted-routing", "--curve", "curve.csv", cwd=tmp_path, code=1).stderr
    assert wrong == "adrs: curve.csv: line 2: cost and performance must be numbers\n"
    none = adrs("score", "model-placement", cwd=tmp_path, code=1).stderr
    assert none.startswith("adrs: problem model-placement has no public format; those that have: agent-step-routing,")


def test_without_published_data_the_generators_stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRS_DATA", str(tmp_path))
    done = adrs("problem", "query-routing", "--workloads", "published", cwd=tmp_path)
    assert "the shipped generators stand in" in done.stderr
    assert "train: same-1000" in done.stdout
