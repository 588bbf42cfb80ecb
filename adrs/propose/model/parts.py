"""Which texts fit into a prompt of bounded size.

Parts are given in order of importance. The first, the program itself, is sure of six tenths of the room. Then each of
the essential ones gets what it needs, up to a limit of its own, as long as there is room; then the first gets all that
it still needs, and what is left goes to the others in turn. So the last part is cut first, and the first part before
the essential ones, but never below its share. A cut part shows its beginning and its end.
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
    essential: bool = False


def allot(parts: Sequence[Part], room: int) -> dict[str, str]:
    """The text of each part by name, cut so that all of them together have at most `room` characters."""
    first, *others = parts
    left = max(0, room)
    sure = min(len(first.text), int(_SURE_SHARE * left))
    left -= sure
    shown = {first.name: ""}
    for part in others:
        if part.essential:
            shown[part.name] = excerpt(part.text, min(part.limit, left))
            left -= len(shown[part.name])
    shown[first.name] = excerpt(first.text, min(first.limit, sure + left))
    left += sure - len(shown[first.name])
    for part in others:
        if not part.essential:
            shown[part.name] = excerpt(part.text, min(part.limit, left))
            left -= len(shown[part.name])
    return shown
