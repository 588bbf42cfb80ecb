"""problem.toml: what is read, and what is said of mistakes."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from adrs import problem
from adrs.errors import UserError


def edit(demo: Path, pattern: str, replacement: str) -> None:
    path = demo / "problem.toml"
    text = path.read_text()
    changed = re.sub(pattern, replacement, text, count=1, flags=re.M | re.S)
    assert changed != text
    path.write_text(changed)


def message(demo: Path) -> str:
    with pytest.raises(UserError) as caught:
        problem.load(str(demo))
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_template_is_read_whole(demo: Path) -> None:
    loaded = problem.load(str(demo))
    assert loaded.name == "demo"
    assert loaded.shape == "solve"
    assert loaded.functions["solve"].signature() == "def solve(instance):"
    instance = loaded.functions["solve"].arguments["instance"]
    assert isinstance(instance, Mapping)
    assert [instance[name].note for name in ("machines", "length")] == ["3 to 8", "s; 4 jobs a machine, or 20"]
    assert [spec.name for spec in loaded.workloads["train"]][:2] == ["uniform-1000", "uniform-1001"]
    assert [baseline.role for baseline in loaded.baselines] == ["trivial", "state-of-the-art"]
    assert [stage.name for stage in loaded.stages] == ["smoke"]
    assert loaded.cheats[0].verdict == "invalid"


def test_every_shipped_problem_loads_and_its_workloads_have_one_split() -> None:
    assert problem.shipped()
    for name in problem.shipped():
        loaded = problem.load(name)
        names = [spec.name for specs in loaded.workloads.values() for spec in specs]
        assert len(names) == len(set(names))
        assert all(loaded.workloads.values())


def test_an_unknown_key_is_named_with_the_closest_known_one(demo: Path) -> None:
    edit(demo, r"^memory_mb", "memory_md")
    assert 'unknown key "limits.memory_md"; did you mean "memory_mb"?' in message(demo)


def test_a_missing_field_is_named_with_an_example(demo: Path) -> None:
    edit(demo, r'^metric = "makespan" +#[^\n]*\n', "")
    assert 'objective.metric is missing; for example: metric = "cost"' in message(demo)


def test_a_missing_field_that_is_there_under_a_misspelt_name(demo: Path) -> None:
    edit(demo, r"^direction =", "directoin =")
    assert 'objective.direction is missing; did you mean it by "directoin"?' in message(demo)


@pytest.mark.parametrize(
    ("pattern", "replacement", "expected"),
    [
        (r'^title = "[^"]*"', "title = 3", "title must be a string, not 3"),
        (r"^decision_seconds = 2.0", "decision_seconds = true", "limits.decision_seconds must be a number, not True"),
        (r"^memory_mb = 256", "memory_mb = -1", "limits.memory_mb must be above 0"),
        (r'"minimize"', '"minimise"', 'objective.direction = "minimise"; did you mean "minimize"?'),
        (r"seeds = \[2000\]", "seeds = [1000]", 'workload "uniform-1000" appears twice'),
        (
            r"seeds = \[2000\] }",
            'files = ["t/a.gz", "u/a.gz"] }',
            'workload "uniform-a" appears twice; two entries of one family name this file',
        ),
        (r"^state-of-the-art", "state_of_the_art", 'unknown key "programs.state_of_the_art"'),
        (r"seeds = \[2000\]", 'seeds = ["x"]', "must be whole numbers from 0"),
        (
            r"seeds = \[1003, 1004\]",
            "seeds = []",
            "train[1]: seeds is empty, so family skewed would be left out",
        ),
        (r"seeds = \[2000\]", 'seeds = [2000], files = ["x"]', "workloads.validation[0] has both seeds and files"),
        (r"seeds = \[2000\]", "seeds = [2000], optional = true", "[0].optional says that files may be missing"),
        (r'"seed.py"', '"sed.py"', "sed.py does not exist"),
        (r'"seed.py"', '"../seed.py"', "lies outside the problem's folder"),
        (r'"baselines/longest_first.py"', '"native:round-robin"', 'two baselines are called "round-robin"'),
        (r'"evaluator:JobBalancing"', '"evaluator"', 'must read "module:Class"'),
        (r"float64\[jobs\]", "floaty[jobs]", 'unknown type "floaty"; known: int, float, bool, str, '),
        (r"0..machines-1", "0..machines/2", "is not the end of a range"),
        (r'workloads = \["uniform-1000"\]', 'workloads = ["uniform-1"]', 'no train workload "uniform-1"'),
        (r"^title", "title title", "is not valid TOML"),
        pytest.param(r"^title", f"x = {'[' * 100_000}\ntitle", "is nested too deeply", id="deep"),
    ],
)
def test_mistakes_are_one_clear_sentence(demo: Path, pattern: str, replacement: str, expected: str) -> None:
    edit(demo, pattern, replacement)
    assert expected in message(demo)


def test_unknown_problems_are_named() -> None:
    with pytest.raises(UserError, match='did you mean "model-placement"'):
        problem.load("model-placment")
    with pytest.raises(UserError, match="does not exist"):
        problem.load("./nowhere")


def test_a_folder_without_a_problem_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="adrs new"):
        problem.load(str(tmp_path))


def test_published_workloads_become_train_and_the_others_test() -> None:
    standard, turned = problem.load("model-placement"), problem.load("model-placement", "published")
    assert {spec.family for spec in turned.workloads["train"]} == {"published"}
    assert turned.workloads["validation"] == ()
    assert {spec.name for spec in turned.workloads["test"]} >= {spec.name for spec in standard.workloads["train"]}


def test_optional_data_that_is_missing_is_left_out_visibly(demo: Path) -> None:
    edit(demo, r"^test = \[", 'test = [{ family = "real", files = ["no/such.json"], optional = true }, ')
    loaded = problem.load(str(demo))
    assert "real-such" in loaded.missing[0]
    assert "no/such.json" in loaded.missing[0]
    assert all(spec.family != "real" for spec in loaded.workloads["test"])


def test_the_digest_follows_every_file_that_defines_the_problem(demo: Path) -> None:
    before = problem.load(str(demo)).digest()
    block = demo / "blocks" / "greedy.py"
    block.write_text(block.read_text() + "\n")
    assert problem.load(str(demo)).digest() != before


_FEATURE = '[[features]]\nmetric = "makespan"\nlow = 0.0\nhigh = 9.0\ncells = 5\n'


def test_features_are_read(demo: Path) -> None:
    edit(demo, r"\Z", _FEATURE)
    assert problem.load(str(demo)).features == (problem.Feature("makespan", 0.0, 9.0, 5),)


@pytest.mark.parametrize(
    ("pattern", "replacement", "expected"),
    [
        ("low = 0.0\n", "", "features[0].low is missing"),
        ("cells = 5", "cell = 5", 'unknown key "features[0].cell"; did you mean "cells"?'),
        ("cells = 5", "cells = 1", "features[0].cells must be at least 2, not 1"),
        ("cells = 5", "cells = 2000", "a grid of 2000 cells; at most 1024"),
        ("high = 9.0", "high = -1.0", "features[0].low must be below features[0].high"),
    ],
)
def test_mistakes_in_features_are_said(demo: Path, pattern: str, replacement: str, expected: str) -> None:
    edit(demo, r"\Z", _FEATURE)
    edit(demo, re.escape(pattern), replacement)
    assert expected in message(demo)


@pytest.mark.parametrize("name", ["full", "partial", "refused"])
def test_names_of_stages_that_mean_something_are_refused(demo: Path, name: str) -> None:
    edit(demo, 'name = "smoke"', f'name = "{name}"')
    assert f'may not be called "{name}"' in message(demo)


def test_a_span_needs_two_baselines(demo: Path) -> None:
    edit(demo, r"^direction =", "least_span = 0.1\ndirection =")
    assert problem.load(str(demo)).objective.least_span == 0.1
    edit(demo, r"^state-of-the-art[^\n]*", "")
    assert "needs a baseline programs.state-of-the-art" in message(demo)


COMPARISON = """
[[comparisons]]
name = "a claim"
baseline = "round-robin"
beside = "longest-first"
workloads = [{ name = "a few", family = "uniform", seed = 7, jobs = 3 }]
relative = { makespan = 0.1 }
"""


def test_comparisons_are_read(demo: Path) -> None:
    edit(demo, r"\Z", COMPARISON)
    [comparison] = problem.load(str(demo)).comparisons
    assert (comparison.baseline.name, comparison.beside.name) == ("round-robin", "longest-first")
    [spec] = comparison.workloads
    assert (spec.name, spec.family, spec.seed, spec.parameters) == ("a few", "uniform", 7, {"jobs": 3})


@pytest.mark.parametrize(
    ("pattern", "replacement", "expected"),
    [
        ('"round-robin"', '"round-robbin"', 'baseline = "round-robbin"; did you mean "round-robin"?'),
        ("makespan = 0.1", "makespan = -0.1", "relative.makespan must be at least 0"),
        ("relative = {[^\n]*", "", "needs workloads, and limits"),
        (r"workloads = \[{", 'workloads = [{ name = "a few", family = "uniform" }, {', "must have different names"),
        ("relative", "relatively", 'unknown key "comparisons[0].relatively"; did you mean "relative"?'),
    ],
)
def test_mistakes_in_comparisons_are_said(demo: Path, pattern: str, replacement: str, expected: str) -> None:
    edit(demo, r"\Z", re.sub(pattern, replacement, COMPARISON, count=1))
    assert expected in message(demo)


def test_a_place_that_cannot_be_looked_at_is_said() -> None:
    with pytest.raises(UserError, match="cannot be read: File name too long"):
        problem.load("x" * 5000)
