"""What a selection must keep to: the run holds every strategy to it, and so does the conformance suite."""

from collections.abc import Collection, Mapping

from adrs.errors import did_you_mean
from adrs.program import FULL, Program, Selection
from adrs.told import Told


def breach(selection: object, told: Told | Mapping[int, bool], stages: Collection[str]) -> str:
    """What a strategy did wrong, with the strategy as the subject of the sentence; empty if it did nothing wrong.

    told: for each program that it was told of, by number, whether that has a fitness. stages: those of the problem.
    """
    if not isinstance(selection, Selection):
        return f"returns {type(selection).__name__} from `ask`, where an adrs.search.Selection is wanted"
    wanted = {"parent": [selection.parent], "inspiration": selection.inspirations}
    for role, programs in wanted.items():
        for program in programs:
            wrong = _wrong(program, role, told)
            if wrong:
                return wrong
            if not told[program.id]:
                return f"selects as {role} program {program.id}, which has no fitness"
    if selection.promote is not None:
        wrong = _wrong(selection.promote, "program to promote", told)
        if wrong:
            return wrong
    if selection.until not in (None, FULL, *stages):
        near = did_you_mean(str(selection.until), stages) or "; it declares none"
        return f'asks to stop at the stage "{selection.until}", which the problem does not declare{near}'
    return ""


def _wrong(program: object, role: str, told: Told | Mapping[int, bool]) -> str:
    if not isinstance(program, Program):
        return f"selects as {role} {type(program).__name__}, where an adrs.search.Program is wanted"
    return "" if program.id in told else f"selects as {role} program {program.id}, which it was never told of"
