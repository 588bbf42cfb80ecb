"""Text that other programs wrote, made fit to be shown or read: cleaned, fenced, cut."""

import re
import textwrap
from dataclasses import dataclass

from adrs.text import encodable, printable

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<marks>`{3,}|~{3,})(?P<info>.*)$")
_LIST_ITEM = re.compile(r"^[ \t]*([-*+]|\d{1,9}[.)])[ \t]")
_INDENTED_CODE = 4
"""Columns of indentation that make a fence a line of code, except in an item of a list."""
_TICKS = re.compile(r"`+")
_THOUGHTS = "(think|thinking|thought|thoughts|reasoning)"
_THOUGHT = re.compile(f"<{_THOUGHTS}>")
_THOUGHT_END = re.compile(f"^[ \\t]*</{_THOUGHTS}>|</{_THOUGHTS}>[ \\t]*$", re.MULTILINE)
_LEAST_EXCERPT = 200
"""Characters below which an excerpt says nothing any more."""
_HEAD_SHARE = 0.67
"""Part of an excerpt that shows the beginning; the rest shows the end."""


def clean(text: str) -> str:
    """One kind of line end, no byte order mark, no lone surrogate: the same whether it came from the log or not."""
    plain = encodable(text)
    return plain.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def without_thoughts(text: str) -> str:
    """The text after the thoughts that it begins with, as in <think>...</think>; nothing where these do not end.

    The opening tag may be missing, since servers take what the model's template says last for no part of the answer;
    then the closing one begins or ends a line.
    """
    opening = _THOUGHT.search(text)
    if opening is not None and not text[: opening.start()].strip():
        return text[opening.end() :].partition(f"</{opening[1]}>")[2]
    closing = _THOUGHT_END.search(text)
    if closing is None or (opening is not None and opening.start() < closing.start()):
        return text
    return text[closing.end() :]


def visible(text: str) -> str:
    """Cleaned text with what does not print, line ends and tabs apart, spelled as an escape such as `\\x1b`."""
    return printable(clean(text))


def one_line(text: str, limit: int) -> str:
    """Visible text on one line, cut at `limit` characters."""
    line = visible(" ".join(clean(text).split()))
    return line if len(line) <= limit else f"{line[: max(0, limit - 3)].rstrip()}..."


def fence(text: str, info: str = "") -> str:
    """The text as a block of Markdown whose fence is longer than any run of backticks in it, so that it ends there."""
    longest = max((len(run) for run in _TICKS.findall(text)), default=0)
    marks = "`" * max(3, longest + 1)
    return f"{marks}{info}\n{text.rstrip()}\n{marks}"


def excerpt(text: str, limit: int) -> str:
    """At most `limit` characters: whole lines of the beginning and the end, and a note of what is left out.

    Empty where there is no room for something that makes sense.
    """
    text = text.rstrip()
    if len(text) <= limit:
        return text
    if limit < _LEAST_EXCERPT:
        return ""
    room = limit - len(_left_out(len(text)))
    head = text[: int(room * _HEAD_SHARE)]
    end = head.rfind("\n")
    if end > len(head) // 2:
        head = head[:end]
    rest = room - len(head)
    tail = text[-rest:]
    start = tail.find("\n")
    if 0 <= start < rest // 2:
        tail = tail[start + 1 :]
    return f"{head}{_left_out(len(text) - len(head) - len(tail))}{tail}"


def _left_out(count: int) -> str:
    return f"\n# [... {count} characters left out here ...]\n"


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of Markdown, by line numbers from 0."""

    info: str
    """The first word after the opening fence, in lower case."""
    start: int
    """Line of the opening fence."""
    end: int
    """Line of the closing fence; number of lines where there is none."""
    closed: bool


def blocks(lines: list[str]) -> list[Block]:
    """Fenced blocks in order, after CommonMark 0.31, section 4.5: a fence closes with at least as many of its marks."""
    found: list[Block] = []
    opening: tuple[int, str, str, int] | None = None
    in_list = False
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if match is None:
            if opening is None and line.strip():
                in_list = bool(_LIST_ITEM.match(line)) or (in_list and line[0] in " \t")
            continue
        marks, info, indent = match["marks"], match["info"].strip(), len(match["indent"].expandtabs(_INDENTED_CODE))
        if opening is None:
            if ("`" not in info or marks[0] == "~") and (indent < _INDENTED_CODE or in_list):
                opening = number, marks, (info.strip("{.} ").split() or [""])[0].lower(), indent
        elif not info and marks.startswith(opening[1]) and indent < opening[3] + _INDENTED_CODE:
            found.append(Block(opening[2], opening[0], number, True))
            opening = None
    if opening is not None:
        found.append(Block(opening[2], opening[0], len(lines), False))
    return found


def inside(lines: list[str], block: Block) -> list[str]:
    """The lines of a block, moved to the margin where all of them are indented, as in an item of a list."""
    text = lines[block.start + 1 : block.end]
    first = next((line for line in text if line.strip()), "")
    return text if not first[:1].isspace() else textwrap.dedent("\n".join(text)).split("\n")
