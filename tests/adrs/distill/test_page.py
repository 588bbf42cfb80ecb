"""docs/distillation.md: its function, its host program and what that prints are those of the rule that it shows."""

import json
import re
import shutil
import subprocess
from dataclasses import fields, replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("mpmath", reason="mpmath is not installed: pip install 'adrs[distill]'")

from adrs import plugins, problem
from adrs.cli import app
from adrs.distill.export.exporting import export
from adrs.distill.observer import Nobody
from adrs.distill.session import of_file
from adrs.distill.symbolic import stage as expression
from adrs.distill.symbolic.workers import Workers
from adrs.distill.work import Wish
from adrs.rule.file import read_rule
from adrs.rule.form import Feature
from adrs.rule.text import text
from adrs.testing.executor import InProcessExecutor
from tests.adrs.distill.rules import INPUTS, PROBLEM, rule
from tests.adrs.distill.symbolic.test_rounds import QUICK

PAGE = (Path(__file__).parents[3] / "docs" / "distillation.md").read_text()


def block(mark: str) -> str:
    found = re.search(rf"<!-- {re.escape(mark)} -->\n```\w*\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None, mark
    return found.group(1)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    export(rule(json.loads(block("file: tree.json"))), PROBLEM, tmp_path)
    return tmp_path


def test_the_function_of_the_page_is_the_one_that_is_written(folder: Path) -> None:
    assert block("file: rule.c") in (folder / "rule.c").read_text()


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_the_host_prints_what_the_page_says(folder: Path) -> None:
    (folder / "host.c").write_text(block("file: host.c"))
    done = subprocess.run(["sh", "-c", block("command: build")], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == block("output")


@pytest.mark.parametrize("name", ["tree.json", "branched.json"])
def test_a_tree_alone_is_a_rule_of_the_problem(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(block(f"file: {name}"))
    assert read_rule(tmp_path / name, INPUTS) == rule(json.loads(block(f"file: {name}")))


@pytest.fixture(scope="module")
def admission(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The problem of the page, as its readers write it down."""
    folder = tmp_path_factory.mktemp("page") / "admission"
    folder.mkdir()
    for name, content in re.findall(r"<!-- admission: (\S+) -->\n```\w+\n(.*?)```", PAGE, re.DOTALL):
        (folder / name).write_text(content)
    return folder


def test_the_table_of_the_page_is_read_as_the_page_says(admission: Path) -> None:
    found = problem.load(str(admission)).distillation
    assert found is not None
    assert (found.function, found.instances) == ("admit", "server_")
    delay, excess = found.inputs.features
    assert (delay.identifier, delay.transform, excess.transform) == ("delay", "identity", "bounded-logarithm")
    assert (found.inputs.window, found.inputs.low, found.inputs.high, found.inputs.unit) == (3, -0.5, 0.5, 0.05)
    rows = re.findall(r"^(?:\[\[distill.features\]\]|(\w+) = )", block("admission: problem.toml"), re.MULTILINE)
    assert {field.name for field in fields(Feature)} <= set(rows), "every key of a feature is shown"


@pytest.mark.slow
def test_a_program_of_the_page_becomes_a_rule(admission: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load = plugins.load
    monkeypatch.setattr(
        plugins, "load", lambda seam, name: InProcessExecutor if seam == "executor" else load(seam, name)
    )
    monkeypatch.setattr(expression, "Plan", lambda **asked: replace(QUICK, rounds=1, seed=asked["seed"]))
    monkeypatch.setattr(expression, "Workers", lambda count: Workers(0))
    wish = Wish(only="expression", seconds=120.0, workers=1)
    outcome = of_file(str(admission), admission / "proportional.py", wish, None, tmp_path / "out", Nobody())
    assert outcome.work.chosen is not None
    assert outcome.work.chosen.row.evaluations["validation"].score == pytest.approx(100.0, abs=5.0)
    assert outcome.work.rule is not None
    assert "mean(delay)" in text(outcome.work.rule), "each number of the array is what the page says"


def test_the_verb_has_the_options_of_the_page() -> None:
    said = CliRunner().invoke(app, ["distill", "--help"], env={"COLUMNS": "200"}).output
    for option in re.findall(r"`(--[a-z]+)", PAGE):
        assert option in said
