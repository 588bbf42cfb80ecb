"""adrs/search/best_of_n.py: the control. Always the seed as parent."""

from dataclasses import dataclass

from adrs.search import Program, Selection


@dataclass
class BestOfN:
    """Independent samples from the seed program: what any cleverer strategy has to beat at the same cost.

    Independent also of what a proposer has learned: one that remembers good programs is a search by itself.
    """

    seed: int

    def __post_init__(self) -> None:
        self._first: Program | None = None

    def ask(self) -> Selection:
        """Choose the seed program."""
        assert self._first is not None, "the seed program is told first"
        return Selection(self._first, independent=True)

    def tell(self, program: Program) -> None:
        """Remember the first program."""
        if self._first is None:
            self._first = program
