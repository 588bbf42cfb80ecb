"""The ensemble: several models behind one journal and one budget."""

import os
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from adrs.errors import UserError, did_you_mean
from adrs.llm.bandit import CostAwareBandit
from adrs.llm.client import Client
from adrs.llm.cut_off import CutOff
from adrs.llm.estimate import SHORT_PROMPT, expected_cost, likely_call_usd, most_input_tokens
from adrs.llm.keys import find_key
from adrs.llm.prices import Price, Prices
from adrs.llm.records import Call, Journal, Message, request_digest
from adrs.llm.reply import Reply
from adrs.llm.retry import Patience, Temporary
from adrs.llm.routing import Bandit, Choice, Routing, prompt_text
from adrs.llm.specs import ModelSpec, parse_specs
from adrs.llm.spending import Spending

_OUTPUT_TOKENS = 16_384
_PROBE_TICKET = 0
_PROBE = (Message("user", "Answer with the one word: ready"),)
_CHECK_PATIENCE = Patience(attempts=3, attempt_seconds=60.0, call_seconds=60.0)


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How models are asked."""

    max_output_tokens: int | None = None
    """Limit sent with each request, hidden reasoning included. None: 16,384, or none at all for a server on loopback
    that no budget counts."""
    temperature: float | None = None
    """None: the server's own."""
    patience: Patience = field(default_factory=Patience)


class Models:
    """Models by label, which is the text they were configured as.

    Nothing is imported, no key is read and no connection is made before `check`, or before a request that the journal
    does not have: a run can be replayed without any.
    """

    def __init__(
        self,
        specs: Sequence[str],
        journal: Journal,
        spending: Spending,
        *,
        prices: Prices | None = None,
        settings: CallSettings | None = None,
        environment: Mapping[str, str] | None = None,
        warn: Callable[[str], None] = lambda text: None,
    ) -> None:
        """Take `NAME` or `NAME@URL` texts; raises UserError, also where a dollar budget meets an unknown price.

        environment: where keys are; None: the process's own. warn: hears what may be mended while the run goes on.
        """
        self._environment = os.environ if environment is None else environment
        self._specs = {spec.label: spec for spec in parse_specs(specs, self._environment)}
        self._journal = journal
        self._spending = spending
        self._settings = settings or CallSettings()
        self._cut_off = CutOff(warn)
        prices = prices or Prices()
        prices.check(self._specs.values())
        find = prices.find if spending.max_usd is None else prices.need
        self._prices = {label: find(spec) for label, spec in self._specs.items()}
        # dollars compare nothing where those of one model are unknown
        self._priced = all(price is not None for price in self._prices.values())
        likely = {label: likely_call_usd(price) for label, price in self._prices.items()}
        self._bandit = CostAwareBandit(likely if self._priced else dict.fromkeys(likely, 0.0))
        self._clients: dict[str, Client] = {}
        self.routing: Routing | None = None
        """Who chooses in the bandit's place, where somebody does."""

    @property
    def priced(self) -> list[tuple[ModelSpec, Price | None]]:
        """The models with what they cost, in the order given."""
        return [(spec, self._prices[label]) for label, spec in self._specs.items()]

    @property
    def labels(self) -> tuple[str, ...]:
        """The models, in the order given."""
        return tuple(self._specs)

    async def check(self) -> None:
        """Prove that each model can be asked, before a run counts on it.

        Raises UserError where a server is out of reach, a key is missing or refused, a model is unknown, or the budget
        does not cover one call. Costs nothing, but for a server without a list of models, which is asked for one word.
        """
        for label, spec in self._specs.items():
            self._check_budget(label)
            client = self._client(spec)
            broken = ""
            try:
                if not await client.listed(_CHECK_PATIENCE):
                    probe = await self._buy(_PROBE_TICKET, spec, _PROBE, _CHECK_PATIENCE)
                    broken = "" if probe.input_tokens else probe.error
            except Temporary as temporary:
                broken = temporary.reason
            if broken:
                raise UserError(f"model {label} cannot be reached at {spec.url}: {broken}")

    def choose(self, seed: int, evenly: bool = False) -> str:
        """A model to ask next: a function of the seed, and of the tells so far unless it is to be drawn evenly."""
        return random.Random(seed).choice(sorted(self._specs)) if evenly else self._bandit.choose(seed)

    async def pick(self, draw: int, seed: int, prompt: Callable[[], Sequence[Message]], evenly: bool = False) -> Choice:
        """The model to ask next: the router's choice where there is one, else that of `choose` for `draw`.

        What it depends on is as it is now, however long the router takes. seed: of the ticket, for the router. prompt:
        makes the messages that a model is about to be asked.
        """
        model = self.choose(draw, evenly)
        if self.routing is None or self.routing.retired or evenly:
            return Choice(model)
        messages = prompt()
        affordable = [label for label in self._specs if self._affordable(label, messages)]
        bandit = Bandit(model, self._bandit.worths(draw))
        return await self.routing.choose(prompt_text(messages), seed, bandit, affordable)

    def recall(self, record: Mapping[str, Any] | None) -> None:
        """Take note of a choice that the log has; `record` as Choice has it."""
        if self.routing is not None:
            self.routing.recall(record)

    def tell(self, model: str, gain: float, usd: float) -> None:
        """Credit a model with what came of a call; one that is not configured (any more) is passed over."""
        if model in self._specs:
            self._bandit.tell(model, gain, usd if self._priced else 0.0)

    async def ask(self, ticket: int, model: str, messages: Sequence[Message]) -> Call:
        """The answer of a model, on disk before it is returned.

        A request that the journal has for this ticket is answered from there and paid for no second time. A call
        without an answer (refused, empty, broken after all retries, or of a request that was too long or that a filter
        kept back) has an `error`. Raises UserError for what stops a run (400, 401, 403, 404, no quota, ten requests in
        a row that were too long, ten answers in a row that were cut off before any text), BudgetExhausted where the
        budget does not cover what the call may cost.
        """
        spec = self._spec(model)
        recorded = self._journal.find(ticket, request_digest(spec.name, messages))
        return recorded if recorded is not None else await self._buy(ticket, spec, messages)

    async def _buy(
        self, ticket: int, spec: ModelSpec, messages: Sequence[Message], patience: Patience | None = None
    ) -> Call:
        """Ask, count, record."""
        price = self._prices[spec.label]
        limit = self._output_limit(spec.label)
        most_usd, most_tokens = self._most(spec.label, messages)
        async with self._spending.committed(most_usd, most_tokens):
            started = time.monotonic()
            try:
                reply = await self._client(spec).complete(messages, limit, patience)
            except Temporary as broken:
                reply = Reply("", broken.reason, 0, 0, 0)
            usd = price.cost(reply.input_tokens, reply.output_tokens, reply.cached_tokens) if price else 0.0
            self._spending.spend(usd, reply.input_tokens, reply.output_tokens)
            call = Call(
                ticket=ticket, model=spec.label, request_digest=request_digest(spec.name, messages), answer=reply.text,
                input_tokens=reply.input_tokens, output_tokens=reply.output_tokens, usd=usd,
                seconds=time.monotonic() - started, error=reply.error, messages=tuple(messages),
            )  # fmt: skip
            self._journal.record(call)
        self._cut_off.count(spec.label, reply, limit)
        return call

    def expected_cost(self, programs: int | None, prompt_characters: int) -> str:
        """What a run of so many programs may cost, for people; empty where nothing has a price."""
        return expected_cost(list(self._prices.items()), programs, self._spending.max_usd, prompt_characters)

    async def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            await client.close()
        self._clients.clear()

    async def __aenter__(self) -> "Models":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def _spec(self, model: str) -> ModelSpec:
        if model not in self._specs:
            raise UserError(f'model "{model}" is not configured{did_you_mean(model, self._specs)}')
        return self._specs[model]

    def _output_limit(self, model: str) -> int | None:
        if self._settings.max_output_tokens is not None:
            return self._settings.max_output_tokens
        price, spending = self._prices[model], self._spending
        costs = price is not None and not price.free
        counted = spending.max_tokens is not None or (spending.max_usd is not None and costs)
        return _OUTPUT_TOKENS if counted or not self._specs[model].loopback else None

    def _most(self, model: str, messages: Sequence[Message]) -> tuple[float, int]:
        """The most dollars and tokens that a call may take."""
        price, limit = self._prices[model], self._output_limit(model)
        most_input, most_output = most_input_tokens(messages), _OUTPUT_TOKENS if limit is None else limit
        return price.cost(most_input, most_output) if price else 0.0, most_input + most_output

    def _affordable(self, model: str, messages: Sequence[Message]) -> bool:
        """Whether the dollars that are left cover a call."""
        most_usd, _ = self._most(model, messages)
        cap = self._spending.max_usd
        return cap is None or most_usd == 0.0 or self._spending.usd + most_usd <= cap

    def _check_budget(self, model: str) -> None:
        """Raise UserError where the budget does not even cover a call with a short prompt."""
        price, spending = self._prices[model], self._spending
        most_output = self._output_limit(model) or 0
        most_usd, most_tokens = price.cost(SHORT_PROMPT, most_output) if price else 0.0, SHORT_PROMPT + most_output
        asked = f"a prompt has {SHORT_PROMPT} tokens or more and an answer may have {most_output}"
        lower = f"{asked}; lower --max-output-tokens or raise the budget"
        if spending.max_usd is not None and most_usd > spending.max_usd:
            raise UserError(f"${spending.max_usd:g} do not cover one call to {model}, up to ${most_usd:.3g}: {lower}")
        if spending.max_tokens is not None and most_tokens > spending.max_tokens:
            raise UserError(f"{spending.max_tokens} tokens do not cover one call to {model}: {lower}")

    def _client(self, spec: ModelSpec) -> Client:
        if spec.label not in self._clients:
            key = find_key(spec, self._environment)
            self._clients[spec.label] = Client(spec, key, self._settings.patience, self._settings.temperature)
        return self._clients[spec.label]
