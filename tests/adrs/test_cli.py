"""Every verb as a user runs it: real processes, real sandbox, exit codes, JSON, and bad input."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tests.adrs.cli_tools import ADRS, adrs, adrs_json, environment


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a problem and one finished run."""
    folder = tmp_path_factory.mktemp("workspace")
    adrs("new", "demo", cwd=folder)
    adrs("run", "./demo", "--max-evaluations", "25", "--name", "first", "--seed", "5", "--quiet", cwd=folder)
    return folder


def mistake(*arguments: str, cwd: Path) -> str:
    """A user's mistake: exit code 1, nothing on stdout, one sentence at the end of stderr."""
    done = adrs(*arguments, cwd=cwd, code=1)
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    sentences = [line for line in done.stderr.splitlines() if line.startswith("adrs: ")]
    assert sentences == done.stderr.splitlines()[-1:]
    return sentences[0]


def test_a_generated_problem_passes_its_own_check(workspace: Path) -> None:
    answer = adrs_json("check", "./demo", cwd=workspace)
    assert answer["ok"] is True
    names = [check["name"] for check in answer["checks"]]
    assert "cheat leaves_jobs_out" in names
    assert "an endless loop is stopped" in names


def test_run_prints_the_outcome_as_json(workspace: Path) -> None:
    answer = adrs_json("run", "./demo", "--max-evaluations", "12", "--name", "json", cwd=workspace)
    assert answer["run"] == "json"
    assert answer["problem"] == "demo"
    assert answer["evaluations"] == 12
    assert answer["stopped_by"] == "evaluations"
    assert set(answer["winner"]["score"]) == {"train", "validation", "test"}
    assert answer["winner"]["score"]["train"] >= 0
    assert (workspace / answer["winner"]["file"]).is_file()
    assert answer["baselines"]["longest-first"]["role"] == "state-of-the-art"
    assert answer["baselines"]["longest-first"]["score"]["test"] == 100
    assert sum(answer["verdicts"].values()) >= 12
    assert list(answer["phases"]) == ["getting ready", "searching", "choosing the winner", "measuring the rest"]
    assert min(answer["phases"].values()) >= 0
    assert set(answer["spend"]) == {"usd", "input_tokens", "output_tokens", "calls", "seconds", "cpu_seconds"}


def test_resume_and_replay(workspace: Path) -> None:
    text = adrs("resume", "first", "--max-evaluations", "30", "--quiet", cwd=workspace).stdout
    more = adrs_json("resume", "first", cwd=workspace)
    assert more["evaluations"] == 30
    assert sum(each["gained_in_winner"] for each in more["operators"]) == pytest.approx(
        more["winner"]["score"]["train"] - adrs_json("show", "first", "1", cwd=workspace)["score"]
    )
    assert "`adrs resume first --max-evaluations 60` goes on" in text
    assert "points from train to test" in text
    assert f"program {more['winner']['id']} (winner)" in text
    assert "embedded/" in text
    assert "gained there: by those steps over what they were made from" in text
    short = adrs("resume", "first", "--quiet", cwd=workspace).stdout.splitlines()
    assert [line.split()[0] for line in short] == ["run", "winner"], "what was reported once is not repeated"
    assert "first has nothing left to do" in short[0]
    assert "--max-evaluations 60` goes on" in short[0]
    fewer = adrs("resume", "first", "--max-evaluations", "10", "--quiet", cwd=workspace).stdout.splitlines()[0]
    assert fewer == (
        "run      first has nothing left to do: 30 evaluations are done, and the total asked for is 10; "
        "`adrs resume first --max-evaluations 60` goes on"
    )
    told = " ".join(adrs("resume", "--help", cwd=workspace).stdout.split())
    assert "Stop after so many in all, with those that are done." in told
    assert "Go on for 90s, 10m, 2h from now." in told
    again = adrs_json("replay", "first", "--name", "again", cwd=workspace)
    assert again["identical"] is True
    assert again["difference"] is None


def test_printed_commands_can_be_pasted_wherever_the_run_lies(workspace: Path) -> None:
    elsewhere = ("--runs-dir", "../my runs", "--name", "q", "--quiet")
    text = adrs("run", "./demo", "--max-evaluations", "2", *elsewhere, cwd=workspace).stdout
    commands = re.findall(r"adrs (?:resume|lineage|evaluate) [^`;\n]*", text)
    assert [command.split()[1] for command in commands] == ["resume", "lineage"], text
    again = adrs(*shlex.split(commands[0])[1:], "--quiet", cwd=workspace).stdout
    adrs(*shlex.split(commands[1])[1:], cwd=workspace)
    assert "`adrs resume '../my runs/q' --max-evaluations 8` goes on" in again
    refused = mistake("steer", "q", "stop", "--runs-dir", "../my runs", cwd=workspace)
    assert "`adrs resume '../my runs/q'` goes on" in refused


def test_looking_at_a_run(workspace: Path) -> None:
    listed = {run["run"]: run for run in adrs_json("runs", cwd=workspace)}
    assert listed["first"]["problem"] == "demo"
    assert set(listed["first"]["winner"]["score"]) == {"train", "validation", "test", "fresh"}
    rows = adrs_json("lineage", "first", cwd=workspace)
    assert [row["id"] for row in rows] == list(range(1, len(rows) + 1))
    assert rows[0]["parents"] == []
    assert any(parent["role"] == "parent" and parent["id"] < row["id"] for row in rows for parent in row["parents"])
    assert set(rows[0]) == {"id", "parents", "proposer", "operator", "model", "island", "verdict", "score", "fitness",
                            "digest", "rationale", "trust"}  # fmt: skip
    best = adrs_json("best", "first", "--output", "best.py", cwd=workspace)
    assert (workspace / "best.py").read_text() == best["source"]
    shown = adrs_json("show", "first", str(best["id"]), cwd=workspace)
    assert shown["source"] == best["source"]
    assert shown == adrs_json("show", "first", cwd=workspace)
    assert shown["evaluations"]["train"]["verdict"] == "ok"
    story = adrs_json("lineage", "first", str(best["id"]), cwd=workspace)
    assert story[-1]["id"] == best["id"]
    difference = adrs_json("diff", "first", "1", str(best["id"]), cwd=workspace)
    assert any(line.startswith("+") for line in difference["diff"])
    assert {row["name"] for row in difference["workloads"]} >= {"uniform-1000"}
    assert difference["gain"] == pytest.approx(best["score"] - rows[0]["score"])
    assert all("makespan" in side for row in difference["workloads"] for side in row["metrics"])
    for verb in (("runs",), ("lineage", "first"), ("lineage", "first", "--all"), ("lineage", "first", "2"),
                 ("show", "first", "2"), ("diff", "first", "1", "2"), ("best", "first"), ("doctor",), ("problems",),
                 ("problem", "./demo"), ("compare", "first")):  # fmt: skip
        text = adrs(*verb, cwd=workspace).stdout
        assert text.strip()
        assert "\x1b" not in text


def test_what_is_made_of_a_run(workspace: Path) -> None:
    made = adrs_json("report", "first", cwd=workspace)
    assert (workspace / made["file"]).stat().st_size == made["bytes"] > 10_000
    adrs("export", "first", "-o", "first.csv", cwd=workspace)
    assert (workspace / "first.csv").read_text().startswith("run,problem,")
    assert adrs_json("export", "first", "--no-sources", cwd=workspace)[0]["id"] == 1
    assert "--format csv a table" in mistake("export", "first", "--json", "--format", "csv", cwd=workspace)
    assert adrs_json("repair", "first", cwd=workspace)["damage"] is None


def test_a_damaged_run_is_one_sentence_and_can_be_repaired(workspace: Path) -> None:
    folder = workspace / "runs" / "hurt"
    shutil.copytree(workspace / "runs" / "first", folder)
    content = bytearray((folder / "run.db").read_bytes())
    content[: 3 * 4096] = bytes(3 * 4096)
    (folder / "run.db").write_bytes(content)
    for verb in (("lineage", "hurt"), ("show", "hurt", "1"), ("report", "hurt"), ("resume", "hurt")):
        assert "`adrs repair hurt`" in mistake(*verb, cwd=workspace)
    assert any("is damaged" in run.get("damaged", "") for run in adrs_json("runs", cwd=workspace))
    assert "`adrs repair hurt` saves what can be read" in adrs("runs", cwd=workspace).stdout
    saved = adrs_json("repair", "hurt", cwd=workspace)
    (folder / "run.db").write_bytes(b"")
    assert "run.db is empty" in mistake("lineage", "hurt", cwd=workspace)
    assert saved["kept"]["program"] == len(adrs_json("lineage", saved["repaired"], cwd=workspace))
    shutil.rmtree(folder)


def test_a_run_is_found_by_prefix_by_path_and_as_the_last(workspace: Path) -> None:
    assert adrs_json("lineage", "runs/first", cwd=workspace) == adrs_json("lineage", "fir", cwd=workspace)
    adrs_json("lineage", "last", cwd=workspace)


def test_evaluate_writes_what_was_measured_on_each_instance(workspace: Path) -> None:
    shutil.copytree(workspace / "demo", workspace / "telling")
    evaluator = workspace / "telling" / "evaluator.py"
    head, found, tail = evaluator.read_text().rpartition("        return Metrics(")
    assert found
    told = "        metrics.details = lambda: [{'jobs': len(instance.length)} for instance in workload]\n"
    evaluator.write_text(f"{head}        metrics = Metrics({tail}{told}        return metrics\n")
    arguments = ("evaluate", "./telling", "demo/seed.py", "--split", "test", "--details", "instances.jsonl")
    assert adrs_json(*arguments, cwd=workspace)["verdict"] == "ok"
    lines = [json.loads(line) for line in (workspace / "instances.jsonl").read_text().splitlines()]
    assert [line["instance"] for line in lines[:11]] == [*range(10), 0]
    assert {line["workload"] for line in lines} == {"uniform-3000", "skewed-3001", "many-3002"}
    assert all(line["jobs"] > 0 for line in lines)
    none = adrs("evaluate", "./demo", "demo/seed.py", "--details", "instances.jsonl", cwd=workspace, code=1)
    assert "tells nothing of single instances" in none.stderr


def test_evaluate_takes_algorithms_of_the_evaluator(workspace: Path) -> None:
    assert 'this evaluator has no native baseline "nothing"' in mistake(
        "evaluate", "./demo", "native:nothing", cwd=workspace
    )


def test_evaluate_answers_with_the_verdict_and_code_0(workspace: Path) -> None:
    good = adrs_json("evaluate", "./demo", "demo/baselines/longest_first.py", "--split", "test", cwd=workspace)
    assert good["verdict"] == "ok"
    assert good["score"] == 100
    assert good["sandbox"]
    assert {row["name"] for row in good["workloads"]} == {"uniform-3000", "skewed-3001", "many-3002"}
    bad = adrs_json("evaluate", "./demo", "demo/cheats/leaves_jobs_out.py", cwd=workspace)
    assert bad["verdict"] == "invalid"
    assert bad["score"] is None
    assert "shape" in bad["reason"]
    (workspace / "broken.py").write_text("def solve(instance:\n")
    assert adrs_json("evaluate", "./demo", "broken.py", cwd=workspace)["verdict"] == "rejected"


def test_settings_come_from_a_file_and_the_command_line_wins(workspace: Path) -> None:
    (workspace / "settings.toml").write_text('seed = 9\nmax-evaluations = 500\nsearch = "top-k"\n')
    answer = adrs_json("run", "./demo", "--config", "settings.toml", "--max-evaluations", "6", cwd=workspace)
    assert answer["seed"] == 9
    assert answer["evaluations"] == 6


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["run", "nowhere"], 'there is no problem "nowhere"'),
        (["run", "./nowhere"], "does not exist"),
        (["run", "/etc/passwd"], "/etc/passwd is a file; give a problem's folder"),
        (["run", "./demo", "--search", "top_k"], 'did you mean "top-k"'),
        (["run", "./demo", "--search", "nonsense"], "known: adaptive, "),
        (["run", "./demo", "--max-usd", "3"], "--max-usd says something about language models"),
        (["run", "./demo", "--price", "gpt-5=1/2"], "--price says something about language models"),
        (["run", "./demo", "--proposers", "embeded"], 'did you mean "embedded"'),
        (["run", "./demo", "--sandbox", "bubblewrapp"], 'did you mean "bubblewrap"'),
        (["run", "./demo", "--max-time", "soon"], '--max-time "soon" is not a duration'),
        (["run", "./demo", "--max-time", "5"], '--max-time "5" has no unit; write 5s, 5m or 5h'),
        (["run", "./demo", "--name", "first"], "exists already"),
        (["run", "./demo", "--workloads", "publishd"], 'did you mean "published"'),
        (["run", "./demo", "--workloads", "published"], "no published workloads"),
        (["run", "./demo", "--config", "nowhere.toml"], "cannot be read"),
        (["resume", "nothing"], 'there is no run "nothing"'),
        (["replay", "nothing"], 'there is no run "nothing"'),
        (["lineage", "first", "9999"], "has no program 9999"),
        (["show", "first", "9999"], "has no program 9999"),
        (["diff", "first", "1", "9999"], "has no program 9999"),
        (["compare", "first", "nothing"], 'there is no run "nothing"'),
        (["best", "nothing"], 'there is no run "nothing"'),
        (
            ["best", "first", "--output", "/no/such/folder/x.py"],
            "No such file or directory; choose another --output",
        ),
        (["evaluate", "./demo", "nowhere.py"], "nowhere.py cannot be read"),
        (["evaluate", "./demo", "demo/seed.py", "--split", "tests"], 'did you mean "test"'),
        (["run", "./demo", "--workers", "9999"], "9999 workers are more than this machine has a use for: give at most"),
        (["resume", "first", "--workers", "9999"], "9999 workers are more than"),
        (["replay", "first", "--workers", "9999"], "9999 workers are more than"),
        (["check", "./demo", "--workers", "9999"], "9999 workers are more than"),
        (["new", "demo"], "exists already"),
        (["new", "a b"], "cannot name a problem"),
        (["check", "nowhere"], 'there is no problem "nowhere"'),
        (["problem", "nowhere"], 'there is no problem "nowhere"'),
    ],
)
def test_mistakes_are_one_sentence(workspace: Path, arguments: list[str], expected: str) -> None:
    assert expected in mistake(*arguments, cwd=workspace)


@pytest.mark.parametrize("arguments", [["run"], ["run", "./demo", "--seed", "x"], ["run", "./demo", "--seed", "-1"],
                                       ["run", "./demo", "--workers", "0"], ["nonsense"], ["run", "./demo", "--x"],
                                       ["show", "first", "abc"]])  # fmt: skip
def test_wrong_usage_has_code_2(workspace: Path, arguments: list[str]) -> None:
    assert adrs(*arguments, cwd=workspace, code=2).stderr


def test_output_that_finds_no_room_is_one_sentence(workspace: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([*ADRS, "export", "first"], cwd=workspace, stdout=full, stderr=subprocess.PIPE, text=True,
                              timeout=240, check=False, env=environment())  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "adrs: the output cannot be written: No space left on device\n")


def test_settings_files_are_read_strictly(workspace: Path) -> None:
    mistakes = {
        "max_evals = 3": 'did you mean "max_evaluations"',
        "seed = 'x'": "must be a whole number",
        "seed = ": "not valid TOML",
        "search = 3": "must be a string",
        f"seed = {2**63}": "seed must be a whole number from 0 to 2^63 - 1",
        "max-evaluations = 3\nmax_evaluations = 4": "max-evaluations and max_evaluations are the same key",
    }
    for text, expected in mistakes.items():
        (workspace / "bad.toml").write_text(text)
        assert expected in mistake("run", "./demo", "--config", "bad.toml", cwd=workspace)


def test_a_broken_problem_is_refused_before_anything_is_written(workspace: Path) -> None:
    def broken(name: str, file: str, text: str, expected: str) -> None:
        shutil.copytree(workspace / "demo", workspace / name)
        (workspace / name / file).write_text(text)
        assert expected in mistake("run", f"./{name}", "--runs-dir", "none", cwd=workspace)
        assert not (workspace / "none").exists()

    broken("no-toml", "problem.toml", "title = ", "not valid TOML")
    broken("bad-seed", "seed.py", "def solve(instance):\n    return 1 // 0\n", "ZeroDivisionError")
    broken("bad-syntax", "seed.py", "def solve(", "syntax error")
    broken("bad-baseline", "baselines/round_robin.py", "def solve(i):\n    raise KeyError('x')\n", "round_robin")
    broken("bad-evaluator", "evaluator.py", "import nothing_like_this\n", "nothing_like_this")
    broken("no-class", "evaluator.py", "x = 1\n", "JobBalancing")
    text = (workspace / "demo" / "problem.toml").read_text()

    def changed(name: str, old: str, new: str, expected: str) -> None:
        assert old in text
        broken(name, "problem.toml", text.replace(old, new), expected)

    changed("odd-import", '["numpy"]', '["nmpy"]', 'problem.toml: limits.imports names "nmpy"')
    changed("odd-size", '"int64[jobs]', '"int64[jobz]', 'returns: "jobz" is neither a dimension nor a whole number')
    changed("odd-end", "0..machines-1", "0..machine-1", 'did you mean "machines"?')
    changed("odd-direction", '"minimize"', '"minimise"', 'objective.direction = "minimise"; did you mean "minimize"?')
    changed("odd-family", '"skewed"', '"skewd"', 'unknown family "skewd"; did you mean "skewed"?')


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_no_write_permission(workspace: Path) -> None:
    folder = workspace / "closed"
    folder.mkdir(mode=0o500)
    assert "cannot be made" in mistake("run", "./demo", "--runs-dir", "closed", cwd=workspace)


def test_a_runs_folder_that_is_a_file_is_refused(workspace: Path) -> None:
    (workspace / "file").write_text("")
    assert "cannot be made" in mistake("run", "./demo", "--runs-dir", "file", "--max-evaluations", "2", cwd=workspace)


def test_ctrl_c_ends_a_run_cleanly(workspace: Path) -> None:
    command = [*ADRS, "run", "./demo", "--name", "stopped", "--json"]
    with subprocess.Popen(command, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          env=environment()) as process:  # fmt: skip
        wait_for_programs(workspace / "runs" / "stopped", 5)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert '"stopped_by": "interrupt"' in output
    assert adrs_json("resume", "stopped", "--max-time", "2s", cwd=workspace)["stopped_by"] == "time"
    fewer = adrs("resume", "stopped", "--max-evaluations", "3", "--quiet", cwd=workspace).stdout
    assert re.search(r"\d+ evaluations are done, and the total asked for is 3; `adrs resume stopped --max-eval", fewer)


def test_an_interrupt_says_what_there_is_to_go_on_with(workspace: Path) -> None:
    def interrupted(name: str, ready: Callable[[Path], object]) -> str:
        command = [*ADRS, "run", "./demo", "--name", name]
        heard = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # tests in the background ignore it
        with subprocess.Popen(command, cwd=workspace, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                              env=environment(), preexec_fn=heard) as process:  # fmt: skip
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "starting workers" in said
            ready(workspace / "runs" / name)
            process.send_signal(signal.SIGTERM if (workspace / "runs" / name / "run.db").exists() else signal.SIGINT)
            return process.communicate(timeout=60)[1].splitlines()[-1]

    early = interrupted("early", lambda folder: None)
    assert early == (
        "adrs: interrupted; the run was still starting: nothing of it was kept, and there is nothing to resume"
    )
    assert not (workspace / "runs" / "early").exists()
    late = interrupted("late", lambda folder: wait_for_programs(folder, 2))
    assert late == "adrs: interrupted; what was recorded is safe, and `adrs resume late` goes on with the run"


def test_a_time_budget_is_kept(workspace: Path) -> None:
    began = time.monotonic()
    answer = adrs_json("run", "./demo", "--max-time", "4s", cwd=workspace)
    assert answer["stopped_by"] == "time"
    assert answer["winner"]["score"]["test"] is not None
    assert time.monotonic() - began < 120  # else it would go on for hours, however busy the machine


def test_a_disk_that_fills_up_loses_nothing(workspace: Path, tmp_path: Path) -> None:
    """Simulated by the limit on the size of files, which SQLite reports as it does a quota that is used up."""
    script = (
        "import resource, runpy, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))\n"
        "sys.argv = ['adrs', 'run', './demo', '--name', 'full', '--max-evaluations', '3000', '--quiet']\n"
        "runpy.run_module('adrs', run_name='__main__')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=workspace, capture_output=True, text=True, timeout=240,
                          check=False, env=environment())  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "a quota is used up" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    recorded = len(adrs_json("lineage", "full", cwd=workspace))
    assert recorded > 10
    assert adrs_json("resume", "full", "--max-evaluations", str(recorded + 5), cwd=workspace)["evaluations"] >= recorded


def wait_for_programs(folder: Path, count: int) -> None:
    """Wait until a run has recorded some programs."""
    from adrs.errors import UserError
    from adrs.store import Reader

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            with Reader(folder) as reader:
                if reader.count() >= count:
                    return
        except (UserError, FileNotFoundError):
            pass
        time.sleep(0.02)
    raise AssertionError(f"{folder} did not get {count} programs")


def test_text_from_candidates_cannot_command_the_terminal(workspace: Path) -> None:
    hostile = "\x1b[2J\u202e[red]"
    (workspace / "hostile.py").write_text(f"def solve(instance):\n    raise ValueError({hostile!r})\n")
    done = adrs("evaluate", "./demo", "hostile.py", cwd=workspace)
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "[red]" in done.stdout


def test_keys_of_the_environment_reach_no_file(workspace: Path, monkeypatch: Any) -> None:
    secret = "sk-test-0123456789abcdef"
    monkeypatch.setenv("OPENAI_API_KEY", secret)
    adrs("run", "./demo", "--max-evaluations", "5", "--name", "secret", "--quiet", cwd=workspace)
    for path in (workspace / "runs" / "secret").rglob("*"):
        assert secret.encode() not in path.read_bytes()


@pytest.mark.parametrize("verb", [("lineage", "--all"), ("show",), ("show", "--json"), ("runs",)])
def test_a_reader_that_leaves_early_is_no_mistake(workspace: Path, verb: tuple[str, ...]) -> None:
    name = () if verb[0] == "runs" else ("first",)
    command = [*ADRS, verb[0], *name, *verb[1:]]
    process = subprocess.Popen(
        command, cwd=workspace, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate()
    assert (process.returncode, said) == (0, b"")


def test_a_pipe_is_as_wide_as_columns_says(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def widest() -> int:
        return max(
            len(line) for line in adrs("problem", "./demo", cwd=workspace).stdout.splitlines() if "`" not in line
        )

    monkeypatch.delenv("COLUMNS", raising=False)
    assert 60 < widest() <= 160
    monkeypatch.setenv("COLUMNS", "50")
    assert widest() <= 50


def test_a_page_of_a_problem_says_how_to_measure_its_baselines(workspace: Path) -> None:
    shutil.copytree(workspace / "demo", workspace / "unmeasured")
    file = workspace / "unmeasured" / "problem.toml"
    file.write_text(file.read_text() + "\n# another digest\n")
    assert (
        "none is measured yet: `adrs problem ./unmeasured --measure`"
        in adrs("problem", "./unmeasured", cwd=workspace).stdout
    )
    shown = adrs("problem", "./unmeasured", "--measure", "--split", "test", cwd=workspace).stdout
    assert "baselines on test" in shown
    assert "not measured yet" not in shown


def test_feedback_names_its_workload_once(workspace: Path) -> None:
    adrs("run", "./demo", "--max-evaluations", "1", "--name", "told", "--quiet", cwd=workspace)
    (workspace / "short.py").write_text("def solve(instance):\n    return [0]\n")
    text = adrs("tell", "told", "short.py", cwd=workspace).stdout
    line = next(line for line in text.splitlines() if line.startswith("feedback"))
    assert line.startswith("feedback uniform-1000: shape: solve returned shape")
    assert "uniform-1000: shape" in next(line for line in text.splitlines() if line.startswith("verdict"))


def test_a_terminal_that_cannot_show_a_sign_ends_nothing(tmp_path: Path) -> None:
    environment_of_it = {**environment(), "PYTHONIOENCODING": "ascii"}
    adrs("new", "demo", cwd=tmp_path)
    adrs("run", "./demo", "--max-evaluations", "2", "--name", "one", "--quiet", cwd=tmp_path)
    done = subprocess.run([*ADRS, "lineage", "one"], cwd=tmp_path, capture_output=True, text=True, check=False,
                          env=environment_of_it)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "\\u25cf #1" in done.stdout
