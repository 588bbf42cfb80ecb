"""Answers that end at a limit of tokens: paid for in full and seldom of use, so that it is said early what helps."""

from collections import Counter
from collections.abc import Callable

from adrs.errors import Refused
from adrs.llm.reply import Reply

_SAID_AFTER = 3
_MOST_EMPTY = 10


class CutOff:
    """Counts, by model, the answers in a row that were cut off."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._in_a_row: Counter[str] = Counter()
        self._empty: Counter[str] = Counter()
        self._said: set[str] = set()

    def count(self, model: str, reply: Reply, limit: int | None) -> None:
        """Take note of an answer that is recorded; limit: of tokens, that was sent with the request.

        Warns once where a few in a row were cut off. Raises Refused where so many had not even a first word.
        """
        if not reply.cut_off:
            self._in_a_row[model] = self._empty[model] = 0
            return
        self._in_a_row[model] += 1
        self._empty[model] = self._empty[model] + 1 if reply.error else 0
        own = limit is not None and 2 * reply.output_tokens >= limit  # some servers count less than they write
        helps = (
            f"raise --max-output-tokens, which is {limit}"
            if own
            else "the server has a limit of its own, so raise that"
        )
        said = f"the last after {reply.output_tokens} tokens: {helps}"
        if self._empty[model] >= _MOST_EMPTY:
            count = self._empty[model]
            raise Refused(f"{count} answers in a row of {model} were cut off before any text, {said}")
        if self._in_a_row[model] >= _SAID_AFTER and model not in self._said:
            self._said.add(model)
            self._warn(f"{_SAID_AFTER} answers in a row of {model} were cut off, {said}")
