"""A cross-check: on programs of no problem of ours, with yes or no for an oracle, another minimiser ends no smaller.

The other one is pysource-minimize, which takes any predicate on source text. The programs hold no loop without an end.
"""

import ast
import asyncio
import random

import pytest
from pysource_minimize import minimize

from adrs.distill.minimise.fixpoint import Minimiser
from adrs.distill.minimise.oracle import Verdict
from adrs.distill.minimise.size import nodes
from adrs.distill.stop import Stop

ALLOWED = 1.1
JOBS = '''
import math
import itertools

SCALE = 1.75


class Machine:
    """One of them."""

    def __init__(self, number):
        self.number = number
        self.busy = 0.0
        self.jobs = []

    def load(self):
        return self.busy * SCALE + 0.0


def unused(values):
    total = 0
    for value in values:
        total += value
    return total


def solve(lengths, count):
    machines = [Machine(number) for number in range(count)]
    order = sorted(range(len(lengths)), key=lambda job: (-lengths[job], job))
    answer = [0] * len(lengths)
    debug = {}
    for place, job in enumerate(order):
        try:
            best = min(machines, key=lambda machine: (machine.load(), machine.number))
        except ValueError:
            best = machines[0]
        if place > 1000 and best.number == 3:
            best = machines[-1]
        best.busy += lengths[job]
        best.jobs.append(job)
        debug[job] = f"{best.number}: {best.busy:.2f}"
        answer[job] = best.number
    assert len(debug) == len(lengths)
    return answer
'''
WORDS = """
import re
from collections import defaultdict


def parts(text, lower):
    for line in text.splitlines():
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        yield from (word.lower() if lower else word for word in re.findall("[a-z]+", line, re.I))


def solve(text):
    counts = defaultdict(int)
    first = {}
    for place, word in enumerate(parts(text, True)):
        counts[word] += 1
        first.setdefault(word, place)
    several = [word for word, count in counts.items() if count > 1]
    several.sort(key=lambda word: (-counts[word], first[word]))
    result = []
    for number, word in enumerate(several):
        if number >= 2:
            break
        else:
            result.append(word)
    return " ".join(result) if result else ""
"""


def jobs():
    rng = random.Random(1)
    return [([rng.randrange(1, 30) / 1.0 for _ in range(rng.randrange(4, 12))], rng.randrange(2, 5)) for _ in range(6)]


def texts():
    rng = random.Random(1)
    return [(" ".join(rng.choices(["ab", "Cd", "e"], k=9)) + "\n# e e e e e e\n\n x1 ab",) for _ in range(4)] + [("",)]


class Alike:
    """Accepts programs that answer what the original does."""

    def __init__(self, source, inputs):
        self.inputs = inputs
        self.known = {}
        self.wanted = self.answers(source)

    def answers(self, source):
        space = {"__name__": "program"}
        exec(compile(source, "program.py", "exec"), space)
        return [space["solve"](*arguments) for arguments in self.inputs]

    def accepts(self, source):
        if source not in self.known:
            try:
                self.known[source] = self.answers(source) == self.wanted
            except Exception:
                self.known[source] = False
        return self.known[source]

    def digest(self, source):
        return source

    async def judge(self, source, current=""):
        return Verdict(self.accepts(source), "full", digest=source)

    async def confirm(self, source, current=""):
        return await self.judge(source, current)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::SyntaxWarning", "ignore::DeprecationWarning")
@pytest.mark.parametrize(("source", "inputs"), [(JOBS, jobs()), (WORDS, texts())], ids=["jobs", "words"])
def test_another_minimiser_ends_no_smaller(source, inputs):
    oracle = Alike(source, inputs)
    minimiser = Minimiser(oracle, source, ["solve"], 1, Stop(), lambda tried: None)
    assert asyncio.run(minimiser.run())
    theirs = minimize(source, oracle.accepts, retries=0)
    ours = minimiser.best.source
    assert oracle.accepts(ours)
    assert nodes(ast.parse(ours)) <= ALLOWED * nodes(ast.parse(theirs)), f"{ours}\n\n{theirs}"
    assert nodes(ast.parse(ours)) < 0.8 * nodes(ast.parse(source))
