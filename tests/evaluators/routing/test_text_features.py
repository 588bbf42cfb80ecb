"""Hash features of texts are those of their definition, however many texts are taken at once."""

import math
import re
from collections import Counter
from hashlib import blake2b
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluators.routing import text_features
from evaluators.routing.text_features import BUCKETS, PIECES, hash_features_of, pieces

TEXTS = st.one_of(st.text(max_size=60), st.text("abA1 _-\n\x1f", max_size=60), st.text("aé ς1Σ", max_size=20))


def defined(text: str) -> np.ndarray:
    """Weinberger et al.: each distinct piece and pair adds to one bucket, with a sign."""
    found = pieces(text)
    row = np.zeros(BUCKETS)
    for piece, count in Counter([*found, *(f"{left} {right}" for left, right in pairwise(found))]).items():
        key = int.from_bytes(blake2b(piece.encode(), person=b"adrs-route").digest()[:8], "big")
        row[key % BUCKETS] += (1 if key < 1 << 63 else -1) * (1 + math.log(count))
    return row / (float(np.linalg.norm(row)) or 1.0)


@given(st.lists(TEXTS, max_size=6))
def test_rows_are_those_of_the_definition(texts: list[str]) -> None:
    found = hash_features_of(texts)
    assert found.shape == (len(texts), BUCKETS)
    for row, text in zip(found, texts, strict=True):
        assert np.allclose(row, defined(text), rtol=0.0, atol=1e-12)


@given(TEXTS)
def test_pieces_are_runs_of_letters_and_other_characters_one_by_one(text: str) -> None:
    assert pieces(text) == re.findall(r"[^\W\d_]+|\d|[^\s]", text.lower())


@pytest.mark.parametrize("piece", ["word ", "x", "Σ ", "1", "  long-word"])
def test_of_a_long_text_only_the_first_pieces_are_looked_at(piece: str) -> None:
    text = piece * 20 * PIECES
    expected = re.findall(r"[^\W\d_]+|\d|[^\s]", text.lower())[:PIECES]
    assert pieces(text) == expected


def test_texts_in_parts_have_the_rows_of_all_together(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"query {number} of many, {number % 3} apples" for number in range(7)]
    whole = hash_features_of(texts)
    monkeypatch.setattr(text_features, "_TEXTS", 3)
    assert (hash_features_of(texts) == whole).all()
