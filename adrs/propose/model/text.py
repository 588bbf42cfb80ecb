"""Text that other programs wrote, made fit to be shown or read: cleaned, fenced, cut."""

import re
from dataclasses import dataclass

from adrs.text import encodable, printable

_FENCE = re.compile(r"^ {0,3}(?P<marks>`{3,}|~{3,})(?P<info>.*)$")
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
    opening: tuple[int, str, str] | None = None
    for number, line in enumerate(lines):
        match = _FENCE.match(line)
        if match is None:
            continue
        marks, info = match["marks"], match["info"].strip()
        if opening is None:
            if "`" not in info or marks[0] == "~":
                opening = number, marks, (info.strip("{.} ").split() or [""])[0].lower()
        elif not info and marks[0] == opening[1][0] and len(marks) >= len(opening[1]):
            found.append(Block(opening[2], opening[0], number, True))
            opening = None
    if opening is not None:
        found.append(Block(opening[2], opening[0], len(lines), False))
    return found
