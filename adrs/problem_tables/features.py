"""Reads the tables `[[features]]` of a problem: metrics by which programs behave differently."""

import math

from adrs.errors import UserError
from adrs.problem_records import Feature
from adrs.strict_toml import Table

_MOST_CELLS = 1024
"""Of the grid that a problem's features make; more would not fill within a run."""


def read_features(root: Table) -> tuple[Feature, ...]:
    """The axes of the grid. Raises UserError."""
    features = tuple(_feature(table) for table in root.tables("features"))
    total = math.prod(feature.cells for feature in features)
    if total > _MOST_CELLS:
        raise UserError(f"{root.file}: features make a grid of {total} cells; at most {_MOST_CELLS} are of use")
    return features


def _feature(table: Table) -> Feature:
    feature = Feature(
        table.take("metric", str), table.take("low", float), table.take("high", float), table.take("cells", int, 8)
    )
    table.finish()
    if not (math.isfinite(feature.low) and math.isfinite(feature.high) and feature.low < feature.high):
        raise UserError(f"{table.file}: {table.path('low')} must be below {table.path('high')}, and both finite")
    if feature.cells < 2:
        raise UserError(f"{table.file}: {table.path('cells')} must be at least 2, not {feature.cells}")
    return feature
