"""The recorded drafts of a run, given back by ticket."""

from collections.abc import Callable

from adrs.program import Brief, Draft, Program


class Replay:
    """A proposer that thinks of nothing: it answers each ticket with what was recorded for it."""

    def __init__(self, recorded: Callable[[int], Draft | None]) -> None:
        """Take a function from ticket to recorded draft, None where nothing was recorded."""
        self._recorded = recorded

    async def propose(self, brief: Brief) -> Draft:
        """The recorded draft; a failed one where the record has none, so that the run goes on to the next ticket."""
        draft = self._recorded(brief.ticket)
        if draft is not None:
            return draft
        failure = f"nothing was recorded for ticket {brief.ticket}"
        return Draft(source="", proposer="replay", operator="", parents=(), failure=failure)

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Nothing to remember."""

    def tell(self, program: Program) -> None:
        """Nothing to learn."""
