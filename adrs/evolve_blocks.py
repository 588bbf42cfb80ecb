"""The evolve block: what of a program may be changed, between two comment lines. Without them, all of it may.

    # EVOLVE-BLOCK-START
    ...
    # EVOLVE-BLOCK-END

There may be several blocks; the lines of the markers themselves stay. The marker is that of AlphaEvolve (Novikov et
al. 2025, arXiv 2506.13131, section 2.1); any comment sign may stand before it.
"""

import re
from collections.abc import Sequence

_MARKER = re.compile(r"^\W*EVOLVE-BLOCK-(START|END)\b")
_TRAILING = re.compile(r"# EVOLVE-BLOCK-(START|END)\b")


class Unbalanced(Exception):  # noqa: N818 - reads as what the markers are
    """A block ends that did not start, or starts and does not end; the message names the line."""


def fixed_parts(source: str) -> list[list[str]] | None:
    """Lines outside the evolve blocks, their markers included: one list before, between and after them.

    None where there is no marker. Raises Unbalanced.
    """
    lines = source.split("\n")
    blocks = spans(source)
    if not blocks:
        return None
    ends = [0, *(end for _, end in blocks)]
    starts = [*(start for start, _ in blocks), len(lines)]
    return [lines[end:start] for end, start in zip(ends, starts, strict=True)]


def spans(source: str) -> list[tuple[int, int]]:
    """The lines within each block, counted from 0: the first, and the one after the last. Raises Unbalanced."""
    found: list[tuple[int, int]] = []
    start: int | None = None
    for number, line in enumerate(source.split("\n")):
        match = _MARKER.match(line) or _TRAILING.search(line)
        if match is None:
            continue
        if (match[1] == "START") == (start is not None):
            state = "starts inside another" if match[1] == "START" else "ends that did not start"
            raise Unbalanced(f"line {number + 1}: an evolve block {state}")
        if start is not None:
            found.append((start, number))
            start = None
        else:
            start = number + 1
    if start is not None:
        raise Unbalanced("the last evolve block has no EVOLVE-BLOCK-END")
    return found


def violation(wanted: list[list[str]], source: str) -> str:
    """How a source breaks what must stay outside the blocks (as `fixed_parts` gives it); empty where it does not.

    White space at line ends and blank lines do not count as a change.
    """
    try:
        parts = fixed_parts(source)
    except Unbalanced as unbalanced:
        return str(unbalanced)
    if parts is None or len(parts) != len(wanted):
        return f"the program must keep its {len(wanted) - 1} evolve block(s) with their marker lines"
    for before, after in zip(wanted, parts, strict=True):
        old, new = plain(before), plain(after)
        if old != new:
            return f"outside the evolve block nothing may change, but {_difference(old, new)}"
    return ""


def plain(lines: Sequence[str]) -> list[str]:
    """Lines that are not blank, without white space at their ends."""
    return [line.rstrip() for line in lines if line.strip()]


def _difference(old: list[str], new: list[str]) -> str:
    before, after = set(old), set(new)
    gone = next((line.strip()[:80] for line in old if line not in after), None)
    added = next((line.strip()[:80] for line in new if line not in before), None)
    if gone is not None and added is not None:
        return f"line {gone!r} became {added!r}"
    if gone is not None:
        return f"line {gone!r} is gone"
    return "lines were repeated or moved" if added is None else f"line {added!r} was added"
