"""From what is known to the messages that a model gets, within a bound on their size.

The first message says all that is the same for every request of a run, so that endpoints can cache it. Texts that
programs or models wrote are fenced by the templates and hence data; see adrs.propose.model.text.fence.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from adrs.errors import UserError
from adrs.llm.records import Message
from adrs.problem import Problem
from adrs.program import Program
from adrs.propose.model import statement
from adrs.propose.model.near_copies import Told, tell
from adrs.propose.model.parts import Part, allot
from adrs.propose.model.templates import Templates
from adrs.propose.model.text import clean, excerpt, visible, without_thoughts
from adrs.propose.model.view import View, view
from adrs.settings import LEAST

Wanted = Literal["edits", "program"]
"""The form that the model is asked for; it may answer in another one."""

LEAST_CHARACTERS = LEAST["prompt_characters"]
_CORRECTION_SHARE = 6
"""One part in so many at least is kept free for a second turn."""
_MOST_STATEMENT_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Facts:
    """All that a request is about, as it was known when the proposer was asked."""

    kind: str
    """`improve`, `rewrite`, `cross` or `repair`: the template's name."""
    base: Program
    other: Program | None
    """The second parent of a crossover."""
    inspirations: tuple[Program, ...]
    failures: tuple[tuple[str, int], ...]
    attempts: tuple[str, ...]
    """What was tried on this program before and how it went, one line each."""
    stagnation: int
    """Programs told since the last improvement of the best."""
    level: int
    """Level of stagnation up to which hints are given."""
    summary: str
    ticket: int = 0
    """Makes requests differ that are otherwise the same; 0 leaves it out."""
    said: tuple[str, ...] = ()
    """Hints that people gave during the run; they go before those of the problem."""
    best: Program | None = None
    """The best program of the run so far; None where a request shall owe nothing to how others fared."""


class Prompts:
    """Renders requests. A request has at most `limit` characters in all its messages, a second turn included."""

    def __init__(self, problem: Problem, templates: Templates, limit: int) -> None:
        """Raises UserError for a limit that is too small for the problem's statement."""
        if limit < LEAST_CHARACTERS:
            raise UserError(f"prompts need room for at least {LEAST_CHARACTERS} characters, not {limit}")
        self._problem = problem
        self._templates = templates
        self._limit = limit
        self._system = Message("system", templates.render("system", statement.values(problem)))
        if len(self._system.content) > _MOST_STATEMENT_SHARE * limit:
            raise UserError(
                f"the statement of problem {problem.name} takes {len(self._system.content)} characters, more than half "
                f"of the {limit} that a prompt may have; shorten it or raise --prompt-characters"
            )

    def request(self, facts: Facts, wanted: Wanted, fallback: bool = False) -> list[Message]:
        """The messages that ask for a program. fallback: edits of the same program could not be used."""
        base = view(facts.base, self._problem.objective)
        values: dict[str, Any] = {
            "problem": self._problem, "kind": facts.kind, "wanted": wanted, "fallback": fallback, "base": base,
            "stagnation": facts.stagnation if facts.level > 0 else 0, "ticket": facts.ticket,
            "best": None if facts.best is None else view(facts.best, self._problem.objective),
        }  # fmt: skip
        others = facts.inspirations if facts.other is None else (facts.other, *facts.inspirations)
        told = tell(facts.base, others)
        return [self._system, self._bounded(facts.kind, values, self._parts(facts, base, told), facts, told)]

    def correction(
        self, messages: Sequence[Message], answer: str, reason: str, wanted: Wanted, cut_off: bool = False
    ) -> list[Message]:
        """The same conversation after an answer that could not be used, perhaps since its end was cut off."""
        room = self._limit - sum(len(message.content) for message in messages)
        shown = excerpt(visible(reason), room // 4)
        asked = self._templates.render("correction", {"reason": shown, "wanted": wanted, "cut_off": cut_off})
        answered = excerpt(without_thoughts(clean(answer)), room - len(asked)) or "(nothing that could be read)"
        return [*messages, Message("assistant", answered), Message("user", asked)]

    def summary(self, history: Sequence[str], failures: Sequence[tuple[str, int]], before: str) -> list[Message]:
        """The messages that ask for a summary of what has been tried. history: one line a program."""
        parts = [
            Part("history", "\n".join(history), self._limit),
            Part("summary", before, 3_000),
            Part("failures", _counted(failures), 2_000),
        ]
        return [self._system, self._bounded("summary", {"problem": self._problem}, parts, None)]

    def _parts(self, facts: Facts, base: View, told: Sequence[Told]) -> list[Part]:
        """The texts of a request, the most important first; see adrs.propose.model.parts."""
        problem = self._problem
        hints = shown_hints(problem, facts)
        parts = [
            Part("source", base.source, self._limit),
            Part("reason", base.reason, 3_000, essential=True),
            Part("other", "" if facts.other is None else told[0].text, 16_000, essential=True),
            Part("workloads", base.workloads, 4_000, essential=True),
            Part("feedback", base.feedback, 4_000, essential=True),
            Part("failures", _counted(facts.failures), 2_000),
            Part("hints", "\n".join(f"- {hint}" for hint in hints), 6_000),
            Part("attempts", "\n".join(facts.attempts), 2_000),
            Part("summary", facts.summary, 3_000),
        ]
        inspirations = told if facts.other is None else told[1:]
        parts += [Part(f"inspiration {each.program.id}", each.text, 8_000) for each in inspirations]
        return [*parts, Part("output", base.output, 3_000)]

    def _bounded(
        self, name: str, values: dict[str, Any], parts: list[Part], facts: Facts | None, told: Sequence[Told] = ()
    ) -> Message:
        """Render within the bound: what a template adds to the parts is found out by rendering."""
        most = self._limit - self._limit // _CORRECTION_SHARE - len(self._system.content)
        room = most
        while True:
            shown = allot(parts, room)
            text = self._templates.render(name, {**values, **self._shown(shown, facts, parts, told)})
            if len(text) <= most:
                return Message("user", text)
            if room <= 0:
                raise UserError(
                    f"prompt {name}.md.j2 has {len(text)} characters without any program, the room is {most}"
                )
            room -= len(text) - most

    def _shown(
        self, shown: dict[str, str], facts: Facts | None, parts: Sequence[Part], told: Sequence[Told]
    ) -> dict[str, Any]:
        """Values of a template: texts that were cut to fit, and what else is said of the programs they come from."""
        whole = shown[parts[0].name] == parts[0].text.rstrip()
        values: dict[str, Any] = {"shown": shown, "whole": whole, "other": None, "inspirations": []}
        if facts is None:
            return values
        views = [
            replace(view(each.program, self._problem.objective, facts.base), differs_from=each.differs_from)
            for each in told
        ]
        if facts.other is not None:
            values["other"] = views.pop(0)
        texts = [(each, shown[f"inspiration {each.id}"]) for each in views]
        values["inspirations"] = [(each, text) for each, text in texts if text]
        return values


def shown_hints(problem: Problem, facts: Facts) -> list[str]:
    """What people said during the run, each on one line, then the problem's hints up to the level of stagnation."""
    said = [" ".join(visible(text).split()) for text in facts.said]
    return [*said, *(hint.text for hint in problem.hints if hint.level <= facts.level)]


def _counted(failures: Sequence[tuple[str, int]]) -> str:
    return "\n".join(f"{count} x {' '.join(visible(reason).split())}" for reason, count in failures)
