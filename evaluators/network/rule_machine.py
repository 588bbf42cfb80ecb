"""Runs rules inside the engine: no process, no crossing, no Python.

The decisions are those of adrs.rule.interpret, operation by operation: to the last bit, but for tanh, log and exp,
where libraries differ in the last place.
"""

from math import sqrt, tanh
from typing import Any

import numpy as np

from adrs.rule.form import REDUCERS
from evaluators.network import memory, rule_code
from evaluators.network.compiled import compiled
from evaluators.network.layout import HISTORY
from evaluators.network.memory import read, read_float, write, write_float

program_at = memory.record_at(rule_code.PROGRAM)
"""(state.program, 0) -> the record of the rule's addresses."""

_FEATURES = rule_code.FEATURES
_WINDOW = HISTORY // _FEATURES
_LAST, _PREVIOUS, _MEAN, _SLOPE, _MINIMUM, _MAXIMUM = range(len(REDUCERS))
(_CONSTANT, _TERMINAL, _ADD, _SUB, _MUL, _DIV, _AQ, _MIN, _MAX, _NEG, _ABS, _SQRT, _TANH, _B, _LOG, _EXP) = range(
    len(rule_code.NAMES)
)
_BINARY = _MAX
"""The last code that takes two numbers."""
_MIDDLE = (_WINDOW - 1) / 2.0
_SPREAD = sum((place - _MIDDLE) ** 2 for place in range(_WINDOW))


@compiled
def decide(state: Any, index: int) -> float:
    """The rule's answer for a flow whose history is up to date; NaN where it has none."""
    program = program_at(state.program, 0)
    row = state.history + 8 * HISTORY * index
    for place in range(program.terminal_count):
        feature = read(program.terminals, 2 * place)
        reducer = read(program.terminals, 2 * place + 1)
        write_float(program.values, place, _reduced(row, feature, reducer, read(program.logarithmic, feature)))
    sides = program.sides + 16 * program.split_count * index
    for split in range(program.split_count):
        value = read_float(program.values, read(program.splits, 3 * split))
        _watch(sides + 16 * split, int(value > read_float(program.numbers, split)), program.patience)
    node = program.root
    while node >= 0:
        node = read(program.splits, 3 * node + 1 + read(sides, 2 * node))
    leaf = -1 - node
    answer = _value(program, read(program.leaves, 2 * leaf), read(program.leaves, 2 * leaf + 1))
    return float(np.minimum(np.maximum(answer, program.low), program.high))


@compiled
def _entered(row: int, place: int, logarithmic: int) -> float:
    """A feature of one interval as it enters the history."""
    value = read_float(row, place)
    return float(np.divide(2.0 * (value - 1.0), value + 1.0)) if logarithmic else float(value)


@compiled
def _reduced(row: int, feature: int, reducer: int, logarithmic: int) -> float:
    """One number from the ten of a feature."""
    if reducer == _LAST:
        return _entered(row, HISTORY - _FEATURES + feature, logarithmic)
    if reducer == _PREVIOUS:
        return _entered(row, HISTORY - 2 * _FEATURES + feature, logarithmic)
    least = most = _entered(row, feature, logarithmic)
    total, slope = least, -_MIDDLE / _SPREAD * least
    for interval in range(1, _WINDOW):
        value = _entered(row, _FEATURES * interval + feature, logarithmic)
        total += value
        slope += (interval - _MIDDLE) / _SPREAD * value
        least = np.minimum(least, value)
        most = np.maximum(most, value)
    if reducer == _MEAN:
        return total / _WINDOW
    if reducer == _SLOPE:
        return slope
    return least if reducer == _MINIMUM else most


@compiled
def _watch(side: int, seen: int, patience: int) -> None:
    """A branch changes its side once it has been seen on the other one for long enough."""
    waited = 0 if seen == read(side, 0) else read(side, 1) + 1
    if waited >= patience:
        write(side, 0, seen)
        waited = 0
    write(side, 1, waited)


@compiled
def _value(program: Any, begin: int, end: int) -> float:
    """A leaf's expression. Undefined results are NaN or infinite, as in IEEE 754."""
    top = -1
    for place in range(begin, end):
        code = read(program.codes, 2 * place)
        argument = read(program.codes, 2 * place + 1)
        if code == _CONSTANT:
            top += 1
            write_float(program.stack, top, read_float(program.numbers, program.split_count + argument))
        elif code == _TERMINAL:
            top += 1
            write_float(program.stack, top, read_float(program.values, argument))
        elif code <= _BINARY:
            top -= 1
            value = _of_two(code, read_float(program.stack, top), read_float(program.stack, top + 1))
            write_float(program.stack, top, value)
        else:
            write_float(program.stack, top, _of_one(code, read_float(program.stack, top)))
    return float(read_float(program.stack, top))


@compiled
def _of_two(code: int, a: float, b: float) -> float:
    if code == _ADD:
        return a + b
    if code == _SUB:
        return a - b
    if code == _MUL:
        return a * b
    if code == _DIV:
        return float(np.divide(a, b))
    if code == _AQ:
        return float(np.divide(a, sqrt(1.0 + b * b)))
    return float(np.minimum(a, b)) if code == _MIN else float(np.maximum(a, b))


@compiled
def _of_one(code: int, x: float) -> float:
    if code == _NEG:
        return -x
    if code == _ABS:
        return abs(x)
    if code == _SQRT:
        return float(np.sqrt(x))
    if code == _TANH:
        return tanh(x)
    if code == _B:
        return float(np.divide(2.0 * (x - 1.0), x + 1.0))
    return float(np.log(x)) if code == _LOG else float(np.exp(x))
