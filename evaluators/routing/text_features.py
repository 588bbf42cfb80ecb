"""Hash features of a text: signed counts of words and pairs of words in a fixed number of buckets, of length 1.

Feature hashing: Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009.
"""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

BUCKETS = 256
PIECES = 2000
"""Of a text; what comes after them is not looked at."""
_PIECE = re.compile(r"[^\W\d_]+|\d|[^\s]")


def pieces(text: str) -> list[str]:
    """Runs of letters, single digits and single other characters, in lower case."""
    return _PIECE.findall(text.lower())[:PIECES]


def hash_features(text: str) -> np.ndarray:
    """float64[BUCKETS] of Euclidean norm 1, or 0 for a text without pieces.

    A piece or adjacent pair that occurs c times adds (1 + ln c) with a sign to its bucket.
    """
    found = pieces(text)
    counts = Counter(found)
    counts.update(f"{left} {right}" for left, right in itertools.pairwise(found))
    values = np.zeros(BUCKETS)
    if counts:
        keys = np.fromiter(map(_KEYS.__getitem__, counts), dtype=np.uint64, count=len(counts))
        if len(_KEYS) > _MOST_KEYS:
            _KEYS.clear()
        weights = 1.0 + np.log(np.array(list(counts.values()), dtype=float))
        signs = np.where(keys < np.uint64(1 << 63), 1.0, -1.0)
        np.add.at(values, (keys % np.uint64(BUCKETS)).astype(np.int64), signs * weights)
    norm = float(np.linalg.norm(values))
    return values / norm if norm > 0 else values


def hash_features_of(texts: Sequence[str]) -> np.ndarray:
    """float64[texts, BUCKETS]."""
    return np.array([hash_features(text) for text in texts]).reshape(len(texts), BUCKETS)


class _Keys(dict[str, int]):
    """Hashes of pieces, found by looking them up: texts repeat most of theirs."""

    def __missing__(self, piece: str) -> int:
        self[piece] = found = int.from_bytes(blake2b(piece.encode(), person=b"adrs-route").digest()[:8], "big")
        return found


_KEYS = _Keys()
_MOST_KEYS = 1 << 18
