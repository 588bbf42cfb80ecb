"""The program that a run begins with: the problem's seed program, or one of the user's choice."""

from dataclasses import replace
from pathlib import Path

from adrs.named_program import NamedProgram
from adrs.problem import Problem
from adrs.program import SEED_TICKET, Draft
from adrs.settings import Settings
from adrs.store.recorded import Recorded

_OPTION = "--start"


def settled(settings: Settings, problem: Problem, runs_dir: Path) -> Settings:
    """The settings with the program by its absolute path. Raises UserError where it is not there."""
    if settings.start is None:
        return settings
    return replace(settings, start=NamedProgram.found(_OPTION, settings.start, runs_dir, problem.name).reference)


def first_draft(settings: Settings, problem: Problem, recorded: Recorded | None) -> Draft:
    """As the log has it, so that it does not matter what became of a file since. Raises UserError where it has none yet
    and the file cannot be read.
    """
    draft = recorded.draft(SEED_TICKET) if recorded else None
    if draft is not None:
        return draft
    if settings.start is None:
        return Draft(problem.seed.read_text(), "seed", "seed", (), "the problem's seed program")
    source = NamedProgram(_OPTION, settings.start).source(problem.name)
    return Draft(source, "seed", "start", (), f"the run began with {settings.start}")


def said(settings: Settings, problem: Problem) -> str:
    """The program as messages name it."""
    return f"the seed program {problem.seed}" if settings.start is None else f"{_OPTION} {settings.start}"
