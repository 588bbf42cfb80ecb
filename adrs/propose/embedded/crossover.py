"""The operator `crossover`: holes, a function or constants of one program in another."""

import ast
import random
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from adrs.program import Brief, Draft, Parent, Program
from adrs.propose.embedded import literals
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.blocks import changed, filled, parent_template
from adrs.propose.embedded.functions import Transplant
from adrs.propose.embedded.idea import Idea
from adrs.propose.embedded.template import Template
from adrs.propose.embedded.text import number

_PARTNERS = 6
_GUIDED = 0.5
"""Share of crossovers that try the best program of the parent's worst workload before other partners."""


class Crossover:
    """Mixes parent and partner: holes where both come from one building block, else a function, else constants."""

    name = "crossover"

    def __init__(self, templates: Mapping[str, Template], entries: Iterable[str]) -> None:
        self._templates = templates
        self._entries = tuple(entries)

    def think(self, brief: Brief, archive: Archive, rng: random.Random) -> Idea | None:
        """The first mixture that differs from both, with the inspirations before other good programs.

        One half of the time the best program of the workload where the parent is furthest behind comes before them.
        """
        parent = brief.parent
        partners = [*brief.inspirations]
        rng.shuffle(partners)
        others = [program for program in archive if program.fitness is not None]
        partners += rng.sample(others, min(_PARTNERS, len(others)))
        weakness = archive.weakness(parent)
        if weakness is not None and rng.random() < _GUIDED:
            partners.insert(0, weakness[1])
        for partner in partners:
            if partner.id == parent.id or partner.source == parent.source:
                continue
            idea = (self._mix_holes(parent, partner, rng) or self._transplant(parent, partner, rng)
                    or self._mix_constants(parent, partner, rng))  # fmt: skip
            if idea is None:
                continue
            if weakness is not None and partner.id == weakness[1].id:
                return replace(idea, rationale=f"{idea.rationale} (it is the best on {weakness[0]})")
            return idea
        return None

    def commit(self, brief: Brief, draft: Draft, archive: Archive) -> None:
        """Nothing to remember."""

    def tell(self, program: Program) -> None:
        """Nothing to learn."""

    def _mix_holes(self, parent: Program, partner: Program, rng: random.Random) -> Idea | None:
        pair = list(filled(self._templates, [parent, partner]))
        if len(pair) < 2 or parent.detail["block"] != partner.detail["block"]:
            return None
        template, ours = parent_template(self._templates, parent)
        theirs = parent_template(self._templates, partner)[1]
        differing = [index for index in range(len(ours)) if ours[index] != theirs[index]]
        if len(differing) < 2:
            return None
        mixed = list(ours)
        for index in rng.sample(differing, rng.randint(1, len(differing) - 1)):
            mixed[index] = theirs[index]
        changes = literals.describe(changed(template, ours, mixed))
        text = f"program {parent.id} with holes of program {partner.id}: {changes}"
        return _idea(parent, partner, template.render(mixed), text, {"block": template.name, "holes": mixed})

    def _transplant(self, parent: Program, partner: Program, rng: random.Random) -> Idea | None:
        try:
            transplant = Transplant(parent.source, partner.source, self._entries)
        except (SyntaxError, ValueError, RecursionError):
            return None
        names = transplant.names()
        rng.shuffle(names)
        for name in names:
            source = transplant.source_with(name)
            if source is not None:
                return _idea(parent, partner, source, f"program {parent.id} with {name}() of program {partner.id}", {})
        return None

    def _mix_constants(self, parent: Program, partner: Program, rng: random.Random) -> Idea | None:
        differing = [(literal, theirs) for literal, theirs in literals.shared(parent.source, partner.source)
                     if theirs != literal.value]  # fmt: skip
        if not differing:
            return None
        chosen = rng.sample(differing, rng.randint(1, len(differing)))
        weight = rng.choice((0.5, 1.0, 1.0, 1.5))
        values = [(literal, literal.value + weight * (theirs - literal.value)) for literal, theirs in chosen]
        changes = [(literal.name, number(literal.value, literal.integral), number(value, literal.integral))
                   for literal, value in values]  # fmt: skip
        source = literals.replace(parent.source, values)
        try:
            ast.parse(source)
        except SyntaxError:
            return None
        text = f"program {parent.id} with constants of program {partner.id}: {literals.describe(changes)}"
        return _idea(parent, partner, source, text, {})


def _idea(parent: Program, partner: Program, source: str, rationale: str, detail: Mapping[str, Any]) -> Idea | None:
    if source in (parent.source, partner.source):
        return None
    parents = (Parent(parent.id, "parent"), Parent(partner.id, "crossover"))
    known = [program.fitness for program in (parent, partner) if program.fitness is not None]
    return Idea(source, parents, rationale, max(known, default=None), detail)
