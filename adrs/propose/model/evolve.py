"""The evolve block: what of a program may be changed, between two comment lines. Without them, all of it may.

    # EVOLVE-BLOCK-START
    ...
    # EVOLVE-BLOCK-END

There may be several blocks; the lines of the markers themselves stay.
"""

import re

_MARKER = re.compile(r"^\s*#\s*EVOLVE-BLOCK-(START|END)\b.*$")


class Unbalanced(Exception):  # noqa: N818 - reads as what the markers are
    """A block ends that did not start, or starts and does not end; the message names the line."""


def fixed_parts(source: str) -> list[list[str]] | None:
    """Lines outside the evolve blocks, their markers included: one list before, between and after them.

    None where there is no marker. Raises Unbalanced.
    """
    parts: list[list[str]] = [[]]
    inside = found = False
    for number, line in enumerate(source.split("\n"), 1):
        match = _MARKER.match(line)
        if match is not None:
            found = True
            starts = match[1] == "START"
            if starts == inside:
                state = "starts inside another" if starts else "ends that did not start"
                raise Unbalanced(f"line {number}: an evolve block {state}")
            if inside:
                parts.append([])
            parts[-1].append(line)
            inside = starts
        elif not inside:
            parts[-1].append(line)
    if inside:
        raise Unbalanced("the last evolve block has no EVOLVE-BLOCK-END")
    return parts if found else None


def restore(base: str, changed: str) -> tuple[str, str]:
    """A changed program in which everything outside the evolve blocks of `base` stands, and what is wrong with it.

    An answer that is the evolve block alone, with its markers, is put in its place. White space at line ends and blank
    lines do not count as a change. The second value is empty where nothing is wrong.
    """
    try:
        wanted = fixed_parts(base)
    except Unbalanced:
        wanted = None
    if wanted is None:
        return changed, ""
    try:
        parts = fixed_parts(changed)
    except Unbalanced as unbalanced:
        return changed, str(unbalanced)
    if parts is None or len(parts) != len(wanted):
        return changed, f"the program must keep its {len(wanted) - 1} evolve block(s) with their marker lines"
    if len(parts) == 2 and _plain(parts[0])[:-1] == [] and _plain(parts[1])[1:] == []:
        inner = changed.split("\n")[len(parts[0]) : len(changed.split("\n")) - len(parts[1])]
        return "\n".join([*wanted[0], *inner, *wanted[1]]), ""
    for before, after in zip(wanted, parts, strict=True):
        old, new = _plain(before), _plain(after)
        if old != new:
            return changed, f"outside the evolve block nothing may change, but {_difference(old, new)}"
    return changed, ""


def _plain(lines: list[str]) -> list[str]:
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
