"""All programs that worked, as points: number and value; of a large run, evenly many of them."""

from dataclasses import dataclass

from adrs.store import Reader


@dataclass(frozen=True, slots=True)
class Dot:
    """A program that worked."""

    program: int
    score: float | None
    """0 = trivial, 100 = state-of-the-art; None where there is no scale."""
    fitness: float


def cloud(reader: Reader, most: int = 2000) -> list[Dot]:
    """At most about `most` programs, in the order of their evaluations on `train`."""
    last = reader.rows("SELECT COALESCE(MAX(id), 0) FROM program")[0][0]
    rows = reader.rows(
        "SELECT program, score, fitness FROM evaluation INDEXED BY evaluation_with_fitness"
        " WHERE split = 'train' AND fitness IS NOT NULL AND program % ? = 0 ORDER BY id",
        max(1, -(-last // most)),
    )  # fmt: skip
    return [Dot(*row) for row in rows]
