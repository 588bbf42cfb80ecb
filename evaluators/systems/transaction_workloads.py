"""Batches for `transaction-scheduling`: four generated families, and the token format of the published files."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.random import Generator

from adrs.errors import UserError
from evaluators.systems.transaction_simulator import Batch

Access = tuple[str, str | int]
"""`r` or `w`, and a key."""
Transaction = Sequence[Access | None]
"""One entry a tick, None where no key is used."""

KEYS = 1000
HOME_SPREAD = 0.1


def draw(family: str, seed: int | None) -> Batch:
    """A batch of a generated family. Raises UserError for an unknown family, or without a seed."""
    if seed is None:
        raise UserError(f'the workloads "{family}" of transaction-scheduling need seeds or files')
    if family not in FAMILIES:
        raise UserError(f'transaction-scheduling has no family "{family}"; known: {", ".join(FAMILIES)}, published')
    return batch(FAMILIES[family](np.random.default_rng(seed)))


def read(path: Path) -> Batch:
    """A published file: one JSON object, whose members in order of arrival are strings such as `r-4 * w-6`."""
    try:
        members = json.loads(path.read_text(encoding="utf-8"))
        return batch([[_access(token) for token in text.split()] for text in members.values()])
    except (ValueError, AttributeError) as error:
        raise UserError(f"{path} is not a batch of transactions: {error}") from None


def batch(transactions: Sequence[Transaction]) -> Batch:
    """Arrays of a batch, with keys numbered by first appearance. Raises ValueError where there is nothing to order."""
    if not transactions or not all(transactions):
        raise ValueError("there must be a transaction, and each must take a tick")
    numbers: dict[str | int, int] = {}
    offset, key, position, is_write = [0], [], [], []
    for transaction in transactions:
        for tick, access in enumerate(transaction, start=1):
            if access is not None:
                key.append(numbers.setdefault(access[1], len(numbers)))
                position.append(tick)
                is_write.append(access[0] == "w")
        offset.append(len(key))
    return Batch(
        length=np.array([len(transaction) for transaction in transactions], dtype=np.int32),
        offset=np.array(offset, dtype=np.int32),
        key=np.array(key, dtype=np.int32),
        position=np.array(position, dtype=np.int32),
        is_write=np.array(is_write, dtype=np.uint8),
        keys=len(numbers),
    )


def _access(token: str) -> Access | None:
    if token == "*":
        return None
    kind, _, key = token.partition("-")
    if kind not in ("r", "w") or not key:
        raise ValueError(f'"{token}" is neither r-KEY nor w-KEY nor *')
    return kind, key


def _wide(generator: Generator) -> list[Transaction]:
    """Like the first published batch: each key has a usual place within transactions."""
    return _by_popularity(generator, 100, keys=16, exponent=1.2, write_probability=0.55)[0]


def _two_shapes(generator: Generator) -> list[Transaction]:
    """Like the second published batch: long and short transactions on a hot and an ordinary key."""
    transactions: list[Transaction] = []
    for number in range(100):
        hot, ordinary = int(generator.integers(1, 5)), int(generator.integers(11, 51))
        if number < 50:
            transactions.append([("r", hot), ("r", ordinary), ("w", ordinary), *[None] * 18])
        else:
            transactions.append([("r", hot), ("w", hot), ("r", ordinary), ("w", ordinary), None])
    return [transactions[number] for number in generator.permutation(100)]


def _pair(generator: Generator) -> list[Transaction]:
    """Like the third published batch: an early read and a late write."""
    transactions: list[Transaction] = []
    for _ in range(100):
        read_key, written_key = generator.choice(10, size=2, replace=False)
        transactions.append([("r", int(read_key)), *[None] * 7, ("w", int(written_key))])
    return transactions


def _long_batch(generator: Generator) -> list[Transaction]:
    """Four times as many, narrower transactions, a quarter of them scans that only read."""
    transactions, draw_scan = _by_popularity(generator, 400, keys=8, exponent=0.9, write_probability=0.3)
    for number in generator.choice(400, size=100, replace=False):
        transactions[number] = draw_scan(24, 0.0)
    return transactions


def _by_popularity(
    generator: Generator, number: int, keys: int, exponent: float, write_probability: float
) -> tuple[list[Transaction], Callable[[int, float], Transaction]]:
    """Transactions of different keys, drawn by popularity and sorted by home; and what draws one more of them."""
    popularity = np.arange(1, KEYS + 1) ** -exponent
    popularity /= popularity.sum()
    home = generator.random(KEYS)

    def one(size: int, probability: float) -> Transaction:
        chosen = generator.choice(KEYS, size=size, replace=False, p=popularity)
        chosen = chosen[np.argsort(home[chosen] + HOME_SPREAD * generator.standard_normal(size))]
        written = generator.random(size) < probability
        return [("w" if write else "r", int(key)) for key, write in zip(chosen, written, strict=True)]

    return [one(keys, write_probability) for _ in range(number)], one


FAMILIES: dict[str, Callable[[Generator], list[Transaction]]] = {
    "wide": _wide,
    "two-shapes": _two_shapes,
    "pair": _pair,
    "long-batch": _long_batch,
}
