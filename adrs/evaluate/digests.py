"""Digests of what a policy answers: enough to see whether two programs answer the same, whatever the answers are."""

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import numpy as np

from adrs.evaluate.wrapped import WrappedPolicy
from adrs.evaluation import Policy

_BYTES = 16


class DigestingPolicy(WrappedPolicy):
    """Any policy, with a digest of each answer of `call` kept."""

    def __init__(self, policy: Policy) -> None:
        super().__init__(policy)
        self._digests: list[str] = []

    def call(self, function: str, *arguments: Any) -> Any:
        """Call one function once, see adrs.evaluation.Policy."""
        answer = self._policy.call(function, *arguments)
        self._digests.append(digest(answer))
        return answer

    def recorded(self) -> dict[str, Any]:
        """`answers`: the digests, in order of the calls."""
        return {"answers": self._digests}


def digest(answer: Any) -> str:
    """The same for equal answers: an array counts with its type and shape, tables whatever the order of their keys."""
    return blake2b(_bytes(answer), digest_size=_BYTES).hexdigest()


def _bytes(answer: Any) -> bytes:
    if isinstance(answer, Mapping):
        parts = [part for name in sorted(answer) for part in (_bytes(name), _bytes(answer[name]))]
    elif isinstance(answer, list | tuple):
        parts = [_bytes(part) for part in answer]
    elif isinstance(answer, np.ndarray):
        parts = [f"{answer.dtype.str}{answer.shape}".encode(), np.ascontiguousarray(answer).tobytes()]
    else:
        return f"{type(answer).__name__} {answer!r}".encode()
    return b"".join(f"{len(part)}:".encode() + part for part in parts)
