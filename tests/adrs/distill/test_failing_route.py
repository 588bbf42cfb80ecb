"""A route that fails loses nothing of what those before it found."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mpmath", reason="mpmath is not installed: pip install 'adrs[distill]'")

from adrs import plugins
from adrs.distill.export import stage as export_stage
from adrs.distill.export.python import python
from adrs.distill.observer import Nobody
from adrs.distill.session import of_file
from adrs.distill.symbolic import stage as expression
from adrs.distill.symbolic.workers import Workers
from adrs.distill.work import Wish
from adrs.rule.form import Rule
from adrs.testing.executor import InProcessExecutor
from tests.adrs.distill.symbolic.test_rounds import QUICK

FOLDER = str(Path(__file__).parent / "valve")
BLOATED = """
def valve(observation, state):
    error = 1.0 * observation[-2] + 0.0
    unused = [each for each in observation]
    return -0.5 * error
"""


@pytest.fixture(autouse=True)
def little_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    load = plugins.load
    monkeypatch.setattr(
        plugins, "load", lambda seam, name: InProcessExecutor if seam == "executor" else load(seam, name)
    )
    monkeypatch.setattr(expression, "Plan", lambda **asked: replace(QUICK, rounds=1, seed=asked["seed"]))
    monkeypatch.setattr(expression, "Workers", lambda count: Workers(0))


def without_state(rule: Rule, function: str) -> str:
    """A program that the interface does not fit, as a mistake in an export would leave it."""
    return python(rule, function).replace("(observation, state):", "(observation):")


@pytest.mark.slow
def test_a_rule_that_fails_as_a_program_leaves_the_shorter_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (expression, export_stage):
        monkeypatch.setattr(module, "python", without_state)
    file = tmp_path / "program.py"
    file.write_text(BLOATED)
    outcome = of_file(FOLDER, file, Wish(seconds=120.0, workers=1), None, tmp_path / "out", Nobody())
    assert outcome.exit_code == 0
    plain: dict[str, Any] = outcome.plain()
    assert plain["chosen"] == "minimal"
    notes = " ".join(plain["not_done"])
    assert "the best rule is not taken, since as a program it ends error on train: tanks-1: TypeError" in notes
    assert "export did not come to its end: the rule fails in closed loop: the program ends error: tanks-1" in notes
    page = (tmp_path / "out" / "report.md").read_text()
    assert "minimal takes the place of program.py" in page
    assert "export did not come to its end: the rule fails in closed loop" in page
    checks = {check["name"]: check for check in json.loads((tmp_path / "out" / "checks.json").read_text())}
    assert checks["smaller"]["ok"]
    assert "UNVERIFIED (closed loop)" in (tmp_path / "out" / "rule.py").read_text().splitlines()[0]
