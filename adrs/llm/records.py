"""What is asked of a model and what is kept of it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Call:
    """One answered request: on disk before anything is done with its answer."""

    ticket: int
    model: str
    """As it was configured: `NAME` or `NAME@URL`."""
    request_digest: str
    answer: str
    """Empty where there is an error."""
    input_tokens: int
    output_tokens: int
    """With those of hidden reasoning, which are paid for as well."""
    usd: float
    """0 where no price is known."""
    seconds: float
    """From the first attempt to the end, waits between attempts included."""
    error: str
    """Why there is no answer: it refused, it was empty, it stayed broken after all retries, or too much was asked."""
    messages: tuple[Message, ...] = field(default=(), compare=False, repr=False)
    """What was asked, which `request_digest` stands for; empty in calls that are found again."""


class Journal(Protocol):
    """Where calls are kept, so that nothing is paid for twice."""

    def find(self, ticket: int, request_digest: str) -> Call | None:
        """The recorded call of a ticket for this request."""

    def record(self, call: Call) -> None:
        """Keep a call; on disk when this returns."""


class MemoryJournal:
    """Keeps calls in memory: for tests, and for as long as a run has no log."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def find(self, ticket: int, request_digest: str) -> Call | None:
        """The latest call of a ticket for this request."""
        same = (call for call in reversed(self.calls) if (call.ticket, call.request_digest) == (ticket, request_digest))
        return next(same, None)

    def record(self, call: Call) -> None:
        """Keep a call."""
        self.calls.append(call)


def request_digest(name: str, messages: Sequence[Message]) -> str:
    """Hash of what is asked of whom. The address is left out: a server that moved gives the same answers."""
    asked = [name, [[message.role, message.content] for message in messages]]
    return sha256(json.dumps(asked).encode()).hexdigest()
