"""Typed holes of building blocks.

A building block is a complete program with some of its parts left open: a call of one of these functions marks a
hole. The embedded proposer replaces each call by a draw and removes the import, so that what is evaluated is plain
code. Run as it is, a block is the program with every hole at its default.
"""

from typing import TypeVar

T = TypeVar("T")


def integer(low: int, high: int, default: int) -> int:
    """A whole number in low..high, drawn evenly in log scale where low > 0."""
    return default


def real(low: float, high: float, default: float) -> float:
    """A number in low..high, drawn evenly in log scale where low > 0."""
    return default


def choice(first: T, *others: T) -> T:
    """One of the arguments, put in as written."""
    return first


def expression(first: float, *others: float) -> float:
    """A small arithmetic expression over the arguments; the first of them by default."""
    return first
