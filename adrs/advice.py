"""What is said to the user of a run that found little, or in which the evaluator itself failed."""

from adrs.choose import SEED_PROGRAM, Choice
from adrs.problem import Problem
from adrs.store import Reader
from adrs.text import printable

_OFTEN = 0.25
"""Part of what a model was asked for without a program to show for it, from which on that is said."""
HUNG = "the evaluator seems to hang: evaluations that took unusually long were left when the run ended"


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


def model_failures(reader: Reader) -> list[str]:
    """For each language model, how often what was asked of it gave no program; none where that was seldom."""
    rows = reader.rows(
        "SELECT model, COUNT(*), SUM(failure != ''), MAX(CASE WHEN failure != '' THEN id END) FROM program"
        " WHERE model != '' GROUP BY model ORDER BY model"
    )
    found = []
    for model, asked, failed, last in rows:
        if failed >= _OFTEN * asked:
            reason = reader.rows("SELECT failure FROM program WHERE id = ?", last)[0][0]
            found.append(
                f"model {printable(model)} was asked for {asked} program{'s' * (asked > 1)} and gave none {failed} "
                f"time{'s' * (failed > 1)}; the last time, #{last}: {printable(reason)}"
            )
    return found
