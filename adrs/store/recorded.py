"""What a log says about each ticket, for resuming the run or replaying it."""

from adrs.program import Draft, Evaluation, Program
from adrs.store import tickets
from adrs.store.reader import Reader
from adrs.store.tickets import Ticket

_CHUNK = 512
_CHUNKS = 2
"""How much is kept of the log at a time: tickets are followed in order."""
_NOTHING = Ticket(None)


class Recorded:
    """Answers of earlier sessions, by ticket, as the log had them when this was made.

    evaluations: True to take evaluations from the log (resume), False to do them again (replay).
    """

    def __init__(self, reader: Reader, evaluations: bool) -> None:
        self._reader = reader
        self._evaluations = evaluations
        self.sequence = reader.sequence()
        """The order of asking and telling, which is followed to the letter before anything new is asked."""
        self._told = frozenset(ticket for kind, ticket in self.sequence if kind == "told")
        self._ended = frozenset(reader.ended())
        self._chunks: dict[int, dict[int, Ticket]] = {}

    def told(self, ticket: int) -> bool:
        """Whether the log has the tell of a ticket."""
        return ticket in self._told

    def finished(self, ticket: int) -> bool:
        """Whether the log has the evaluation of a ticket."""
        return ticket in self._ended

    def asked_parent(self, ticket: int) -> int | None:
        """The parent that the search chose for a ticket."""
        asked = self._ticket(ticket).asked
        return None if asked is None else int(asked["parent"])

    def least(self, ticket: int) -> float | None:
        """The fitness that the ticket's program had to be able to reach."""
        asked = self._ticket(ticket).asked
        least: float | None = asked.get("least") if asked else None
        return least

    def draft(self, ticket: int) -> Draft | None:
        """What was proposed; None if the session ended before."""
        return self._ticket(ticket).draft

    def program(self, ticket: int) -> Program | None:
        """The program as it ended; None if that is to be found out, or the ticket promoted an earlier one."""
        return self._ticket(ticket).program if self._evaluations and self.finished(ticket) else None

    def evaluation(self, ticket: int) -> Evaluation | None:
        """How the ticket ended; None if that is to be found out. What the evaluator or the machine failed at would say
        nothing if it were done again: it is taken as it was in any case."""
        if not self.finished(ticket):
            return None
        found = self._ticket(ticket)
        if found.program is not None:
            evaluation = found.program.evaluation
        else:
            evaluation = self._reader.evaluation(found.asked["promote"]) if found.asked else None
        again = evaluation is not None and evaluation.of_the_program and not self._evaluations
        return None if again else evaluation

    def duplicate_of(self, ticket: int) -> int | None:
        """The program that the ticket's program was found to repeat."""
        program = self._ticket(ticket).program
        return None if program is None else program.duplicate_of

    def dropped(self, ticket: int) -> bool:
        """Whether the session ended before the ticket led to a program."""
        found = self._ticket(ticket)
        return found.program is None and (found.asked is None or "promote" not in found.asked)

    def _ticket(self, ticket: int) -> Ticket:
        number = ticket // _CHUNK
        if number not in self._chunks:
            while len(self._chunks) >= _CHUNKS:
                del self._chunks[min(self._chunks)]
            self._chunks[number] = tickets.read(self._reader, number * _CHUNK, (number + 1) * _CHUNK - 1)
        return self._chunks[number].get(ticket, _NOTHING)
