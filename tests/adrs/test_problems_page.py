"""The problem of docs/problems.md, written down and run as its readers would."""

import re
from pathlib import Path

import pytest

from adrs import problem
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
