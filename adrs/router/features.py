"""Features of a text without any model: signed hashes of its pieces and of adjacent pairs, of length 1.

Feature hashing: Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009. Routers are evolved
on the same features, which their evaluator computes for itself.
"""

import itertools
import math
import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

DIMENSIONS = 256
_LONGEST = 2000
"""Pieces; what comes after them is not looked at."""
_PIECE = re.compile(r"[^\W\d_]+|\d|[^\s]")
_PERSON = b"adrs-route"
_HALF = 1 << 63


def features(text: str) -> np.ndarray:
    """float64[DIMENSIONS] of Euclidean norm 1; all 0 for a text without pieces.

    Pieces are runs of letters, single digits and single other characters, in lower case. One that occurs c times adds
    1 + ln c, with a sign of its own, to its bucket.
    """
    pieces = [match.group() for match in itertools.islice(_PIECE.finditer(text.lower()), _LONGEST)]
    counts = Counter([*pieces, *(f"{left} {right}" for left, right in itertools.pairwise(pieces))])
    buckets = [0.0] * DIMENSIONS
    for piece, count in counts.items():
        key = int.from_bytes(blake2b(piece.encode(errors="replace"), person=_PERSON).digest()[:8], "big")
        weight = 1.0 + math.log(count)
        buckets[key % DIMENSIONS] += weight if key < _HALF else -weight
    values = np.array(buckets)
    norm = math.sqrt(math.fsum(value * value for value in buckets))
    return values / norm if norm > 0.0 else values


def features_of(texts: Sequence[str]) -> np.ndarray:
    """float64[texts, DIMENSIONS]."""
    return np.array([features(text) for text in texts]).reshape(len(texts), DIMENSIONS)
