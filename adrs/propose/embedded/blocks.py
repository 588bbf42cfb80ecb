"""The operators `block` and `refill`: building blocks with their holes filled, and filled anew."""

import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adrs.program import Brief, Draft, Parent, Program
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.bandit import Bandit
from adrs.propose.embedded.idea import Idea, shorten
from adrs.propose.embedded.literals import describe
from adrs.propose.embedded.template import Fill, Template

_REMEMBERED = 64
_SHARPNESS = 3
_SHOWN = 6


class Block:
    """Starts afresh from a building block. The first program of each has its defaults.

    A bandit over blocks is rewarded by the rank of a program among the last ones, sharply in favour of the top: what
    counts of a block is how good its best programs are.
    """

    name = "block"

    def __init__(self, templates: Mapping[str, Template], defaults_first: bool = True) -> None:
        self._templates = templates
        self._untried = list(templates) if defaults_first else []
        self._bandit = Bandit(templates)
        self._recent: list[float] = []

    @property
    def untried(self) -> bool:
        """Whether some block has never been proposed."""
        return bool(self._untried)

    def think(self, brief: Brief, archive: Archive, rng: random.Random) -> Idea | None:
        """A block never tried, as its author would have it; later one drawn by the bandit, with its holes drawn."""
        if not self._templates:
            return None
        name = self._untried[0] if self._untried else self._bandit.order(rng)[0]
        template = self._templates[name]
        first = bool(self._untried)
        fills = template.defaults if first else template.draw(rng)
        values = [f"{hole} = {shorten(text)}" for hole, text in template.describe(fills).items()]
        more = ", ..." if len(values) > _SHOWN else ""
        with_values = f" with {', '.join(values[:_SHOWN])}{more}" if values else ""
        rationale = f"building block {name}{with_values}"
        detail: dict[str, Any] = {"block": name, "holes": fills, **({"first": True} if first else {})}
        return Idea(template.render(fills), (), rationale, archive.steps.best, detail)

    def commit(self, brief: Brief, draft: Draft, archive: Archive) -> None:
        """The block counts as tried."""
        name = draft.detail["block"]
        if name in self._untried:
            self._untried.remove(name)
        if name in self._templates:
            self._bandit.pull(name)

    def tell(self, program: Program) -> None:
        """Reward the block by the program's rank."""
        name, fitness = program.detail["block"], program.fitness
        if fitness is None or name not in self._templates:
            return
        rank = sum(fitness >= other for other in self._recent) / len(self._recent) if self._recent else 1.0
        self._bandit.reward(name, rank**_SHARPNESS)
        self._recent = [*self._recent[-_REMEMBERED:], fitness]


class Refill:
    """Fills one or two holes of a program anew; without holes in the parent, of a good program that has some."""

    name = "refill"

    def __init__(self, templates: Mapping[str, Template]) -> None:
        self._templates = templates

    def think(self, brief: Brief, archive: Archive, rng: random.Random) -> Idea | None:
        """The parent with other fills in one or two holes."""
        parent = next(filled(self._templates, [brief.parent, *archive]), None)
        if parent is None:
            return None
        template, fills = parent_template(self._templates, parent)
        active = [index for index in template.active(fills) if _is_open(template, index)]
        if not active:
            return None
        new = list(fills)
        for index in rng.sample(active, min(len(active), rng.choice((1, 1, 2)))):
            new[index] = template.redraw(rng, template.holes[index], fills[index])
        changes = changed(template, fills, new)
        if not changes:
            return None
        rationale = f"refilled program {parent.id} of building block {template.name}: {describe(changes)}"
        detail: dict[str, Any] = {"block": template.name, "holes": new}
        return Idea(template.render(new), (Parent(parent.id, "parent"),), rationale, parent.fitness, detail)

    def commit(self, brief: Brief, draft: Draft, archive: Archive) -> None:
        """Nothing to remember."""

    def tell(self, program: Program) -> None:
        """Nothing to learn."""


def filled(templates: Mapping[str, Template], programs: Sequence[Program]) -> Iterator[Program]:
    """Those of the programs that are building blocks as filled."""
    for program in programs:
        template = templates.get(str(program.detail.get("block")))
        if template is not None and len(program.detail.get("holes") or ()) == len(template.holes) > 0:
            yield program


def parent_template(templates: Mapping[str, Template], program: Program) -> tuple[Template, list[Fill]]:
    """Template and fills of a program that `filled` gave."""
    return templates[program.detail["block"]], list(program.detail["holes"])


def changed(template: Template, old: Sequence[Fill], new: Sequence[Fill]) -> list[tuple[str, str, str]]:
    """Name, old and new text of every hole that is filled otherwise."""
    return [
        (hole.name, shorten(template.fill_text(index, old)), shorten(template.fill_text(index, new)))
        for index, hole in enumerate(template.holes)
        if old[index] != new[index]
    ]


def _is_open(template: Template, index: int) -> bool:
    """Whether a hole can be filled in more than one way."""
    hole = template.holes[index]
    return hole.high > hole.low if hole.numeric else len(hole.arguments) > 1 or hole.kind == "expression"
