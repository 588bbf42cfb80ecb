"""Simulation beside the real thing: order of work, the ranking, what is kept, and how it ends."""

import asyncio
import json
import re
import signal
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adrs import emulate, plugins, problem
from adrs.cli import app
from adrs.cli.emulate_view import conclusions, print_report
from adrs.emulate.rank_correlation import rank_correlation
from adrs.errors import UserError
from adrs.evaluation import Condition, Deviation, WorkloadSpec
from adrs.program import Draft, Evaluation
from adrs.settings import Settings
from adrs.store import Reader, Writer
from adrs.testing.executor import InProcessExecutor
from evaluators.network.emulation.conditions import BY_NAME
from tests.adrs.cli_tools import ADRS, environment

_TAIL = '''

class Contrary:
    """Jobs on real machines take the longer the better they are balanced."""

    backends = ("slow",)

    def conditions(self, backend, names, seconds):
        from adrs.evaluation import Condition, WorkloadSpec

        def spec(family):
            return WorkloadSpec("demo", f"one-{family}", family, "fresh", 7)

        return [Condition("one", "a condition", spec("uniform"), spec("real"), seconds or 1.0)]

    def baselines(self, backend, names):
        return names or []

    def deviations(self, condition, native, simulated, emulated):
        from adrs.evaluation import Deviation

        return [Deviation("makespan", "s", simulated["makespan"], emulated["makespan"], 1.0)]


class Emulated(JobBalancing):
    def load(self, spec):
        from dataclasses import replace

        return super().load(replace(spec, family="uniform"))

    def evaluate(self, policy, workload, spec):
        metrics = super().evaluate(policy, workload, spec)
        if spec.family == "real":
            metrics["makespan"] = 100.0 - metrics["makespan"]
            metrics.bounds.clear()
        return metrics

    def emulation(self):
        return Contrary()
'''


@pytest.fixture
def contrary(demo: Path) -> Path:
    """The demo problem with an emulation that turns every ranking around."""
    evaluator = demo / "evaluator.py"
    evaluator.write_text(evaluator.read_text() + _TAIL)
    declaration = demo / "problem.toml"
    declaration.write_text(declaration.read_text().replace("evaluator:JobBalancing", "evaluator:Emulated"))
    return demo


class Quiet:
    """Notes what is done."""

    def __init__(self) -> None:
        self.worked: list[tuple[str, str, int, int]] = []

    def working(self, condition: Condition, entrant: emulate.Entrant, number: int, total: int) -> None:
        self.worked.append((condition.name, entrant.name, number, total))

    def done(self, outcome: emulate.Outcome) -> None:
        pass


def measured(
    folder: Path, monkeypatch: pytest.MonkeyPatch, entrants: list[emulate.Entrant]
) -> tuple[emulate.Report, Quiet]:
    usual = plugins.load
    monkeypatch.setattr(
        plugins, "load", lambda seam, name: InProcessExecutor if seam == "executor" else usual(seam, name)
    )
    loaded, observer = problem.load(str(folder)), Quiet()
    report = emulate.plan(loaded, entrants, None, [], None, None)
    asyncio.run(emulate.measure(loaded, report, None, observer))
    return report, observer


def test_a_winner_that_changes_is_said(contrary: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    files = [contrary / "seed.py", contrary / "baselines" / "longest_first.py"]
    report, observer = measured(contrary, monkeypatch, emulate.programs_in(files))
    assert observer.worked == [("one", "seed.py", 1, 2), ("one", "longest_first.py", 2, 2)]
    assert report.complete
    overall = report.ranking()
    assert (overall.winner_simulated, overall.winner_emulated) == ("longest_first.py", "seed.py")
    assert overall.correlation == -1.0
    [sentence] = conclusions(report)
    assert "the winner changes: longest_first.py leads in simulation, seed.py in emulation" in sentence
    assert not report.outcomes[0].deviations[0].within
    path = emulate.save(report, tmp_path)
    assert json.loads(path.read_text()) == json.loads(json.dumps(report.plain()))
    assert emulate.save(report, tmp_path) != path


def test_no_winner_is_named_where_an_entrant_has_no_result() -> None:
    spec = WorkloadSpec("p", "w", "f", "fresh")
    conditions = tuple(Condition(name, "", spec, spec, 1.0) for name in ("lossy", "steady"))
    entrants = tuple(emulate.Entrant(name) for name in ("one", "other", "third"))
    report = emulate.Report("p", "delay", "minimize", "udp", conditions, entrants, {})
    for condition in ("lossy", "steady"):
        for name, value in (("one", 1.0), ("other", 2.0), ("third", 3.0)):
            void = "machine too busy" if (condition, name) == ("lossy", "one") else ""
            metrics = {} if void else {"delay": value}
            report.outcomes.append(emulate.Outcome(condition, name, metrics, metrics, void))
    assert conclusions(report) == [
        "lossy: rank correlation (Spearman) 1.00 over 2 programs, without one, so that no winner is named; "
        "delay in simulation / emulation: other 2 / 2, third 3 / 3",
        "steady: rank correlation (Spearman) 1.00 over 3 programs, one wins both; "
        "delay in simulation / emulation: one 1 / 1, other 2 / 2, third 3 / 3",
        "all conditions: rank correlation (Spearman) 1.00 over 2 programs, without one, so that no winner is named; "
        "delay in simulation / emulation: other 2 / 2, third 3 / 3",
    ]


def test_a_short_condition_does_not_promise_what_comes_later() -> None:
    pair, wave = BY_NAME["pair"], BY_NAME["wave"]
    assert "beside one more of its own" in pair.description(30)
    assert "ends before another one starts" in pair.description(4)
    assert wave.description(25).startswith("20/40 Mbit/s")
    assert wave.description(4).startswith("20 Mbit/s")


def test_a_winner_that_was_level_before_is_no_change() -> None:
    """As of an algorithm of the simulator's and of the kernel, which are one and the same in simulation."""
    spec = WorkloadSpec("p", "w", "f", "fresh")
    entrants = (emulate.Entrant("one", native="one"), emulate.Entrant("kernel-one", native="kernel-one"))
    report = emulate.Report("p", "value", "maximize", "tun", (Condition("c", "", spec, spec, 1.0),), entrants, {})
    for name, value in (("one", 1.0), ("kernel-one", 1.5)):
        report.outcomes.append(emulate.Outcome("c", name, {"value": 1.0}, {"value": value}, ""))
    found = report.ranking()
    assert found.winner_simulated == found.winner_emulated == "kernel-one"


def test_a_program_that_fails_has_no_result_and_no_rank(contrary: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = emulate.Entrant("broken", "def solve(instance):\n    return 1 // 0\n")
    good = emulate.Entrant("good", (contrary / "seed.py").read_text())
    report, _ = measured(contrary, monkeypatch, [broken, good])
    assert report.outcomes[0].failure.startswith("error: one-uniform")
    assert report.values("one", "emulated").keys() == {"good"}
    assert report.ranking().correlation is None
    assert report.ranking().winner_emulated == "good"


@pytest.mark.parametrize(("source", "code"), [("return 1 // 0", 1), ("return [0] * len(instance['length'])", 0)])
def test_the_exit_code_says_whether_any_program_was_measured(
    source: str, code: int, contrary: Path, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(f"def solve(instance):\n    {source}\n")
    command = ["emulate", str(contrary), str(program), "--sandbox", "process", "--quiet"]
    ended = CliRunner().invoke(app, [*command, "--runs-dir", str(tmp_path / "runs")])
    assert ended.exit_code == code, ended.output
    assert ("error: one-uniform" in ended.output) == bool(code)


def test_what_cannot_be_emulated_is_said_first(demo: Path, contrary: Path) -> None:
    good = [emulate.Entrant("good", (demo / "seed.py").read_text())]
    with pytest.raises(UserError, match="this problem has no emulation"):
        emulate.plan(problem.load("transaction-scheduling"), [], None, [], None, None)
    loaded = problem.load(str(contrary))
    with pytest.raises(UserError, match=r'"fast".*known: slow'):
        emulate.plan(loaded, good, "fast", [], None, None)
    with pytest.raises(UserError, match="bad is no program for demo"):
        emulate.plan(loaded, [emulate.Entrant("bad", "def other():\n    pass\n")], None, [], None, None)


def test_a_file_is_no_rival_of_itself(demo: Path) -> None:
    with pytest.raises(UserError, match="is named twice"):
        emulate.programs_in([demo / "seed.py", demo / ".." / demo.name / "seed.py"])


def test_rank_correlation() -> None:
    assert rank_correlation([1, 2, 3], [10, 20, 30]) == pytest.approx(1.0)
    assert rank_correlation([1, 2, 3, 4], [1, 2, 4, 3]) == pytest.approx(0.8)  # 1 - 6 x 2 / (4 x 15)
    assert rank_correlation([1, 1, 2], [5, 5, 9]) == pytest.approx(1.0)
    assert rank_correlation([1], [2]) is None
    assert rank_correlation([1, 1], [2, 3]) is None


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits(width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    spec = WorkloadSpec("p", "w", "f", "fresh")
    condition = Condition("lossy", "30 Mbit/s, 60 ms, 75 kB, 2 % loss", spec, spec, 15)
    entrants = (emulate.Entrant("a\x1b]0;b\u202ename.py", "x"), emulate.Entrant("kernel-cubic", native="kernel-cubic"))
    outcomes = [emulate.Outcome("lossy", each.name, {"value": 1.0}, {"value": 1.0, "real_time": 0.0}, "", (
        Deviation("throughput", "Mbit/s", 28.96, 1.07, 1.4), Deviation("RTT, 95th percentile", "ms", 105.5, 106.0, 3.0),
    )) for each in entrants]  # fmt: skip
    report = emulate.Report("p", "value", "maximize", "tun", (condition,), entrants, {"begun": 0.0}, outcomes, [4.0])
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    print_report(report, None)
    text = capsys.readouterr().out
    assert "\x1b]0;" not in text
    assert "\u202e" not in text
    assert "without real-time priority" in text
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    table = [line for line in plain.splitlines() if line.startswith("lossy ") and "outside" in line]
    assert len(table) == 2, text
    assert all(len(line) <= width for line in table)


def test_a_run_that_goes_on_holds_it_off(demo: Path, tmp_path: Path) -> None:
    settings = Settings(str(demo))
    busy = closing(Writer.create(tmp_path / "runs" / "busy", problem.load(str(demo)), 0, vars(settings)))
    with busy, pytest.raises(UserError, match="run busy is going on"), emulate.alone(tmp_path / "runs"):
        pass
    with emulate.alone(tmp_path / "runs"):
        pass


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run of the wide-area problem that has two programs, and a copy of the better one."""
    folder = tmp_path_factory.mktemp("emulate")
    loaded = problem.load("congestion-control")
    with closing(Writer.create(folder / "runs" / "wide", loaded, 0, vars(Settings("congestion-control")))) as writer:
        writer.event("started", {"sandbox": "process"})
        seed, starve = loaded.seed.read_text(), (loaded.folder / "cheats/starve.py").read_text()
        for number, (source, fitness) in enumerate(((seed, -1.0), (f"{seed}\n", -1.0), (starve, -2.0)), 1):
            writer.proposed(number, number, 0, f"digest {number}", Draft(source, "seed", "seed", ()))
            writer.evaluated(number, number, Evaluation("train", "full", "ok", fitness=fitness))
            writer.told(number)
    return folder


def invoke(workspace: Path, *arguments: str) -> str:
    """What the verb prints; errors come through."""
    command = ["emulate", *arguments, "--runs-dir", str(workspace / "runs")]
    return CliRunner().invoke(app, command, catch_exceptions=False).stdout


@pytest.mark.slow
def test_a_run_is_emulated_and_the_report_lies_beside_it(workspace: Path) -> None:
    arguments = ("--condition", "fast", "--duration", "1s", "--baseline", "none", "--quiet")
    found = json.loads(invoke(workspace, "wide", "--top", "2", "--json", *arguments))
    assert [each["name"] for each in found["programs"]] == ["#1", "#3"]
    assert [each["condition"] for each in found["outcomes"]] == ["fast", "fast"]
    for outcome in found["outcomes"]:
        assert outcome["simulated"]["utilisation"] > 0
        if outcome["failure"]:  # on a machine that is too busy, and then there is no figure at all
            assert "machine too busy" in outcome["failure"]
            assert not outcome["emulated"]
        else:
            assert {each["unit"] for each in outcome["deviations"]} == {"Mbit/s", "ms"}
    saved = json.loads(Path(found["file"]).read_text())
    assert saved == {key: value for key, value in found.items() if key != "file"}
    assert Path(found["file"]).parent == workspace / "runs" / "wide" / "emulation"


def test_mistakes_are_one_sentence(workspace: Path) -> None:
    for arguments, sentence in {
        ("wide", "--condition", "lossie"): 'there is no condition "lossie"; did you mean "lossy"\\?$',
        ("congestion-control",): r"name the files to emulate: adrs emulate congestion-control FILE\.\.\.$",
        ("wide", "1", "--top", "2"): "leave one of both out$",
        ("wide", "--duration", "1h"): "a condition lasts 1 to 600 s, not 3600$",
        ("wide", "--baseline", "kernel-reno"): "is the kernel's own, which --backend tun alone can measure$",
        ("wide", "--baseline", "none", "--baseline", "reno"): "--baseline none stands alone",
        ("wide", "--baseline", "cubik"): 'there is no native baseline "cubik"; did you mean "cubic"\\?$',
    }.items():
        with pytest.raises(UserError, match=sentence):
            invoke(workspace, *arguments)


def descendants(pid: int) -> set[int]:
    found = {pid}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) in found:
            found |= descendants(int(status.parent.name))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_nothing_is_left_when_it_is_interrupted(workspace: Path, how: signal.Signals) -> None:
    process = subprocess.Popen(
        [*ADRS, "emulate", "wide", "--condition", "slow", "--duration", "60s", "--baseline", "none", "--quiet"],
        cwd=workspace, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    deadline = time.monotonic() + 120

    def emulating() -> set[int]:
        """The worker's forks, link and receiver, have the worker's own command line."""
        family = descendants(process.pid)
        lines = [Path(f"/proc/{pid}/cmdline") for pid in family]
        return family if sum(b"adrs.evaluate.worker" in _read(line) for line in lines) >= 3 else set()

    while not (family := emulating()) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    assert family, process.communicate()
    process.send_signal(how)
    _, said = process.communicate(timeout=60)
    if how == signal.SIGINT:
        assert process.returncode == 130
        assert "interrupted after 0 results" in said
    while any(_alive(pid) for pid in family) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in family if _alive(pid)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for does not."""
    status = _read(Path(f"/proc/{pid}/stat")).rpartition(b")")[2].split()
    return bool(status) and status[0] != b"Z"


def test_programs_of_a_run_are_its_best_or_those_named(workspace: Path) -> None:
    with Reader(workspace / "runs" / "wide") as reader:
        assert [each.name for each in emulate.programs_of(reader, [], 1)] == ["#1"]
        assert [each.name for each in emulate.programs_of(reader, [], 5)] == ["#1", "#3"]
        assert [each.name for each in emulate.programs_of(reader, [2], 5)] == ["#2"]
