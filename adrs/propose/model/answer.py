"""From a model's answer to a program. What cannot be read is refused with the reason, never guessed at.

The first of these forms that gives a program decides; where none does, the first that is there says what is wrong:

1. SEARCH/REPLACE blocks,
2. a unified diff,
3. a whole program in a fence. Of several fences that hold a program, the last one counts, since models write drafts
   first; one that holds the program as it was is a quotation, and fences in other languages than the program's do not
   count. If no fence holds a program by itself, what stands between the first opening and the last closing fence does,
   for a program whose text has fences of its own,
4. where there is none of these, a fence marked as a diff whose lines have no header.

Text outside of fences, blocks and hunks is never taken as code, whatever it looks like: it is the rationale. And a
program with parts left out is none, see adrs.propose.model.wholeness.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from adrs.propose.model import edits
from adrs.propose.model.evolve import restore
from adrs.propose.model.text import Block, blocks, clean, inside, one_line, without_thoughts
from adrs.propose.model.wholeness import lacking
from adrs.source import Rejected

Form = Literal["edits", "diff", "program"]

_RATIONALE = 400
_ALIASES = {
    "python": ("py", "python3", "pycon"), "c++": ("cpp", "cc", "cxx"), "cpp": ("c++", "cc", "cxx"), "rust": ("rs",)
}  # fmt: skip
"""Other words after a fence for a language."""
_NO_LANGUAGE = ("text", "txt", "plaintext", "code", "tool_code")
"""Words after a fence that counts where none is marked with the program's language or not at all."""
_DIFF = ("diff", "patch")
_CUT_OFF = "it was probably cut off at the most tokens that it may have (--max-output-tokens)"
_MOST_FENCES = 20
_MARKDOWN = str.maketrans("", "", "*`#")


class Malformed(Exception):  # noqa: N818 - reads as what the answer is
    """The answer gives no program; the message is for the model and for people.

    source: what was refused, if any. cut_off: whether the answer ends before what it gives does.
    """

    def __init__(self, reason: str, source: str = "", cut_off: bool = False) -> None:
        super().__init__(reason)
        self.source = source
        self.cut_off = cut_off


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
    text = clean(text)
    if not text.strip():
        raise Malformed("the answer is empty")
    text = without_thoughts(text)
    if not text.strip():
        raise Malformed(f"the answer has nothing but thoughts; {_CUT_OFF}", cut_off=True)
    if "\0" in text:
        raise Malformed("the answer contains null bytes")
    base = clean(base)
    lines = text.split("\n")

    def finish(source: str) -> str:
        return _finished(source, base, check, language)

    refused: Malformed | None = None
    for form, reading in _readings(lines, base, finish, ("", language, *_ALIASES.get(language, ()))):
        try:
            return Answer(reading(), form, rationale(lines))
        except edits.Refused as wrong:
            refused = refused or Malformed(str(wrong))
        except Malformed as wrong:
            refused = refused or wrong
    if refused is None:
        raise Malformed(
            "the answer has no code: neither a SEARCH/REPLACE block, nor a unified diff, nor a program in a code fence"
        )
    if _ends_early(lines):
        raise Malformed(f"{refused}; {_CUT_OFF}", refused.source, cut_off=True)
    raise refused


def rationale(lines: list[str]) -> str:
    """The first words of the text around the code: before it, or after it where nothing stands before."""
    code = _code(lines)
    first, last = code.find("x"), code.rfind("x")
    if first < 0:
        return _words(lines)
    return _words(lines[:first]) or _words(lines[last + 1 :])


def _finished(source: str, base: str, check: Callable[[str], object], language: str) -> str:
    """A program as it is taken. Raises Malformed for a text that is none, or none that is new."""
    source, wrong = restore(base, source)
    if wrong:
        raise Malformed(wrong, source)
    if source.strip() == base.strip():
        raise Malformed("the answer changes nothing: it gives the program as it was")
    try:
        check(source)
    except Rejected as rejected:
        raise Malformed(str(rejected), source) from None
    missing = lacking(source, base, language)
    if missing:
        raise Malformed(missing, source)
    return source


def _ends_early(lines: list[str]) -> bool:
    found = blocks(lines)
    return not found[-1].closed if found else edits.ends_inside(lines)


def _readings(
    lines: list[str], base: str, finish: Callable[[str], str], infos: tuple[str, ...]
) -> Iterator[tuple[Form, Callable[[], str]]]:
    """The forms that an answer has, each with what gives the program; that raises Malformed or edits.Refused."""
    rest = lines
    if edits.has_search_replace(lines):
        yield "edits", lambda: finish(edits.apply(base, edits.search_replace(lines)))
        first, last = edits.span(lines)
        rest = lines[:first] + lines[last + 1 :]
    if edits.has_diff(lines):
        yield "diff", lambda: finish(edits.apply(base, edits.unified(lines)))
    fences = [block for block in blocks(rest) if not edits.has_diff(inside(rest, block))]
    found = [block for block in fences if _language(block) in infos]
    found = found or [block for block in fences if _language(block) in _NO_LANGUAGE]
    if found:
        yield "program", lambda: _fenced(rest, found[-_MOST_FENCES:], base, finish)
        return
    diffs = [inside(lines, block) for block in blocks(lines) if block.info in _DIFF and block.closed]
    if diffs and not edits.has_diff(lines):
        yield "diff", lambda: finish(edits.apply(base, edits.unified([*chain(*map(edits.headed, diffs))])))


def _language(block: Block) -> str:
    """What a fence says of its language, if only by a path: ```python, ```python:program.py and ```program.py."""
    return block.info.partition(":")[0].rpartition(".")[2]


def _fenced(lines: list[str], found: list[Block], base: str, finish: Callable[[str], str]) -> str:
    ended = found[-1].closed
    texts = [] if not ended else ["\n".join(inside(lines, block)) + "\n" for block in reversed(found)]
    refused: dict[str, Malformed] = {}
    for text in [*texts, *_outermost(lines, found)]:
        try:
            return finish(text)
        except Malformed as wrong:
            refused[text] = wrong
    if not ended:
        raise Malformed("the answer ends inside a code fence")
    # a quotation of the program as it was is not what the answer is about
    raise refused[max(texts, key=lambda text: (text.strip() != base.strip(), len(text)))]


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


def _code(lines: list[str]) -> str:
    """One character a line: `x` for code, fences and markers."""
    marks = ["."] * len(lines)
    spans = [(block.start, block.end) for block in blocks(lines)]
    if edits.has_search_replace(lines):
        spans.append(edits.span(lines))
    markers = [number for number, line in enumerate(lines) if edits.is_marker(line)]
    if markers and not spans:
        spans.append((markers[0], len(lines) - 1))
    for first, last in spans:
        for number in range(first, min(last + 1, len(lines))):
            marks[number] = "x"
    return "".join(marks)


def _words(lines: list[str]) -> str:
    return one_line("\n".join(lines).translate(_MARKDOWN), _RATIONALE)
