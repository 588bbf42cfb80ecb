"""Several proposers at work on one run, each as often as it is worth what it costs."""

import math
import random
from collections.abc import Mapping
from dataclasses import replace

from adrs import plugins
from adrs.errors import UserError, did_you_mean
from adrs.program import Brief, Draft, Program
from adrs.propose import Context, Proposer
from adrs.propose.gains import Gains
from adrs.propose.guarded import Guarded
from adrs.propose.rates import Rates, further_cost


class Portfolio:
    """Draws a member for each brief by gain per cost, in evaluations and dollars; measured seconds do not count.

    All members learn from all programs: so the embedded proposer tunes the constants of what a model wrote, and a model
    is shown what tuning reached.
    """

    def __init__(
        self, members: Mapping[str, Proposer], weights: Mapping[str, float], most_waiting: int | None = None
    ) -> None:
        """Take proposers by the name that they sign their drafts with, and a weight above 0 for each.

        most_waiting: drafts of one of them that are waited for at a time; None = as many as there are briefs.
        """
        self._members = dict(members)
        self._weights = {name: weights[name] for name in self._members}
        self._rates = Rates(self._weights)
        self._gains = Gains()
        self._most_waiting = most_waiting
        self._waiting = dict.fromkeys(self._members, 0)

    async def propose(self, brief: Brief) -> Draft:
        """A draft by the member that is drawn."""
        rng = random.Random(f"portfolio {brief.seed}")
        rates = Rates(self._weights) if brief.independent else self._rates
        name = rates.choose(rng, self._free())
        self._rates.pull(name)
        self._waiting[name] += 1
        try:
            draft = await self._members[name].propose(brief)
        finally:
            self._waiting[name] -= 1
        if draft.usage.usd and "usd" not in draft.detail:
            return replace(draft, detail={**draft.detail, "usd": draft.usage.usd})
        return draft

    def _free(self) -> list[str] | None:
        """Members that may be asked now; None for all of them, also where none is free."""
        if self._most_waiting is None:
            return None
        return [name for name, waiting in self._waiting.items() if waiting < self._most_waiting] or None

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Hand a recorded draft to the member that made it."""
        if draft.proposer in self._members:
            self._rates.pull(draft.proposer)
            self._members[draft.proposer].recall(brief, draft)

    def tell(self, program: Program) -> None:
        """Credit the member that made a program, and tell all of them."""
        first = not self._gains.knows(program.id)
        reward = self._gains.tell(program)
        if program.proposer in self._members:
            self._rates.tell(program.proposer, reward, further_cost(program) if first else 0.0)
        for member in self._members.values():
            member.tell(program)


def parse(text: str) -> dict[str, float]:
    """Weights by proposer out of `embedded,model` or `embedded:1,model:3`; raises UserError for anything else."""
    weights: dict[str, float] = {}
    for entry in text.split(","):
        name, colon, weight = (part.strip() for part in entry.partition(":"))
        if not name:
            raise UserError(f'proposers "{text}" has an empty name; write for example embedded:1,model:3')
        if name not in plugins.names("proposer"):
            raise UserError(f'there is no proposer "{name}"{did_you_mean(name, plugins.names("proposer"))}')
        if name in weights:
            raise UserError(f'proposers "{text}" names {name} twice')
        weights[name] = _weight(name, weight) if colon else 1.0
    return weights


def make(text: str, context: Context) -> Proposer:
    """The proposer of a run: one, or a portfolio. Raises UserError.

    What a proposer does wrong, then and later, raises PluginError, as `adrs.propose.guarded` says.

    Without a text, those that can do something here: the embedded one, which knows Python alone, and where there are
    models, the model proposer.
    """
    weights = parse(text or _usual(context))
    members: dict[str, Proposer] = {name: _member(name, context) for name in weights}
    return Portfolio(members, weights, context.most_waiting) if len(members) > 1 else next(iter(members.values()))


def _member(name: str, context: Context) -> Proposer:
    proposer = plugins.load("proposer", name)
    return Guarded(name, lambda: proposer(context), getattr(proposer, "__module__", ""))


def _usual(context: Context) -> str:
    usable = {"embedded": context.problem.language == "python", "model": context.models is not None}
    names = [name for name, works in usable.items() if works]
    if not names:
        raise UserError(
            f"the programs of {context.problem.name} are written in {context.problem.language}, which only language "
            "models can change here; name one with --model"
        )
    return ",".join(names)


def _weight(name: str, text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise UserError(f'proposer {name} needs a weight above 0, not "{text}"; write for example {name}:2')
    return weight
