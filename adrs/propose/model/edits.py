"""Edits of a program: SEARCH/REPLACE blocks and unified diffs. Both become replacements of lines, applied alike.

SEARCH/REPLACE:                     unified diff (paths are ignored; line numbers only settle where a hunk fits twice):

    <<<<<<< SEARCH                      @@ -3,2 +3,2 @@
    lines of the program                 a line that stays
    =======                             -a line that goes
    what stands there instead           +a line that comes
    >>>>>>> REPLACE
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from adrs.propose.model import locate

MOST_EDITS = 200

_SEARCH = re.compile(r"^(?P<indent>\s*)(?:<{5,9}|-{5,9})\s*(?:SEARCH|ORIGINAL)(?:\s*:)?\s*$")
_DIVIDERS = (re.compile(r"^(?P<indent>\s*)={7}\s*$"), re.compile(r"^(?P<indent>\s*)={5,9}\s*$"))
"""As it should be, and as it is taken where there is none such."""
_REPLACE = re.compile(r"^\s*(?:>{5,9}|\+{5,9})\s*(?:REPLACE|UPDATED)(?:\s*:)?\s*$")

_HUNK = re.compile(
    r"^@@(?: -(?P<start>\d{1,9})(?:,(?P<old>\d{1,9}))? \+\d{1,9}(?:,(?P<new>\d{1,9}))?(?= |$))?(?:\s.*)?$"
)
_OLD_PATH = re.compile(r"^--- (?P<path>[^\t]*)")
_NEW_PATH = re.compile(r"^\+\+\+ (?P<path>[^\t]*)")
_GIT = re.compile(
    r"^(?:(diff --git|index [0-9a-f]{4,}|similarity index|rename (from|to)|new file mode|deleted file mode)\b"
    r"|\*\*\* (Begin Patch|End Patch|End of File|Update File:))"
)
_FENCE = re.compile(r"^(`{3,}|~{3,})")


class Refused(Exception):  # noqa: N818 - reads as what the edit is
    """The edits cannot be read or applied; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One replacement: lines that stand in the program, and lines that come instead."""

    name: str
    """What messages call it."""
    old: tuple[str, ...]
    new: tuple[str, ...]
    line: int | None = None
    """Where a diff says that `old` begins, from 0; without `old`, the line before which `new` comes."""
    kept: tuple[int | None, ...] = ()
    """For each line of `new`, the line of `old` that it keeps; empty where nobody says."""


def has_search_replace(lines: Sequence[str]) -> bool:
    """Whether any line is a marker of a SEARCH/REPLACE block, but for the divider."""
    return any(_SEARCH.match(line) or _REPLACE.match(line) for line in lines)


def span(lines: Sequence[str]) -> tuple[int, int]:
    """The first and the last line with a marker of a SEARCH/REPLACE block, of lines that have one."""
    marked = [number for number, line in enumerate(lines) if _SEARCH.match(line) or _REPLACE.match(line)]
    return marked[0], marked[-1]


def ends_inside(lines: Sequence[str]) -> bool:
    """Whether the last marker of a SEARCH/REPLACE block is one that begins it."""
    return has_search_replace(lines) and not _REPLACE.match(lines[span(lines)[1]])


def search_replace(lines: Sequence[str]) -> list[Edit]:
    """The blocks of an answer. Raises Refused where markers do not pair, or nothing is searched for."""
    edits: list[Edit] = []
    indent: str | None = None
    body: list[str] = []
    for line in lines:
        name = f"SEARCH/REPLACE block {len(edits) + 1}"
        search = _SEARCH.match(line)
        if search is not None:
            if indent is not None:
                raise Refused(f"{name} has a second line <<<<<<< SEARCH before its >>>>>>> REPLACE")
            indent, body = search["indent"], []
        elif _REPLACE.match(line):
            if indent is None:
                raise Refused(f"{name} has >>>>>>> REPLACE without <<<<<<< SEARCH")
            divider = _divider(name, body, indent)
            if not any(text.strip() for text in body[:divider]):
                raise Refused(f"{name} has nothing under <<<<<<< SEARCH; repeat the lines that it is about")
            edits.append(Edit(name, tuple(body[:divider]), tuple(body[divider + 1 :])))
            indent = None
        elif indent is not None:
            body.append(line)
    if indent is not None:
        raise Refused(f"SEARCH/REPLACE block {len(edits) + 1} has no >>>>>>> REPLACE")
    return edits


def _divider(name: str, body: Sequence[str], indent: str) -> int:
    """The line between the two parts of a block, as far indented as the block. Raises Refused unless there is one."""
    found: list[int] = []
    for pattern in _DIVIDERS:
        matches = ((number, pattern.match(line)) for number, line in enumerate(body))
        found = found or [number for number, match in matches if match is not None and match["indent"] == indent]
    if len(found) != 1:
        raise Refused(f"{name} has {len(found)} lines =======, and needs one")
    return found[0]


def has_diff(lines: Sequence[str]) -> bool:
    """Whether any line is the header of a hunk."""
    return any(_HUNK.match(line) for line in lines)


def headed(lines: Sequence[str]) -> list[str]:
    """A diff whose lines may have no header of a hunk, with one that says nothing."""
    if has_diff(lines):
        return list(lines)
    paths = 2 if len(lines) > 1 and _OLD_PATH.match(lines[0]) and _NEW_PATH.match(lines[1]) else 0
    return [*lines[:paths], "@@", *lines[paths:]]


def unified(lines: Sequence[str]) -> list[Edit]:
    """The hunks of an answer. Raises Refused for a diff of several files or one that cannot be read.

    A diff from /dev/null is one edit without `old` and `line`: all of a new program.
    """
    paths: dict[str, None] = {}
    created = False
    edits: list[Edit] = []
    index = 0
    while index < len(lines):
        match = _HUNK.match(lines[index])
        if match is not None:
            body = _body(lines, index + 1, match)
            edits.append(_hunk(f"hunk {len(edits) + 1} of the diff", match, body))
            index += len(body)
        elif _is_header(lines, index):
            created = created or lines[index].startswith("--- /dev/null")
            paths[_name(lines[index + 1])] = None
        index += 1
    if len(paths) > 1:
        raise Refused(f"the diff changes {len(paths)} files; a program is one file")
    if not created:
        return edits
    if len(edits) != 1 or edits[0].old:
        raise Refused("the diff begins with /dev/null, yet it is not one hunk of added lines")
    return [replace(edits[0], line=None)]


def apply(program: str, edits: Sequence[Edit]) -> str:
    """The program with the edits made one after the other. Raises Refused where one does not fit.

    One that is given again, word for word, is the same one: it was announced, and then given.
    """
    if len(edits) > MOST_EDITS:
        raise Refused(f"the answer has {len(edits)} edits, the limit is {MOST_EDITS}")
    different: dict[object, Edit] = {}
    for edit in edits:
        different.setdefault((edit.old, edit.new, edit.line), edit)
    lines = program.removesuffix("\n").split("\n")
    shift = 0
    for edit in different.values():
        if edit.old:
            _replace(lines, edit, shift)
        elif edit.line is None:
            lines = list(edit.new)
        else:
            at = max(0, min(len(lines), edit.line + shift))
            lines[at:at] = edit.new
        shift += len(edit.new) - len(edit.old)
    return "\n".join(lines) + "\n"


def _replace(lines: list[str], edit: Edit, shift: int) -> None:
    """Make one edit in place. Lines that a diff keeps stay as the program has them."""
    try:
        place = locate.find(lines, edit.old, None if edit.line is None else edit.line + shift)
    except locate.NotFound as missing:
        raise Refused(f"{edit.name} does not fit: {missing}") from None
    there = lines[place.start : place.end]
    new = locate.spaces_for_tabs(lines, edit.new) if place.spaced else list(edit.new)
    one_to_one = len(there) == len(edit.old) and all(map(locate.same, there, edit.old))
    kept = edit.kept if one_to_one and edit.kept else (None,) * len(new)
    lines[place.start : place.end] = [
        place.indent(line, number == 0) if source is None else there[source]
        for number, (line, source) in enumerate(zip(new, kept, strict=True))
    ]


def _is_header(lines: Sequence[str], index: int) -> bool:
    """Whether the two paths of a file begin here, and not two changed lines that look like them."""
    if index + 2 >= len(lines):
        return False
    return bool(_OLD_PATH.match(lines[index]) and _NEW_PATH.match(lines[index + 1]) and _HUNK.match(lines[index + 2]))


def _name(line: str) -> str:
    match = _NEW_PATH.match(line)
    assert match is not None
    return match["path"].strip().removeprefix("b/")


def _body(lines: Sequence[str], start: int, header: re.Match[str]) -> list[str]:
    """The lines of a hunk: as many as its header counts, or up to what cannot belong to it where the counts are off."""
    counted = _counted(lines, start, header)
    if counted is not None:
        return counted
    body = []
    for index in range(start, len(lines)):
        line = lines[index]
        if _HUNK.match(line) or _GIT.match(line) or _FENCE.match(line) or _is_header(lines, index):
            break
        body.append(line)
    while body and not body[-1].strip():
        body.pop()
    return body


def _counted(lines: Sequence[str], start: int, header: re.Match[str]) -> list[str] | None:
    """The lines that the header counts, if they are such lines and nothing that looks like more of them follows."""
    if header["start"] is None:
        return None
    old, new = int(header["old"] or 1), int(header["new"] or 1)
    index = start
    while old > 0 or new > 0:
        line = lines[index] if index < len(lines) else "?"
        mark = line[:1] or " "
        if mark not in " +-\\":
            return None
        old -= mark in " -"
        new -= mark in " +"
        index += 1
    following = lines[index] if index < len(lines) else ""
    if old < 0 or new < 0 or (following[:1] in ("+", "-", " ") and not _is_header(lines, index)):
        return None
    return list(lines[start:index])


def _hunk(name: str, header: re.Match[str], body: Sequence[str]) -> Edit:
    old: list[str] = []
    new: list[str] = []
    kept: list[int | None] = []
    for mark, line in _marked(body):
        if mark in " +":
            new.append(line)
            kept.append(len(old) if mark == " " else None)
        if mark in " -":
            old.append(line)
    if not any(mark in "+-" for mark, _ in _marked(body)):
        raise Refused(f"{name} changes nothing: it has no line that begins with + or -")
    line_number = None
    if header["start"] is not None:
        counts_none = header["old"] == "0"
        line_number = int(header["start"]) - (0 if counts_none else 1)
    if not old and line_number is None:
        raise Refused(f"{name} has added lines only and no line numbers, so that nobody knows where they go")
    return Edit(name, tuple(old), tuple(new), line_number, tuple(kept))


def _marked(body: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Mark and text of each line; a line without a mark counts as one that stays."""
    for line in body:
        if line.startswith("\\"):
            continue
        if line[:1] in ("+", "-", " "):
            yield line[0], line[1:]
        else:
            yield " ", line


def is_marker(line: str) -> bool:
    """Whether a line begins or ends an edit, or heads a diff."""
    return any(pattern.match(line) for pattern in (_SEARCH, _REPLACE, _HUNK, _OLD_PATH, _GIT))
