"""Rules become Python, C, fixed-point C and LaTeX that decide as the rule does, and wrong ones are caught."""

import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mpmath", reason="mpmath is not installed: pip install 'adrs[distill]'")

from adrs.distill.checks import compiler
from adrs.distill.checks.driver import CompiledRule
from adrs.distill.checks.record import failures
from adrs.distill.checks.rows import Trial, sequences
from adrs.distill.checks.runners import Interpreted
from adrs.distill.export.exporting import FILES, TARGETS, Expected, Exported, check, expected, export, mark
from adrs.errors import UserError
from adrs.evaluate.harness import load_evaluator
from adrs.problem import Problem
from adrs.rule.form import Rule
from adrs.rule.plain import digest, from_plain, plain
from adrs.rule.policy import evaluate_rule
from adrs.testing.policy import InProcessPolicy
from tests.adrs.distill.rules import (
    EVERYTHING,
    GRADIENT,
    INPUTS,
    LATENCY,
    PROBLEM,
    SENDING,
    THREE_TERMS,
    branch,
    rule,
    terminal,
)

COMPILER = compiler.find()
needs_compiler = pytest.mark.skipif(COMPILER is None, reason="no C compiler")
SMALL = Trial(rows=100, corners=64, intervals=300)


def problem_of(made: Rule) -> Problem:
    assert PROBLEM.distillation is not None
    return replace(PROBLEM, distillation=replace(PROBLEM.distillation, inputs=made.inputs))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Exported, Expected]:
    return export(EVERYTHING, PROBLEM, tmp_path_factory.mktemp("everything")), expected(EVERYTHING, SMALL)


TESTED = rule(branch(terminal("latency_ratio", "mean"), 0.07, ["mul", -3.0, LATENCY], 1.0), patience=3)


@needs_compiler
@pytest.mark.parametrize(
    "made", [THREE_TERMS, EVERYTHING, TESTED, rule(1.5), rule(terminal("latency_gradient", "slope"))]
)
def test_all_targets_decide_as_the_rule_does(made: Rule, tmp_path: Path) -> None:
    exported = export(made, PROBLEM, tmp_path)
    checks = [*exported.checks, *check(exported, expected(exported.rule, SMALL))]
    assert exported.targets == TARGETS
    assert not [each for each in checks if not each.ok]
    assert {each.target for each in checks if each.name == "agreement"} == {*TARGETS, "interpreter"}
    assert mark(exported, checks) == {}
    for path in exported.files[1:]:
        assert digest(made) in path.read_text().splitlines()[0]
        assert "latency_gradient, latency_ratio, sending_ratio" in path.read_text().splitlines()[1]


MUTATIONS = [
    ("rule.py", "value = 3.0 - ", "value = 3.0 + "),
    ("rule.py", "features[1]", "features[2]"),
    ("rule.py", "PATIENCE = 2", "PATIENCE = 1"),
    ("rule.py", "> 0.05", "> 0.0508"),
    ("rule.py", "_history[-2]", "_history[-3]"),
    ("rule.c", "value = 3.0 - ", "value = 3.0 + "),
    ("rule.c", "features[RULE_FEATURE_SENDING_RATIO]", "features[RULE_FEATURE_LATENCY_RATIO]"),
    ("rule.c", "if (seen == branch->before)", "if (seen >= 0)"),
    ("rule.c", "sum / 10.0", "sum / 9.0"),
    ("rule.c", "moment += 5.5 * oldest", "moment += 4.5 * oldest"),
    ("rule_fixed.c", "features[RULE_FIXED_FEATURE_LATENCY_RATIO]", "features[RULE_FIXED_FEATURE_SENDING_RATIO]"),
    ("rule_fixed.c", "if (seen == branch->before)", "if (seen >= 0)"),
    ("rule_fixed.c", "-hyperbolic_tangent(", "hyperbolic_tangent("),
    ("rule.tex", "v &= \\begin{cases}", "v &= \\begin{cases"),
    ("rule.tex", "x_{3}", "x_{2}"),
    ("rule.tex", "3 - ", "3 + "),
    ("rule.tex", r"\le 0.05", r"\le 0.06"),
]


@needs_compiler
@pytest.mark.parametrize(("name", "right", "wrong"), MUTATIONS)
def test_a_wrong_export_is_caught_and_marked(
    name: str, right: str, wrong: str, everything: tuple[Exported, Expected], tmp_path: Path
) -> None:
    whole, said = everything
    target = next(target for target in TARGETS if name in FILES[target])
    exported = replace(whole, folder=tmp_path, targets=(target,))
    for path in whole.files:
        (tmp_path / path.name).write_text(path.read_text())
    text = (tmp_path / name).read_text()
    assert right in text
    (tmp_path / name).write_text(text.replace(right, wrong))
    checks = check(exported, said)
    assert [each.name for each in failures(checks, target)] == ["agreement"]
    assert "np." not in failures(checks, target)[0].detail
    assert mark(exported, checks) == {target: ["agreement"]}
    assert "UNVERIFIED (agreement): rule" in (tmp_path / name).read_text().splitlines()[0]


def test_what_there_is_no_time_for_is_skipped_and_unverified(tmp_path: Path) -> None:
    exported = export(THREE_TERMS, PROBLEM, tmp_path, ("python", "latex"))
    checks = check(exported, expected(THREE_TERMS, SMALL), lambda: True)
    assert {each.target for each in checks if each.skipped} == {"python", "latex"}
    assert set(mark(exported, checks)) == {"python", "latex"}
    assert "the time was over" in (tmp_path / "rule.py").read_text().splitlines()[0]


def test_a_pole_in_the_box_is_refused_by_the_name_of_its_term(tmp_path: Path) -> None:
    pole = rule(["add", 1.0, ["div", 2.0, ["sub", LATENCY, 0.5]]])
    with pytest.raises(UserError, match=r"2\.0 / \(latency_ratio_last - 0\.5\): its denominator .* use aq"):
        export(pole, PROBLEM, tmp_path)
    assert not list(tmp_path.iterdir())
    for tree, said in [
        (["sqrt", SENDING], "square root is asked of -2"),
        (["log", LATENCY], "logarithm is asked of 0"),
        (["exp", ["mul", 400.0, SENDING]], "exponential"),
        (["b", SENDING], "denominator"),
    ]:
        with pytest.raises(UserError, match=said):
            export(rule(tree), PROBLEM, tmp_path)


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        (["mul", 40000.0, ["tanh", LATENCY]], "a constant is 40000.0, beyond the range of Q16.16"),
        (["mul", 1e-6, LATENCY], "a constant is 1e-06, which Q16.16 takes for 0"),
        (["min", 1.0, ["mul", 30000.0, GRADIENT]], "30000.0 * latency_gradient_last: reaches 300000, beyond Q16.16"),
    ],
)
def test_what_fixed_point_cannot_hold_is_refused_by_name(tree: object, said: str, tmp_path: Path) -> None:
    exported = export(rule(tree), PROBLEM, tmp_path)
    assert exported.targets == ("python", "c", "latex")
    assert any(said in each.detail for each in failures(exported.checks, "fixed"))
    assert not failures(exported.checks, "c")


@needs_compiler
def test_too_coarse_a_step_for_fixed_point_is_seen_in_the_answers(tmp_path: Path) -> None:
    exported = export(rule(["mul", 3000.0, ["mul", LATENCY, 0.001]]), PROBLEM, tmp_path, ["c", "fixed"])
    checks = check(exported, expected(exported.rule, SMALL))
    assert failures(checks, "fixed")
    assert not failures(checks, "c")


def test_behaviour_is_told_where_intervals_settle_it(tmp_path: Path) -> None:
    def claims(tree: object) -> str:
        return next(each.detail for each in export(rule(tree), PROBLEM, tmp_path).checks if each.name == "behaviour")

    assert "never rises when the newest latency_ratio rises" in claims(["neg", terminal("latency_ratio", "mean")])
    assert "never falls when the newest latency_gradient" in claims(terminal("latency_gradient", "slope"))
    assert "no sign is settled for the newest sending_ratio" in claims(["mul", SENDING, SENDING])
    assert "answers lie within 1.004 and 3;" in claims(["sub", 3.0, ["abs", LATENCY]])
    low = f"{PROBLEM.distillation.inputs.low:.6g}"
    assert claims(["sub", PROBLEM.distillation.inputs.low, 1.0]) == f"answers lie within {low} and {low}"
    assert "never falls when the newest latency_ratio" in claims(["add", LATENCY, ["abs", 0.0]])


def test_without_a_compiler_the_rest_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    exported = export(EVERYTHING, PROBLEM, tmp_path)
    checks = check(exported, expected(exported.rule, SMALL))
    left_out = [(each.title, each.detail) for each in checks if each.skipped]
    names = ("build", "agreement", "extremes")
    assert left_out == [(f"{name} {target}", "no C compiler") for target in ("c", "fixed") for name in names]
    assert not [each for each in checks if each.failed]
    assert {target for target, each in mark(exported, checks).items()} == {"c", "fixed"}
    assert "UNVERIFIED (no C compiler)" in (tmp_path / "rule.c").read_text().splitlines()[0]
    assert "UNVERIFIED" not in (tmp_path / "rule.py").read_text()


HOSTILE = ["*/ int system(const char *); /*", "\\write18{id}", "a\\\nb", "??/", '"; import os #', "$x$ % } \u202e &"]


def without_words(text: str) -> str:
    """A file without its comments, and without the units of its table of symbols."""
    text = re.sub(r"/\*.*?\*/|\"\"\".*?\"\"\"|^[#%].*?$", "", text, flags=re.DOTALL | re.MULTILINE)
    return re.sub(r" & [^&]* \\\\$", "", text, flags=re.MULTILINE)


@needs_compiler
def test_words_aimed_at_a_language_do_not_reach_it(tmp_path: Path) -> None:
    features = tuple(
        replace(feature, name=HOSTILE[place], definition=" ".join(HOSTILE[place:]), unit=HOSTILE[-1 - place])
        for place, feature in enumerate(INPUTS.features)
    )
    made = rule(plain(EVERYTHING)["rule"], features=features)
    exported = export(made, problem_of(made), tmp_path)
    assert not [each for each in check(exported, expected(exported.rule, SMALL)) if not each.ok]
    plainly = {path.name: path.read_text() for path in export(EVERYTHING, PROBLEM, tmp_path / "plain").files}
    for path in exported.files[1:]:
        text = path.read_text()
        assert text.isascii()
        assert without_words(text) == without_words(plainly[path.name])


def test_words_of_a_language_may_be_features(tmp_path: Path) -> None:
    names = ("int", "def", "x_last")
    features = tuple(replace(each, identifier=name) for each, name in zip(INPUTS.features, names, strict=True))
    tree = ["add", terminal("int", "mean"), ["sub", terminal("def", "slope"), terminal("x_last", "previous")]]
    made = rule(tree, features=features)
    assert not failures(check(export(made, problem_of(made), tmp_path), expected(made, SMALL)))


def test_a_rule_of_another_problem_is_refused(tmp_path: Path) -> None:
    ratio = replace(INPUTS.features[1], rest=2.0)
    for change, said in [
        ({"high": 50.0}, "high is 50.0 there and 40.0 here"),
        ({"features": (INPUTS.features[0], ratio, INPUTS.features[2])}, "rest of latency_ratio is 2.0 there and 1.0"),
        ({"features": INPUTS.features[::-1]}, "the features are sending_ratio, latency_ratio, latency_gradient there"),
    ]:
        with pytest.raises(UserError, match=f"other features, .*: {said}"):
            export(rule(1.0, **change), PROBLEM, tmp_path)
    with pytest.raises(UserError, match=r"no table \[distill\]"):
        export(rule(1.0), replace(PROBLEM, distillation=None), tmp_path)


def test_words_for_people_may_change_under_a_rule(tmp_path: Path) -> None:
    """What is written has the problem's own."""
    features = tuple(replace(each, name="n", unit="u", definition="mistyped") for each in INPUTS.features)
    export(rule(LATENCY, features=features), PROBLEM, tmp_path, ("python",))
    assert from_plain(json.loads((tmp_path / "rule.json").read_text())) == rule(LATENCY)


def test_digits_that_the_rule_itself_loses_are_told_by_the_exact_answer(tmp_path: Path) -> None:
    made = rule(["sub", ["add", 1e9, LATENCY], 1e9])
    checks = check(export(made, PROBLEM, tmp_path, ("python",)), expected(made, SMALL))
    (found,) = failures(checks, "python")[-1:]
    told = re.search(r": (\S+) instead of (\S+), ", found.detail)
    assert told is not None
    assert float(told[1]) != float(told[2])


@needs_compiler
def test_running_sums_do_not_drift(tmp_path: Path) -> None:
    """100,000 intervals, with jumps to the ends of the box and back to values near rest."""
    assert COMPILER is not None
    made = rule(["add", terminal("latency_gradient", "mean"), ["mul", 10.0, terminal("latency_gradient", "slope")]])
    export(made, PROBLEM, tmp_path, ["c"])
    generator = np.random.default_rng(0)
    rows = np.ones((100_000, 3))
    rows[:, 0] = np.where(generator.random(len(rows)) < 0.1, generator.uniform(-10, 10, len(rows)), 1e-6)
    with CompiledRule(made, COMPILER, tmp_path, "c") as compiled:
        answers = compiled.decide(rows, np.zeros(len(rows)))[0]
    reference = Interpreted(made)
    reference.decide(rows[-11:-10], [0])
    expected = [reference.decide(row[None], [0])[0][0] for row in rows[-40:]][10:]
    assert np.abs(answers[-30:] - expected).max() < 1e-13


TABLES = """
#include <math.h>
#include <stdio.h>
int main(void)
{
    double worst[3] = {0, 0, 0};
    for (int64_t x = 1; x < (INT64_C(1) << 31); x += 1 + x / 4096) {
        const double here = x / 65536.0;
        worst[0] = fmax(worst[0], fabs(logarithm(x) / 65536.0 - log(here)));
        worst[2] = fmax(worst[2], fabs(square_root(x) / 65536.0 - sqrt(here)));
    }
    for (int64_t x = -900000; x < 681000; x += 7) {
        const double right = exp(x / 65536.0);
        worst[1] = fmax(worst[1], fabs(exponential(x) / 65536.0 - right) / fmax(1.0, right));
    }
    double tangent = 0;
    for (int64_t x = -800000; x < 800000; x++)
        tangent = fmax(tangent, fabs(hyperbolic_tangent(x) / 65536.0 - tanh(x / 65536.0)));
    printf("%.9g %.9g %.9g %.9g\\n", worst[0], worst[1], worst[2], tangent);
    return 0;
}
"""


@needs_compiler
def test_tables_are_within_their_bound_everywhere(tmp_path: Path) -> None:
    assert COMPILER is not None
    export(EVERYTHING, PROBLEM, tmp_path, ["fixed"])
    (tmp_path / "tables.c").write_text((tmp_path / "rule_fixed.c").read_text() + TABLES)
    program = COMPILER.link([COMPILER.compile(tmp_path / "tables.c", tmp_path / "tables.o")], tmp_path / "tables")
    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    log, exp, root, tanh = map(float, said.split())
    assert max(log, exp, tanh) < 5e-5
    assert root <= 0.51 / 65536


def test_the_python_export_is_a_program_of_its_problem(tmp_path: Path) -> None:
    export(EVERYTHING, PROBLEM, tmp_path, ["python"])
    evaluator, spec = load_evaluator(PROBLEM), PROBLEM.workloads["train"][1]
    workload = evaluator.load(spec)
    policy = InProcessPolicy(PROBLEM, (tmp_path / "rule.py").read_text())
    expected = evaluate_rule(evaluator, EVERYTHING, "on_interval", workload, spec)
    assert evaluator.evaluate(policy, workload, spec)["value"] == pytest.approx(expected["value"], abs=1e-9)


def test_the_same_rule_gives_the_same_bytes(tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in export(EVERYTHING, PROBLEM, tmp_path / "1").files}
    again = {path.name: path.read_bytes() for path in export(EVERYTHING, PROBLEM, tmp_path / "2").files}
    assert first == again
    told = json.loads(first["rule.json"])
    assert from_plain(told) == from_plain(plain(EVERYTHING)) == EVERYTHING
    assert told["digest"] in first["rule.c"].decode().splitlines()[0]
    assert told["seed"] == 0
    assert b"hands in no NaN: of anything else nothing is promised." in first["rule.h"]
    assert b"is cut to them." in first["rule_fixed.h"]


def test_corners_are_all_there_when_they_are_few() -> None:
    made = rule(LATENCY, window=1)
    corners = sequences(made, Trial(rows=10))["corners"]
    assert len(np.unique(corners, axis=0)) == len(corners) == 8
    assert set(corners[:, 0, 1]) == {1.0, 1000.0}
