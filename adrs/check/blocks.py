"""Building blocks as a run will use them: read, filled, and screened as programs."""

import random
from pathlib import Path

from adrs.errors import UserError
from adrs.propose.embedded.template import Template
from adrs.source import Rejected, Screen

_DRAWS = 4
"""Programs with holes drawn at random, besides the one with the defaults."""


class BadBlock(Exception):  # noqa: N818 - says what is wrong with a file, is not an error of ours
    """A building block that a run could make nothing of; the message says why."""


def program_of(path: Path, screen: Screen) -> str:
    """The program that a building block is with its defaults.

    Raises BadBlock where it cannot be read, or where that program, or one of a few with other fills, is rejected.
    """
    try:
        template = Template(path)
        first = template.render(template.defaults)
        rng = random.Random(0)
        drawn = [template.render(template.draw(rng)) for _ in range(_DRAWS if template.holes else 0)]
    except (UserError, ValueError) as error:  # ValueError: not UTF-8 text, or a null byte
        text = str(error)
        raise BadBlock(text if path.name in text else f"building block {path}: {text}") from None
    for kind, source in [("with its defaults", first), *(("with its holes drawn", source) for source in drawn)]:
        try:
            screen.check(source)
        except Rejected as rejected:
            raise BadBlock(f"building block {path}, {kind}, is rejected: {rejected}") from None
    return first
