"""Runs with language models, over real sockets: faults, budgets, crashes, keys. What a user sees of each."""

import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("openai", reason="the openai package is not installed (pip install 'adrs[models]')")

from adrs import evolve, session
from adrs.llm.models import CallSettings
from adrs.llm.retry import Patience
from adrs.store import Reader
from adrs.testing.openai_server import Answer, Fault, Request, Server
from tests.adrs.cli_tools import ADRS, adrs, adrs_json, environment
from tests.adrs.test_cli import wait_for_programs

REWRITE = """Longest jobs first.
```python
import numpy as np

def solve(instance):
    length = instance["length"]
    busy = np.zeros(instance["machines"])
    machine = np.zeros(len(length), dtype=np.int64)
    for job in np.argsort(-length + {shift} * np.arange(len(length))):
        machine[job] = np.argmin(busy)
        busy[machine[job]] += length[job]
    return machine
```
"""


def new_program(request: Request) -> Answer:
    """Another program at each request, 400 + 100 tokens."""
    return Answer(REWRITE.format(shift=request.number / 1000), input_tokens=400, output_tokens=100)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    adrs("new", "demo", cwd=tmp_path)
    return tmp_path


def options(server: Server, *more: str) -> list[str]:
    return ["run", "./demo", "--model", f"stub@{server.url}", "--proposers", "model", "--max-evaluations", "20",
            "--name", "run", *more]  # fmt: skip


def test_a_run_by_a_model_beats_the_seed_and_counts_what_it_costs(workspace: Path) -> None:
    with Server(answers=new_program) as server:
        outcome = adrs_json(*options(server, "--price", "stub=1/2", "--max-usd", "1"), cwd=workspace)
        assert outcome["evaluations"] == 20
        assert outcome["winner"]["score"]["train"] > 90
        assert outcome["spend"]["calls"] == server.counts["answers"]
        assert outcome["spend"]["usd"] == pytest.approx(outcome["spend"]["calls"] * (400 + 2 * 100) / 1e6)
        row = adrs_json("lineage", "run", cwd=workspace)[1]
        assert row["proposer"] == "model"
        assert row["model"].startswith("stub")
        answers = server.counts["answers"]
        assert adrs_json("replay", "run", cwd=workspace)["identical"] is True
        assert server.counts["answers"] == answers, "a replay asks nobody"


def test_faults_cost_no_evaluation_and_no_answer(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    patience = Patience(first_wait=0.05, longest_wait=0.2, attempt_seconds=0.5)
    monkeypatch.setattr(session, "CallSettings", partial(CallSettings, patience=patience))
    faults = [Fault(kind, probability=0.07, retry_after=0.02) for kind in (429, 500, "hang", "cut", "malformed")]
    with Server(answers=new_program, faults=faults) as server:
        run = evolve(workspace / "demo", models=[f"stub@{server.url}"], proposers="model", max_evaluations=20,
                     runs_dir=workspace / "runs")  # fmt: skip
    assert server.counts["faults"] > 0
    assert run.outcome is not None
    assert run.outcome.evaluations == 20
    assert server.paid_twice == 0
    with Reader(run.path) as reader:
        answered = reader.rows("SELECT COUNT(*) FROM model_call WHERE answer != ''")[0][0]
    assert answered == server.counts["answers"]


def test_answers_that_are_no_program_are_rejected_with_a_reason_and_never_run(workspace: Path) -> None:
    texts = ["I would rather not.", "", "```python\ndef solve(instance:\n```", "Use a heap; it is faster."]
    with Server(answers=lambda request: Answer(texts[request.number % 4] if request.number % 5 else
                                               REWRITE.format(shift=request.number))) as server:  # fmt: skip
        outcome = adrs_json(*options(server), cwd=workspace)
    assert outcome["evaluations"] == 20
    (warning,) = outcome["warnings"]
    assert re.match(
        r"model stub@\S+ was asked for \d+ programs and gave none \d+ times; the last time, #\d+: ", warning
    )
    with Reader(workspace / outcome["path"]) as reader:
        rejected = [program for program in reader.programs() if program.verdict == "rejected"]
        assert rejected
        assert all(program.evaluation and program.evaluation.reason for program in rejected)
        assert reader.evaluations() == sum(program.verdict != "rejected" for program in reader.programs())


def test_a_model_that_never_answers_with_a_program_is_said_at_once_and_stops_the_run(workspace: Path) -> None:
    with Server(answers=lambda request: Answer("I would rather not.")) as server:
        done = adrs(*options(server), cwd=workspace, code=3)
        assert server.counts["answers"] < 200
    assert "1 of 1 requests to models gave nothing to evaluate; the last: answer refused" in done.stderr
    assert "breaker: 50 programs in a row were rejected" in done.stdout


@pytest.mark.parametrize(
    ("server_options", "arguments", "expected"),
    [
        ({"key": "right"}, [], "key"),
        ({"models": ["other"]}, [], "stub"),
        ({}, ["--max-usd", "1"], "--price"),
    ],
)
def test_what_cannot_work_is_one_sentence_before_anything_is_written(
    workspace: Path, server_options: dict[str, Any], arguments: list[str], expected: str
) -> None:
    with Server(answers=new_program, **server_options) as server:
        done = adrs(*options(server, *arguments), cwd=workspace, code=1)
    assert expected in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (workspace / "runs").exists()


def test_a_server_that_is_not_there_is_one_sentence(workspace: Path) -> None:
    done = adrs("run", "./demo", "--model", "stub@http://127.0.0.1:9/v1", cwd=workspace, code=1)
    assert "cannot be reached" in done.stderr.splitlines()[-1]
    assert not (workspace / "runs").exists()


def test_a_dollar_budget_is_never_exceeded(workspace: Path) -> None:
    with Server(answers=new_program) as server:
        budget = ["--price", "stub=10/20", "--max-usd", "0.08", "--max-output-tokens", "200"]
        outcome = adrs_json(*options(server, *budget), cwd=workspace)
    assert outcome["stopped_by"] == "max-usd"
    assert 0 < outcome["spend"]["usd"] <= 0.08
    assert outcome["winner"] is not None


def test_prices_stand_in_a_table_of_the_settings_file(workspace: Path) -> None:
    (workspace / "settings.toml").write_text(
        'max-usd = 1\n[prices]\nstub = { input = 1, output = 2 }\nother-model = "3/4"\n'
    )
    with Server(answers=new_program) as server:
        outcome = adrs_json(*options(server, "--config", "settings.toml", "--max-evaluations", "3"), cwd=workspace)
        assert outcome["spend"]["usd"] == pytest.approx(outcome["spend"]["calls"] * (400 + 2 * 100) / 1e6)
        assert "prices.stub" in refusal(workspace, server, "[prices]\nstub = 'dear'\n")
        assert "prices must be a table" in refusal(workspace, server, "prices = 3\n")
    done = adrs("run", "./demo", "--config", "settings.toml", cwd=workspace, code=1)
    assert "name one with --model" in done.stderr.splitlines()[-1]
    (workspace / "settings.toml").write_text('max-evaluations = 1\n[prices]\nqwen3 = "0.2/0.8"\n')
    assert adrs_json("run", "./demo", "--config", "settings.toml", cwd=workspace)["evaluations"] == 1


def refusal(workspace: Path, server: Server, settings: str) -> str:
    """The sentence that answers a settings file."""
    (workspace / "wrong.toml").write_text(settings)
    return adrs(*options(server, "--config", "wrong.toml"), cwd=workspace, code=1).stderr.splitlines()[-1]


@pytest.mark.slow
def test_no_answer_is_lost_between_its_arrival_and_its_evaluation(workspace: Path) -> None:
    revived = threading.Event()

    def slow_program(request: Request) -> Answer | Fault:
        if request.number > 4 and not revived.is_set():
            return Fault("hang")
        text = new_program(request).text.replace("    length =", "    time.sleep(0.05)\n    length =", 1)
        return Answer(text.replace("import numpy as np", "import time\nimport numpy as np"))

    with Server(answers=slow_program) as server:
        command = options(server, "--quiet", "--workers", "1", "--window", "4", "--max-evaluations", "7")
        process = subprocess.Popen([*ADRS, *command], cwd=workspace, env=environment(), start_new_session=True)
        wait_for_programs(workspace / "runs" / "run", 5)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        assert server.counts["answers"] == 4
        with Reader(workspace / "runs" / "run") as reader:
            assert reader.evaluations() < 5, "some answers were yet to be evaluated"
        revived.set()
        outcome = adrs_json("resume", "run", cwd=workspace)
    assert outcome["evaluations"] == 7
    assert server.paid_twice == 0
    with Reader(workspace / "runs" / "run") as reader:
        assert reader.rows("SELECT COUNT(*) FROM model_call")[0][0] == server.counts["answers"]
        assert sum(program.proposer == "model" for program in reader.programs()) == server.counts["answers"]


@pytest.mark.slow
def test_an_answer_that_was_paid_for_survives_kill_9(workspace: Path) -> None:
    with Server(answers=new_program) as server:
        command = options(server, "--quiet", "--max-evaluations", "60", "--order", "ticket")
        for kill in range(4):
            arguments = ["resume", "run", "--quiet"] if kill else command
            process = subprocess.Popen([*ADRS, *arguments], cwd=workspace, env=environment(), start_new_session=True)
            wait_for_programs(workspace / "runs" / "run", 8 * (kill + 1))
            time.sleep(0.01 * kill)
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        outcome = adrs_json("resume", "run", cwd=workspace)
        assert outcome["evaluations"] == 60
        with Reader(workspace / "runs" / "run") as reader:
            recorded = reader.rows("SELECT COUNT(*), COUNT(DISTINCT ticket || request_digest) FROM model_call")[0]
        assert recorded[0] == recorded[1]
        in_flight = 4 * 8  # an answer on its way when the engine dies cannot be on disk
        assert recorded[0] <= server.counts["answers"] <= recorded[0] + in_flight


def test_the_key_is_in_no_file_and_no_output(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = "sk-test-key-0123456789"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    with Server(answers=new_program, key=secret) as server:
        done = adrs(*options(server), cwd=workspace)
    assert secret not in done.stdout + done.stderr
    for path in (workspace / "runs").rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes()


def test_a_run_that_stopped_with_requests_in_flight_is_replayed(workspace: Path) -> None:
    """What was asked for and never answered had its turn with the search all the same."""

    def late(request: Request) -> Answer:
        answer = new_program(request)
        return replace(answer, delay=0.3 + 60.0 * (request.number % 3 == 0))

    with Server(answers=late) as server:
        adrs(
            *options(server, "--proposers", "embedded,model", "--max-time", "8s", "--max-evaluations", "5000"),
            cwd=workspace,
        )
    with Reader(workspace / "runs" / "run") as reader:
        unanswered = reader.rows(
            "SELECT COUNT(*) FROM event WHERE kind = 'asked' AND ticket NOT IN (SELECT ticket FROM program)"
        )[0][0]
    assert unanswered
    assert adrs_json("replay", "run", cwd=workspace)["identical"] is True


def test_a_run_that_a_server_refuses_midway_ends_with_a_winner_and_can_be_finished_without_it(workspace: Path) -> None:
    with Server(answers=new_program, faults=[Fault(401, on=range(6, 10_000))]) as server:
        done = adrs(*options(server, "--proposers", "embedded,model"), cwd=workspace, code=1)
    assert re.search(r"stopped  http\S+ .*\(401\).*; then `adrs resume run` goes on", done.stdout)
    assert "winner: program" in done.stdout
    assert "Traceback" not in done.stderr
    with Reader(workspace / "runs" / "run") as reader:
        evaluated = reader.evaluations()
    changes = ["--max-evaluations", str(evaluated), "--max-output-tokens", "100"]
    gone = adrs_json("resume", "run", *changes, cwd=workspace)
    assert gone["winner"]["score"]["test"] is not None
    with Reader(workspace / "runs" / "run") as reader:
        assert reader.configuration()["max_output_tokens"] == 100
    refused = adrs("resume", "run", "--max-evaluations", str(evaluated + 100), cwd=workspace, code=1)
    assert "cannot be reached" in refused.stderr
