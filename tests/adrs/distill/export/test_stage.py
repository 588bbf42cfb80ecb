"""`adrs distill PROBLEM rule.json`: files, table, plot and checks of a rule, and what is said of what is missing."""

import csv
import json
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mpmath", reason="mpmath is not installed: pip install 'adrs[distill]'")

from adrs.distill import session
from adrs.distill.checks import compiler
from adrs.distill.checks.rows import Trial
from adrs.distill.export import exporting
from adrs.distill.export import stage as export_stage
from adrs.distill.export.python import python
from adrs.distill.export.targets import read_targets
from adrs.distill.observer import Nobody
from adrs.distill.session import Outcome, of_file
from adrs.distill.work import Result, Row, Wish, Work
from adrs.errors import UserError
from adrs.problem import Problem
from adrs.rule.file import read_rule, rule_text
from adrs.rule.form import Constant, Leaf, Rule
from adrs.rule.plain import from_plain, plain
from tests.adrs.cli_tools import adrs
from tests.adrs.distill.conftest import write_network
from tests.adrs.distill.rules import branch, terminal

FOLDER = str(Path(__file__).parents[1] / "valve")
HOLD = ["neg", ["add", ["mul", 1.2, terminal("error")], ["mul", 3.0, terminal("ratio", "mean")]]]
POLE = ["div", 1.0, terminal("error")]


def written(valve: Problem, folder: Path, tree: object) -> Path:
    assert valve.distillation is not None
    empty = plain(Rule(valve.distillation.inputs, Leaf(Constant(0.0))))
    path = folder / "rule.json"
    path.write_text(rule_text(from_plain({**empty, "rule": tree})))
    return path


def distilled(rule: Path, folder: Path, **wishes: Any) -> Outcome:
    return of_file(FOLDER, rule, Wish(seconds=120.0, workers=1, **wishes), "process", folder, Nobody())


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_stage, "_PYTHON_CALLS", 200)
    monkeypatch.setattr(exporting, "Trial", partial(Trial, rows=100, corners=64, intervals=200))


def test_a_rule_becomes_files_rows_and_checks(valve: Problem, tmp_path: Path) -> None:
    outcome = distilled(written(valve, tmp_path, HOLD), tmp_path / "out")
    work = outcome.work
    if compiler.find() is not None:
        assert outcome.exit_code == 0, [check for check in work.checks if not check.ok]
        assert not [check for check in work.checks if not check.ok]
    names = {path.name for path in work.files}
    assert {"rule.json", "rule.py", "rule.c", "rule.h", "rule_fixed.c", "rule_fixed.h", "rule.tex", "checks.json",
            "pareto.csv", "report.md"} <= names  # fmt: skip
    assert len(work.files) == len(names)
    rows = {row["kind"]: row for row in csv.DictReader((tmp_path / "out" / "pareto.csv").open())}
    assert set(rows) >= {"rule", "fixed"}
    assert rows["rule"]["chosen"] == "True"
    assert float(rows["rule"]["validation"]) == pytest.approx(float(rows["fixed"]["validation"]), abs=1e-3)
    assert rows["rule"]["test"]
    checks = json.loads((tmp_path / "out" / "checks.json").read_text())
    assert {(each["name"], each["target"]) for each in checks} >= {
        ("intervals", ""), ("behaviour", ""), ("agreement", "python"), ("closed loop", "python"),
    }  # fmt: skip
    assert "mean(ratio)" in (tmp_path / "out" / "report.md").read_text()


def test_targets_are_those_asked_for_and_a_refused_one_is_noted(valve: Problem, tmp_path: Path) -> None:
    too_small = ["add", HOLD, ["mul", 1e-6, terminal("error")]]
    outcome = distilled(written(valve, tmp_path, too_small), tmp_path / "out", targets=("fixed", "latex"))
    assert not list((tmp_path / "out").glob("*.c"))
    assert (tmp_path / "out" / "rule.tex").is_file()
    assert any(note.startswith("rule_fixed.c was not written") for note in outcome.work.not_done)
    assert outcome.work.chosen is not None
    assert outcome.exit_code == 3
    assert read_targets("latex, python") == ("python", "latex")
    with pytest.raises(UserError, match='--target "rust"'):
        read_targets("c,rust")


def test_what_is_no_rule_or_has_a_pole_is_the_users_mistake(valve: Problem, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="its denominator lies within -10 and 10"):
        distilled(written(valve, tmp_path, POLE), tmp_path / "out")
    with pytest.raises(UserError, match="leave --only minimise out"):
        distilled(written(valve, tmp_path, HOLD), tmp_path / "out", only="minimise")
    (tmp_path / "rule.json").write_text("{")
    with pytest.raises(UserError, match="no JSON"):
        distilled(tmp_path / "rule.json", tmp_path / "out")
    (tmp_path / "rule.json").write_text("null")
    with pytest.raises(UserError, match="neither a whole one, as distillations write it, nor a tree alone"):
        distilled(tmp_path / "rule.json", tmp_path / "out")
    with pytest.raises(UserError, match="cannot be read"):
        distilled(tmp_path / "missing.json", tmp_path / "out")


def test_without_a_rule_nothing_is_exported_or_written_over(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("def valve(observation, state):\n    return -observation[-2]\n")
    with pytest.raises(UserError, match="no rule to export"):
        distilled(tmp_path / "program.py", tmp_path / "out", only="export")
    assert not (tmp_path / "out").exists()


class Searched:
    """A search that has found the rule already, and what it had before."""

    name = "expression"
    share = 1.0
    rule: Rule

    async def prepare(self, work: Work, before: Collection[str]) -> bool:
        return True

    async def run(self, work: Work, deadline: float) -> None:
        work.rule = self.rule
        row = Row("rule", "flat", 7, {}, {"fidelity": 0.9, "worst_tenth": {"validation": 0.1}})
        work.results.append(Result(python(self.rule, "valve"), "distil", "found", row))
        work.chosen = work.results[-1]


def test_a_rule_that_was_found_before_keeps_its_row_and_gets_costs(
    valve: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Searched.rule = read_rule(written(valve, tmp_path, HOLD))
    monkeypatch.setattr(session, "STAGES", {"expression": Searched, "export": export_stage.Export})
    (tmp_path / "program.py").write_text("def valve(observation, state):\n    return -observation[-2]\n")
    outcome = distilled(tmp_path / "program.py", tmp_path / "out", targets=("python",))
    (result,) = outcome.work.results
    assert outcome.work.chosen is result
    assert result.rationale == "found"
    row = next(each for each in outcome.plain()["rules"] if each["chosen"])
    assert (row["kind"], row["fidelity"], row["worst_tenth"]) == ("flat", 0.9, 0.1)
    assert row["operations"] > 0
    assert row["ns_python"] > 0.0
    assert row["validation"] is not None


def test_a_network_stands_beside_its_rule_with_times_of_its_own(
    valve: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Taught(Searched):
        async def run(self, work: Work, deadline: float) -> None:
            await super().run(work, deadline)
            work.original = Row("teacher", "teacher", 21, {}, {"operations": 38})

    Taught.rule = read_rule(written(valve, tmp_path, HOLD))
    monkeypatch.setattr(session, "STAGES", {"expression": Taught, "export": export_stage.Export})
    wish = Wish(seconds=120.0, workers=1, targets=("python",))
    outcome = session.of_network(FOLDER, write_network(tmp_path / "W.npz"), wish, tmp_path / "out", Nobody())
    row = next(each for each in outcome.plain()["rules"] if each["kind"] == "teacher")
    assert row["ns_numpy"] > 0.0
    assert compiler.find() is None or row["ns_c"] > 0.0


def test_a_rule_that_was_not_chosen_is_exported_and_stays_so(
    valve: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Worse(Searched):
        """Its rule does worse than the program, which is there to stay."""

        async def run(self, work: Work, deadline: float) -> None:
            await super().run(work, deadline)
            work.chosen = None

    Worse.rule = read_rule(written(valve, tmp_path, HOLD))
    monkeypatch.setattr(session, "STAGES", {"expression": Worse, "export": export_stage.Export})
    (tmp_path / "program.py").write_text("def valve(observation, state):\n    return -observation[-2]\n")
    outcome = distilled(tmp_path / "program.py", tmp_path / "out", targets=("python",))
    assert outcome.exit_code == 3
    assert (tmp_path / "out" / "rule.py").is_file()


@pytest.mark.slow
def test_the_verb_prints_the_table_and_draws_the_plot(valve: Problem, tmp_path: Path) -> None:
    rule = written(valve, tmp_path, branch(terminal("ratio"), 0.1, HOLD, ["mul", 0.5, HOLD]))
    done = adrs("distill", FOLDER, str(rule), "-o", "out", "--target", "python,latex", "--sandbox", "process",
                cwd=tmp_path)  # fmt: skip
    assert "* rule" in done.stdout
    assert "if last(ratio) > 0.1:" in done.stdout
    assert "closed loop python" in done.stdout
    assert read_rule(tmp_path / "out" / "rule.json") == read_rule(rule)
    assert "<svg" in (tmp_path / "out" / "pareto.svg").read_text()


def test_without_a_compiler_the_rule_holds_and_c_is_unverified(
    valve: Problem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rule = written(valve, tmp_path, HOLD)
    monkeypatch.setattr(compiler.shutil, "which", lambda name: None)
    outcome = distilled(rule, tmp_path / "out", targets=("python", "c"))
    assert outcome.exit_code == 0
    assert "c: no C compiler; what was written is marked as unverified." in outcome.work.not_done
    left_out = [check.title for check in outcome.work.checks if check.skipped]
    assert left_out == ["build c", "agreement c", "extremes c", "closed loop c"]
    assert "UNVERIFIED" in (tmp_path / "out" / "rule.c").read_text().splitlines()[0]
    assert all(row["ns_c"] is None for row in outcome.plain()["rules"])
