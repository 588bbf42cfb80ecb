"""Which programs somebody has been told of, for promises about what is named later."""

from adrs.program import Program


class Told:
    """Which programs somebody was told of, and whether each has a fitness: a byte for each number."""

    def __init__(self) -> None:
        self._marks = bytearray()

    def add(self, program: Program) -> None:
        """Take note of a program, or of how it stands now."""
        if program.id >= len(self._marks):
            self._marks.extend(bytes(program.id + 1 - len(self._marks)))
        self._marks[program.id] = 1 if program.fitness is None else 2

    def __contains__(self, number: int) -> bool:
        return 0 <= number < len(self._marks) and self._marks[number] > 0

    def __getitem__(self, number: int) -> bool:
        return self._marks[number] == 2
