"""Compiled clocks for `transaction-scheduling`: what it costs to append a transaction, to move one, to insert one.

A batch is handed to an executor in some order. Each transaction starts as early as its conflicts with those before it
allow, so all that the past leaves behind is the makespan and two ticks a key: its latest access and its latest write.

- To build an order front to back: `state = new_state(instance)`, look ahead with `cost(state, t)` or
  `costs(state, ts)`, decide with `append(state, t)`, or `extend(state, ts)`, branch with `copy(state)`.
- To change an order: `plan = begin(instance, order)`, where the order may leave transactions out. `remove(plan, place)`
  takes one out, `places(plan, t)` says what the makespan would be with `t` at each place, `add(plan, place, t)` puts it
  in. `try_move` and `try_swap` evaluate one change, and `keep(plan)` makes the last one tried the order.
  `makespan_of(plan)` and `order_of(plan)` tell how it stands, `rearrange(plan, order)` goes back to an earlier order.
- `makespan(instance, order)` of a full or partial order; `conflicts(instance)`, which pairs must not overlap.

Transactions and places are numbered from 0, ticks from 1; a number outside its range raises IndexError. States and
plans are opaque. Nothing here is trusted: every makespan that counts is computed again outside.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Instance = Mapping[str, Any]
"""The argument of `solve`."""
Numbers = Sequence[int] | NDArray[Any]
"""Numbers of transactions."""

State = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32]]
"""transactions [n, 3]: where its operations begin and end, length. operations [m, 4]: slot of the clock that it waits
for, position, slot of the access clock, slot of the write clock or 0 for a read. clocks [1 + 2 K]: slot 0 the
makespan, slots 1 + 2 k and 2 + 2 k the latest access and write of key k."""

Plan = tuple[NDArray[np.uint32], NDArray[np.uint32], NDArray[np.uint32], NDArray[np.int32], NDArray[np.int64]]
"""transactions and operations as in State; orders [2, n]: the order and the one tried; clocks [n // 8 + 2, 1 + 2 K]:
before every eighth place of the order, and a last row to work on; facts [4]: makespan, number of places, first place
from which on makespan and clocks are out of date, first changed place of the order tried."""

NO_LIMIT = 2**30
"""A limit that cuts no trial short."""

_STRIDE = 8
_MAKESPAN, _LENGTH, _STALE, _TRIED = range(4)
_NOWHERE = 2**30

# Words are unsigned: numba then leaves out the check for negative indices, which halves the time of a pass.
_WORDS, _CLOCKS, _LIST = "uint32[:, ::1]", "int32[::1]", "int64[::1]"
_STATE = f"Tuple(({_WORDS}, {_WORDS}, {_CLOCKS}))"
_PLAN = f"Tuple(({_WORDS}, {_WORDS}, {_WORDS}, int32[:, ::1], {_LIST}))"
_STEP = f"({_WORDS}, {_WORDS}, {_CLOCKS}, int64)"

Function = TypeVar("Function", bound=Callable[..., Any])


def _compiled(signature: str) -> Callable[[Function], Function]:
    """Compile for this signature alone, so that no call compiles anything where the cache cannot be written."""
    return cast(Callable[[Function], Function], njit(signature, cache=True))


@_compiled(f"int64{_STEP}")
def _start(transactions: Any, operations: Any, clocks: Any, transaction: int) -> int:
    """First tick of a transaction that is started next."""
    start = np.int64(1)
    for number in range(transactions[transaction, 0], transactions[transaction, 1]):
        start = max(start, clocks[operations[number, 0]] - np.int64(operations[number, 1]) + 2)
    return int(start)


@_compiled(f"int64{_STEP}")
def _advance(transactions: Any, operations: Any, clocks: Any, transaction: int) -> int:
    """Start a transaction; returns the makespan."""
    start = _start(transactions, operations, clocks, transaction)
    for number in range(transactions[transaction, 0], transactions[transaction, 1]):
        tick = start + np.int64(operations[number, 1]) - 1
        access, write = operations[number, 2], operations[number, 3]
        clocks[access] = max(clocks[access], tick)
        if write:
            clocks[write] = max(clocks[write], tick)
    clocks[0] = max(clocks[0], start + int(transactions[transaction, 2]) - 1)
    return int(clocks[0])


@_compiled(f"int64{_STEP}")
def _tail(transactions: Any, operations: Any, clocks: Any, transaction: int) -> int:
    """Ticks from the start of a transaction to the end of what waits for it, with clocks that run backwards.

    A backward clock holds, of the accesses or writes after here, the most ticks that are left from one of them on.
    """
    tail = np.int64(transactions[transaction, 2])
    for number in range(transactions[transaction, 0], transactions[transaction, 1]):
        tail = max(tail, np.int64(operations[number, 1]) + clocks[operations[number, 0]])
    return int(tail)


@_compiled(f"void{_STEP}")
def _advance_back(transactions: Any, operations: Any, clocks: Any, transaction: int) -> None:
    """Put a transaction before everything that the backward clocks know of."""
    tail = _tail(transactions, operations, clocks, transaction)
    for number in range(transactions[transaction, 0], transactions[transaction, 1]):
        left = tail - np.int64(operations[number, 1]) + 1
        access, write = operations[number, 2], operations[number, 3]
        clocks[access] = max(clocks[access], left)
        if write:
            clocks[write] = max(clocks[write], left)


@_compiled(f"void({_WORDS}, int64)")
def _check_transaction(transactions: Any, transaction: int) -> None:
    if transaction < 0 or transaction >= len(transactions):
        raise IndexError("no transaction has this number")


@_compiled("void(int64, int64)")
def _check_place(places: int, place: int) -> None:
    if place < 0 or place >= places:
        raise IndexError("the plan has no such place")


@_compiled(f"int64({_STATE}, int64)")
def cost(state: State, transaction: int) -> int:
    """Makespan if the transaction is appended; the state stays as it is."""
    transactions, operations, clocks = state
    _check_transaction(transactions, transaction)
    start = _start(transactions, operations, clocks, transaction)
    return max(int(clocks[0]), start + int(transactions[transaction, 2]) - 1)


@_compiled(f"{_LIST}({_STATE}, {_LIST})")
def _costs(state: State, transactions: NDArray[np.int64]) -> NDArray[np.int64]:
    result = np.empty(len(transactions), np.int64)
    for index in range(len(transactions)):
        result[index] = cost(state, transactions[index])
    return result


@_compiled(f"int64({_STATE}, int64)")
def append(state: State, transaction: int) -> int:
    """Append the transaction; returns the makespan."""
    transactions, operations, clocks = state
    _check_transaction(transactions, transaction)
    return _advance(transactions, operations, clocks, transaction)


@_compiled(f"int64({_STATE}, {_LIST})")
def _extend(state: State, transactions: NDArray[np.int64]) -> int:
    for index in range(len(transactions)):
        append(state, transactions[index])
    return int(state[2][0])


def new_state(instance: Instance) -> State:
    """The state before the first transaction. Raises IndexError for keys outside 0..num_keys-1."""
    offset, write = np.asarray(instance["offset"]), np.asarray(instance["is_write"])
    transactions = np.empty((len(offset) - 1, 3), dtype=np.uint32)
    transactions[:, 0], transactions[:, 1], transactions[:, 2] = offset[:-1], offset[1:], instance["length"]
    operations = np.empty((int(offset[-1]), 4), dtype=np.uint32)
    clocks = np.zeros(1 + 2 * int(instance["num_keys"]), dtype=np.int32)
    access = 2 * np.asarray(instance["key"], dtype=np.int64) + 1
    if access.min(initial=1) < 1 or access.max(initial=0) >= len(clocks):
        raise IndexError("a key is outside 0..num_keys-1")
    operations[:, 0], operations[:, 1] = access + (1 - write), instance["position"]
    operations[:, 2], operations[:, 3] = access, (access + 1) * write
    return transactions, operations, clocks


def copy(state: State) -> State:
    """A state that can be changed without changing this one."""
    return state[0], state[1], state[2].copy()


def makespan_so_far(state: State) -> int:
    """Makespan of what has been appended."""
    return int(state[2][0])


def costs(state: State, transactions: Numbers) -> NDArray[np.int64]:
    """Makespan if one of the transactions is appended: int64, one for each of them."""
    return _costs(state, np.ascontiguousarray(transactions, dtype=np.int64))


def extend(state: State, transactions: Numbers) -> int:
    """Append the transactions one after the other; returns the makespan."""
    return _extend(state, np.ascontiguousarray(transactions, dtype=np.int64))


def makespan(instance: Instance, order: Numbers) -> int:
    """Makespan of a full or partial order, in ticks."""
    return extend(new_state(instance), order)


def conflicts(instance: Instance) -> NDArray[np.bool_]:
    """bool[n, n]: whether two different transactions use a common key that one of them writes."""
    number, keys = int(instance["num_transactions"]), int(instance["num_keys"])
    owner = np.repeat(np.arange(number), np.diff(instance["offset"]))
    uses = np.zeros((number, keys), dtype=np.float32)
    uses[owner, instance["key"]] = 1
    written = np.asarray(instance["is_write"]) == 1
    writes = np.zeros_like(uses)
    writes[owner[written], np.asarray(instance["key"])[written]] = 1
    common = writes @ uses.T
    matrix: NDArray[np.bool_] = common + common.T > 0
    np.fill_diagonal(matrix, False)
    return matrix


def begin(instance: Instance, order: Numbers) -> Plan:
    """A plan with this order, full or partial."""
    transactions, operations, clocks = new_state(instance)
    number = len(transactions)
    orders = np.zeros((2, number), dtype=np.uint32)
    kept = np.zeros((number // _STRIDE + 2, len(clocks)), dtype=np.int32)
    plan = (transactions, operations, orders, kept, np.zeros(4, dtype=np.int64))
    rearrange(plan, order)
    return plan


def rearrange(plan: Plan, order: Numbers) -> None:
    """Give the plan another order, full or partial."""
    orders, facts = plan[2], plan[4]
    number = orders.shape[1]
    chosen = np.asarray(order, dtype=np.int64)
    if chosen.ndim != 1 or len(chosen) > number or np.any((chosen < 0) | (chosen >= number)):
        raise IndexError(f"an order is a list of at most {number} numbers in 0..{number - 1}")
    orders[0, : len(chosen)] = chosen
    facts[:] = 0, len(chosen), 0, _NOWHERE


def order_of(plan: Plan) -> NDArray[np.int64]:
    """The plan's order: int64[number of places]."""
    return plan[2][0, : plan[4][_LENGTH]].astype(np.int64)


@_compiled(f"int64({_PLAN})")
def makespan_of(plan: Plan) -> int:
    """Makespan of the plan's order."""
    transactions, operations, orders, clocks, facts = plan
    if facts[_STALE] == _NOWHERE:
        return int(facts[_MAKESPAN])
    first = facts[_STALE] // _STRIDE
    work = clocks[len(clocks) - 1]
    work[:] = clocks[first]
    for place in range(first * _STRIDE, facts[_LENGTH] + 1):
        if place % _STRIDE == 0:
            clocks[place // _STRIDE, :] = work
        if place < facts[_LENGTH]:
            _advance(transactions, operations, work, orders[0, place])
    facts[_MAKESPAN] = work[0]
    facts[_STALE] = _NOWHERE
    return int(facts[_MAKESPAN])


@_compiled(f"int64({_PLAN}, int64)")
def remove(plan: Plan, place: int) -> int:
    """Take the transaction at a place out; those behind it move up. Returns its number."""
    orders, facts = plan[2], plan[4]
    _check_place(facts[_LENGTH], place)
    transaction = int(orders[0, place])
    facts[_LENGTH] -= 1
    for behind in range(place, facts[_LENGTH]):
        orders[0, behind] = orders[0, behind + 1]
    facts[_STALE] = min(facts[_STALE], place)
    facts[_TRIED] = _NOWHERE
    return transaction


@_compiled(f"void({_PLAN}, int64, int64)")
def add(plan: Plan, place: int, transaction: int) -> None:
    """Put a transaction in at a place, the end being one of them; those from there on move down.

    Raises ValueError where the plan has as many places as there are transactions.
    """
    orders, facts = plan[2], plan[4]
    _check_transaction(plan[0], transaction)
    _check_place(facts[_LENGTH] + 1, place)
    if facts[_LENGTH] == orders.shape[1]:
        raise ValueError("the plan is full")
    for behind in range(facts[_LENGTH], place, -1):
        orders[0, behind] = orders[0, behind - 1]
    orders[0, place] = transaction
    facts[_LENGTH] += 1
    facts[_STALE] = min(facts[_STALE], place)
    facts[_TRIED] = _NOWHERE


@_compiled(f"{_LIST}({_PLAN}, int64)")
def places(plan: Plan, transaction: int) -> NDArray[np.int64]:
    """Makespan of the plan with the transaction put in, for each place: int64[number of places + 1].

    All places cost two passes over the order (the heads and tails of Taillard, "Some efficient heuristic methods for
    the flow shop sequencing problem", 1990): a path through the transaction is what leads to its start and what
    follows from it, and the paths around it are as long as without it.
    """
    transactions, operations, orders, clocks, facts = plan
    _check_transaction(transactions, transaction)
    work = clocks[len(clocks) - 1]
    result = np.empty(facts[_LENGTH] + 1, np.int64)
    work[:] = 0
    for place in range(facts[_LENGTH], -1, -1):
        result[place] = _tail(transactions, operations, work, transaction)
        if place:
            _advance_back(transactions, operations, work, orders[0, place - 1])
    work[:] = 0
    for place in range(facts[_LENGTH] + 1):
        result[place] += _start(transactions, operations, work, transaction) - 1
        if place < facts[_LENGTH]:
            _advance(transactions, operations, work, orders[0, place])
    for place in range(facts[_LENGTH] + 1):
        result[place] = max(result[place], work[0])
    return result


@_compiled(f"int64({_PLAN}, int64, int64)")
def _try(plan: Plan, first: int, limit: int) -> int:
    """Makespan of the order tried, which is the plan's before `first`; or where it first passes the limit."""
    transactions, operations, orders, clocks, facts = plan
    facts[_TRIED] = first
    work = clocks[len(clocks) - 1]
    work[:] = clocks[first // _STRIDE]
    for place in range(first // _STRIDE * _STRIDE, facts[_LENGTH]):
        if _advance(transactions, operations, work, orders[1, place]) > limit:
            break
    return int(work[0])


@_compiled(f"int64({_PLAN}, int64, int64, int64)")
def try_move(plan: Plan, source: int, target: int, limit: int) -> int:
    """Makespan if the transaction at `source` is taken out and put in so that it is at `target`; the plan stays.

    Above the limit the answer is only some number above the limit, found sooner.
    """
    orders, facts = plan[2], plan[4]
    _check_place(facts[_LENGTH], min(source, target))
    _check_place(facts[_LENGTH], max(source, target))
    makespan_of(plan)
    orders[1, :] = orders[0, :]
    for place in range(source, target):
        orders[1, place] = orders[0, place + 1]
    for place in range(target, source):
        orders[1, place + 1] = orders[0, place]
    orders[1, target] = orders[0, source]
    return _try(plan, min(source, target), limit)


@_compiled(f"int64({_PLAN}, int64, int64, int64)")
def try_swap(plan: Plan, first: int, second: int, limit: int) -> int:
    """Makespan if the transactions at two places change places; the plan stays. For the limit see `try_move`."""
    orders, facts = plan[2], plan[4]
    _check_place(facts[_LENGTH], min(first, second))
    _check_place(facts[_LENGTH], max(first, second))
    makespan_of(plan)
    orders[1, :] = orders[0, :]
    orders[1, first] = orders[0, second]
    orders[1, second] = orders[0, first]
    return _try(plan, min(first, second), limit)


@_compiled(f"int64({_PLAN})")
def keep(plan: Plan) -> int:
    """Make the order tried last the plan's; returns its makespan. A change since then raises ValueError."""
    orders, facts = plan[2], plan[4]
    if facts[_TRIED] == _NOWHERE:
        raise ValueError("nothing was tried since the plan changed")
    orders[0, :] = orders[1, :]
    facts[_STALE] = facts[_TRIED]
    facts[_TRIED] = _NOWHERE
    return makespan_of(plan)


def warm() -> None:
    """Call every compiled function once."""
    instance = {
        "num_transactions": 2, "num_keys": 1, "length": [1, 1], "offset": [0, 1, 2],
        "key": [0, 0], "position": [1, 1], "is_write": [1, 0],
    }  # fmt: skip
    state = copy(new_state(instance))
    costs(state, [cost(state, 0)])
    append(state, 0)
    plan = begin(instance, [0])
    add(plan, int(places(plan, 1).argmin()), 1)
    try_swap(plan, 0, 1, NO_LIMIT)
    try_move(plan, 0, 1, NO_LIMIT)
    keep(plan)
    remove(plan, 0)
    makespan(instance, order_of(plan))
    conflicts(instance)
