"""Which texts fit into a prompt of bounded size.

Parts are given in order of importance. The first, the program itself, is sure of six tenths of the room; then each of
the others in turn gets what it needs, up to a limit of its own, as long as there is room; what they leave goes to the
first again. So the last part is cut first, and the first one last. A cut part shows its beginning and its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adrs.propose.model.text import excerpt

_SURE_SHARE = 0.6


@dataclass(frozen=True, slots=True)
class Part:
    """A text that would like to be shown."""

    name: str
    text: str
    limit: int
    """The most characters it gets, however much room there is."""


def allot(parts: Sequence[Part], room: int) -> dict[str, str]:
    """The text of each part by name, cut so that all of them together have at most `room` characters."""
    if not parts:
        return {}
    first, *others = parts
    room = max(0, room)
    sure = min(len(first.text), int(_SURE_SHARE * room))
    left = room - sure
    shown: dict[str, str] = {}
    for part in others:
        shown[part.name] = excerpt(part.text, min(part.limit, left))
        left -= len(shown[part.name])
    return {first.name: excerpt(first.text, min(first.limit, sure + left)), **shown}
