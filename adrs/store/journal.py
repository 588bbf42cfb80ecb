"""The model calls of a run's log, as whoever asks models sees them."""

from adrs.llm.records import Call
from adrs.store.reader import Reader
from adrs.store.writer import Writer


class LogJournal:
    """Finds and records calls in one log."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self._writer = writer
        self._reader = reader

    def find(self, ticket: int, request_digest: str) -> Call | None:
        """The recorded call of a ticket for this request."""
        return self._reader.call(ticket, request_digest)

    def record(self, call: Call) -> None:
        """Keep a call; on disk when this returns. Raises UserError where it cannot be written."""
        self._writer.called(call)
