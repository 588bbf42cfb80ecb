"""What is known of queries and models, on the trusted side only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Model:
    """One model of a pool; prices in dollars per million tokens."""

    name: str
    price_in: float
    price_out: float

    def plain(self) -> dict[str, Any]:
        """As a policy sees it."""
        return {"name": self.name, "price_in": self.price_in, "price_out": self.price_out}


@dataclass(frozen=True)
class Queries:
    """n queries and what each of M models made of them."""

    texts: Sequence[str]
    features: np.ndarray
    """float64[n, F]."""
    input_tokens: np.ndarray
    """int64[n]."""
    output_tokens: np.ndarray
    """int64[n, M]; 0 where nobody recorded them."""
    accuracy: np.ndarray
    """float64[n, M], in 0..1."""
    cost: np.ndarray
    """float64[n, M], dollars."""
    category: np.ndarray
    """int64[n]; never shown to a policy."""
    clusters: np.ndarray
    """int64[n], 0, 1, ...: what must not be torn apart by a split, or by a bootstrap."""

    def __len__(self) -> int:
        return len(self.features)

    def rows(self, rows: np.ndarray) -> "Queries":
        """Some of them, int64[rows]."""
        clusters = np.unique(self.clusters[rows], return_inverse=True)[1].astype(np.int64)
        return Queries(
            [self.texts[row] for row in rows.tolist()], self.features[rows], self.input_tokens[rows],
            self.output_tokens[rows], self.accuracy[rows], self.cost[rows], self.category[rows], clusters,
        )  # fmt: skip

    def models(self, models: np.ndarray) -> "Queries":
        """The same of some models, int64[models]."""
        return Queries(
            self.texts, self.features, self.input_tokens, self.output_tokens[:, models], self.accuracy[:, models],
            self.cost[:, models], self.category, self.clusters,
        )  # fmt: skip
