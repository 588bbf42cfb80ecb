"""`kill -9` of the engine at random moments, then `adrs resume`: nothing lost, nothing counted twice."""

import os
import random
import signal
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adrs.errors import UserError
from adrs.store import Reader
from tests.adrs.cli_tools import ADRS, adrs, adrs_json, environment

KILLS = 20
EVALUATIONS = 400


def story(folder: Path) -> list[Any]:
    with Reader(folder) as reader:
        return [
            (replace(program, evaluation=None), program.verdict, program.score,
             dict(program.evaluation.metrics) if program.evaluation else None)
            for program in reader.programs()
        ]  # fmt: skip


def numbers(folder: Path) -> set[tuple[int, str]]:
    try:
        with Reader(folder) as reader:
            return {(summary.id, summary.digest) for summary in reader.summaries()}
    except UserError:
        return set()


@pytest.mark.slow
def test_killed_at_random_moments_the_run_becomes_the_undisturbed_one(tmp_path: Path) -> None:
    adrs("new", "demo", cwd=tmp_path)
    options = ["--max-evaluations", str(EVALUATIONS), "--seed", "11", "--quiet"]
    began = time.monotonic()
    adrs("run", "./demo", *options, "--name", "whole", cwd=tmp_path)
    span = time.monotonic() - began
    generator = random.Random(2210)
    folder = tmp_path / "runs" / "killed"
    before: set[tuple[int, str]] = set()

    def verb() -> list[str]:
        return ["resume", "killed", "--quiet"] if before else ["run", "./demo", *options, "--name", "killed"]

    for _ in range(KILLS):
        process = subprocess.Popen([*ADRS, *verb()], cwd=tmp_path, env=environment(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
        time.sleep(generator.uniform(0.3, 1.0) * min(span, 3.5))
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        after = numbers(folder)
        assert before <= after, "a program was lost"
        if not after and folder.exists():  # cut off before the log began: there is nothing to go on with
            subprocess.run(["rm", "-r", str(folder)], check=True)
        before = after
    outcome = adrs_json(*verb(), cwd=tmp_path)  # nothing was begun where a busy machine was always killed too early
    assert outcome["evaluations"] == EVALUATIONS
    assert story(folder) == story(tmp_path / "runs" / "whole")
    with Reader(folder) as reader:
        twice = "SELECT ticket, kind FROM event WHERE ticket NOTNULL GROUP BY ticket, kind HAVING COUNT(*) > 1"
        assert reader.rows(twice) == []
        assert reader.rows("SELECT program FROM evaluation GROUP BY program, split HAVING COUNT(*) > 1") == []
    assert adrs_json("replay", "killed", cwd=tmp_path)["identical"] is True
