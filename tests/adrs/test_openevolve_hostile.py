"""Programs that attack an evaluator which imports them: the machine and the next program must not notice."""

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adrs import problem
from adrs.evaluate.pool import LocalPool
from adrs.problem import Problem
from adrs.program import Evaluation, Job
from tests.adrs.openevolve_tools import folder

CONFIG = """
evaluator:
  timeout: 4
  memory_limit_mb: 300
"""
HONEST = """
import landscape


def search(seed):
    points = [(x / 4, y / 4) for x in range(-20, 20) for y in range(-20, 20)]
    return min(points, key=lambda point: landscape.height(*point))
"""
SECRET = "sk-test-of-shared-evaluators"


class Bench:
    """One worker, so that what a program leaves behind, the next one meets."""

    def __init__(self, theirs: Path) -> None:
        self.problem: Problem = problem.load(str(theirs))
        self._pool = LocalPool(self.problem, 1)
        self._runner = asyncio.Runner()
        os.environ["OPENAI_API_KEY"] = SECRET
        self._runner.run(self._pool.start())
        self.expected = self.evaluate(HONEST)
        self._idle = len(processes())

    def evaluate(self, source: str) -> Evaluation:
        return self._runner.run(self._pool.evaluate(Job(source, "train")))

    def survives(self) -> None:
        """The next honest program scores as before, no process is left, no file has changed."""
        after = self.evaluate(HONEST)
        assert (after.verdict, after.metrics, after.workloads) == ("ok", self.expected.metrics, self.expected.workloads)
        deadline = time.monotonic() + 10
        while len(processes()) > self._idle and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(processes()) <= self._idle

    def close(self) -> None:
        self._runner.run(self._pool.close())
        self._runner.close()
        del os.environ["OPENAI_API_KEY"]


def processes() -> set[int]:
    """Pids of all that comes from this process."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX":
            parents[int(stat.parent.name)] = int(fields[1])
    found: set[int] = set()
    level = {os.getpid()}
    while level := {pid for pid, parent in parents.items() if parent in level} - found:
        found |= level
    return found


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(folder("valley", tmp_path_factory.mktemp("theirs"), CONFIG))
    yield made
    made.close()


def program(body: str) -> str:
    """A program whose search does something first, then finds the lowest point, which it knows."""
    lines = "\n".join(f"    {line}" for line in body.strip("\n").split("\n"))
    return f"import os, sys, time, subprocess\nimport landscape\n\n\ndef search(seed):\n{lines}\n    return 1, -2\n"


def test_the_honest_program_is_scored(bench: Bench) -> None:
    assert bench.expected.verdict == "ok"
    assert bench.expected.metrics["combined_score"] == pytest.approx(1.0)
    assert bench.expected.metrics["runs"] == 4


def test_a_program_may_read_the_evaluator_and_even_change_its_mind(bench: Bench) -> None:
    """There is no line of trust: that is what `shared` says."""
    read = bench.evaluate(program("assert 'ripples' in open(landscape.__file__).read()"))
    assert read.verdict == "ok"
    cheat = bench.evaluate(program("landscape.height = lambda x, y: 0.0\nreturn 0, 0"))
    assert cheat.metrics["combined_score"] == 1.0
    assert bench.problem.trust == "shared"
    bench.survives()


@pytest.mark.parametrize(
    "body",
    [
        "open(os.path.join(os.path.dirname(landscape.__file__), 'evil.py'), 'w')",
        "open(landscape.__file__, 'a').write('LOWEST = -9')",
        "os.remove(landscape.__file__)",
        "os.rename(os.path.dirname(landscape.__file__), '/tmp/away')",
        "os.chmod(landscape.__file__, 0o777); open(landscape.__file__, 'a').write('LOWEST = -9')",
        "subprocess.run(['rm', '-r', os.path.dirname(landscape.__file__)], check=True)",
    ],
)
def test_a_program_cannot_write_into_the_folder(bench: Bench, body: str) -> None:
    before = {path: path.read_bytes() for path in bench.problem.folder.rglob("*") if path.is_file()}
    assert bench.evaluate(program(body)).verdict == "error"
    assert {path: path.read_bytes() for path in bench.problem.folder.rglob("*") if path.is_file()} == before
    bench.survives()


@pytest.mark.parametrize(
    ("body", "verdicts"),
    [
        ("os.kill(os.getppid(), 9)", ("ok", "error", "killed")),
        ("os.kill(-1, 9)", ("ok", "error", "killed")),
        ("for pid in range(2, 60):\n    try:\n        os.kill(pid, 9)\n    except OSError:\n        pass", ("ok",)),
        ("os.killpg(0, 9)", ("ok", "error", "killed")),
        ("os._exit(0)", ("error", "killed")),
        ("sys.exit(0)", ("error",)),
        ("raise KeyboardInterrupt", ("error",)),
        ("import ctypes\nctypes.string_at(0)", ("killed", "error")),
    ],
)
def test_killing_ends_nobody_else(bench: Bench, body: str, verdicts: tuple[str, ...]) -> None:
    assert bench.evaluate(program(body)).verdict in verdicts
    bench.survives()


@pytest.mark.parametrize(
    "body",
    [
        "subprocess.Popen(['sleep', '600'])",
        "subprocess.Popen(['sleep', '600'], start_new_session=True)",
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)",
        "code = 'import signal, time; [signal.signal(n, 1) for n in (1, 2, 15)]; time.sleep(600)'\n"
        "subprocess.Popen([sys.executable, '-c', code])",
        "import threading\nthreading.Thread(target=time.sleep, args=(600,)).start()",
    ],
)
def test_grandchildren_end_with_the_evaluation(bench: Bench, body: str) -> None:
    assert bench.evaluate(program(body)).verdict == "ok"
    bench.survives()


@pytest.mark.parametrize(
    "body",
    [
        "while True: pass",
        "time.sleep(600)",
        "import signal\nfor n in range(1, 30):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n"
        "    except (OSError, ValueError):\n        pass\nwhile True: pass",
        "subprocess.run(['sleep', '600'])",
    ],
)
def test_a_program_that_hangs_is_stopped(bench: Bench, body: str) -> None:
    """By the evaluator's own time limit, which cannot end the thread, then by ours."""
    seen = bench.evaluate(program(body))
    assert seen.verdict in ("timeout", "error")
    assert seen.wall_seconds < 4 + 5
    bench.survives()


def test_a_program_that_hangs_at_import_is_stopped(bench: Bench) -> None:
    seen = bench.evaluate("while True: pass\n")
    assert (seen.verdict, seen.reason) == ("timeout", "evaluate took longer than 4 s")
    bench.survives()


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        ("while True:\n    if os.fork() == 0:\n        time.sleep(600)", ("BlockingIOError",)),
        ("blocks = []\nwhile True: blocks.append(bytearray(1 << 24))", ("MemoryError", "limit is 300 MB")),
        (
            "code = 'b = bytearray(150 << 20); import time; time.sleep(600)'\n"
            "for _ in range(6): subprocess.Popen([sys.executable, '-c', code])\ntime.sleep(600)",
            ("limit is 300 MB",),
        ),
        ("open('full', 'wb').write(bytes(1 << 30))", ("No space", "File too large", "MemoryError")),
    ],
)
def test_bombs_harm_only_themselves(bench: Bench, body: str, reasons: tuple[str, ...]) -> None:
    seen = bench.evaluate(program(body))
    assert seen.verdict in ("error", "memory", "killed")
    assert any(reason in seen.reason for reason in reasons), seen.reason
    bench.survives()


def test_the_machine_cannot_be_seen(bench: Bench) -> None:
    paths = ["/etc/passwd", problem.__file__, str(bench.problem.folder), __file__, "/proc/1/environ"]
    looks = "\n".join(f"seen += [{path!r}] if os.path.exists({path!r}) else []" for path in paths)
    body = f"seen = []\n{looks}\nassert not seen, seen\nassert {SECRET!r} not in str(os.environ)"
    assert bench.evaluate(program(body)).verdict == "ok"
    net = "import socket\nsocket.create_connection(('127.0.0.1', 9), 1)"
    assert "Operation not permitted" in bench.evaluate(program(net)).reason
    bench.survives()


@pytest.mark.parametrize(
    "body",
    [
        "os.write(3, b'\\x00\\x00\\x00\\x05hello')",
        "import struct\nos.write(3, struct.pack('>I', 1 << 31))",
        "os.close(3)",
        "sys.modules['program'].evaluate = lambda *_: '{\"metrics\": {\"combined_score\": 9}}'",
        "sys.modules['program']._plain = lambda r: {'metrics': {'a': 1e999}, 'dropped': {}, 'artifacts': {}}",
        "sys.modules['program']._plain = lambda r: {'metrics': [], 'dropped': {}, 'artifacts': {}}",
        "sys.modules['program']._plain = lambda r: {'metrics': {'a': True}, 'dropped': {}, 'artifacts': {}}",
        "sys.modules['program']._plain = lambda r: 'x' * (1 << 23)",
        "import builtins\nbuiltins.isinstance = lambda *_: True",
    ],
)
def test_what_is_answered_is_checked_here(bench: Bench, body: str) -> None:
    """A program may spoil its own evaluation, not the worker."""
    seen = bench.evaluate(program(body))
    assert seen.verdict in ("ok", "invalid", "error")
    assert seen.metrics.get("combined_score", 0.0) <= 1.0
    bench.survives()
