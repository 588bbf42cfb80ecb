"""ask and tell: an agent drives a run through the command line, and the run stays one that resumes and replays."""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from adrs.store import Reader
from tests.adrs.cli_tools import ADRS, adrs, adrs_json, environment

GREEDY = """
import numpy as np

def solve(instance):
    length = instance["length"]
    busy = np.zeros(instance["machines"])
    machine = np.zeros(len(length), dtype=np.int64)
    for job in np.argsort(-length * {weight}):
        machine[job] = np.argmin(busy)
        busy[machine[job]] += length[job]
    return machine
"""
FAILING = "def solve(instance):\n    return 1 // 0\n"


@pytest.fixture(scope="session")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of which nothing but the seed program is known; to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    adrs("new", "demo", cwd=folder)
    adrs("run", "./demo", "--max-evaluations", "1", "--seed", "5", "--name", "one", "--quiet",
         "--call-seconds", "1.5", cwd=folder)  # fmt: skip
    return folder


@pytest.fixture
def started(begun: Path, tmp_path: Path) -> Path:
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    return tmp_path


def tell(folder: Path, source: str, *options: str) -> Any:
    (folder / "program.py").write_text(source)
    return adrs_json("tell", "one", "program.py", *options, cwd=folder)


def asked(folder: Path) -> list[tuple[int, Any]]:
    with Reader(folder / "runs" / "one") as reader:
        return [(ticket, json.loads(payload)) for ticket, payload in
                reader.rows("SELECT ticket, payload FROM event WHERE kind = 'asked' ORDER BY id")]  # fmt: skip


def test_a_brief_says_what_an_agent_needs(started: Path) -> None:
    text = adrs("ask", "one", cwd=started).stdout
    seed = (started / "demo" / "seed.py").read_text()
    assert "every job runs on exactly one machine" in text
    assert "1.5 s of wall and CPU time a call" in text
    assert "def solve(instance):" in text
    assert seed.strip() in text
    assert "skewed-1003: score" in text
    assert "adrs tell one FILE --parent 1" in text
    plain = adrs_json("ask", "one", cwd=started)
    assert plain["parent"]["source"] == seed
    assert {each["name"] for each in plain["parent"]["workloads"]} >= {"skewed-1003", "uniform-1000"}
    assert plain["parent"]["worst"] in text
    assert plain["ticket"] == 2


def test_a_brief_stays_until_it_is_answered(started: Path) -> None:
    first = adrs_json("ask", "one", cwd=started)
    assert adrs_json("ask", "one", cwd=started) == first
    assert [ticket for ticket, _ in asked(started)] == [2]
    tell(started, GREEDY.format(weight=1))
    assert adrs_json("ask", "one", cwd=started)["ticket"] == 3


def test_what_is_told_is_evaluated_and_recorded_like_any_program(started: Path) -> None:
    told = tell(started, GREEDY.format(weight=1), "--parent", "1", "--rationale", "longest first")
    assert (told["id"], told["verdict"], told["best"]) == (2, "ok", True)
    assert told["score"] == pytest.approx(100)
    assert told["gain"] == pytest.approx(100)
    assert {each["verdict"] for each in told["workloads"]} == {"ok"}
    with Reader(started / "runs" / "one") as reader:
        program = reader.program(2)
        kinds = [kind for (kind,) in reader.rows("SELECT kind FROM event WHERE ticket = 2 ORDER BY id")]
    assert kinds == ["asked", "proposed", "evaluated", "told"]
    assert (program.proposer, program.rationale) == ("agent", "longest first")
    assert [(parent.id, parent.role) for parent in program.parents] == [(1, "parent")]
    assert program.evaluation is not None
    assert program.evaluation.sandbox
    assert program.score == told["score"]


def test_a_brief_says_what_there_is_to_beat(started: Path) -> None:
    adrs("ask", "one", cwd=started)  # of the seed program, before there is a better one
    assert adrs_json("ask", "one", cwd=started)["best"]["id"] == 1
    tell(started, GREEDY.format(weight=1))
    tell(started, GREEDY.format(weight=-1), "--parent", "2")
    brief = adrs_json("ask", "one", cwd=started)
    assert (brief["best"]["id"], brief["best"]["score"]) == (2, pytest.approx(100))
    text = adrs("ask", "one", cwd=started).stdout
    assert "Write a program with a higher score than program 2." in text
    if brief["parent"]["id"] == 2:
        assert "It is the best program so far." in text
    else:
        assert "The best program so far is program 2: 100.0" in text


@pytest.mark.slow
def test_failures_duplicates_and_nonsense_are_recorded_with_the_reason(started: Path) -> None:
    tell(started, GREEDY.format(weight=1))
    crashed = tell(started, FAILING, "--parent", "2")
    assert crashed["verdict"] == "error"
    assert "ZeroDivisionError" in crashed["reason"]
    again = tell(started, "# the same\n" + GREEDY.format(weight=1), "--parent", "2", "--parent", "1")
    assert (again["verdict"], again["duplicate_of"], again["operator"]) == ("rejected", 2, "cross")
    assert again["gain"] is None
    assert [parent["role"] for parent in again["parents"]] == ["parent", "crossover"]
    nonsense = tell(started, "def solve(instance:\n")
    assert "syntax error" in nonsense["reason"]
    brief = adrs_json("ask", "one", cwd=started)
    assert any("ZeroDivisionError" in failure["reason"] for failure in brief["failures"])
    assert [each["verdict"] for each in adrs_json("lineage", "one", cwd=started)] == [
        "ok", "ok", "error", "rejected", "rejected",
    ]  # fmt: skip
    assert adrs("best", "one", cwd=started).stdout.strip() == GREEDY.format(weight=1).strip()


def test_mistakes_are_one_sentence_and_record_nothing(started: Path) -> None:
    (started / "program.py").write_text(FAILING)
    error = adrs("tell", "one", "program.py", "--parent", "9", cwd=started, code=1).stderr
    assert error == "adrs: run one has no program 9; its programs are 1 to 1\n"
    assert "cannot be read" in adrs("tell", "one", "missing.py", cwd=started, code=1).stderr
    assert "no run" in adrs("ask", "other", cwd=started, code=1).stderr
    assert len(adrs_json("lineage", "one", cwd=started)) == 1


def test_a_run_that_an_engine_works_on_is_refused_with_the_process_id(started: Path) -> None:
    options = ["resume", "one", "--max-evaluations", "100000", "--quiet"]
    engine = subprocess.Popen([*ADRS, *options], cwd=started, env=environment(), stdout=subprocess.DEVNULL)
    try:
        folder = started / "runs" / "one"
        while (folder / "run.lock").read_text() != str(engine.pid):
            time.sleep(0.05)
        (started / "program.py").write_text(FAILING)
        for verb in (("ask", "one"), ("tell", "one", "program.py")):
            error = adrs(*verb, cwd=started, code=1).stderr
            assert str(engine.pid) in error
            assert error.count("\n") == 1
    finally:
        engine.send_signal(signal.SIGTERM)
        engine.wait()


@pytest.mark.slow
def test_between_agents_and_engines_the_run_resumes_and_replays(started: Path) -> None:
    ask = adrs_json("ask", "one", cwd=started)
    tell(started, GREEDY.format(weight=1), "--rationale", "longest first")
    tell(started, FAILING, "--parent", "2")
    tell(started, GREEDY.format(weight=-1), "--parent", "2")
    adrs("ask", "one", cwd=started)  # left without an answer: the engine's proposer gives one
    first = adrs_json("lineage", "one", cwd=started)
    outcome = adrs_json("resume", "one", "--max-evaluations", "20", "--quiet", cwd=started)
    assert outcome["evaluations"] == 20
    assert adrs_json("lineage", "one", cwd=started)[: len(first)] == first
    tell(started, GREEDY.format(weight=2), "--parent", "1")
    tell(started, GREEDY.format(weight="np.ones(len(length))"), "--parent", "1")
    adrs("resume", "one", "--max-evaluations", "30", "--quiet", cwd=started)
    proposers = [program["proposer"] for program in adrs_json("lineage", "one", cwd=started)]
    assert proposers.count("agent") == 5
    assert proposers.count("embedded") >= 20
    replayed = adrs_json("replay", "one", "--name", "again", "--quiet", cwd=started)
    assert replayed["identical"] is True
    assert asked(started)[0] == (ask["ticket"], {"parent": ask["parent"]["id"]})
    with Reader(started / "runs" / "one") as reader:
        twice = "SELECT ticket, kind FROM event WHERE ticket NOTNULL GROUP BY ticket, kind HAVING COUNT(*) > 1"
        assert reader.rows(twice) == []


@pytest.mark.slow
def test_what_an_engine_left_unfinished_is_finished_first(started: Path) -> None:
    options = ["resume", "one", "--max-evaluations", "100000", "--quiet"]
    engine = subprocess.Popen([*ADRS, *options], cwd=started, env=environment(), stdout=subprocess.DEVNULL)
    folder = started / "runs" / "one"
    while True:
        with Reader(folder) as reader:
            if reader.count() >= 30:
                break
        time.sleep(0.02)
    os.kill(engine.pid, signal.SIGKILL)
    engine.wait()
    told = tell(started, GREEDY.format(weight="np.ones(len(length))"), "--parent", "1")
    assert told["proposer"] == "agent"
    with Reader(folder) as reader:
        unfinished = "SELECT ticket FROM program WHERE ticket NOT IN (SELECT ticket FROM event WHERE kind = 'told')"
        assert reader.rows(unfinished) == []
        evaluations = reader.evaluations()
    adrs("resume", "one", "--max-evaluations", str(evaluations + 10), "--quiet", cwd=started)
    assert adrs_json("replay", "one", "--name", "again", "--quiet", cwd=started)["identical"] is True
