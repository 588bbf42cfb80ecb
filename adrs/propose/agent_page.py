"""A brief as a page of Markdown: the problem, the parent, what else is known, and how to answer."""

from pathlib import Path
from typing import Any

from adrs.problem import Problem
from adrs.program import Evaluation, Program
from adrs.propose.agent import Question
from adrs.propose.model import statement
from adrs.propose.model.prompts import Prompts, shown_hints
from adrs.propose.model.templates import Templates
from adrs.propose.model.text import clean, visible
from adrs.propose.model.view import better, train, view

PAGE_CHARACTERS = 96_000
"""The most characters of a brief: an agent reads more than a prompt holds."""


class Pages:
    """Renders briefs of one problem from the templates `brief` and `_problem`, which may be replaced like prompts."""

    def __init__(self, problem: Problem, given: Path | None) -> None:
        """Raises UserError where a template is wrong. given: a folder with templates that go first."""
        templates = Templates(problem, given)
        self._problem = problem
        self._prompts = Prompts(problem, templates, PAGE_CHARACTERS)
        self.statement = templates.render("_problem", statement.values(problem))
        """The problem: what is decided, rules, interface, limits and score."""

    def page(self, question: Question, answer_form: str) -> str:
        """The whole brief, which ends with how to answer."""
        request = self._prompts.request(question.facts, "program")[1].content
        return f"{self.statement}\n{request}\n# How to answer\n\n{answer_form}\n"

    def plain(self, question: Question) -> dict[str, Any]:
        """The brief as plain data."""
        objective, facts = self._problem.objective, question.facts
        inspirations = [
            {**describe_program(each), "better_on": better(each, facts.base, objective)} for each in facts.inspirations
        ]
        return {
            "ticket": question.brief.ticket, "problem": self._problem.name, "statement": self.statement,
            "parent": {**describe_program(facts.base), "worst": view(facts.base, objective).worst},
            "best": None if facts.best is None else _standing(facts.best),
            "inspirations": inspirations,
            "failures": [{"reason": visible(reason), "count": count} for reason, count in facts.failures],
            "attempts": list(facts.attempts),
            "hints": shown_hints(self._problem, facts),
        }  # fmt: skip


def _standing(program: Program) -> dict[str, Any]:
    """A number and how good that program is."""
    evaluation = train(program)
    return {"id": program.id, "score": program.score, "metrics": dict(evaluation.metrics) if evaluation else {}}


def describe_program(program: Program, source: bool = True) -> dict[str, Any]:
    """A program with its evaluation on `train`, as plain data; texts of others hold visible characters alone."""
    shown = {
        "id": program.id, "parents": [{"id": parent.id, "role": parent.role} for parent in program.parents],
        "proposer": program.proposer, "operator": program.operator, "model": visible(program.model),
        "rationale": visible(program.rationale), "duplicate_of": program.duplicate_of,
        **({"source": clean(program.source)} if source else {}),
    }  # fmt: skip
    evaluation = train(program)
    return shown if evaluation is None else {**shown, **describe_evaluation(evaluation)}


def describe_evaluation(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation as plain data; texts of others hold visible characters alone."""
    return {
        "verdict": evaluation.verdict, "reason": visible(evaluation.reason), "score": evaluation.score,
        "metrics": dict(evaluation.metrics),
        "workloads": [
            {"name": result.name, "verdict": result.verdict, "score": result.score, "metrics": dict(result.metrics),
             "feedback": visible(result.feedback)}
            for result in evaluation.workloads
        ],
        "output": visible(evaluation.output),
    }  # fmt: skip
