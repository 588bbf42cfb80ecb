"""docs/distillation.md: its function, its host program and what that prints are those of the rule that it shows."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

pytest.importorskip("mpmath", reason="mpmath is not installed: pip install 'adrs[distill]'")

from adrs.cli import app
from adrs.distill.export.exporting import export
from adrs.rule.file import read_rule
from tests.adrs.distill.rules import INPUTS, PROBLEM, rule

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


def test_the_verb_has_the_options_of_the_page() -> None:
    said = CliRunner().invoke(app, ["distill", "--help"], env={"COLUMNS": "200"}).output
    for option in re.findall(r"`(--[a-z]+)", PAGE):
        assert option in said
