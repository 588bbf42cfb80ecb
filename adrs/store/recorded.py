"""What a log says about each ticket, for resuming the run or replaying it."""

from adrs.program import Draft, Evaluation
from adrs.store.reader import Reader


class Recorded:
    """Answers of an earlier session, by ticket.

    evaluations: True to take evaluations from the log (resume), False to do them again (replay).
    """

    def __init__(self, reader: Reader, evaluations: bool) -> None:
        self._reader = reader
        self._evaluations = evaluations
        self.sequence = reader.sequence()
        """The order of asking and telling, which is followed to the letter before anything new is asked."""

    def asked_parent(self, ticket: int) -> int | None:
        """The parent that the search chose for a ticket."""
        asked = self._reader.asked(ticket)
        return None if asked is None else int(asked["parent"])

    def draft(self, ticket: int) -> Draft | None:
        """What was proposed; None if the session ended before."""
        found = self._reader.draft(ticket)
        return found[2] if found else None

    def evaluation(self, ticket: int) -> Evaluation | None:
        """How the ticket ended; None if that is to be found out."""
        if not self._evaluations or not self._reader.finished(ticket):
            return None
        number = self._number(ticket)
        return None if number is None else self._reader.evaluation(number, "train")

    def duplicate_of(self, ticket: int) -> int | None:
        """The program that the ticket's program was found to repeat."""
        number = self._number(ticket)
        return None if number is None else self._reader.duplicate_of(number)

    def dropped(self, ticket: int) -> bool:
        """Whether the session ended before the ticket led to a program."""
        return self._number(ticket) is None

    def _number(self, ticket: int) -> int | None:
        """The program that a ticket is about: the one it proposed, or the one it promoted."""
        found = self._reader.draft(ticket)
        if found:
            return found[0]
        asked = self._reader.asked(ticket)
        promoted: int | None = asked.get("promote") if asked else None
        return promoted
