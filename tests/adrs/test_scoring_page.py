"""The files of docs/scoring.md, scored by its commands."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from adrs.cli import app

PAGE = (Path(__file__).parents[2] / "docs" / "scoring.md").read_text()


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("page")
    for name, text in re.findall(r"<!-- file: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    commands = re.findall(r"^adrs (score .*)$", PAGE, re.MULTILINE)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return [json.loads(_output([*command.split(), "--json"])) for command in commands]


def _output(arguments: list[str]) -> str:
    return CliRunner().invoke(app, arguments, catch_exceptions=False).stdout


def test_the_examples_of_the_page_score_what_their_formulas_say(scored: list[dict[str, Any]]) -> None:
    arena, static, live, cases, curve = scored
    assert (arena["accuracy"], arena["total_cost"], arena["robustness_score"]) == (0.75, 0.022, 0.5)
    assert (arena["optimal_cost_ratio"], arena["optimality_queries"]) == (pytest.approx(0.1), 1)
    assert static["cost_savings_score_percent"] == pytest.approx(12.610650887573978, abs=1e-9)
    assert (live["total_bill_usd"], live["mean_steps"]) == (0.75, 2)
    assert cases["cost_savings_score"] == pytest.approx(100 * 23 / 24.5)
    assert (curve["mine.peak"], curve["mine.qnc"]) == (0.8, 0.25)


def test_the_page_names_every_option_and_the_help_names_the_page() -> None:
    shown = _output(["score", "--help"])
    assert "docs/scoring.md" in shown
    options = set(re.findall(r"--[a-z][a-z-]+", shown)) - {"--help"}
    assert len(options) >= 15
    assert options <= set(re.findall(r"--[a-z][a-z-]+", PAGE))
