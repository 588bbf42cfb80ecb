"""Recording believes nothing: what a program says of its choices is checked, and what it does must stay the same."""

import asyncio

import numpy as np
import pytest

from adrs import problem
from adrs.distill.priority.record import record
from adrs.distill.priority.rewrite import Program
from adrs.distill.record import Ended
from adrs.errors import UserError
from adrs.evaluate import messages
from adrs.evaluate.pool import LocalPool
from adrs.program import Choices, Job
from adrs.testing.executor import InProcessExecutor

BALANCE = '''
"""Longest first, each to the machine that is free soonest."""
import numpy as np

CALLS = [0]


def solve(instance):
    length = instance["length"].tolist()
    busy, machine = [0.0] * instance["machines"], np.zeros(len(length), dtype=np.int64)
    for job in sorted(range(len(length)), key=lambda job: -length[job]):
        CALLS[0] += 1
        chosen = min(range(len(busy)), key=lambda place: busy[place] * 2.0 + length[job])
        machine[job] = chosen
        busy[chosen] += length[job]
    return machine
'''


@pytest.fixture
def loaded(demo):
    return problem.load(str(demo))


def recorded(loaded, source, change=lambda text: text, plain=None, workloads=3):
    program = Program(source, loaded.functions)
    (key,) = program.keys()
    executor = InProcessExecutor(loaded)
    specs = loaded.workloads["train"][:workloads]
    before = asyncio.run(executor.evaluate(Job(source, "train"))) if plain is None else plain
    return key, asyncio.run(record(executor, change(program.recorded(key)), key, specs, before))


def test_a_table_has_whole_choices_by_workload(loaded):
    key, table = recorded(loaded, BALANCE)
    assert np.unique(table.workload).tolist() == [0, 1, 2]
    assert len(table.values) > 1000
    for number in np.unique(table.group)[:50]:
        rows = table.group == number
        assert 3 <= rows.sum() <= 8
        assert len(np.unique(table.workload[rows])) == 1
    names = [key.terms[place] for place in table.kept]
    busy, length = (table.columns[:, names.index(name)] for name in ("busy[place]", "length[job]"))
    assert np.allclose(table.values, 2.0 * busy + length)
    assert len(set(table.terminals)) == len(names)
    held = table.held_out(0)
    assert len(np.unique(table.workload[held])) == 1
    shared = {names[terminal.feature] for terminal in table.shared_terminals}
    assert "length[job]" in shared
    assert "busy[place]" not in shared


LIES = {
    "another shape": 'return {"group": np.zeros(3, dtype=np.int64)}',
    "no numbers": "return 'all is well'",
    "not finite": 'return {**said, "value": np.full(rows, np.nan)}',
    "too many": "return {name: np.concatenate([each, each]) for name, each in said.items()}",
    "objects": 'return {**said, "terms": [[object()] * columns] * rows}',
    "other fields": 'return {**said, "score": 1e9}',
    "a group too far": 'return {**said, "group": np.full(rows, rows + 1)}',
}


@pytest.mark.parametrize("lie", LIES)
def test_what_is_no_table_is_refused(loaded, lie):
    lines = ["_choices = adrs_choices", "def adrs_choices(rows, columns):", "    said = _choices(rows, columns)"]

    def change(text):
        return "\n".join([text, *lines, f"    {LIES[lie]}", ""])

    with pytest.raises((Ended, TypeError)) as raised:
        recorded(loaded, BALANCE, change)
    assert isinstance(raised.value, Ended) or lie == "objects"


def test_a_program_that_does_otherwise_when_it_is_recorded_is_refused(loaded):
    watching = BALANCE.replace("chosen = min", "chosen = CALLS[0] % 2 if 'adrs_recorder' in globals() else min")
    with pytest.raises(UserError, match="not a function of what it is shown"):
        recorded(loaded, watching)


def test_a_key_that_tells_nothing_apart(loaded):
    with pytest.raises(UserError, match="never tells two items apart"):
        recorded(loaded, BALANCE.replace("busy[place] * 2.0 + length[job]", "length[job] * 2.0"))
    with pytest.raises(UserError, match="never asked"):
        recorded(loaded, BALANCE.replace("range(len(busy)), key", "[0], key"))


def test_rows_are_no_more_than_asked_for(loaded):
    program = Program(BALANCE, loaded.functions)
    (key,) = program.keys()
    job = Job(program.recorded(key), "fresh", workloads=loaded.workloads["train"][:1],
              choices=Choices(len(key.terms), 100))  # fmt: skip
    evaluation = asyncio.run(InProcessExecutor(loaded).evaluate(job))
    assert evaluation.verdict == "ok"
    assert 50 < evaluation.recorded["group"]["shape"][0] <= 100
    assert messages.job_from_plain(messages.job_to_plain(job)) == job


def test_in_the_sandbox_the_same_rows_come_out(loaded):
    program = Program(BALANCE, loaded.functions)
    (key,) = program.keys()
    specs, source = loaded.workloads["train"][:2], program.recorded(key)
    lying = f"{source}\ndef adrs_choices(rows, columns):\n    {LIES['another shape']}\n"

    async def work():
        pool = LocalPool(loaded, 1)
        await pool.start()
        try:
            with pytest.raises(Ended, match="adrs_choices must return the fields"):
                await record(pool, lying, key, specs, None)
            return await record(pool, source, key, specs, None)
        finally:
            await pool.close()

    inside = asyncio.run(work())
    here = asyncio.run(record(InProcessExecutor(loaded), source, key, specs, None))
    for name in ("values", "columns", "group", "workload"):
        assert np.array_equal(getattr(inside, name), getattr(here, name))
