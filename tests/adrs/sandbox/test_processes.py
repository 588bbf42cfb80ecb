"""Programs that may start processes: what an evaluator written for an ordinary machine does works, and no more."""

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adrs import sandbox
from adrs.sandbox import SandboxSpec, SandboxUnavailable
from adrs.sandbox.inside import wire
from adrs.sandbox.zygote import Zygote

_SPEC = SandboxSpec(processes=16, memory_mb=1024, scratch_mb=16)
_PROGRAM = """
import multiprocessing, os, resource, shutil, signal, socket, subprocess, sys, tempfile, time

fork = multiprocessing.get_context("fork")


def square(value):
    return value * value


def run(code):
    try:
        return str(eval(code) if "\\n" not in code else exec_lines(code))
    except BaseException as error:
        return f"{type(error).__name__}: {error}"


def exec_lines(code):
    names = dict(globals())
    exec(code, names)
    return names["answer"]
"""


@pytest.fixture(scope="module", params=["bubblewrap", "namespaces"])
def zygote(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Zygote]:
    try:
        started = sandbox.named(request.param).start(_SPEC)
    except SandboxUnavailable as reason:
        pytest.skip(str(reason))
    yield started
    started.close()


def run(zygote: Zygote, code: str) -> Any:
    child = zygote.spawn()
    child.ready()
    try:
        child.exchange(
            wire.pack([1, "load", _PROGRAM, {"run": {"arguments": [""], "keeps": "", "optional": False}}]), 20
        )
        return wire.unpack(child.exchange(wire.pack([2, "call", "run", [textwrap.dedent(code).strip()]]), 30))[2]
    finally:
        child.end()


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("subprocess.run([sys.executable, '-c', 'import numpy; print(7)'], capture_output=True).stdout", "b'7\\n'"),
        ("subprocess.run('python3 -c \"print(8)\" | cat', shell=True, capture_output=True).stdout", "b'8\\n'"),
        ("fork.Pool(2).map(square, range(4))", "[0, 1, 4, 9]"),
        ("[tempfile.gettempdir(), os.getcwd()]", "['/scratch', '/scratch']"),
        ("open('/tmp/a', 'w').write('abc'), shutil.copy2('/tmp/a', 'b'), os.path.getsize('/tmp/b')", "(3, 'b', 3)"),
        (
            """
            queue = fork.Queue()
            worker = fork.Process(target=queue.put, args=(5,))
            worker.start()
            answer = queue.get(timeout=10)
            """,
            "5",
        ),
        (
            """
            try:
                subprocess.run(["sleep", "60"], timeout=0.2)
            except subprocess.TimeoutExpired:
                answer = "stopped"
            """,
            "stopped",
        ),
        (
            """
            process = subprocess.Popen(["sleep", "60"], start_new_session=True)
            os.killpg(process.pid, signal.SIGKILL)
            answer = process.wait()
            """,
            "-9",
        ),
        (
            """
            import asyncio
            async def ask():
                pipe = asyncio.subprocess.PIPE
                process = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(3)", stdout=pipe)
                return (await process.communicate())[0]
            answer = asyncio.run(ask())
            """,
            "b'3\\n'",
        ),
    ],
)
def test_what_evaluators_do_works(zygote: Zygote, code: str, expected: str) -> None:
    assert run(zygote, code) == expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("socket.socket()", "PermissionError"),
        ("open('/etc/passwd').read()", "FileNotFoundError"),
        ("open('/usr/bin/adrs_test', 'w')", "Read-only file system"),
        ("resource.setrlimit(resource.RLIMIT_NPROC, (10_000, 10_000))", "ValueError"),
        (
            """
            while True:
                if os.fork() == 0:
                    time.sleep(60)
            """,
            "BlockingIOError",
        ),
    ],
)
def test_nothing_more_is_allowed(zygote: Zygote, code: str, expected: str) -> None:
    assert expected in run(zygote, code)
    assert run(zygote, "1 + 1") == "2"


def test_readable_folders_are_seen_and_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("seen")
    tmp_path.chmod(0o755)
    spec = SandboxSpec(processes=4, readable=(tmp_path,))
    try:
        zygote = sandbox.choose().start(spec)
    except SandboxUnavailable as reason:
        pytest.skip(str(reason))
    try:
        assert run(zygote, f"open({str(tmp_path / 'file')!r}).read()") == "seen"
        assert "Error" in run(zygote, f"open({str(tmp_path / 'file')!r}, 'w')")
        assert "Error" in run(zygote, f"open({str(tmp_path / 'other')!r}, 'w')")
        assert "'file'" in run(zygote, f"os.listdir({str(tmp_path)!r})")
    finally:
        zygote.close()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_sandbox_that_cannot_count_processes_refuses() -> None:
    with pytest.raises(SandboxUnavailable, match="counts them"):
        sandbox.named("landlock").start(_SPEC)
