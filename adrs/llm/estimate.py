"""Tokens and dollars before they are spent: a bound for budgets, a guess for people."""

import math
from collections.abc import Sequence

from adrs.llm.prices import Price, shipped, shipped_date
from adrs.llm.records import Message

_TOKENS_AROUND_MESSAGE = 16
_BYTES_PER_TOKEN = 3.0
SHORT_PROMPT = 1_500
"""Tokens of a prompt than which few are shorter."""
_LIKELY_PROMPT = 6_750
_OUTPUT_TOKENS = (400, 6_000)
_CALLS_PER_PROGRAM = (1, 3)
"""At the most one for edits, one to correct them, and one for the whole program instead."""


def most_input_tokens(messages: Sequence[Message]) -> int:
    """No fewer tokens than a request can have.

    A token of a byte-level vocabulary stands for at least one byte (Sennrich et al. 2016; Radford et al. 2019), and
    templates put a few tokens around each message.
    """
    size = sum(len(message.content.encode(errors="replace")) for message in messages)
    return size + _TOKENS_AROUND_MESSAGE * (len(messages) + 1)


def likely_tokens(text: str) -> int:
    """About as many tokens as a text of code and English has: one for three bytes."""
    return math.ceil(len(text.encode(errors="replace")) / _BYTES_PER_TOKEN)


def likely_call_usd(price: Price | None) -> float:
    """Dollars of a call of middling length; 0 without a price."""
    if price is None:
        return 0.0
    return price.cost(_LIKELY_PROMPT, sum(_OUTPUT_TOKENS) // 2)


def expected_cost(
    models: Sequence[tuple[str, Price | None]], programs: int | None, max_usd: float | None, prompt_characters: int
) -> str:
    """What a run may cost, for people, before it starts; empty where nothing has a price.

    From all calls going to the cheapest model with short prompts and answers, to all going to the dearest with prompts
    as long as they may be, long answers, and as many calls as it takes. programs: how many are to be proposed; None:
    there is no such limit.
    """
    priced = [(label, price) for label, price in models if price is not None and not price.free]
    if not priced:
        return ""
    input_tokens = (SHORT_PROMPT, max(SHORT_PROMPT, math.ceil(prompt_characters / _BYTES_PER_TOKEN)))
    lows, highs = (
        [calls * price.cost(read, written) for _, price in priced]
        for calls, read, written in zip(_CALLS_PER_PROGRAM, input_tokens, _OUTPUT_TOKENS, strict=True)
    )
    low = 0.0 if len(priced) < len(models) else min(lows)
    count, of = (programs, f"{programs} programs") if programs is not None else (1, "each program")
    cost = f"{_dollars(low * count)} to {_dollars(max(highs) * count)}"
    read, written = (f"{least:,} to {most:,}" for least, most in (input_tokens, _OUTPUT_TOKENS))
    calls = " to ".join(map(str, _CALLS_PER_PROGRAM))
    assumed = f"{read} tokens in and {written} out a call, {calls} calls a program"
    cap = "there is no dollar budget" if max_usd is None else f"the run ends at {_dollars(max_usd)}"
    names = "; ".join(f"{label}: {price}" for label, price in priced)
    from_table = any(price in table.values() for _, price in priced for table in shipped().values())
    dated = f" (shipped prices are of {shipped_date()})" if from_table else ""
    return f"expected cost of {of}: {cost} ({assumed}); {cap}. {names}{dated}"


def _dollars(value: float) -> str:
    if value == 0 or value >= 1:
        return f"${value:,.2f}"
    return f"${value:.2g}" if value >= 0.0001 else f"${value:.1e}"
