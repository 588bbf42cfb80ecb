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


class EarlyJournal:
    """Stands for a log that is still to be made; what is recorded before is kept until then."""

    def __init__(self) -> None:
        self._log: LogJournal | None = None
        self._early: list[Call] = []

    def open(self, log: LogJournal) -> None:
        """Go on in a log, with what was recorded so far."""
        self._log = log
        for call in self._early:
            log.record(call)
        self._early.clear()

    def find(self, ticket: int, request_digest: str) -> Call | None:
        """The recorded call of a ticket for this request."""
        return self._log.find(ticket, request_digest) if self._log else None

    def record(self, call: Call) -> None:
        """Keep a call, on disk as soon as there is a log."""
        if self._log is None:
            self._early.append(call)
        else:
            self._log.record(call)
