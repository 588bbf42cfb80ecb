"""The container backend against a real engine that the tests start and end."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from adrs import sandbox
from adrs.sandbox import SandboxSpec, SandboxUnavailable, docker_image
from adrs.sandbox.zygote import Zygote
from adrs.testing.sandbox import Finding, self_check
from tests.adrs.sandbox.engine import Engine, NoEngine, engine, in_containers, started_in
from tests.adrs.sandbox.test_processes import (
    _SPEC,
    run,
    test_nothing_more_is_allowed,  # noqa: F401 - run here as well, on this module's zygote
    test_what_evaluators_do_works,  # noqa: F401
)

pytest.importorskip("docker", reason="the Python package docker is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
_MODES = ("namespaces", "landlock")


@pytest.fixture(scope="module")
def running() -> Iterator[Engine]:
    """An engine that has the image; DOCKER_HOST names it."""
    before = os.environ.get("DOCKER_HOST")
    folder = Path(tempfile.mkdtemp(prefix="adrs-engine-"))
    try:
        with engine(folder) as started:
            os.environ["DOCKER_HOST"] = started.address
            assert docker_image.build()[1]
            yield started
    except NoEngine as reason:
        pytest.skip(str(reason))
    finally:
        os.environ.pop("DOCKER_HOST", None)
        if before is not None:
            os.environ["DOCKER_HOST"] = before
    assert not started_in(folder)
    assert not folder.exists()


@pytest.fixture
def zygote(running: Engine) -> Iterator[Zygote]:
    started = sandbox.named("docker").start(_SPEC)
    yield started
    started.close()


def settled(seconds: float = 20.0) -> list[int]:
    """Processes in containers, once those that are ending have ended."""
    deadline = time.monotonic() + seconds
    while (left := in_containers()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def failures(findings: list[Finding]) -> list[str]:
    return [f"{finding.name}: {finding.detail}" for finding in findings if not finding.ok]


@pytest.mark.parametrize("mode", _MODES)
def test_conformance(running: Engine, mode: str) -> None:
    with running.refusing_namespaces() if mode == "landlock" else contextlib.nullcontext():
        findings = self_check("docker", isolation_alone=True)
    assert len(findings) > 15
    assert not failures(findings)
    assert not settled()


def test_the_table_says_how_programs_are_shut_in(running: Engine) -> None:
    rows = {row.name: row for row in sandbox.probe()}
    assert rows["docker"].available
    assert "namespaces of its own" in rows["docker"].detail
    with running.refusing_namespaces():
        row = next(row for row in sandbox.probe() if row.name == "docker")
    assert row.available
    assert "Landlock and seccomp" in row.detail
    assert "unshare: Operation not permitted" in row.detail


def test_programs_that_start_processes_need_namespaces(running: Engine) -> None:
    with running.refusing_namespaces(), pytest.raises(SandboxUnavailable, match="counts them"):
        sandbox.named("docker").start(_SPEC)


def test_the_image_is_reused(running: Engine) -> None:
    assert docker_image.build() == (docker_image.build()[0], False)


def test_a_missing_image_is_named_with_the_command_that_makes_it(
    running: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_image, "tag", lambda found: "adrs-sandbox:none")
    with pytest.raises(SandboxUnavailable, match=r"no image adrs-sandbox:none.*build-image"):
        sandbox.named("docker").start(SandboxSpec())


def test_an_absent_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with pytest.raises(SandboxUnavailable, match=r"no engine listens at unix:///nowhere\.sock"):
        sandbox.named("docker").start(SandboxSpec())
    monkeypatch.setenv("DOCKER_HOST", "tcp://192.0.2.1:2375")
    with pytest.raises(SandboxUnavailable, match="only an engine on this machine"):
        sandbox.named("docker").start(SandboxSpec())


def test_helpers_are_seen_and_the_machine_is_not(
    running: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / ("a_long_name" * 10)
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    (tmp_path / "file").write_text("seen")
    spec = SandboxSpec(imports=("adrs_helpers.placement",), readable=(tmp_path,), memory_mb=1024)
    tmp_path.chmod(0o700)
    with pytest.raises(SandboxUnavailable, match="give others the right"):
        sandbox.named("docker").start(spec)
    tmp_path.chmod(0o755)
    started = sandbox.named("docker").start(spec)
    assert not list(temporary.iterdir())
    try:
        assert run(started, f"open({str(tmp_path / 'file')!r}).read()") == "seen"
        assert "Error" in run(started, f"open({str(tmp_path / 'file')!r}, 'w')")
        assert run(started, "__import__('adrs_helpers.placement').__name__") == "adrs_helpers"
        for module in ("adrs", "evaluators"):
            assert "ModuleNotFoundError" in run(started, f"__import__({module!r})")
        for path in ("/etc/passwd", "/proc/1/cmdline", "/control/socket", running.address.removeprefix("unix://")):
            assert "FileNotFoundError" in run(started, f"open({path!r})")
    finally:
        started.close()
    assert not settled()


@pytest.mark.parametrize("whom", ["worker", "holder"])
def test_a_container_ends_with_whoever_started_it(running: Engine, whom: str) -> None:
    code = (
        "import time; from adrs import sandbox; zygote = sandbox.named('docker').start(sandbox.SandboxSpec());"
        "child = zygote.spawn(); child.ready(); print(zygote._process.pid, flush=True); time.sleep(600)"
    )
    worker = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert worker.stdout is not None
    holder = int(worker.stdout.readline())
    try:
        assert in_containers()
        os.kill(holder if whom == "holder" else worker.pid, signal.SIGKILL)
    finally:
        worker.kill()
        worker.wait()
        worker.stdout.close()
    assert not settled()
