"""Reading what servers send: completions, lists of models and explanations, in the forms that are met with."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adrs.llm.estimate import likely_tokens
from adrs.llm.records import Message

_CUT_OFF = ("length", "model_length", "max_tokens")
"""Reasons to finish, Mistral's and Gemini's among them."""
_EXPLAINED_IN = ("message", "error", "detail")
_MOST_TOKENS = 10**9
"""More than that no call takes; a server that says so does not count."""


class Malformed(Exception):  # noqa: N818 - says what the answer is
    """The body is not a chat completion."""


class Failed(Exception):  # noqa: N818 - says what became of the request
    """The body is an error, though it came with status 200. `status`: what it names instead, or 500."""

    def __init__(self, said: object) -> None:
        super().__init__(said)
        self.said = said
        code = re.fullmatch(r"[45]\d\d", str(said.get("code"))) if isinstance(said, Mapping) else None
        self.status = int(code[0]) if code else 500


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, and what it took."""

    text: str
    error: str
    """Why there is no text."""
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    """Of the input tokens, those that the provider had in its cache."""
    cut_off: bool = False
    """Whether it ended at a limit of tokens."""


def read_reply(body: str, messages: Sequence[Message]) -> Reply:
    """Read a completion; raises Malformed and Failed.

    A refusal or an empty answer was paid for and is no reason to ask again.
    """
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        raise Malformed("the answer is not valid JSON") from None
    _check_error(data)
    try:
        choice = data["choices"][0]
        _check_error(choice)
        content, refusal = choice["message"].get("content"), choice["message"].get("refusal")
        reason = choice.get("finish_reason")
    except (TypeError, KeyError, IndexError, AttributeError):
        raise Malformed("the answer has not the form of a chat completion") from None
    text, cut_off = _plain_text(content), str(reason).lower() in _CUT_OFF
    error = ""
    if not text.strip():
        error = f"the model returned no text (finish_reason {reason})"
        if cut_off:
            error += "; a higher --max-output-tokens may help"
        elif isinstance(refusal, str) and refusal:
            error = f"the model refused: {refusal}"
    return Reply("" if error else text, error, *_usage(data, messages, text), cut_off)


def names(body: str) -> list[str]:
    """Names in a list of models, or of a single one; empty where the body is neither."""
    try:
        data = json.loads(body)
        return [str(entry["id"]) for entry in data.get("data", [data])]
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError):
        return []


def explanation(body: object) -> str:
    """What a server says is wrong, in whichever of the usual places."""
    while isinstance(body, Mapping) and (inner := next(filter(None, map(body.get, _EXPLAINED_IN)), None)):
        body = inner
    return str(body) if body else "no explanation"


def _check_error(part: Any) -> None:
    """Raise Failed for what says that it is an error, as OpenRouter does for what fails behind it, or midway."""
    if isinstance(part, Mapping) and part.get("error"):
        raise Failed(part["error"])


def _plain_text(content: Any) -> str:
    """Text of a message: a string, nothing, or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(str(part.get("text") or "") for part in content if isinstance(part, Mapping))
    return ""


def _usage(data: Mapping[str, Any], messages: Sequence[Message], text: str) -> tuple[int, int, int]:
    """Input, output and cached tokens; guessed from the texts where the server does not say."""
    usage = data.get("usage")
    read, written, total = (_count(usage, name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    cached = _cached(usage) if isinstance(usage, Mapping) else 0
    if read == 0:
        read = likely_tokens("".join(message.content for message in messages))
    if written == 0:
        written = likely_tokens(text)
    # some servers count hidden reasoning in the total alone
    return read, max(written, total - read), min(cached, read)


def _cached(usage: Mapping[str, Any]) -> int:
    """As OpenAI, Moonshot or DeepSeek spell it."""
    places = ((usage.get("prompt_tokens_details"), "cached_tokens"), (usage, "cached_tokens"))
    return max(_count(table, name) for table, name in (*places, (usage, "prompt_cache_hit_tokens")))


def _count(table: Any, name: str) -> int:
    value = table.get(name) if isinstance(table, Mapping) else None
    whole = int(value) if isinstance(value, float) and value.is_integer() else value  # some write 8137.0
    return whole if isinstance(whole, int) and 0 < whole <= _MOST_TOKENS else 0
