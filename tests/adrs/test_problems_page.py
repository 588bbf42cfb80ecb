"""The problem of docs/problems.md, written down and run as its readers would."""

import re
from collections import deque
from pathlib import Path

import pytest

from adrs import problem
from adrs.evaluate.harness import load_evaluator
from adrs.interface import parse_type
from adrs.program import Verdict
from tests.adrs.cli_tools import adrs_json

PAGE = (Path(__file__).parents[2] / "docs" / "problems.md").read_text()


@pytest.fixture(scope="module")
def scaling(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "scaling"
    for name, text in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_problem_of_the_page_passes_its_check_and_runs(scaling: Path) -> None:
    checked = adrs_json("check", str(scaling), cwd=scaling.parent)
    assert checked["ok"]
    assert {"cheat no_servers", "repeatable", "ranking"} <= {each["name"] for each in checked["checks"]}
    run = adrs_json("run", str(scaling), "--max-evaluations", "20", cwd=scaling.parent)
    assert run["winner"]["score"]["test"] > 0
    assert run["baselines"]["target"]["score"]["validation"] == 100
    assert run["baselines"]["just-enough"]["score"]["validation"] > 0


def test_the_page_names_every_verdict(scaling: Path) -> None:
    named = set(re.findall(r"`(\w+)`", PAGE[PAGE.index("| verdict |") : PAGE.index("One workload that fails")]))
    assert set(Verdict.__args__) <= named


def test_every_type_of_the_page_is_one() -> None:
    rows = re.findall(r"^\| (`.*?) \|", PAGE[PAGE.index("| written |") : PAGE.index("After a comma")], re.MULTILINE)
    written = [text for row in rows for text in re.findall(r"`([^`]+)`", row) if not re.search("[={]", text)]
    assert len(written) >= 12
    for text in written:
        parse_type(text, "the page")


def test_the_page_reads_what_the_problem_says(scaling: Path) -> None:
    loaded = problem.load(str(scaling))
    assert loaded.shape == "decide"
    assert loaded.functions["servers"].crossing == ["sample"]


IN_TURN = """
def evict(held, missing, state):
    state["turn"] = (state.get("turn", -1) + 1) % len(held)
    return state["turn"]
"""


def test_the_caches_of_the_page_are_asked_where_they_miss(tmp_path: Path) -> None:
    """In the sandbox: whoever replaces slots in turn hits as first in, first out does, so each cache has a state."""
    parts = dict(re.findall(r"<!-- scenarios: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL))
    head = 'title = "Caches"\n[decide]\nwhat = "Which object goes."\n[policy]\nshape = "decide"\n'
    rest = """
[objective]
metric = "hits"
direction = "maximize"
[evaluator]
class = "evaluator:Caches"
[workloads]
train = [{ family = "popular", seeds = [1] }]
validation = [{ family = "popular", seeds = [2] }]
test = [{ family = "popular", seeds = [3] }]
[programs]
seed = "seed.py"
trivial = "seed.py"
"""
    (tmp_path / "problem.toml").write_text(head + parts["problem.toml"] + rest)
    (tmp_path / "evaluator.py").write_text(parts["evaluator.py"])
    (tmp_path / "seed.py").write_text(IN_TURN)
    found = adrs_json("evaluate", str(tmp_path), "seed.py", "--split", "train", cwd=tmp_path)
    requests = load_evaluator(problem.load(str(tmp_path))).load(problem.load(str(tmp_path)).workloads["train"][0])
    caches = [deque[int](maxlen=4) for _ in range(requests.shape[1])]
    hits = 0
    for wanted in requests.tolist():
        for cache, one in zip(caches, wanted, strict=True):
            hits += one in cache
            cache.extend([] if one in cache else [one])
    assert found["metrics"]["hits"] == pytest.approx(hits / requests.size)
