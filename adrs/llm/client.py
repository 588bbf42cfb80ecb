"""One model at one address, through the `openai` SDK, whose own retries are off."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from adrs.errors import Refused, UserError, did_you_mean
from adrs.llm.keys import Key, host_variable, scrub
from adrs.llm.prices import other_address
from adrs.llm.records import Message
from adrs.llm.reply import Failed, Malformed, Reply, explanation, names, read_reply
from adrs.llm.retry import RETRIED_STATUSES, Patience, Retrier, Temporary, asked_wait
from adrs.llm.specs import ModelSpec
from adrs.text import encodable

if TYPE_CHECKING:
    import httpx2
    from openai import AsyncOpenAI

_LONGEST_QUOTE = 300
_OUT_OF_MONEY = ("insufficient_quota", "billing_hard_limit_reached")
_TOO_LONG_STATUS = 413
_STATUSES_OF_ONE_REQUEST = (400, 403, 422)
"""Which may be about what one request says, or about any request."""
# OpenAI and most others "context length", Anthropic "prompt is too long", Gemini "input token count (...) exceeds",
# xAI "maximum prompt length", Moonshot "request exceeded model token limit", Z.ai "Prompt exceeds max length",
# TGI "`inputs` must have less than ... tokens"
_TOO_LONG = re.compile(
    r"context[ _-]?(length|size|window|limit)|maximum (prompt|input|model) length|reduce the length|too many tokens"
    r"|\b(prompt|input|request|message|string)s?\b[^.]{0,40}\b(too[ _](long|large)|exceed)|inputs`[^.]{0,40}tokens",
    re.IGNORECASE,
)
# Azure and Moonshot "content_filter", LiteLLM ContentPolicyViolation, OpenAI "your prompt was flagged", DeepSeek
# "Content Exists Risk", xAI "Content violates usage guidelines", Qwen "inappropriate content"
_UNWANTED = re.compile(
    r"content[ _-]?(filter|policy|exists risk)|invalid_prompt|data_inspection_failed"
    r"|(unsafe|sensitive|inappropriate) content"
    r"|\b(prompt|input|content|request)s?\b[^.]{0,60}\b(flagged|high risk|violat\w+[^.]{0,40}(polic|guideline))",
    re.IGNORECASE,
)
_MOST_TOO_LONG = 10  # in a row
_LIMIT, _COMPLETION_LIMIT = "max_tokens", "max_completion_tokens"
_HOSTS_WITH_COMPLETION_LIMIT = ("api.openai.com", ".openai.azure.com")
_SENT_HEADERS = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host", "user-agent"}
)


class Declined(Exception):  # noqa: N818 - says what became of the request
    """A server wants no such request. Others may be answered, so that this one alone is given up."""


class TooLong(Declined):
    """A request has more tokens than the server takes."""


class Client:
    """Asks one model. Its key goes into the header of its requests and nowhere else."""

    def __init__(self, spec: ModelSpec, key: Key, patience: Patience, temperature: float | None) -> None:
        """Open no connection yet; raises UserError where the SDK is not installed."""
        self.spec = spec
        self._key = key
        self._patience = patience
        self._temperature = temperature
        self._retrier = Retrier()
        self._sdk = _open(spec, key, patience)
        self._known: list[str] = []
        self._too_long = 0
        self._limit = _COMPLETION_LIMIT if spec.host.endswith(_HOSTS_WITH_COMPLETION_LIMIT) else _LIMIT

    async def close(self) -> None:
        """Close the connections."""
        await self._sdk.close()

    async def complete(
        self, messages: Sequence[Message], most_output_tokens: int | None, patience: Patience | None = None
    ) -> Reply:
        """Ask until there is an answer. Raises Refused for what no retry mends, Temporary where retries did not.

        patience: None = that of all calls.
        """
        turns = [{"role": message.role, "content": encodable(message.content)} for message in messages]
        body: dict[str, Any] = {"model": self.spec.name, "messages": turns}
        if self._temperature is not None:
            body["temperature"] = self._temperature

        async def attempt() -> Reply:
            limit = self._limit
            limited = {} if most_output_tokens is None else {limit: most_output_tokens}
            try:
                reply = await self._answer(body | limited, messages)
            except Declined as declined:
                return self._given_up(declined)
            except Refused as refused:
                if limit == _COMPLETION_LIMIT or _COMPLETION_LIMIT not in str(refused):
                    raise
                self._limit = _COMPLETION_LIMIT  # what is behind the gateway knows it by that name alone
                raise Temporary(str(refused)) from None
            self._too_long = 0
            return replace(reply, text=encodable(scrub(reply.text, self._key)), error=self._quote(reply.error))

        return await self._retrier.persist(attempt, patience or self._patience)

    async def listed(self, patience: Patience) -> bool:
        """Whether the server says that it has the model. Raises Temporary where the server is out of reach.

        False is no proof: some servers keep no list, or one that this key may not see, or take names beyond it.
        """

        async def attempt() -> bool:
            name = self.spec.name
            for path in (f"/models/{quote(name, safe='')}", "/models"):
                try:
                    self._known = names(await self._request(path))
                except (Refused, Declined):
                    continue
                if any(each in (name, f"{name}:latest") or each.endswith(f"/{name}") for each in self._known):
                    return True
            return False

        return await self._retrier.persist(attempt, patience)

    def _given_up(self, declined: Declined) -> Reply:
        """No answer to this request; raises Refused where it goes on like that and so is no matter of one request."""
        self._too_long += isinstance(declined, TooLong)
        if self._too_long < _MOST_TOO_LONG:
            return Reply("", str(declined), 0, 0, 0)
        raise Refused(
            f"{self.spec.url}: {declined}; so were {self._too_long} requests in a row: lower --prompt-characters or "
            "--max-output-tokens, or have the server take longer contexts"
        )

    async def _answer(self, body: object, messages: Sequence[Message]) -> Reply:
        """What comes of one attempt. Raises Refused, Temporary or Declined."""
        problem: Refused | Temporary | Declined
        received = await self._request("/chat/completions", body)
        try:
            return read_reply(received, messages)
        except Malformed as malformed:
            problem = Temporary(str(malformed))
        except Failed as failed:
            problem = self._explain(failed.status, failed.said)
        raise problem

    async def _request(self, path: str, body: object | None = None) -> str:
        """Body of the response to a POST, or to a GET where there is nothing to send.

        Raises Refused, Temporary or Declined.
        """
        import openai

        problem: Refused | Temporary | Declined
        try:
            if body is None:
                return await self._sdk.get(path, cast_to=str)
            return await self._sdk.post(path, cast_to=str, body=body)
        except openai.APIStatusError as error:
            problem = self._explain(error.status_code, error.body, asked_wait(error.response.headers))
        except openai.APITimeoutError:
            problem = Temporary("no answer within the time limit")
        except Exception as error:  # whatever else a server or a connection can do; it ends in the record of the call
            problem = Temporary(self._quote(f"{_name(error)}: {error.__cause__ or error}"))
        raise problem  # outside the handlers, so that no traceback leads back to a request with its headers

    def _explain(self, status: int, said: object, wait: float | None = None) -> Refused | Temporary | Declined:
        """What a status from 300 means. wait: seconds that the server asks for."""
        spec, text = self.spec, self._quote(explanation(said))
        code, kind = (said.get("code"), said.get("type")) if isinstance(said, Mapping) else (None, None)
        if code in _OUT_OF_MONEY:
            return Refused(f"{spec.url}: the account has no quota left ({status}): {text}")
        if status in RETRIED_STATUSES or status >= 500:
            return Temporary(f"status {status}: {text}", wait)
        about = f"{code} {kind} {text}" if status in _STATUSES_OF_ONE_REQUEST else ""
        if status == _TOO_LONG_STATUS or _TOO_LONG.search(about):
            return TooLong(f"the request is too long for the server ({status}): {text}")
        if _UNWANTED.search(about):
            return Declined(f"the server declined what the request says ({status}): {text}")
        if status == 401:
            if self._key.placeholder:
                return Refused(f"{spec.url} wants a key (401): set the environment variable {host_variable(spec.host)}")
            return Refused(f"{spec.url} refused the key in {self._key.variable} (401): set it to a valid one")
        if status == 403:
            return Refused(f"{spec.url} does not let this key use model {spec.name} (403): {text}")
        if status == 404:
            hint = other_address(spec) or self._quote(did_you_mean(spec.name, self._known))
            if not urlsplit(spec.url).path:
                hint = f"; perhaps the address should be {spec.url}/v1"
            return Refused(f"{spec.url} has no model {spec.name} (404): {text}{hint}")
        return Refused(f"{spec.url} refused the request to model {spec.name} ({status}): {text}")

    def _quote(self, text: str) -> str:
        """One line of what a server said, without keys."""
        line = " ".join(encodable(scrub(text, self._key)).split())
        return line if len(line) <= _LONGEST_QUOTE else line[:_LONGEST_QUOTE] + "…"


def _name(error: Exception) -> str:
    return "connection broken" if type(error).__name__ == "APIConnectionError" else type(error).__name__


def _open(spec: ModelSpec, key: Key, patience: Patience) -> "AsyncOpenAI":
    """The SDK's client. To hosts other than the default one go no headers but those of any request, and the host's key.

    The SDK would add the organisation, the project and the custom headers that the environment has for OpenAI.
    """
    try:
        import openai
    except ImportError:
        raise UserError("language models need the package openai: pip install 'adrs[models]'") from None

    async def reduce(request: "httpx2.Request") -> None:
        for name in list(request.headers):
            if name.lower() not in _SENT_HEADERS:
                del request.headers[name]
        request.headers["Authorization"] = f"Bearer {key.value}"

    # a proxy of the environment cannot reach the loopback of this machine
    hooks = {} if spec.default else {"request": [reduce]}
    transport = openai.DefaultAsyncHttpxClient(trust_env=not spec.loopback, event_hooks=hooks)
    return openai.AsyncOpenAI(
        api_key=key.value, base_url=spec.url, max_retries=0, timeout=patience.attempt_seconds, http_client=transport
    )
