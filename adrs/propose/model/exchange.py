"""One ticket's talk with one model, and what it has cost so far."""

from collections.abc import Sequence

from adrs.llm.models import Models
from adrs.llm.records import Message
from adrs.program import Usage


class NoAnswer(Exception):  # noqa: N818 - reads as what came back
    """The model gave none, after all that the client tried; the message says why."""


class Exchange:
    """Asks one model and adds up."""

    def __init__(self, models: Models, ticket: int, model: str) -> None:
        self._models = models
        self._ticket = ticket
        self.model = model
        self.usage = Usage()

    async def ask(self, messages: Sequence[Message]) -> str:
        """The answer's text, which may be anything. Raises NoAnswer, and what adrs.llm.models.Models.ask raises."""
        call = await self._models.ask(self._ticket, self.model, messages)
        self.usage = Usage(
            usd=self.usage.usd + call.usd,
            input_tokens=self.usage.input_tokens + call.input_tokens,
            output_tokens=self.usage.output_tokens + call.output_tokens,
            calls=self.usage.calls + 1,
            seconds=self.usage.seconds + call.seconds,
        )
        if call.error:
            raise NoAnswer(f"{self.model} gave no answer: {call.error}")
        return call.answer
