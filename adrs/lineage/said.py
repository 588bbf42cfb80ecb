"""What people said of a run and to it: notes on programs, hints for briefs, pauses."""

from dataclasses import dataclass

from adrs.store import Reader


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that somebody said."""

    kind: str
    """`note`, `hint`, `pause`, `continue` or `stop`."""
    time: float
    """Seconds since 1970."""
    text: str
    program: int | None
    """What a note is about."""
    ticket: int | None
    """The first whose brief carries a hint."""


def said(reader: Reader) -> list[Said]:
    """Everything, the latest first."""
    found = [Said("note", time, data["text"], data["program"], None) for time, data in reader.events("note")]
    found += [Said("hint", time, data["text"], None, data["ticket"]) for time, data in reader.events("hint")]
    found += [Said(data["do"], time, "", None, None) for time, data in reader.events("steered")]
    return sorted(found, key=lambda each: -each.time)


def notes(reader: Reader, program: int) -> list[Said]:
    """What was said of one program, the earliest first."""
    return all_notes(reader).get(program, [])


def all_notes(reader: Reader) -> dict[int, list[Said]]:
    """What was said of each program, the earliest first."""
    found: dict[int, list[Said]] = {}
    for each in reversed(said(reader)):
        if each.program is not None:
            found.setdefault(each.program, []).append(each)
    return found
