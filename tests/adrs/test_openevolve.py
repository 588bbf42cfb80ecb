"""Folders of OpenEvolve's form, read as problems: what is used of them, what is not, and what is wrong with them."""

import tomllib
from pathlib import Path

import pytest

from adrs import openevolve, problem, scaffold
from adrs.errors import UserError
from adrs.source import Rejected, Screen
from tests.adrs.openevolve_tools import folder, write

EVALUATE = "def evaluate(path):\n    return {'combined_score': 1.0}\n"
LAUGHS = "".join(f"k{n}: &l{n} [{', '.join([f'*l{n - 1}' if n else 'ha'] * 9)}]\n" for n in range(9)) + "language: *l8"
"""Nine lines that stand for 9^9 words."""
STAGES = EVALUATE + "def evaluate_stage1(path): ...\ndef evaluate_stage2(path): ...\ndef evaluate_stage3(path): ...\n"


def test_an_unmodified_folder_is_a_problem(tmp_path: Path) -> None:
    loaded = problem.load(str(folder("valley", tmp_path)))
    assert (loaded.name, loaded.title, loaded.trust, loaded.language) == ("valley", "Valley", "shared", "python")
    assert loaded.decide.what.startswith("You improve a search")
    assert (loaded.objective.metric, loaded.objective.direction) == ("combined_score", "maximize")
    assert loaded.seed.name == "initial_program.py"
    assert [(baseline.role, baseline.path) for baseline in loaded.baselines] == [("trivial", loaded.seed)]
    assert [(stage.name, stage.function, stage.least_score) for stage in loaded.stages] == [
        ("stage1", "evaluate_stage1", 0.05)
    ]
    assert loaded.evaluator == "evaluator.py:evaluate_stage2"
    assert loaded.limits.decision_seconds == 20
    assert loaded.limits.source_kb == 20
    assert loaded.limits.processes > 0
    assert [spec.name for spec in loaded.workloads["train"]] == ["evaluate"]
    assert loaded.workloads["test"] == ()


def test_the_log_gets_all_their_files_and_what_they_mean(tmp_path: Path) -> None:
    theirs = folder("valley", tmp_path)
    (theirs / ".env").write_text("OPENAI_API_KEY=sk-secret")
    (theirs / "openevolve_output").mkdir()
    (theirs / "openevolve_output" / "best.py").touch()
    (theirs / "large.bin").write_bytes(bytes(3 << 20))
    loaded = problem.load(str(theirs))
    snapshot = loaded.snapshot()
    assert sorted(snapshot) == [
        "config.yaml", "data/settings.json", "evaluator.py", "initial_program.py", "landscape.py", "large.bin",
        "problem.toml",
    ]  # fmt: skip
    assert tomllib.loads(snapshot["problem.toml"].decode())["evaluator"]["trust"] == "shared"
    assert snapshot["large.bin"].startswith(b"3145728 bytes with SHA-256")
    before = loaded.digest()
    (theirs / "landscape.py").write_text("LOWEST = 1\n")
    assert problem.load(str(theirs)).digest() != before


def test_every_key_of_the_configuration_is_accounted_for(tmp_path: Path) -> None:
    imported = openevolve.read(folder("valley", tmp_path))
    lines = dict(line.split(": ", 1) for line in imported.lines())
    assert lines["max_iterations"] == "used as --max-evaluations 12"
    assert lines["random_seed"] == "used as --seed 7"
    assert lines["evaluator.timeout"] == "used as limits.decision_seconds = 20"
    assert lines["evaluator.cascade_thresholds"].startswith("used as the least score")
    assert lines["prompt.system_message"].startswith("used as decide.what")
    assert lines["llm.primary_model"] == "not used; models are named with --model"
    assert lines["database.num_islands"].startswith("not used; the search strategy")
    assert lines["colour"] == "not used; it is unknown here"
    assert "evaluate_stage2, is the whole evaluation" in lines["evaluator.py"]
    assert len(lines) == 20
    assert imported.options == {"max_evaluations": 12, "seed": 7, "workers": 2}
    given = dict(line.split(": ", 1) for line in imported.lines({"seed"}))
    assert given["random_seed"] == "not used; --seed is given"


@pytest.mark.parametrize(
    ("evaluator", "config", "stages", "last"),
    [
        (EVALUATE, "", [], "evaluate"),
        (STAGES, "", [("stage1", 0.5), ("stage2", 0.75)], "evaluate_stage3"),
        (STAGES, "evaluator: {cascade_thresholds: [0.2]}", [("stage1", 0.2)], "evaluate_stage2"),
        (STAGES, "evaluator: {cascade_thresholds: [2, 3]}", [("stage1", 2.0), ("stage2", 3.0)], "evaluate_stage3"),
        (STAGES, "evaluator: {cascade_evaluation: false}", [], "evaluate"),
        (STAGES, "evaluator: {cascade_thresholds: []}", [], "evaluate"),
        (EVALUATE + "evaluate_stage1 = evaluate\n", "", [], "evaluate_stage1"),
        ("try:\n    from numpy import mean as evaluate\nexcept ImportError:\n    raise\n", "", [], "evaluate"),
        ("from numpy import *\n", "", [], "evaluate"),
    ],
)
def test_functions_of_the_evaluator_become_stages(
    tmp_path: Path, evaluator: str, config: str, stages: list[tuple[str, float]], last: str
) -> None:
    loaded = problem.load(str(write(tmp_path / "theirs", evaluator, config=config)))
    assert [(stage.name, stage.least_score) for stage in loaded.stages] == stages
    assert loaded.evaluator == f"evaluator.py:{last}"


def test_a_folder_without_configuration_has_their_defaults(tmp_path: Path) -> None:
    loaded = problem.load(str(write(tmp_path / "theirs", EVALUATE)))
    assert loaded.limits.decision_seconds == 300
    assert loaded.limits.memory_mb == 2048
    assert openevolve.read(loaded.folder).notes == ()


@pytest.mark.parametrize(
    ("evaluator", "config", "expected"),
    [
        ("def other(): ...\n", "", "defines no function evaluate"),
        ("def evaluate(:\n", "", "cannot be read as Python: .* in line 1"),
        (EVALUATE, "max_iterations: many", "max_iterations must be a whole number from 1, not 'many'"),
        (EVALUATE, "max_iterations: 0", "max_iterations must be a whole number from 1"),
        (EVALUATE, "evaluator: {timeout: -1}", "evaluator.timeout must be above 0"),
        (EVALUATE, "evaluator: {timeout: soon}", "evaluator.timeout must be a number"),
        (EVALUATE, "evaluator: {cascade_thresholds: 0.5}", "must be a list of numbers"),
        (EVALUATE, "evaluator: {cascade_evaluation: 1}", "must be true or false"),
        (EVALUATE, "prompt: {system_message: [1]}", "prompt.system_message must be a text"),
        (EVALUATE, "database: {feature_dimensions: [1]}", "must be a list of names"),
        (EVALUATE, "a: [1", "is not valid YAML"),
        (EVALUATE, "- 1\n- 2", "must hold keys and values, not list"),
        (EVALUATE, "when: 2024-13-45", "holds a value that cannot be read: month must be in 1..12"),
        (EVALUATE, LAUGHS, r"language must be a text, not \[\[\[...\], "),
        pytest.param(f"x = {'-' * 100_000}1\n", "", "cannot be read as Python", id="deep"),
    ],
)
def test_mistakes_are_one_sentence(tmp_path: Path, evaluator: str, config: str, expected: str) -> None:
    theirs = write(tmp_path / "theirs", evaluator, config=config)
    with pytest.raises(UserError, match=expected) as raised:
        problem.load(str(theirs))
    assert "\n" not in str(raised.value)


def test_null_and_template_names_are_as_if_they_were_not_there(tmp_path: Path) -> None:
    config = "random_seed: null\nllm: null\nprompt: {system_message: system_message}\n"
    imported = openevolve.read(write(tmp_path / "theirs", EVALUATE, config=config))
    assert imported.options == {}
    assert [note.split(";")[0] for _, note in imported.notes] == ["not used"] * 3


def test_a_program_in_another_language(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", EVALUATE)
    (theirs / "initial_program.py").unlink()
    (theirs / "initial_program.rs").write_text("// EVOLVE-BLOCK-START\nfn f() {}\n// EVOLVE-BLOCK-END\nfn main() {}\n")
    loaded = problem.load(str(theirs))
    assert (loaded.language, loaded.seed.name) == ("rust", "initial_program.rs")
    screen = Screen(loaded)
    source = loaded.seed.read_text()
    assert screen.check(source.replace("f()", "g()")) != screen.check(source)
    with pytest.raises(Rejected, match=r"'fn main\(\) {}' became 'fn main\(\) { 1 }'"):
        screen.check(source.replace("main() {}", "main() { 1 }"))
    with pytest.raises(Rejected, match="null byte"):
        screen.check("\0")
    (theirs / "initial_program.c").touch()
    with pytest.raises(UserError, match=r"2 initial programs: initial_program\.c, initial_program\.rs; file_suffix"):
        problem.load(str(theirs))
    (theirs / "config.yaml").write_text("file_suffix: .rs\nlanguage: Rust\n")
    assert problem.load(str(theirs)).seed.name == "initial_program.rs"


def test_the_screen_leaves_names_and_imports_to_the_evaluator(tmp_path: Path) -> None:
    screen = Screen(problem.load(str(write(tmp_path / "theirs", EVALUATE))))
    assert screen.check("import scipy\n") != screen.check("import scipy  # which an evaluator may read\n")
    with pytest.raises(Rejected, match="syntax error in line 1"):
        screen.check("def f(:\n")


def test_a_misspelt_key_is_not_said_to_be_taken_care_of(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", EVALUATE)
    (theirs / "config.yaml").write_text("evaluator: {timout: 30, distributed: true}\n")
    lines = dict(line.split(": ", 1) for line in openevolve.read(theirs).lines())
    assert lines["evaluator.timout"] == 'not used; it is unknown here; did you mean "evaluator.timeout"?'
    assert lines["evaluator.distributed"] == "not used; workers and their sandbox take care of it"


def test_an_evaluator_without_the_score_is_said_to_be_averaged(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", "from parts import evaluate\n")
    (theirs / "parts.py").write_text("def evaluate(path):\n    return {'latency_ms': 3.0}\n")
    note = "evaluator.py: names no combined_score, so the mean of its metrics counts, and the higher the better"
    assert openevolve.read(theirs).lines() == [note]
    (theirs / "parts.py").write_text(EVALUATE)
    assert openevolve.read(theirs).lines() == []


def test_packages_are_loaded_once_if_they_are_installed(tmp_path: Path) -> None:
    imports = "import numpy as np, json, nothing_like_this, msgpack\nfrom openevolve.api import Controller\n"
    theirs = write(tmp_path / "theirs", imports + EVALUATE, "import numba.core\n")
    (theirs / "msgpack.py").touch()
    assert problem.load(str(theirs)).limits.imports == ("numba", "numpy")


def test_an_import_makes_a_folder_that_a_person_can_edit(tmp_path: Path) -> None:
    theirs = folder("valley", tmp_path)
    notes = scaffold.import_openevolve(tmp_path / "mine", theirs)
    assert "max_iterations: used as --max-evaluations 12" in notes
    for path in (path for path in theirs.rglob("*") if path.is_file()):
        assert (tmp_path / "mine" / "openevolve" / path.relative_to(theirs)).read_bytes() == path.read_bytes()
    made = problem.load(str(tmp_path / "mine"))
    raw = problem.load(str(theirs))
    assert (made.trust, made.stages, made.limits, made.decide) == (raw.trust, raw.stages, raw.limits, raw.decide)
    assert made.evaluator == "openevolve/evaluator.py:evaluate_stage2"
    assert made.generated is None
    assert tomllib.loads((tmp_path / "mine" / "run.toml").read_text()) == openevolve.read(theirs).options
    assert set(made.snapshot()) >= {"problem.toml", "openevolve/landscape.py", "openevolve/data/settings.json"}
    with pytest.raises(UserError, match="exists already"):
        scaffold.import_openevolve(tmp_path / "mine", theirs)
    with pytest.raises(UserError, match=r"holds no evaluator\.py"):
        scaffold.import_openevolve(tmp_path / "other", tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (('trust = "shared"', 'trust = "share"'), 'did you mean "shared"'),
        (('function = "evaluate_stage1"', "functions = 1"), 'unknown key "stages\\[0\\].functions"'),
        (("decision_seconds =", "seconds ="), 'unknown key "limits.seconds"'),
        (('file = "openevolve/', 'file = "../'), "lies outside the problem's folder"),
        (("[programs]", "[workloads]\ntrain = []\n\n[programs]"), 'unknown key "workloads"'),
        (("[limits]", "[limits]\nprocesses = 0"), "limits.processes must be above 0"),
    ],
)
def test_its_file_is_read_strictly(tmp_path: Path, change: tuple[str, str], expected: str) -> None:
    scaffold.import_openevolve(tmp_path / "mine", folder("valley", tmp_path))
    file = tmp_path / "mine" / "problem.toml"
    file.write_text(file.read_text().replace(*change, 1))
    with pytest.raises(UserError, match=expected):
        problem.load(str(tmp_path / "mine"))


def test_processes_are_for_shared_evaluators_alone(demo: Path) -> None:
    file = demo / "problem.toml"
    file.write_text(file.read_text().replace("[limits]", "[limits]\nprocesses = 4"))
    with pytest.raises(UserError, match=r'unknown key "limits\.processes"'):
        problem.load(str(demo))
