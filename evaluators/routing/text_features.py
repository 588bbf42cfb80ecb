"""Hash features of a text: signed counts of words and pairs of words in a fixed number of buckets, of length 1.

Feature hashing: Weinberger et al., Feature Hashing for Large Scale Multitask Learning, ICML 2009.
"""

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

BUCKETS = 256
PIECES = 2000
"""Of a text; what comes after them is not looked at."""
_PIECE = re.compile(r"[^\W\d_]+|\d|[^\s]")
_ASCII_PIECE = re.compile(r"[a-z]+|\S")  # the same on such text in lower case, and faster
_CHARACTERS = 12 * PIECES
"""Of a text, in which there are mostly as many pieces as are looked at."""
_TEXTS = 1000
"""At once: bounds the memory that is used."""
_PLACES = 32
"""Bits of a piece's place among the distinct ones."""


def pieces(text: str) -> list[str]:
    """Runs of letters, single digits and single other characters, in lower case."""
    if len(text) > _CHARACTERS:
        begin = _all_pieces(text[:_CHARACTERS])
        if len(begin) > PIECES:  # the last one may be cut
            return begin[:PIECES]
    return _all_pieces(text)[:PIECES]


def _all_pieces(text: str) -> list[str]:
    found: list[str] = (_ASCII_PIECE if text.isascii() else _PIECE).findall(text.lower())
    return found


def hash_features_of(texts: Sequence[str]) -> np.ndarray:
    """float64[texts, BUCKETS], each row of Euclidean norm 1, or 0 for a text without pieces.

    A piece or adjacent pair that occurs c times adds (1 + ln c) with a sign to its bucket.
    """
    parts = [_hashed(texts[start : start + _TEXTS]) for start in range(0, len(texts), _TEXTS)]
    return np.concatenate(parts) if parts else np.zeros((0, BUCKETS))


def _hashed(texts: Sequence[str]) -> np.ndarray:
    """Texts share most of their pieces and pairs: each distinct one is hashed once."""
    places = _Places()
    of_texts = [_counted(pieces(text), places) for text in texts]
    distinct, inverse = np.unique(np.concatenate([keys for keys, _ in of_texts]), return_inverse=True)
    bucket, sign = _buckets(distinct.tolist(), list(places))
    row = np.repeat(np.arange(len(texts)), [len(keys) for keys, _ in of_texts])
    weight = 1.0 + np.log(np.concatenate([counts for _, counts in of_texts]))
    sums = np.bincount(row * BUCKETS + bucket[inverse], sign[inverse] * weight, len(texts) * BUCKETS).astype(float)
    values = sums.reshape(len(texts), BUCKETS)
    norms = np.array([float(np.linalg.norm(each)) for each in values])[:, None]
    np.divide(values, norms, out=values, where=norms > 0)
    return values


class _Places(dict[str, int]):
    """Distinct pieces in order of their first occurrence; each gets its place as it is looked up."""

    def __missing__(self, piece: str) -> int:
        place = self[piece] = len(self)
        return place


def _counted(found: list[str], places: _Places) -> tuple[np.ndarray, np.ndarray]:
    """Keys of the distinct pieces and pairs, int64 in order of their first occurrence, and how often each occurs.

    A piece's key is its place; a pair's has that of its left piece, counted from 1, above it. `places` grows.
    """
    of_pieces = np.fromiter(map(places.__getitem__, found), dtype=np.int64, count=len(found))
    of_pairs = of_pieces[:-1] + 1 << _PLACES | of_pieces[1:]
    counts = Counter(of_pieces.tolist())
    counts.update(of_pairs.tolist())
    return (
        np.fromiter(counts, dtype=np.int64, count=len(counts)),
        np.fromiter(counts.values(), dtype=np.int64, count=len(counts)),
    )


def _buckets(keys: Sequence[int], names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """int64 and float64: of each key the bucket and the sign; names: of pieces by place."""
    last = (1 << _PLACES) - 1
    hashes = np.array(
        [_hash(f"{names[(key >> _PLACES) - 1]} {names[key & last]}" if key > last else names[key]) for key in keys],
        dtype=np.uint64,
    )
    return (hashes % np.uint64(BUCKETS)).astype(np.int64), np.where(hashes < np.uint64(1 << 63), 1.0, -1.0)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(errors="replace"), person=b"adrs-route").digest()[:8], "big")
