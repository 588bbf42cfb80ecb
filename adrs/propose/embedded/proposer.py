"""The embedded proposer: chooses an operator by what it gained, and keeps account."""

import random
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from hashlib import blake2b
from typing import Any, ClassVar

from adrs import evolve_blocks
from adrs.errors import UserError
from adrs.problem import Problem
from adrs.program import Brief, Draft, Program
from adrs.propose import Context
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.bandit import Bandit
from adrs.propose.embedded.blocks import Block, Refill
from adrs.propose.embedded.idea import Idea, Operator
from adrs.propose.embedded.shown import Shown
from adrs.propose.embedded.template import Template
from adrs.propose.embedded.tune import Tune

_ATTEMPTS = 3
"""Ideas of one operator that may turn out to be known before another has its turn."""
_REMEMBERED = 20_000
_WISHES = {"rewrite": "block", "cross": "crossover"}
"""Operators by what a search strategy may wish for of any proposer."""


class Embedded:
    """Makes programs without a model: building blocks, refilled holes, tuned constants, tree edits, crossover.

    Its state is a fold over `propose` or `recall` and `tell`. A draft is thought up without a change of state, then
    committed, and `recall` commits a recorded one: so both leave the same state.
    """

    name: ClassVar[str] = "embedded"
    """As it signs its drafts, and as it is registered."""

    def __init__(self, context: Context) -> None:
        """Take a problem with its building blocks. Raises UserError for a block that cannot be read."""
        self._problem = problem = context.problem
        self._templates = {template.name: template for template in map(Template, problem.blocks)}
        self._seed = context.seed
        self._fixed = _fixed_parts(problem)
        quantities = [quantity.code for quantity in Shown.by(problem.functions).quantities]
        self._archive = Archive(problem.objective, quantities)
        self._block = Block(self._templates)
        self._operators = self._make_operators(self._block)
        self._bandit = Bandit(self._operators)
        self._known: OrderedDict[bytes, None] = OrderedDict()

    async def propose(self, brief: Brief) -> Draft:
        """A draft by the operator wished for where it can, else by one that the bandit draws."""
        draft = self._think_alone(brief) if brief.independent else self._think(brief)
        self.recall(brief, draft)
        return draft

    def recall(self, brief: Brief, draft: Draft) -> None:
        """Commit a draft; does no more work than keeping account."""
        operator = self._operators.get(draft.operator)
        if draft.proposer != self.name or operator is None:
            return
        self._remember(draft.source)
        if brief.independent:
            return
        if not _is_forced(draft.detail):
            self._bandit.pull(operator.name)
        operator.commit(brief, draft, self._archive)

    def tell(self, program: Program) -> None:
        """Credit the operator, and keep what is good."""
        operator = self._operators.get(program.operator) if program.proposer == self.name else None
        if operator is not None:
            operator.tell(program)
            if program.fitness is not None and not _is_forced(program.detail):
                reward = self._archive.steps.reward(program.fitness, program.detail.get("baseline"))
                self._bandit.reward(operator.name, reward)
        else:
            self._remember(program.source)
        self._archive.tell(program)

    def _think(self, brief: Brief) -> Draft:
        rng = random.Random(self._seed ^ brief.seed)
        order = self._bandit.order(rng)
        if self._block.untried:
            order.insert(0, self._block.name)
        wish = _WISHES.get(brief.operator or "", brief.operator)
        if wish in self._operators:
            order.insert(0, wish)
        operators = [self._operators[name] for name in dict.fromkeys(order)]
        return self._first_new(operators, brief, self._archive, rng)

    def _think_alone(self, brief: Brief) -> Draft:
        """By an operator drawn evenly, which has learned nothing and sees the brief alone."""
        rng = random.Random(self._seed ^ brief.seed)
        operators = list(self._make_operators(Block(self._templates, defaults_first=False)).values())
        rng.shuffle(operators)
        return self._first_new(operators, brief, Archive(self._problem.objective), rng)

    def _first_new(self, operators: Iterable[Operator], brief: Brief, archive: Archive, rng: random.Random) -> Draft:
        """The first idea, operator by operator, that may be proposed and was not proposed before."""
        for operator in operators:
            for _ in range(_ATTEMPTS):
                idea = operator.think(brief, archive, rng)
                if idea is None:
                    break
                known = operator.name != Tune.name and _digest(idea.source) in self._known
                if self._is_allowed(idea.source) and not known:
                    return self._draft(operator.name, idea)
        return Draft(source="", proposer=self.name, operator="", parents=(), failure="no operator had a new idea")

    def _draft(self, operator: str, idea: Idea) -> Draft:
        detail = {**idea.detail, "baseline": idea.baseline}
        return Draft(idea.source, self.name, operator, idea.parents, idea.rationale, detail=detail)

    def _make_operators(self, block: Block) -> dict[str, Operator]:
        """All operators by name, none of which has learned anything yet."""
        problem = self._problem
        made: list[Operator] = [block, Refill(self._templates), Tune(self._templates, problem.objective)]
        made += _tree_operators(problem, self._templates)
        return {operator.name: operator for operator in made}

    def _is_allowed(self, source: str) -> bool:
        """Whether everything outside the seed program's evolve blocks stands as it was."""
        return self._fixed is None or not evolve_blocks.violation(self._fixed, source)

    def _remember(self, source: str) -> None:
        self._known[_digest(source)] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)


def _fixed_parts(problem: Problem) -> list[list[str]] | None:
    """What the seed program has outside its evolve blocks, None where it has none."""
    try:
        return evolve_blocks.fixed_parts(problem.seed.read_text(errors="replace"))
    except evolve_blocks.Unbalanced as unbalanced:
        raise UserError(f"the seed program {problem.seed} has evolve blocks that do not fit: {unbalanced}") from None


def _tree_operators(problem: Problem, templates: dict[str, Template]) -> list[Operator]:
    from adrs.propose.embedded.crossover import Crossover
    from adrs.propose.embedded.mutate import Mutate

    return [Mutate(problem.functions, problem.objective), Crossover(templates, problem.functions)]


def _is_forced(detail: Mapping[str, Any]) -> bool:
    """Whether a draft was nobody's choice, hence says nothing about its operator: the first of a building block."""
    return bool(detail.get("first"))


def _digest(source: str) -> bytes:
    return blake2b(source.encode(errors="surrogatepass"), digest_size=8).digest()
