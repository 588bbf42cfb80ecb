"""Evaluators that import the program, run in the real sandbox: what their answers become."""

import asyncio
import re
from pathlib import Path

import pytest

from adrs import problem
from adrs.check import check
from adrs.evaluate.copies import copy_of
from adrs.evaluate.pool import LocalPool
from adrs.program import Evaluation, Job
from tests.adrs.openevolve_tools import folder, write

LOAD = """
import importlib.util


def load(path):
    spec = importlib.util.spec_from_file_location("program", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
"""


def evaluate(theirs: Path, *jobs: Job) -> list[Evaluation]:
    """Evaluate jobs, the initial program by default, one after the other on one worker."""
    loaded = problem.load(str(theirs))

    async def run() -> list[Evaluation]:
        pool = LocalPool(loaded, 1)
        try:
            await pool.start()
            return [await pool.evaluate(job) for job in jobs or (Job(loaded.seed.read_text(), "train"),)]
        finally:
            await pool.close()

    return asyncio.run(run())


def returning(place: Path, result: str, before: str = "") -> Evaluation:
    """What becomes of an evaluator that returns an expression."""
    return evaluate(write(place / "theirs", f"{LOAD}{before}\ndef evaluate(path):\n    return {result}\n"))[0]


def test_a_dict_of_numbers(tmp_path: Path) -> None:
    found = returning(tmp_path, "{'combined_score': 0.5, 'speed': 3}")
    assert (found.verdict, found.stage, found.fitness, found.score) == ("ok", "full", 0.5, None)
    assert found.metrics == {"combined_score": 0.5, "speed": 3.0}
    assert [(result.name, result.metrics) for result in found.workloads] == [("evaluate", found.metrics)]
    assert found.workloads[0].feedback == ""
    assert found.sandbox


def test_an_object_with_metrics_and_artifacts(tmp_path: Path) -> None:
    """Also one of openevolve's own class, which need not be installed."""
    found = evaluate(folder("circles", tmp_path))[0]
    assert found.verdict == "ok"
    assert found.metrics["valid"] == 1.0
    assert found.metrics["sum_of_radii"] == pytest.approx(9 * 0.12, rel=1e-6)
    assert found.metrics["combined_score"] == pytest.approx((9 * 0.12 + 1) / 2, rel=1e-6)
    feedback = found.workloads[0].feedback
    assert "dropped note = fine: a metric is a finite number" in feedback
    assert "dropped area = NaN" in feedback
    assert "combined_score:\nthe mean of " in feedback
    assert 'layout:\n{"centres": [[' in feedback
    assert "log:\n\\x1b[31mred\\xff" in feedback


@pytest.mark.parametrize(
    ("result", "score"),
    [
        ("{'a': 1.0, 'b': 3.0}", 2.0),
        ("{'a': 1.0, 'flag': True, 'text': 'x', 'bad': float('nan'), 'none': None}", 1.0),
        ("{'score': numpy.float32(0.25), 'count': numpy.int64(3)}", 1.625),
        ("{'a': 1e308, 'b': 1e308}", 1e308),
        ("{'combined_score': 1, 'b': 5}", 1.0),
        ("{'combined_score': -0.0}", 0.0),
        ("types.SimpleNamespace(metrics={'a': 2}, artifacts=None)", 2.0),
    ],
)
def test_the_primary_metric_is_theirs_or_the_mean(tmp_path: Path, result: str, score: float) -> None:
    found = returning(tmp_path, result, "import types\nimport numpy\n")
    assert (found.verdict, found.reason, found.fitness) == ("ok", "", score)


@pytest.mark.parametrize(
    ("result", "verdict", "reason"),
    [
        ("{'combined_score': float('inf'), 'a': 1}", "invalid", "combined_score: the evaluator gave Infinity"),
        ("{'combined_score': 'good', 'a': 1}", "invalid", "the evaluator gave good, which is no finite number"),
        ("{'error': 'no\\x1b[2J luck'}", "invalid", "no finite number but error = no\\x1b[2J luck"),
        ("{}", "invalid", "metrics: the evaluator gave no finite number"),
        ("None", "error", "TypeError: the evaluator returned NoneType, not a dict or an object with metrics"),
        ("load(path).missing()", "error", "AttributeError: module 'program' has no attribute 'missing'"),
        ("1 // 0", "error", "ZeroDivisionError: integer division or modulo by zero (evaluator.py line 12)"),
    ],
)
def test_answers_that_are_none(tmp_path: Path, result: str, verdict: str, reason: str) -> None:
    found = returning(tmp_path, result)
    assert found.verdict == verdict
    assert reason in found.reason
    assert found.fitness is None
    assert found.metrics == {}


def test_an_exception_names_the_line_of_the_program(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", f"{LOAD}\ndef evaluate(path):\n    return load(path).run()\n")
    found = evaluate(theirs, Job("def run():\n\n    raise ValueError('too bad')\n", "train"))[0]
    assert (found.verdict, found.reason) == ("error", "ValueError: too bad (line 3)")


def test_an_evaluator_that_cannot_be_loaded_is_no_fault_of_the_program(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", "import nothing_like_this\ndef evaluate(path): ...\n")
    found = evaluate(theirs)[0]
    assert found.verdict == "infrastructure"
    assert "evaluator.py cannot be loaded: ModuleNotFoundError: No module named 'nothing_like_this'" in found.reason


STAGED = f"""{LOAD}
calls = []


def evaluate_stage1(path):
    calls.append(1)
    return {{"combined_score": load(path).value(), "first": 1, "error": 0.0, "same": 1}}


def evaluate_stage2(path):
    calls.append(2)
    return {{"combined_score": load(path).value() / 2, "calls": len(calls), "same": 2}}


def evaluate(path):
    return {{"combined_score": -1}}
"""


def test_stages_stop_what_is_too_weak(tmp_path: Path) -> None:
    config = "evaluator: {cascade_thresholds: [0.4, 0.5]}"
    weak, good = "def value():\n    return 0.3\n", "def value():\n    return 0.8\n"
    theirs = write(tmp_path / "theirs", STAGED, weak, config)
    jobs = [Job(weak, "train"), Job(good, "train"), Job(weak, "train", thorough=True), Job(good, "train", "stage1")]
    stopped, full, thorough, until = evaluate(theirs, *jobs)
    assert (stopped.verdict, stopped.stage, stopped.fitness) == ("ok", "stage1", None)
    assert stopped.reason == "stopped after stage stage1: combined_score 0.3 is below 0.4"
    assert stopped.workloads[0].metrics == {"combined_score": 0.3, "first": 1.0, "same": 1.0}
    assert (full.stage, full.fitness) == ("full", 0.4)
    assert full.metrics == {"combined_score": 0.4, "first": 1.0, "same": 2.0, "calls": 2.0}
    assert (thorough.stage, thorough.fitness) == ("full", 0.15)
    assert (until.verdict, until.stage, until.fitness, until.reason) == ("ok", "stage1", None, "")


def test_every_evaluation_is_in_a_fresh_process_with_the_same_seed(tmp_path: Path) -> None:
    evaluator = f"""{LOAD}
import os, random
import numpy

def evaluate(path):
    fresh = not os.path.exists("left") and not hasattr(numpy, "left")
    numpy.left = open("left", "w")
    return {{"combined_score": random.random() + numpy.random.random(), "fresh": float(fresh)}}
"""
    theirs = write(tmp_path / "theirs", evaluator)
    first, second = evaluate(theirs, Job("x = 1\n", "train"), Job("x = 2\n", "train"))
    assert first.metrics == second.metrics
    assert first.metrics["fresh"] == 1.0


def test_long_feedback_is_cut(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", f"{LOAD}\nimport types\ndef evaluate(path):\n"
                   "    print('y' * 100_000)\n"
                   "    return types.SimpleNamespace(metrics={'a': 1}, artifacts={'log': 'x' * 10_000_000, 1: 2})\n",
                   config="prompt: {max_artifact_bytes: 2048}")  # fmt: skip
    found = evaluate(theirs)[0]
    assert found.verdict == "ok"
    assert len(found.workloads[0].feedback) < 2048 + 30
    assert found.workloads[0].feedback.endswith("[feedback cut]")
    assert len(found.output) < 2048 + 100


def test_a_program_in_another_language_is_handed_over_as_it_is(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", "def evaluate(path):\n    text = open(path).read()\n"
                   "    return {'combined_score': len(text), 'named': float(path.endswith('.txt'))}\n")  # fmt: skip
    (theirs / "initial_program.py").unlink()
    (theirs / "initial_program.txt").write_text("What is the answer?")
    assert evaluate(theirs)[0].metrics == {"combined_score": 19.0, "named": 1.0}


def test_the_copy_holds_what_belongs_to_the_evaluator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADRS_CACHE", str(tmp_path / "cache"))
    theirs = folder("valley", tmp_path)
    (theirs / ".env").write_text("KEY=1")
    (theirs / "runs" / "one").mkdir(parents=True)
    (theirs / "runs" / "one" / "run.db").touch()
    copy = copy_of(theirs)
    names = {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()}
    assert names == {"config.yaml", "data/settings.json", "evaluator.py", "initial_program.py", "landscape.py"}
    assert copy_of(theirs) == copy
    (copy / "landscape.py").chmod(0o644)
    (copy / "landscape.py").write_text("LOWEST = -9")
    assert (copy_of(theirs) / "landscape.py").read_bytes() == (theirs / "landscape.py").read_bytes()
    (theirs / "landscape.py").write_text("LOWEST = 1")
    assert copy_of(theirs) != copy


def checks(theirs: Path) -> dict[str, tuple[bool, str]]:
    findings = check(problem.load(str(theirs)), None, 1, lambda finding: None)
    return {finding.name: (finding.ok, finding.detail) for finding in findings}


def test_the_check_of_a_good_folder(tmp_path: Path) -> None:
    found = checks(folder("valley", tmp_path))
    assert all(ok for ok, _ in found.values()), found
    assert found["trust"][1].startswith("shared")
    assert found["repeatable"][1] == "two evaluations agree"
    assert found["random numbers"][1] == "with others the seed scores the same"
    assert found["an exception is reported"][1].startswith("error: KeyError: 'on purpose'")
    assert found["an endless loop is stopped"][1].startswith("timeout: evaluate took longer than 1 s (")


def test_the_check_notices_a_constant_score_and_quotes_an_evaluator_that_caught_the_reason(tmp_path: Path) -> None:
    caught = "    try:\n        open('data/x')\n    except OSError as error:\n        print(repr(error))\n"
    found = checks(write(tmp_path / "theirs", f"def evaluate(path):\n{caught}    return {{'combined_score': 0.5}}\n"))
    assert found["programs differ"] == (
        False,
        "a program that does nothing scores what the seed scores, combined_score 0.5; the output of the seed's "
        "evaluation ends with: FileNotFoundError(2, 'No such file or directory')",
    )


def test_the_check_says_that_scores_are_noisy(tmp_path: Path) -> None:
    found = checks(
        write(tmp_path / "theirs", f"{LOAD}\nimport time\ndef evaluate(path):\n    load(path).run()\n"
              "    return {'combined_score': time.time()}\n")
    )  # fmt: skip
    ok, detail = found["repeatable"]
    assert ok
    assert "two evaluations differ" in detail
    assert "smaller differences between programs mean nothing" in detail


def test_the_check_says_that_the_score_is_a_mean(tmp_path: Path) -> None:
    body = "    return {'latency_ms': float(len(open(path).read())), 'accuracy': 0.5, 'fine': True}\n"
    found = checks(write(tmp_path / "theirs", f"def evaluate(path):\n{body}"))
    assert found["seed"] == (
        True,
        "combined_score 12.25: the mean of latency_ms, accuracy, since the evaluator gave none; the higher the better",
    )


def test_the_check_says_that_luck_with_one_stream_looks_like_gain(tmp_path: Path) -> None:
    body = "    return {'combined_score': random.random()}\n"
    found = checks(write(tmp_path / "theirs", f"import random\ndef evaluate(path):\n{body}"))
    assert found["repeatable"] == (True, "two evaluations agree")
    ok, detail = found["random numbers"]
    assert ok
    assert re.search(r"every program is scored on the same draws; with others the seed scores 0\.\d+: gains of", detail)


def test_the_check_names_a_seed_that_fails(tmp_path: Path) -> None:
    found = checks(write(tmp_path / "theirs", "def evaluate(path):\n    raise OSError('no GPU')\n"))
    ok, detail = found["baselines"]
    assert not ok
    assert "initial_program.py ends error on train: OSError: no GPU (evaluator.py line 2)" in detail


@pytest.mark.parametrize(
    "body",
    [
        "return {'combined_score': len(open('data/cases.json').read())}",
        "return {'combined_score': len(open('/srv/cases.json').read())}",
        "open(__file__ + '.log', 'a').write('x')",
    ],
)
def test_an_evaluator_that_asks_for_unseen_files_is_told_which_it_sees(tmp_path: Path, body: str) -> None:
    found = evaluate(write(tmp_path / "theirs", f"def evaluate(path):\n    {body}\n"))[0]
    assert found.verdict == "error"
    assert "(evaluator.py line 2); in the sandbox an evaluator can read its own folder, by paths made" in found.reason


def test_a_program_that_asks_for_unseen_files_is_told_its_line(tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", f"{LOAD}\ndef evaluate(path):\n    return load(path).run()\n")
    found = evaluate(theirs, Job("def run():\n    return open('data/cases.json').read()\n", "train"))[0]
    assert found.reason == "FileNotFoundError: [Errno 2] No such file or directory: 'data/cases.json' (line 2)"
