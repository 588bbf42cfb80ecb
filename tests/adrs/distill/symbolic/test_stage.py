"""A network or a program becomes rule.json, rows of the table and a program that scores as the rule does."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from adrs.distill.observer import Nobody
from adrs.distill.record import Samples
from adrs.distill.session import of_file, of_network
from adrs.distill.stop import Stop
from adrs.distill.symbolic import stage as expression
from adrs.distill.symbolic.workers import Workers
from adrs.distill.table import values_by_workload
from adrs.distill.work import Wish
from adrs.errors import UserError
from adrs.rule.form import Constant, Leaf, Operation, Rule, Split, Terminal
from adrs.rule.plain import from_plain
from adrs.rule.text import text
from tests.adrs.distill.conftest import write_network
from tests.adrs.distill.symbolic.test_rounds import QUICK

FOLDER = str(Path(__file__).parents[1] / "valve")
WISH = Wish(only="expression", seconds=120.0, workers=1, rounds=1)


class Heard(Nobody):
    """Keeps what a distillation says, and what it is at."""

    def __init__(self):
        self.lines, self.whats = [], []

    def at(self, what):
        self.whats.append(what)

    def said(self, line):
        self.lines.append(line)


@pytest.fixture(scope="module", autouse=True)
def little_effort():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expression, "Plan", lambda **asked: replace(QUICK, rounds=asked["rounds"], seed=asked["seed"]))
        patch.setattr(expression, "Workers", lambda count: Workers(0))
        yield


@pytest.fixture(scope="module")
def of_weights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("distilled")
    heard = Heard()
    outcome = of_network(FOLDER, write_network(folder / "W.npz"), WISH, folder / "out", heard)
    return outcome, folder / "out", heard


@pytest.mark.slow
def test_a_network_becomes_a_rule_on_disk_and_in_the_table(of_weights):
    outcome, folder, heard = of_weights
    assert outcome.exit_code == 0
    rule = from_plain(json.loads((folder / "rule.json").read_text()))
    assert rule == outcome.work.rule
    assert len(Samples.load(folder / "samples.npz")) > 1000
    plain = outcome.plain()
    assert plain["chosen"] == "rule"
    assert plain["original"]["kind"] == "teacher"
    values = values_by_workload(outcome.work)
    assert set(values[0]) == set(values[1]) == {"tanks-11", "tanks-12"}
    assert {row["kind"] for row in plain["rules"]} >= {"flat", "cart", "pursuit"}
    assert all({"operations", "fidelity", "worst_tenth", "nodes"} <= set(row) for row in plain["rules"])
    assert text(rule) in (folder / "report.md").read_text()
    assert any("round 1" in line for line in heard.lines)
    assert any("searching for expressions, 1 of " in what for what in heard.whats)
    assert any("rules so far, the best reaches" in what for what in heard.whats)


def test_no_time_is_no_mistake_and_no_network_is_one(tmp_path, monkeypatch):
    async def endless(self):
        await asyncio.Event().wait()

    monkeypatch.setattr(expression.Distilling, "run", endless)
    weights = write_network(tmp_path / "W.npz")
    outcome = of_network(FOLDER, weights, replace(WISH, seconds=0.0), tmp_path / "out", Nobody())
    assert outcome.exit_code == 3
    assert "no rule was found in the time that there was; give more with --budget." in outcome.work.not_done
    assert "Nothing was chosen in the place of W.npz" in (tmp_path / "out" / "report.md").read_text()
    (tmp_path / "README.md").write_text("words")
    with pytest.raises(UserError, match="is no file of numpy arrays"):
        of_network(FOLDER, tmp_path / "README.md", WISH, tmp_path / "none", Nobody())
    assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_the_rule_as_a_program_scores_in_the_sandbox_as_the_rule(of_weights):
    outcome, _, _ = of_weights
    (result,) = outcome.work.results
    for split, found in result.row.evaluations.items():
        worst = result.row.more["worst_tenth"][split]
        instances = [value for each in found.workloads for name, value in each.metrics.items() if "tank_" in name]
        assert min(instances) <= worst <= found.metrics["value"]
    assert set(result.row.evaluations) == {"train", "validation", "test"}
    assert result.operator == "distil"


@pytest.mark.slow
def test_a_program_that_keeps_something_is_refused_with_the_reason(tmp_path):
    (tmp_path / "program.py").write_text(
        "def valve(observation, state):\n    state['n'] = state.get('n', 0) + 1\n"
        "    return -observation[-2] / state['n']\n"
    )
    with pytest.raises(UserError, match="what it keeps in its state"):
        of_file(FOLDER, tmp_path / "program.py", WISH, "process", tmp_path / "out", Nobody())


def test_without_the_engine_the_rest_is_done_and_the_reason_said(monkeypatch, valve, tmp_path):
    def missing():
        raise UserError("symbolic search needs pyoperon, which is not installed: pip install 'adrs[distill]'")

    monkeypatch.setattr(expression, "require", missing)
    subject = expression_subject("def valve(observation, state):\n    return 0.0\n")
    work = expression_work(valve, subject, Wish(workers=1), tmp_path)
    assert not asyncio.run(expression.ExpressionSearch().prepare(work, []))
    assert work.not_done == [
        "no expression was looked for: symbolic search needs pyoperon, which is not installed: pip install "
        "'adrs[distill]'."
    ]
    with pytest.raises(UserError, match="pyoperon"):
        asyncio.run(expression.ExpressionSearch().prepare(replace(work, wish=WISH), []))


def expression_subject(source):
    from adrs.distill.work import Subject

    return Subject(source, "program.py")


def expression_work(problem, subject, wish, folder):
    from adrs.calibrate import Calibration
    from adrs.distill.work import Work
    from adrs.testing.executor import InProcessExecutor

    executor = InProcessExecutor(problem)
    return Work(problem, subject, wish, executor, Calibration(problem), folder, Stop(), Nobody())


def test_rules_are_said_in_plain_text(valve):
    error, ratio = Terminal(0, "last"), Terminal(1, "mean")
    steep = Operation("sub", (Operation("mul", (Constant(-2.0), error)), Operation("aq", (ratio, error))))
    bent = Operation("max", (Operation("neg", (error,)), Operation("mul", (Constant(0.5), steep))))
    rule = Rule(valve.distillation.inputs, Split(ratio, 0.25, Leaf(bent), Leaf(Constant(-1.0))))
    assert text(rule).splitlines() == [
        "if mean(ratio) > 0.25:",
        "    -1",
        "else:",
        "    max(-last(error), 0.5 * ((-2) * last(error) - mean(ratio) / sqrt(1 + last(error)^2)))",
        "# ratio: ratio, in b(x) = 2 (x - 1) / (x + 1)",
        "# a branch changes after 2 intervals in a row on its other side",
        "# answers are cut to -4..4",
    ]
