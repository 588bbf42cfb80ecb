"""The programs that come with expert placement: cheats, blocks, the adapter."""

import asyncio
import importlib.util
import shutil
import sys
from functools import cache
from runpy import run_path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import problem as problems
from adrs.check import Finding, check
from adrs.errors import UserError
from adrs.evaluate.harness import Workloads, evaluate
from adrs.evaluate.pool import LocalPool
from adrs.evaluation import Invalid
from adrs.program import Job
from adrs.propose.embedded.template import Template
from adrs.source import screen
from adrs.testing.policy import InProcessPolicy
from evaluators.systems.expert_load import FAMILIES, draw
from evaluators.systems.expert_placement import Deployment, ExpertPlacement, check_placement

PROBLEM = problems.load("expert-placement")


@cache
def deployments():
    return [Deployment(draw(family, 11), family.groups_stay_on_node) for family in FAMILIES.values()]


def test_every_program_passes_the_screen():
    programs = [path.read_text() for path in (PROBLEM.seed, *(baseline.path for baseline in PROBLEM.baselines))]
    blocks = [Template(path) for path in PROBLEM.blocks]
    for source in [*programs, *(block.render(block.defaults) for block in blocks)]:
        screen(source, PROBLEM.functions, PROBLEM.limits.imports, PROBLEM.limits.source_kb * 1024)


@pytest.mark.parametrize("path", PROBLEM.blocks, ids=lambda path: path.stem)
def test_blocks_place_experts_by_the_rules_in_every_family(path):
    place = run_path(str(path))["place"]
    for workload in deployments():
        state = {}
        for interval, load in enumerate(workload.loads[:3]):
            check_placement(place(load, workload.config(interval), state), workload, interval)


@pytest.mark.parametrize("path", PROBLEM.blocks, ids=lambda path: path.stem)
def test_blocks_balance_no_worse_than_the_published_rule(path):
    evaluator = ExpertPlacement({"rounds": 1})
    workloads = Workloads(evaluator)

    def balancedness(source):
        policy = InProcessPolicy(PROBLEM, source)
        return evaluate(PROBLEM, evaluator, workloads, policy, Job(source, "train")).metrics["balancedness"]

    published = balancedness(PROBLEM.baseline("state-of-the-art").path.read_text())
    assert balancedness(path.read_text()) > published - 0.002


@given(st.integers(0, 2**32), st.sampled_from([(72, 16), (288, 64), (288, 256)]))
@settings(max_examples=40, deadline=None)
def test_a_threshold_and_a_top_k_give_the_replicas_of_the_greedy_rule(seed, shape):
    slots, experts = shape
    weight = np.exp(0.5 * np.random.default_rng(seed).standard_normal((4, experts)))
    largest = {}
    for block in ("greedy_lightest", "threshold_zigzag", "top_k_rounds"):
        count = run_path(str(PROBLEM.folder / "blocks" / f"{block}.py"))["replicate"](weight, slots)
        assert count.min() >= 1
        assert count.sum(axis=1).tolist() == [slots] * 4
        largest[block] = (weight / count).max(axis=1)
    np.testing.assert_allclose(largest["top_k_rounds"], largest["greedy_lightest"])
    np.testing.assert_allclose(largest["threshold_zigzag"], largest["greedy_lightest"], rtol=0.01)


@pytest.mark.parametrize(
    "cheat", [cheat for cheat in PROBLEM.cheats if cheat.verdict == "invalid" and "work" not in cheat.rule],
    ids=lambda cheat: cheat.name,
)  # fmt: skip
def test_answers_that_break_a_rule(cheat):
    evaluator = ExpertPlacement({"rounds": 1})
    source = cheat.path.read_text()
    result = evaluate(PROBLEM, evaluator, Workloads(evaluator), InProcessPolicy(PROBLEM, source), Job(source, "train"))
    assert result.verdict == "invalid"
    assert cheat.rule in result.reason


def smoke(problem, *sources):
    """Evaluations of the first stage, in the best sandbox that works here."""

    async def run():
        pool = LocalPool(problem, 1)
        try:
            await pool.start()
            return [await pool.evaluate(Job(source, "train", "smoke")) for source in sources]
        finally:
            await pool.close()

    try:
        return asyncio.run(run())
    except UserError as error:
        pytest.skip(f"no sandbox works here: {error}")


def test_decision_times_are_taken_outside():
    """A program that takes its time, or gives it to a child or a thread, gets the time that it deserves."""
    naps = "\nquick = place\ndef place(load, config, state):\n    {nap}\n    return quick(load, config, state)\n"
    quick = PROBLEM.seed.read_text()
    plain, asleep, child, thread = smoke(
        PROBLEM,
        quick,
        quick + naps.format(nap="import time; time.sleep(0.02)"),
        quick + naps.format(nap="import os, time; os.fork() or (time.sleep(0.02), os._exit(0)); os.wait()"),
        quick + naps.format(nap="import threading, time; t = threading.Thread(target=time.sleep, args=(0.02,)); "
                            "t.start(); t.join()"),
    )  # fmt: skip
    times = plain.workloads[0].metrics
    assert 0 < times["echo_time"] < 0.02
    assert times["decision_time"] <= times["decision_time_slowest"]
    for evaluation in (asleep, thread):
        assert evaluation.workloads[0].metrics["decision_time"] > 0.0195
    assert child.verdict == "error" or child.workloads[0].metrics["decision_time"] > 0.0195


@pytest.mark.slow
def test_check_in_the_sandbox():
    """Baselines rank as declared, cheats get the verdict that they deserve, and what they hide gains nothing."""
    findings: list[Finding] = []
    try:
        check(PROBLEM, None, 1, findings.append)
    except UserError as error:
        pytest.skip(f"no sandbox works here: {error}")
    assert [f"{finding.name}: {finding.detail}" for finding in findings if not finding.ok] == []
    assert {f"cheat {cheat.name}" for cheat in PROBLEM.cheats} <= {finding.name for finding in findings}


PUBLISHED = '''
import torch


def rebalance_experts(weight, slots, groups, nodes, gpus):
    """The greedy rule over all nodes, in the leaderboard's form."""
    rows, experts = weight.shape
    weight = weight.double()
    every = torch.arange(rows)
    phy2log = torch.arange(slots).repeat(rows, 1) % experts
    copy = torch.zeros(rows, slots, dtype=torch.int64)
    logcnt = torch.ones(rows, experts, dtype=torch.int64)
    for slot in range(experts, slots):
        busiest = (weight / logcnt).argmax(-1)
        phy2log[:, slot] = busiest
        copy[:, slot] = logcnt[every, busiest]
        logcnt[every, busiest] += 1
    position = pack((weight / logcnt).gather(-1, phy2log), gpus, slots // gpus)
    placed = torch.empty_like(phy2log).scatter(-1, position, phy2log)
    log2phy = torch.full((rows, experts, int(logcnt.max())), -1)
    log2phy[every[:, None], phy2log, copy] = position
    return placed, log2phy, logcnt


def pack(weight, gpus, room):
    position = torch.zeros(weight.shape, dtype=torch.int64)
    order = weight.sort(dim=-1, descending=True, stable=True).indices
    for row in range(len(weight)):
        total, used = [0.0] * gpus, [0] * gpus
        for replica in order[row].tolist():
            gpu = min((gpu for gpu in range(gpus) if used[gpu] < room), key=total.__getitem__)
            position[row, replica] = gpu * room + used[gpu]
            used[gpu] += 1
            total[gpu] += float(weight[row, replica])
    return position
'''
"""Stands for a program of the leaderboard: DeepSeek's greedy rule in torch."""


def adapted(program, all_maps=False):
    source = (PROBLEM.folder / "adapters" / "leaderboard.py").read_text()
    source = source.replace('PUBLISHED = ""', f"PUBLISHED = {program!r}", 1)
    return source.replace("ALL_MAPS = False", f"ALL_MAPS = {all_maps}", 1)


MAPS = """
import numpy as np

def rebalance_experts(weight, slots, groups, nodes, gpus):
    layers, experts = weight.shape
    phy2log = np.tile(np.arange(slots) % experts, (layers, 1))
    logcnt = np.tile(np.bincount(phy2log[0], minlength=experts), (layers, 1))
    log2phy = np.full((layers, experts, logcnt.max()), -1)
    for slot in range(slots):
        log2phy[:, slot % experts, slot // experts] = slot
    {change}
    return phy2log, log2phy, logcnt
"""


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ("pass", "ok"),
        ("log2phy[:, 3, :] = log2phy[:, 3, :1]", "maps disagree"),
        ("log2phy[:, [3, 4]] = log2phy[:, [4, 3]]", "maps disagree"),
        ("log2phy[1, 2, 0] = -1", "maps disagree"),
        ("log2phy[1, 2, 0] = slots", "maps disagree"),
        ("logcnt[2, 5] += 1", "maps disagree"),
        ("logcnt = logcnt[:, :-1]", "maps disagree"),
        ("phy2log[4, 0] = 99", "range"),
        ("phy2log = phy2log[:, :-1]", "shape"),
        ("phy2log[:, 0] = 1", "maps disagree"),
    ],
)
def test_adapter_refuses_maps_that_disagree(monkeypatch, change, answer):
    """With arrays in place of tensors."""
    stub = SimpleNamespace(from_numpy=lambda array: array, set_num_threads=lambda count: None)
    monkeypatch.setitem(sys.modules, "torch", stub)
    monkeypatch.setitem(sys.modules, "published", None)  # which the adapter replaces, and the test's end takes away
    workload = deployments()[0]
    policy = InProcessPolicy(PROBLEM, adapted(MAPS.format(change=change)))
    if answer == "ok":
        placement = policy.call("place", workload.loads[0], workload.config(0))
        assert placement.tolist() == [[slot % 64 for slot in range(288)]] * 26
    else:
        with pytest.raises(Invalid, match=answer):
            policy.call("place", workload.loads[0], workload.config(0))


@pytest.mark.slow
@pytest.mark.skipif(importlib.util.find_spec("torch") is None, reason="programs of the leaderboard need torch")
def test_a_program_of_the_leaderboard_runs_in_the_sandbox(tmp_path):
    folder = tmp_path / "expert-placement"
    shutil.copytree(PROBLEM.folder, folder)
    text = (folder / "problem.toml").read_text()
    for old, new in [('imports = ["numpy"]', 'imports = ["numpy", "torch"]'), ("memory_mb = 512", "memory_mb = 4096")]:
        assert old in text
        text = text.replace(old, new)
    (folder / "problem.toml").write_text(text.replace("rounds = 5", "rounds = 1"))
    problem = problems.load(str(folder))

    greedy, published = smoke(problem, problem.baseline("state-of-the-art").path.read_text(), adapted(PUBLISHED))
    assert published.reason == ""
    values = [result.workloads[0].metrics["balancedness"] for result in (greedy, published)]
    assert values[0] == pytest.approx(values[1], abs=1e-12)
