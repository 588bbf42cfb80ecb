"""What the tests of models share."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

import pytest

from adrs.errors import UserError
from adrs.llm.models import CallSettings, Models
from adrs.llm.prices import Prices
from adrs.llm.records import Call, Journal, MemoryJournal, Message
from adrs.llm.retry import Patience
from adrs.llm.spending import Spending
from adrs.testing.openai_server import Server

QUICK = Patience(attempts=4, first_wait=0.01, longest_wait=0.05, attempt_seconds=20.0, call_seconds=60.0)
KEY = "sk-test-0123456789abcdef"
HELLO = [Message("system", "Be brief."), Message("user", "Say hello.")]


def spec(server: Server, name: str = "stub") -> str:
    return f"{name}@{server.url}"


def with_models(
    server: Server,
    use: Callable[[Models], Coroutine[Any, Any, Any]],
    *,
    journal: Journal | None = None,
    spending: Spending | None = None,
    prices: Prices | None = None,
    patience: Patience = QUICK,
    max_output_tokens: int | None = None,
    environment: Mapping[str, str] | None = None,
    specs: list[str] | None = None,
    warn: Callable[[str], None] = lambda text: None,
) -> Any:
    """Run a coroutine function of an ensemble whose one model is `stub` at the server."""
    settings = CallSettings(max_output_tokens=max_output_tokens, patience=patience)

    async def run() -> Any:
        models = Models(
            specs or [spec(server)], journal or MemoryJournal(), spending or Spending(), prices=prices,
            settings=settings, environment=environment or {}, warn=warn,
        )  # fmt: skip
        async with models:
            return await use(models)

    return asyncio.run(run())


def ask(server: Server, **options: Any) -> Call:
    """The answer to a request."""

    async def use(models: Models) -> Call:
        return await models.ask(1, models.labels[0], HELLO)

    return with_models(server, use, **options)


def refusal_of(server: Server, **options: Any) -> UserError:
    """Why there is none, in one line."""
    with pytest.raises(UserError) as caught:
        ask(server, **options)
    assert "\n" not in str(caught.value)
    return caught.value
