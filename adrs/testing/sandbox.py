"""The conformance suite of sandboxes: hostile programs, each followed by an honest one, then a search for traces.

Every backend must pass it for what it says it isolates. `adrs doctor --self-check NAME` runs it as well.
"""

import asyncio
import os
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adrs import problem, resources, sandbox
from adrs.evaluate.pool import LocalPool
from adrs.problem import Problem
from adrs.program import Evaluation, Job
from adrs.sandbox.deadline import MOST
from adrs.sandbox.layout import SCRATCH
from adrs.source import Rejected, screen

MARKER = "adrs_hostile_marker"
"""What hostile programs call the files that they try to leave."""
_SECRET = "ADRS_SELF_CHECK_KEY"
_LARGE_SOURCE = 5_000_000
_SETTLE_SECONDS = 5.0
_LOOP_SECONDS = 1.5
"""How long a call may take of a program that must time out; others get time enough for a busy machine."""
_SLACK_SECONDS = 0.5


@dataclass(frozen=True)
class Hostile:
    """One hostile program and what must be reported of it."""

    name: str
    tries: str
    source: str
    verdicts: tuple[str, ...]
    reason: str = ""
    """Text that the reason must contain."""
    needs: str = ""
    """Run only where the backend isolates this."""


@dataclass(frozen=True)
class Finding:
    """One thing that was checked."""

    name: str
    ok: bool
    detail: str
    """What was seen."""


def hostile_programs() -> list[Hostile]:
    """The shipped programs, in the order of their names."""
    folder = resources.folder("hostile")
    manifest = tomllib.loads((folder / "manifest.toml").read_text())
    programs = []
    for name, entry in manifest.items():
        verdicts = entry["verdict"] if isinstance(entry["verdict"], list) else [entry["verdict"]]
        source = (folder / "programs" / f"{name}.py").read_bytes().decode()
        programs.append(
            Hostile(name, entry["tries"], source, tuple(verdicts), entry.get("reason", ""), entry.get("needs", ""))
        )
    large = "# padding\n" * (_LARGE_SOURCE // 10) + "def solve(values):\n    return 0\n"
    programs.append(Hostile("source_large", "A source of 5 MB.", large, ("rejected",), "limit"))
    return programs


def self_check(backend: str, isolation_alone: bool = False) -> list[Finding]:
    """Run the suite against a backend by name. Raises UserError where it cannot run here.

    isolation_alone: only the programs that a backend must shut in; all others end the same whatever shuts them in.
    """
    programs = [program for program in hostile_programs() if program.needs or not isolation_alone]
    return asyncio.run(_Suite(backend, programs).run())


class _Suite:
    """One worker, one zygote: what a program leaves behind, the next one meets."""

    def __init__(self, backend: str, programs: Sequence[Hostile]) -> None:
        self._programs = programs
        self._isolates = frozenset(sandbox.named(backend).isolates)
        self._problem: Problem = problem.load(str(resources.folder("hostile") / "problem"))
        self._pool = LocalPool(self._problem, 1, backend)
        self._honest = (self._problem.folder / "honest.py").read_text()
        self._findings: list[Finding] = []

    async def run(self) -> list[Finding]:
        """All findings."""
        os.environ[_SECRET] = "secret"
        mounts = _mounts()
        try:
            await self._pool.start()
            expected = await self._expectations()
            idle = len(descendants(os.getpid()))
            for program in self._programs:
                if not program.needs or program.needs in self._isolates:
                    await self._check(program, expected, idle)
            processes = descendants(os.getpid())
        finally:
            await self._pool.close()
            del os.environ[_SECRET]
        left = await gone(processes)
        self._note("no process is left", not left, f"left: {left}" if left else "all have ended")
        files = [str(path) for path in _marked_files(self._problem.folder)]
        if "files" in self._isolates:
            self._note("no file is left", not files, f"left: {files}" if files else "no marked file was found")
        left_mounts = _mounts() - mounts
        self._note("no mount is left", not left_mounts, f"left: {left_mounts}" if left_mounts else "none was found")
        return self._findings

    async def _expectations(self) -> Evaluation:
        expected = await self._pool.evaluate(Job(self._honest, "train"))
        self._note("an honest program runs", expected.verdict == "ok", expected.reason or str(dict(expected.metrics)))
        again = await self._pool.evaluate(Job(self._honest, "train"))
        same = again.metrics == expected.metrics and again.output == expected.output
        self._note("it scores the same twice", same, str(dict(again.metrics)))
        return expected

    async def _check(self, program: Hostile, expected: Evaluation, idle: int) -> None:
        """One hostile program, then an honest one."""
        limits = self._problem.limits
        try:
            screen(program.source, self._problem.functions, limits.imports, limits.source_kb << 10)
        except Rejected as rejected:
            seen = Evaluation("train", "screen", "rejected", str(rejected))
        else:
            tight = _LOOP_SECONDS if "timeout" in program.verdicts else None
            seen = await self._pool.evaluate(Job(program.source, "train", decision_seconds=tight))
        after = await self._pool.evaluate(Job(self._honest, "train"))
        problems = []
        if seen.verdict not in program.verdicts or program.reason not in seen.reason:
            problems.append(f"expected {' or '.join(program.verdicts)} {program.reason!r}")
        if seen.verdict == "timeout" and seen.wall_seconds > (1 + MOST) * limits.start_seconds + _SLACK_SECONDS:
            problems.append(f"reported after {seen.wall_seconds:.2f} s")
        if len(seen.output.encode()) > (limits.output_kb << 10) + 100:
            problems.append(f"{len(seen.output)} characters of output were kept")
        if (after.verdict, after.metrics, after.output) != ("ok", expected.metrics, expected.output):
            problems.append(
                f"the next program's evaluation became {after.verdict} {after.reason} {dict(after.metrics)}"
            )
        if await _settled(idle) > idle:
            problems.append("a process is left")
        said = f"{seen.verdict}: {seen.reason}" if seen.reason else seen.verdict
        self._note(program.name, not problems, "; ".join([said, *problems]))

    def _note(self, name: str, ok: bool, detail: str) -> None:
        self._findings.append(Finding(name, ok, detail))


async def _settled(idle: int) -> int:
    """How many processes there are, once those of the last program have gone."""
    count = len(descendants(os.getpid()))
    for _ in range(int(_SETTLE_SECONDS / 0.05)):
        if count <= idle:
            break
        await asyncio.sleep(0.05)
        count = len(descendants(os.getpid()))
    return count


async def gone(processes: set[tuple[int, int]]) -> list[int]:
    """Those of some `descendants` that still run after a while, by pid."""
    left = processes
    for _ in range(int(_SETTLE_SECONDS / 0.05)):
        left = left & {(pid, born) for pid, _, born in running()}
        if not left:
            break
        await asyncio.sleep(0.05)
    return sorted(pid for pid, _ in left)


def descendants(root: int) -> set[tuple[int, int]]:
    """Pid and start time of all processes that come from `root`."""
    table = list(running())
    found: set[tuple[int, int]] = set()
    level = {root}
    while level:
        children = {(pid, born) for pid, parent, born in table if parent in level}
        level = {pid for pid, _ in children - found}
        found |= children
    return found


def running() -> Iterator[tuple[int, int, int]]:
    """Pid, parent and start time of every process that is not a zombie."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] not in "ZX":
            yield int(entry.name), int(fields[1]), int(fields[19])


def _marked_files(folder: Path) -> Iterator[Path]:
    for place in (Path(tempfile.gettempdir()), Path.home(), Path.cwd(), Path("/dev/shm"), Path("/"), folder):
        if place.is_dir():
            yield from place.glob(f"{MARKER}*")


def _mounts() -> set[str]:
    """Mount points of ours that the machine sees; those of others come and go."""
    points = {line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()}
    return {point for point in points if point == str(SCRATCH) or "adrs" in point}
