"""Splits by cluster: what belongs together, as near-duplicates or steps of one run do, is never in two splits."""

import re
from collections.abc import Sequence
from hashlib import blake2b

import numpy as np

SPLITS = ("train", "validation", "test")
SIMILARITY = 0.8
"""Jaccard similarity of the sets of word triples from which on two texts are near-duplicates."""
_DEAL = ("train",) * 5 + ("validation",) * 2 + ("test",) * 3


def near_duplicates(texts: Sequence[str]) -> np.ndarray:
    """int64[texts]: the cluster of each text, numbered in order of first appearance; closed transitively.

    Triples of words after lower-casing and digits to 0; a text of fewer than three words is one piece.
    """
    shingles = [_triples(text) for text in texts]
    parent = list(range(len(texts)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for left, right in _candidates(shingles):
        if root(left) != root(right) and _jaccard(shingles[left], shingles[right]) >= SIMILARITY:
            parent[max(root(left), root(right))] = min(root(left), root(right))
    roots = [root(index) for index in range(len(texts))]
    numbers = {found: number for number, found in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[found] for found in roots], dtype=np.int64)


def _triples(text: str) -> frozenset[str]:
    words = re.sub(r"\d", "0", text.lower()).split()
    return frozenset(" ".join(words[start : start + 3]) for start in range(max(1, len(words) - 2)))


def _candidates(shingles: Sequence[frozenset[str]]) -> set[tuple[int, int]]:
    """Pairs that share one of their rarest triples: by prefix filtering, none at or above SIMILARITY is missed.

    Two sets with Jaccard similarity of at least t share a triple among the first |s| - ceil(t |s|) + 1 of each in
    any common order (Chaudhuri, Ganti, Kaushik, A Primitive Operator for Similarity Joins, ICDE 2006).
    """
    frequency: dict[str, int] = {}
    for triples in shingles:
        for triple in triples:
            frequency[triple] = frequency.get(triple, 0) + 1
    places: dict[str, list[int]] = {}
    pairs: set[tuple[int, int]] = set()
    for index, triples in enumerate(shingles):
        ordered = sorted(triples, key=lambda triple: (frequency[triple], triple))
        for triple in ordered[: len(ordered) - int(np.ceil(SIMILARITY * len(ordered))) + 1]:
            least = SIMILARITY * len(ordered)
            pairs.update(
                (other, index)
                for other in places.get(triple, ())
                if least <= len(shingles[other]) * (1 + 1e-9)
                and SIMILARITY * len(shingles[other]) <= len(ordered) * (1 + 1e-9)
            )
            places.setdefault(triple, []).append(index)
    return pairs


def _jaccard(left: frozenset[str], right: frozenset[str]) -> float:
    shared = len(left & right)
    return shared / (len(left) + len(right) - shared)


def deal(clusters: np.ndarray, keys: Sequence[str], strata: Sequence[str]) -> list[str]:
    """The split of each row: clusters are dealt in tens 5:2:3, ordered by stratum and a hash of their smallest key.

    clusters: int64[rows]. keys: of the rows. strata: of the rows; a cluster is of its first row's.
    """
    smallest: dict[int, str] = {}
    stratum: dict[int, str] = {}
    for cluster, key, name in zip(clusters.tolist(), keys, strata, strict=True):
        smallest[cluster] = min(smallest.get(cluster, key), key)
        stratum.setdefault(cluster, name)
    order = sorted(smallest, key=lambda cluster: (stratum[cluster], digest(smallest[cluster])))
    split = {cluster: _DEAL[place % len(_DEAL)] for place, cluster in enumerate(order)}
    return [split[cluster] for cluster in clusters.tolist()]


def digest(key: str) -> bytes:
    """What rows are ordered by: a hash of their key."""
    return blake2b(("adrs-split" + key).encode()).digest()
