"""What is said to the user of a run that found little, or in which the evaluator itself failed."""

from adrs.choose import SEED_PROGRAM, Choice
from adrs.problem import Problem
from adrs.store import Reader
from adrs.text import printable


def more_to_try(problem: Problem, models: bool) -> list[str]:
    """What gives the proposers of a run more to try. models: whether a language model was asked already."""
    found = [] if problem.blocks or problem.trust == "shared" else ["building blocks in the problem's blocks/"]
    return found if models else [*found, "a language model with --model"]


def nothing_better(problem: Problem, choice: Choice, evaluations: int, models: bool) -> str | None:
    """That a run ends with the program it began with, and what helps; None where it found something."""
    if choice.winner != SEED_PROGRAM or evaluations < 2:
        return None
    clearly = "clearly " if len(choice.alike) > 1 else ""
    helps = ", ".join([*more_to_try(problem, models), "more time", "another --seed"])
    return f"nothing was {clearly}better than the seed program in {evaluations} evaluations; what may help: {helps}"


def evaluator_failures(reader: Reader) -> str | None:
    """How many evaluations failed by no fault of their program, and why the first did; None where none did."""
    rows = reader.rows(
        "SELECT program, split, reason FROM evaluation"
        " WHERE verdict = 'infrastructure' AND duplicate_of IS NULL ORDER BY id"
    )
    if not rows:
        return None
    program, split, reason = rows[0]
    count = "1 evaluation" if len(rows) == 1 else f"{len(rows)} evaluations"
    return (
        f"{count} ended infrastructure, by no fault of the program; the first, program {program} on {split}: "
        f"{printable(reason)}"
    )
