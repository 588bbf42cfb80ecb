"""From a model's answer to a program. What cannot be read is refused with the reason, never guessed at.

The first of these forms that is there decides, and the others are not looked at:

1. SEARCH/REPLACE blocks,
2. a unified diff,
3. a whole program in a fence. Of several fences that hold a program, the last one counts, since models write drafts
   first; fences in other languages than the program's do not count. If no fence holds a program by itself, what stands
   between the first opening and the last closing fence does, for a program whose text has fences of its own.

Text outside of fences, blocks and hunks is never taken as code, whatever it looks like: it is the rationale.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from adrs.propose.model import edits
from adrs.propose.model.evolve import restore
from adrs.propose.model.text import Block, blocks, clean, one_line, without_thoughts
from adrs.source import Rejected

Form = Literal["edits", "diff", "program"]

_RATIONALE = 400
_ALIASES = {"python": ("py", "python3"), "c++": ("cpp", "cc", "cxx"), "cpp": ("c++", "cc", "cxx"), "rust": ("rs",)}
"""Other words after a fence for a language."""
_MOST_FENCES = 20
_MARKDOWN = str.maketrans("", "", "*`#")


class Malformed(Exception):  # noqa: N818 - reads as what the answer is
    """The answer gives no program; the message is for the model and for people, `source` what was refused, if any."""

    def __init__(self, reason: str, source: str = "") -> None:
        super().__init__(reason)
        self.source = source


@dataclass(frozen=True, slots=True)
class Answer:
    """A program that an answer gave."""

    source: str
    form: Form
    rationale: str
    """What the model said of it, on one line."""


def read(text: str, base: str, check: Callable[[str], object], limit: int, language: str = "python") -> Answer:
    """Read an answer whose edits are about `base`.

    check: raises adrs.source.Rejected for a text that is no program of the problem. limit: characters of an answer.
    language: of the program. Raises Malformed.
    """
    if len(text) > limit:
        raise Malformed(f"the answer has {len(text)} characters, the limit is {limit}")
    text = without_thoughts(clean(text))
    if not text.strip():
        raise Malformed("the answer is empty")
    if "\0" in text:
        raise Malformed("the answer contains null bytes")
    base = clean(base)
    lines = text.split("\n")
    form, source = _source(lines, base, check, language)
    source, wrong = restore(base, source)
    if wrong:
        raise Malformed(wrong, source)
    if source.strip() == base.strip():
        raise Malformed("the answer changes nothing: it gives the program as it was")
    try:
        check(source)
    except Rejected as rejected:
        raise Malformed(str(rejected), source) from None
    return Answer(source, form, rationale(lines))


def rationale(lines: list[str]) -> str:
    """The first words of the text around the code: before it, or after it where nothing stands before."""
    code = _code(lines)
    first, last = code.find("x"), code.rfind("x")
    if first < 0:
        return _words(lines)
    return _words(lines[:first]) or _words(lines[last + 1 :])


def _source(lines: list[str], base: str, check: Callable[[str], object], language: str) -> tuple[Form, str]:
    try:
        if edits.has_search_replace(lines):
            return "edits", edits.apply(base, edits.search_replace(lines))
        if edits.has_diff(lines):
            return "diff", edits.apply(base, edits.unified(lines))
    except edits.Refused as refused:
        raise Malformed(str(refused)) from None
    return "program", _fenced(lines, base, check, ("", language, *_ALIASES.get(language, ())))


def _fenced(lines: list[str], base: str, check: Callable[[str], object], infos: tuple[str, ...]) -> str:
    found = [block for block in blocks(lines) if block.info in infos][-_MOST_FENCES:]
    if not found:
        raise Malformed(
            "the answer has no code: neither a SEARCH/REPLACE block, nor a unified diff, nor a program in a code fence"
        )
    cut_off = not found[-1].closed
    texts = [] if cut_off else [_inside(lines, block) for block in reversed(found)]
    if len(texts) == 1:
        return texts[0]
    for text in [*texts, *_outermost(lines, found)]:
        if _is_program(text, base, check):
            return text
    if cut_off:
        raise Malformed("the answer ends inside a code fence; it was probably cut off")
    return max(texts, key=len)


def _outermost(lines: list[str], found: list[Block]) -> list[str]:
    """What stands between the first opening and the last closing fence, if that is more than one block.

    A last block without a language that does not end may be the closing fence itself, taken for an opening one.
    """
    last = found[-1]
    if last.closed:
        end = last.end if len(found) > 1 else None
    else:
        end = last.start if len(found) > 1 and not last.info else None
    return [] if end is None else ["\n".join(lines[found[0].start + 1 : end]) + "\n"]


def _inside(lines: list[str], block: Block) -> str:
    return "\n".join(lines[block.start + 1 : block.end]) + "\n"


def _is_program(text: str, base: str, check: Callable[[str], object]) -> bool:
    source, wrong = restore(base, text)
    try:
        check(source)
    except Rejected:
        return False
    return not wrong


def _code(lines: list[str]) -> str:
    """One character a line: `x` for code, fences and markers."""
    marks = ["."] * len(lines)
    for block in blocks(lines):
        for number in range(block.start, min(block.end + 1, len(lines))):
            marks[number] = "x"
    if "x" in marks:
        return "".join(marks)
    inside = [number for number, line in enumerate(lines) if edits.is_marker(line)]
    if inside:
        last = inside[-1] if edits.has_search_replace(lines) else len(lines) - 1
        marks[inside[0] : last + 1] = "x" * (last + 1 - inside[0])
    return "".join(marks)


def _words(lines: list[str]) -> str:
    return one_line("\n".join(lines).translate(_MARKDOWN), _RATIONALE)
