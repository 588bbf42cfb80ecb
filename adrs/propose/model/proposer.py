"""The model proposer: asks a language model for programs, and reads what it answers."""

import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adrs.errors import UserError
from adrs.llm.records import Message
from adrs.program import Brief, Draft, Program
from adrs.propose import Context
from adrs.propose.model import plan
from adrs.propose.model.answer import Answer, Malformed, read
from adrs.propose.model.exchange import Exchange, NoAnswer
from adrs.propose.model.memory import Memory
from adrs.propose.model.plan import Plan
from adrs.propose.model.prompts import Facts, Prompts
from adrs.propose.model.templates import Templates
from adrs.propose.model.text import clean, one_line, visible, without_thoughts
from adrs.propose.rates import Rates, further_cost

NAME = "model"

SUMMARY_EVERY = 50
"""Programs told between two summaries."""
_MOST_SUMMARY = 3_000
_MOST_FAILURE = 600
_LEAST_ANSWER_LIMIT = 200_000


class Model:
    """Asks for edits or programs, with one turn to correct an answer, and then for the whole program instead of edits.

    Its state is a fold over `propose` or `recall` and `tell`. All of a request but the answers is fixed before the
    first of them is awaited, so that what others are told meanwhile changes nothing. Every so often a request is
    preceded by one for a summary of the run so far, under the same ticket; it reaches later requests when the program
    of that ticket is told.
    """

    def __init__(self, context: Context) -> None:
        """Raises UserError where there is no model, or a template is wrong."""
        if context.models is None:
            raise UserError('the proposer "model" needs a language model; give one with --model NAME')
        problem = context.problem
        self._problem = problem
        self._models = context.models
        self._prompts = Prompts(context.stated, Templates(problem, context.prompts), context.prompt_characters)
        self._memory = Memory(problem.objective)
        self._rates = Rates(plan.WEIGHTS)
        self._since_summary = 0
        self._screen = context.screen
        self._limit = max(4 * 1024 * problem.limits.source_kb, _LEAST_ANSWER_LIMIT)
        self._try_templates()

    async def propose(self, brief: Brief) -> Draft:
        """Ask a model. Raises UserError and BudgetExhausted as adrs.llm.models.Models.ask does."""
        rng = random.Random(brief.seed)
        draw = rng.getrandbits(63)
        objective = self._problem.objective
        memory, rates = (Memory(objective), Rates(plan.WEIGHTS)) if brief.independent else (self._memory, self._rates)
        planned = plan.make(brief, memory, rates, objective, rng)
        asks_summary = self._since_summary >= SUMMARY_EVERY and not brief.independent
        summary_request = self._summary_request(brief) if asks_summary else None
        self._commit(planned.facts.kind, planned.repairs, asks_summary)
        choice = await self._models.pick(
            draw, brief.seed, lambda: self._prompts.request(planned.facts, planned.wanted), evenly=brief.independent
        )
        exchange = Exchange(self._models, brief.ticket, choice.model)
        detail: dict[str, Any] = {"baseline": planned.facts.base.fitness}
        if choice.record is not None:
            detail["router"] = dict(choice.record)
        if planned.repairs is not None:
            detail["repairs"] = planned.repairs
        if summary_request is not None:
            detail["summary"] = await _summary(exchange, summary_request)
        return await self._draft(planned, exchange, detail)

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Keep account of a recorded draft."""
        if draft.proposer == NAME:
            self._commit(draft.operator, draft.detail.get("repairs"), "summary" in draft.detail)
            self._models.recall(draft.detail.get("router"))

    def tell(self, program: Program) -> None:
        """Learn from a program, and credit the kind of request and the model that it came from."""
        own = program.proposer == NAME
        first = not self._memory.knows(program.id)
        reward = self._memory.tell(program, own)
        self._since_summary += first
        if own and program.operator in plan.WEIGHTS:
            usd = program.detail.get("usd", 0.0) if first else 0.0
            self._rates.tell(program.operator, reward, further_cost(program) if first else 0.0)
            self._models.tell(program.model, reward, usd)

    def _commit(self, kind: str, repairs: int | None, asks_summary: bool) -> None:
        if kind in plan.WEIGHTS:
            self._rates.pull(kind)
        if repairs is not None:
            self._memory.forget(repairs)
        if asks_summary:
            self._since_summary = 0

    def _summary_request(self, brief: Brief) -> list[Message]:
        return self._prompts.summary(self._memory.history(SUMMARY_EVERY), brief.failures, self._memory.summary)

    async def _draft(self, planned: Plan, exchange: Exchange, detail: dict[str, Any]) -> Draft:
        """Ask until there is a program or nothing is left to try."""
        source = rationale = failure = ""
        try:
            answer = await self._answer(planned, exchange, detail.get("summary") or planned.facts.summary)
            source, rationale, detail["form"] = answer.source, answer.rationale, answer.form
        except Malformed as malformed:
            source, failure = malformed.source, one_line(f"answer refused: {malformed}", _MOST_FAILURE)
        except NoAnswer as nothing:
            failure = one_line(str(nothing), _MOST_FAILURE)
        usage = exchange.usage
        detail |= {"usd": usage.usd, "calls": usage.calls}
        detail |= {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
        return Draft(
            source=source, proposer=NAME, operator=planned.facts.kind, parents=planned.parents, rationale=rationale,
            model=exchange.model, usage=usage, detail=detail, failure=failure,
        )  # fmt: skip

    async def _answer(self, planned: Plan, exchange: Exchange, summary: str) -> Answer:
        """A program: at first try, corrected, or written anew instead of edited. Raises Malformed and NoAnswer."""
        facts = replace(planned.facts, summary=summary)
        base = facts.base.source
        messages = self._prompts.request(facts, planned.wanted)
        text = await exchange.ask(messages)
        try:
            return self._read(text, base)
        except Malformed as malformed:
            again = self._prompts.correction(messages, text, str(malformed), planned.wanted, malformed.cut_off)
        text = await exchange.ask(again)
        try:
            return self._read(text, base)
        except Malformed as malformed:
            if planned.wanted == "program" or malformed.cut_off:  # a whole program is longer than edits
                raise
        return self._read(await exchange.ask(self._prompts.request(facts, "program", fallback=True)), base)

    def _read(self, text: str, base: str) -> Answer:
        return read(text, base, self._screen.check, self._limit, self._problem.language)

    def _try_templates(self) -> None:
        """Render each kind of request once, so that a wrong template is found before anything is paid for."""
        seed = Program(1, self._problem.seed.read_text(), "")
        for kind in plan.WEIGHTS:
            facts = Facts(kind, seed, seed, (seed,), (), (), 0, 0, "")
            self._prompts.request(facts, "edits")
            self._prompts.request(facts, "program", fallback=True)
        self._prompts.correction([], "", "reason", "edits")
        self._prompts.summary(["program 1: seed"], (), "")


async def _summary(exchange: Exchange, messages: Sequence[Message]) -> str:
    """What a model makes of the run so far; empty where it says nothing."""
    try:
        return visible(without_thoughts(clean(await exchange.ask(messages)))).strip()[:_MOST_SUMMARY]
    except NoAnswer:
        return ""
