"""`adrs run` refuses what `adrs check` would find, before the first candidate, with the reason."""

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from adrs.check import watched
from adrs.cli.problems import check as show_check
from tests.adrs.cli_tools import adrs, adrs_json


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    adrs("new", "demo", cwd=tmp_path)
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def refused(workspace: Path) -> str:
    done = adrs("run", "./demo", "--max-evaluations", "3", cwd=workspace, code=1)
    assert not (workspace / "runs").exists()
    return done.stderr.splitlines()[-1]


def test_a_data_file_that_is_missing(workspace: Path) -> None:
    edit(workspace / "demo" / "problem.toml", "test = [", 'test = [{ family = "real", files = ["real.json"] }, ')
    assert "real.json is missing" in refused(workspace)


def test_a_data_file_with_another_checksum(workspace: Path) -> None:
    (workspace / "demo" / "real.json").write_text("[1]")
    digest = sha256(b"[2]").hexdigest()
    edit(workspace / "demo" / "problem.toml", "[[stages]]", f'[data]\n"real.json" = "{digest}"\n\n[[stages]]')
    assert "has another checksum" in refused(workspace)
    edit(workspace / "demo" / "problem.toml", digest, sha256(b"[1]").hexdigest())
    assert adrs_json("run", "./demo", "--max-evaluations", "3", cwd=workspace)["evaluations"] == 3


def test_an_objective_that_the_evaluator_does_not_compute(workspace: Path) -> None:
    edit(workspace / "demo" / "problem.toml", 'metric = "makespan"', 'metric = "makespn"')
    assert 'objective.metric = "makespn"' in refused(workspace)
    done = adrs("check", "./demo", cwd=workspace, code=1)
    assert 'did you mean "makespan"?' in done.stdout
    line = next(line for line in done.stdout.splitlines() if "an endless loop is stopped" in line)
    assert line.startswith("ok")  # what needs no scale is checked all the same
    assert line.endswith("took longer than 1 s (this check's own limit, to be quick; the problem's is 2 s)")


def test_a_workload_of_test_that_cannot_be_drawn(workspace: Path) -> None:
    edit(workspace / "demo" / "problem.toml", 'family = "many"', 'family = "mny"')
    done = adrs("check", "./demo", cwd=workspace, code=1)
    shown = " ".join(done.stdout.split())
    assert 'FAIL baselines workload mny-3002: unknown family "mny"; did you mean "many"?' in shown
    assert 'workload mny-3002: unknown family "mny"' in refused(workspace)


def test_a_class_that_the_evaluator_module_does_not_have(workspace: Path) -> None:
    edit(workspace / "demo" / "problem.toml", "evaluator:JobBalancing", "evaluator:JobBalance")
    assert 'evaluator has no class JobBalance; did you mean "JobBalancing"?' in refused(workspace)


def test_an_evaluator_that_always_says_the_same(workspace: Path) -> None:
    evaluator = workspace / "demo" / "evaluator.py"
    edit(evaluator, 'makespan=np.mean(makespans), bounds={"makespan": float(np.mean(bounds))}', "makespan=7.0")
    assert "two different programs have the same makespan, 7" in refused(workspace)


def test_a_state_of_the_art_that_is_none(workspace: Path) -> None:
    folder = workspace / "demo" / "baselines"
    longest, trivial = (folder / "longest_first.py").read_text(), (folder / "round_robin.py").read_text()
    (folder / "longest_first.py").write_text(trivial)
    (folder / "round_robin.py").write_text(longest)
    assert "not better than the trivial one" in refused(workspace)


def test_a_seed_whose_score_does_not_repeat(workspace: Path) -> None:
    source = "import os\n\ndef solve(instance):\n    n = len(instance['length'])\n"
    source += "    return [os.urandom(1)[0] % instance['machines'] for _ in range(n)]\n"
    (workspace / "demo" / "seed.py").write_text(source)
    assert "two evaluations differ" in refused(workspace)


def test_a_workload_without_seeds_is_named_as_the_likely_cause(workspace: Path) -> None:
    problem = workspace / "demo" / "problem.toml"
    edit(problem, "seeds = [1000, 1001, 1002] }", 'seeds = [1000] }, { family = "many" }')
    done = adrs("check", "./demo", "--workers", "1", cwd=workspace, code=1)  # which loads them once, but for this
    line = next(line for line in done.stdout.splitlines() if line.startswith("FAIL repeatable"))
    assert "two evaluations differ in makespan: " in line
    assert "workload many has no seeds in problem.toml" in line
    assert "uniform" not in line
    assert re.search(r"ok +seed +verdict ok, makespan [\d.]+; an evaluation took [\d.]+ s", done.stdout)


def test_a_cheat_that_is_not_caught(workspace: Path) -> None:
    cheat = workspace / "demo" / "cheats" / "leaves_jobs_out.py"
    cheat.write_text('"""Leaves jobs out."""\n' + (workspace / "demo" / "seed.py").read_text())
    said = refused(workspace)
    assert "cheat leaves_jobs_out: expected invalid: shape; got ok; the cheat says of itself: Leaves jobs out." in said


_BLOCKS = {
    "def solve(instance:\n    return\n": ("greedy.py, line 1: '(' was never closed", True),
    "def sovle(instance):\n    return []\n": (
        "greedy.py, with its defaults, is rejected: function solve is not defined; write def solve(instance):",
        True,
    ),
    "def solve(instance):\n    return [0] * wrong\n": (
        "with its defaults it ends error: uniform-1000: NameError: name 'wrong' is not defined (line 2)",
        False,
    ),
}


@pytest.mark.parametrize("source", _BLOCKS)
def test_a_building_block_that_is_no_program(workspace: Path, source: str) -> None:
    expected, before_a_run = _BLOCKS[source]
    (workspace / "demo" / "blocks" / "greedy.py").write_text(source)
    failed = [check for check in adrs_json("check", "./demo", cwd=workspace, code=1)["checks"] if not check["ok"]]
    assert [check["name"] for check in failed] == ["block greedy"]
    assert failed[0]["detail"].endswith(expected)
    if before_a_run:
        assert expected in refused(workspace)


def test_a_fault_of_the_evaluator_is_said_once(workspace: Path) -> None:
    edit(workspace / "demo" / "evaluator.py", 'policy.call("solve"', 'policy.call("sovle"')
    done = adrs("check", "./demo", cwd=workspace, code=1)
    assert done.stdout.count("sovle") == 1
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["ok", "FAIL", *["skip"] * 6]
    assert 'the interface has no function "sovle"; did you mean "solve"? (evaluator.py line' in lines[1]
    assert all(line.endswith('not found out, for the reason given at "baselines"') for line in lines[2:])
    found = adrs_json("check", "./demo", cwd=workspace, code=1)
    assert not found["ok"]
    assert [each["skipped"] for each in found["checks"]] == [False, False, *[True] * 6]


def test_what_takes_long_is_told_on_stderr_also_with_json(
    workspace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(watched, "FIRST_SECONDS", 0.1)
    load = "    def load(self, spec: WorkloadSpec) -> list[Instance]:\n"
    edit(workspace / "demo" / "evaluator.py", load, f"{load}        __import__('time').sleep(0.4)\n")
    monkeypatch.setenv("ADRS_CACHE", str(workspace / "cache"))  # so that the baselines are measured
    show_check(str(workspace / "demo"), sandbox=None, workers=1, as_json=True)
    said = capsys.readouterr()
    assert json.loads(said.out)["ok"]
    assert "baseline round-robin on train has run for " in said.err


def test_what_has_passed_is_not_checked_again_until_it_changes(workspace: Path) -> None:
    def noted() -> bool:
        return "checking the problem" in adrs("run", "./demo", "--max-evaluations", "2", cwd=workspace).stderr

    (workspace / "demo" / "seed.py").write_text((workspace / "demo" / "seed.py").read_text() + f"# {workspace}\n")
    assert noted()
    assert not noted()
    edit(workspace / "demo" / "evaluator.py", "INSTANCES = 10", "INSTANCES = 9")
    assert noted()


def test_what_is_outside_the_limits_that_a_problem_declares(workspace: Path) -> None:
    """Baselines too close together, comparisons, and a cheat that gains."""
    declaration = workspace / "demo" / "problem.toml"
    gaining = """{ file = "baselines/longest_first.py", verdict = "ok", at_most = 50.0 }"""
    edit(declaration, "cheats = [", f"cheats = [{gaining}, ")
    edit(declaration, 'direction = "minimize"', 'direction = "minimize"\nleast_span = 1000.0')
    comparison = """
[[comparisons]]
name = "a claim"
baseline = "round-robin"
beside = "longest-first"
workloads = [{ name = "a few", family = "uniform", seed = 7 }]
"""
    edit(declaration, "[[stages]]", f"{comparison}relative = {{ makespan = 10.0 }}\n{comparison}"
         "absolute = { makespan = 0.001 }\n\n[[stages]]")  # fmt: skip
    done = adrs("check", "./demo", cwd=workspace, code=1)
    lines = done.stdout.splitlines()
    assert sum("the baselines of the scale are" in line and "FAIL span" in line for line in lines) == 1
    claims = [line for line in lines if "a claim: a few" in line]
    assert [line.split()[0] for line in claims] == ["ok", "FAIL"]
    assert "limit 1000 %" in claims[0]
    assert "limit 0.001" in claims[1]
    assert "expected a score of at most 50; got gains: score 100.0" in done.stdout
    assert "less than 1000" in refused(workspace)
