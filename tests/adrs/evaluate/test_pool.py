"""The local executor: real workers, real sandboxes."""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from adrs import problem, sandbox
from adrs.errors import UserError
from adrs.evaluate.pool import LocalPool
from adrs.program import Job
from adrs.score import Scale, SplitScale
from adrs.testing.sandbox import descendants, gone, running

BEST = "import numpy as np\n\n\ndef solve(values):\n    return int(np.argmax(values))\n"
LOOP = "def solve(values):\n    while True:\n        pass\n"


@contextlib.asynccontextmanager
async def _pool(toy, workers=1):
    pool = LocalPool(toy, workers)
    try:
        await pool.start()
        yield pool
    finally:
        await pool.close()


def _evaluate(toy, *sources, workers=1):
    async def work():
        async with _pool(toy, workers) as pool:
            return await asyncio.gather(*(pool.evaluate(Job(source, "train")) for source in sources))

    return asyncio.run(work())


def test_a_sandbox_that_isolates_nothing_is_said(toy, monkeypatch):
    async def start(*_):
        """No worker is needed for that."""

    monkeypatch.setattr("adrs.evaluate.pool._Worker.start", start)
    monkeypatch.setattr(sandbox, "choose", lambda _: sandbox.named("process"))
    pool = LocalPool(toy, 1)
    with pytest.warns(UserWarning, match="unsafe for code you do not trust"):
        asyncio.run(pool.start())
    assert pool.warning == sandbox.named("process").warning


def test_evaluations_carry_scores_and_costs(toy):
    async def work():
        async with _pool(toy) as pool:
            scale = SplitScale(Scale(1.0, 0.0, "minimize"), {})
            return pool, await pool.evaluate(Job("print('hello')\n" + BEST, "train", scale=scale))

    pool, evaluation = asyncio.run(work())
    assert (evaluation.verdict, evaluation.score, evaluation.fitness) == ("ok", 100.0, 0.0)
    assert [result.name for result in evaluation.workloads] == ["even-1", "even-2"]
    assert evaluation.output == "hello\n"
    assert 0 < evaluation.cpu_seconds < 1
    assert evaluation.wall_seconds > 0
    assert evaluation.peak_memory_mb > 10
    assert evaluation.sandbox == pool.sandbox != ""


def test_jobs_outnumber_workers(toy):
    sources = [f"# {number}\n{BEST}" for number in range(20)]
    assert {evaluation.verdict for evaluation in _evaluate(toy, *sources, workers=2)} == {"ok"}


def test_the_answer_does_not_depend_on_the_worker(toy):
    draws = "import random\n\nimport numpy as np\n\n\ndef solve(values):\n    return random.randrange(len(values))\n"
    first = _evaluate(toy, draws)[0]
    assert {evaluation.metrics["regret"] for evaluation in _evaluate(toy, *[draws] * 4, workers=2)} == {
        first.metrics["regret"]
    }


def test_cancelling_frees_the_worker_soon(toy, tmp_path):
    patient = _changed(toy, tmp_path, "problem.toml", "decision_seconds = 1.0", "decision_seconds = 600.0")

    async def work():
        async with _pool(patient) as pool:
            task = asyncio.create_task(pool.evaluate(Job(LOOP, "train")))
            await asyncio.sleep(1.0)
            before = descendants(os.getpid())
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await pool.evaluate(Job(BEST, "train")), before, descendants(os.getpid())

    evaluation, before, after = asyncio.run(work())
    assert evaluation.verdict == "ok"
    assert after < before, "the worker was kept, the program was not"


def test_a_worker_killed_from_outside_costs_no_job(toy):
    async def work():
        async with _pool(toy) as pool:
            slow = "import time\n\n\ndef solve(values):\n    time.sleep(0.6)\n    return 0\n"
            task = asyncio.create_task(pool.evaluate(Job(slow, "train")))
            await asyncio.sleep(0.4)
            worker = next(pid for pid, parent, _ in running() if parent == os.getpid())
            os.kill(worker, signal.SIGKILL)
            return await task

    assert asyncio.run(work()).verdict == "ok"


def test_a_worker_that_always_dies_is_nobodys_fault_but_ours(toy):
    async def work():
        async with _pool(toy) as pool:
            task = asyncio.create_task(pool.evaluate(Job(LOOP, "train")))
            while not task.done():
                for pid, parent, _ in running():
                    if parent == os.getpid():
                        with contextlib.suppress(ProcessLookupError):
                            os.kill(pid, signal.SIGKILL)
                await asyncio.sleep(0.05)
            failed = await task
            return failed, await pool.evaluate(Job(BEST, "train"))

    failed, after = asyncio.run(work())
    assert failed.verdict == "infrastructure"
    assert "worker died" in failed.reason
    assert after.verdict == "ok"


def test_a_zygote_killed_from_outside_is_replaced(toy):
    async def work():
        async with _pool(toy) as pool:
            worker = next(pid for pid, parent, _ in running() if parent == os.getpid())
            for pid, _ in descendants(worker):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            return await pool.evaluate(Job(BEST, "train"))

    assert asyncio.run(work()).verdict == "ok"


def test_an_evaluator_that_raises_is_not_the_programs_fault(toy, tmp_path):
    broken = _changed(toy, tmp_path, "evaluator.py", "return Metrics(", "raise RuntimeError('mine')\n        Metrics(")
    evaluation = _evaluate(broken, BEST)[0]
    assert evaluation.verdict == "infrastructure"
    assert "workload even-1: evaluator evaluator:Toy raised RuntimeError: mine" in evaluation.reason
    assert "evaluator.py line" in evaluation.reason


def test_an_evaluator_that_hangs_is_given_up_and_its_worker_replaced(toy, tmp_path):
    here = tmp_path / "hang"
    wait = f"""import subprocess
        subprocess.run(["sh", "-c", "test ! -e {here} || sleep 600"])
        return Metrics("""
    hanging = _changed(toy, tmp_path, "evaluator.py", "return Metrics(", wait)
    limits = replace(hanging.limits, evaluation_seconds=1.0, evaluator_seconds=4.0)

    async def work():
        async with _pool(replace(hanging, limits=limits)) as pool:
            here.touch()
            task = asyncio.create_task(pool.evaluate(Job(BEST, "train")))
            await asyncio.sleep(2.0)
            processes = descendants(os.getpid())
            given_up = await task
            here.unlink()
            return given_up, await gone(processes), await pool.evaluate(Job(BEST, "train"))

    given_up, left, after = asyncio.run(work())
    assert left == []
    reason = "evaluator evaluator:Toy did not end within 5 s, calls included"
    assert (given_up.verdict, given_up.reason) == ("infrastructure", reason)
    assert after.verdict == "ok"


_RETURN = "return Metrics(regret=float(workload.max() - workload[chosen]))"
_WRONG = {
    "a dict": (_RETURN, 'return {"regret": 1.0}',
        "workload even-1: evaluate must return adrs.evaluation.Metrics, not dict"),
    "nothing": (_RETURN, "", "workload even-1: evaluate must return adrs.evaluation.Metrics, not None"),
    "not a number": (_RETURN, 'return Metrics(regret=float("nan"))',
        "workload even-1: the evaluator computed regret = nan, which is not a finite number"),
    "a bound of another name": (_RETURN, 'return Metrics(regret=1.0, bounds={"regrt": 0.0})',
        'workload even-1: the evaluator gives a bound of "regrt", which it does not compute; did you mean "regret"?'),
    "a metric that a workload leaves out": (_RETURN,
        'return Metrics(regret=1.0) if spec.seed == 1 else Metrics(regrets=1.0)',
        'workload even-2: objective.metric = "regret", which the evaluator does not compute; did you mean "regrets"?'),
    "a summary that is none": ("    def load", "    def summarise(self, results):\n"
        "        return {'regret': float('inf')}\n\n    def load",
        "the summary of train: the evaluator computed regret = inf, which is not a finite number"),
    "a function of another name": ('"solve", workload', '"sovle", workload',
        'workload even-1: evaluator evaluator:Toy raised ValueError: the interface has no function "sovle"; did you '
        'mean "solve"? (evaluator.py line 15)'),
}  # fmt: skip


@pytest.mark.parametrize("wrong", _WRONG)
def test_a_mistake_of_the_evaluator_is_one_clear_sentence(toy, tmp_path, wrong):
    old, new, reason = _WRONG[wrong]
    evaluation = _evaluate(_changed(toy, tmp_path, "evaluator.py", old, new), BEST)[0]
    assert (evaluation.verdict, evaluation.reason) == ("infrastructure", reason)


def test_an_evaluator_that_is_not_there_is_named_by_its_file(toy, tmp_path):
    broken = _changed(toy, tmp_path, "problem.toml", "evaluator:Toy", "evalutor:Toy")
    with pytest.raises(UserError) as caught:
        _evaluate(broken, BEST)
    expected = f'{broken.folder / "problem.toml"}: evaluator.class = "evalutor:Toy": {broken.folder / "evalutor.py"} '
    assert str(caught.value) == f"{expected}does not exist, and no module evalutor is installed"


def test_an_evaluator_that_cannot_be_loaded_is_one_clear_sentence(toy, tmp_path):
    broken = _changed(toy, tmp_path, "evaluator.py", "import numpy", "import no_such_thing")
    with pytest.raises(UserError, match=r"evaluator:Toy.*no_such_thing"):
        _evaluate(broken, BEST)


def test_a_helper_that_does_not_exist_is_one_clear_sentence(toy, tmp_path):
    broken = _changed(toy, tmp_path, "problem.toml", "[limits]\n", '[limits]\nimports = ["no_such_helper"]\n')
    with pytest.raises(UserError, match="no_such_helper"):
        _evaluate(broken, BEST)


def test_keys_do_not_reach_a_worker(toy, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-the-engine")

    async def work():
        async with _pool(toy):
            return [Path(f"/proc/{pid}/environ").read_bytes() for pid, _ in descendants(os.getpid())]

    environments = asyncio.run(work())
    assert environments
    assert all(b"secret-of-the-engine" not in environment for environment in environments)


@pytest.mark.parametrize(
    ("source", "verdicts"),
    [
        ("\ud800", {"rejected"}),
        ("def solve(values):\n    return 0\n\0", {"error"}),
        ("", {"error"}),
        ("# " + "x" * 5_000_000 + "\n" + BEST, {"ok", "error", "memory"}),
        ("x = " + "[" * 50_000, {"error", "memory", "killed"}),
        ("x = " + "-" * 400_000 + "1", {"error", "memory", "killed"}),
    ],
    ids=["surrogate", "null byte", "empty", "5 MB", "nested", "unary"],
)
def test_sources_that_nobody_screened(toy, source, verdicts):
    odd, after = _evaluate(toy, source, BEST)
    assert odd.verdict in verdicts, odd.reason
    assert after.verdict == "ok"


def test_an_interrupt_of_the_terminal_does_not_reach_the_workers(toy):
    async def work():
        async with _pool(toy) as pool:
            groups = {os.getpgid(pid) for pid, _ in descendants(os.getpid())}
            assert os.getpgrp() not in groups
            return await pool.evaluate(Job(BEST, "train"))

    assert asyncio.run(work()).verdict == "ok"


def test_closing_leaves_no_process_and_no_descriptor(toy):
    async def work():
        before = len(list(Path("/proc/self/fd").iterdir()))
        async with _pool(toy, 2) as pool:
            await pool.evaluate(Job(BEST, "train"))
            task = asyncio.create_task(pool.evaluate(Job(LOOP, "train")))
            await asyncio.sleep(0.2)
            processes = descendants(os.getpid())
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await gone(processes), len(list(Path("/proc/self/fd").iterdir())) - before

    assert asyncio.run(work()) == ([], 0)


_ENGINE = """
import asyncio, sys
from adrs import problem
from adrs.evaluate.pool import LocalPool
from adrs.program import Job

async def work():
    pool = LocalPool(problem.load(sys.argv[1]), 2, sys.argv[2])
    await pool.start()
    print("ready", flush=True)
    await asyncio.gather(*(pool.evaluate(Job(LOOP, "train")) for _ in range(50)))

LOOP = "import os\\n\\ndef solve(values):\\n    while True: pass\\n"
asyncio.run(work())
"""


@pytest.mark.parametrize("backend", ["bubblewrap", "namespaces", "landlock", "process"])
def test_everything_vanishes_with_a_killed_engine(toy, backend):
    if not next((row.available for row in sandbox.probe() if row.name == backend), False):
        pytest.skip(f"{backend} does not work here")
    engine = subprocess.Popen(
        [sys.executable, "-c", _ENGINE, str(toy.folder), backend], stdout=subprocess.PIPE, text=True
    )
    assert engine.stdout is not None
    assert engine.stdout.readline() == "ready\n"
    time.sleep(0.5)
    processes = descendants(engine.pid)
    assert len(processes) >= 6
    engine.kill()
    engine.wait()
    engine.stdout.close()
    assert asyncio.run(gone(processes)) == []


def _changed(original, folder, name, old, new):
    """A copy of a problem with one text replaced in one file."""
    copy = Path(shutil.copytree(original.folder, folder / "toy"))
    text = (copy / name).read_text()
    assert old in text
    (copy / name).write_text(text.replace(old, new))
    return problem.load(str(copy))
