"""Finds lines in a program, also where their white space is not quite right, and puts others in their place."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

_TAB = 4


class NotFound(Exception):  # noqa: N818 - reads as what the lines are
    """The lines are not in the program, or not in one place only; the message says which."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where lines stand: `start` to `end` (excluded), and how their indentation is spelled there."""

    start: int
    end: int
    written: str = ""
    """Indentation as it was written."""
    actual: str = ""
    """Indentation that stands in its place in the program."""
    spaced: bool = False
    """Whether white space was not quite right, so that other lines written with these need care too."""
    first: tuple[str, str] | None = None
    """Indentation of the first line alone, as it was written and in the program, where it differs from the others'."""

    def indent(self, line: str, first: bool = False) -> str:
        """A line as written, indented as the program is. first: of what stands instead."""
        if first and self.first is not None and _leading(line) == self.first[0]:
            return self.first[1] + line.lstrip()
        if line.strip() and line.startswith(self.written):
            return self.actual + line[len(self.written) :]
        return line


def find(program: Sequence[str], wanted: Sequence[str], near: int | None = None) -> Place:
    """The place of `wanted` among the lines of a program.

    Tried in order: as it is; without white space at line ends; with runs of white space as one and without blank
    lines and indentation. The first of these that finds anything decides. Found more than once, the place closest to
    line `near` is meant; without `near`, it is ambiguous. Raises NotFound.
    """
    blank = not any(line.strip() for line in wanted)
    if blank and near is None:
        raise NotFound("there is nothing to look for: it has blank lines only")
    for normalise in (_as_is, _without_ends) if blank else (_as_is, _without_ends, _without_spacing):
        keys, numbers = _keys(program, normalise)
        wanted_keys, _ = _keys(wanted, normalise)
        starts = list(_occurrences(keys, wanted_keys, 2 if near is None else None))
        if not starts:
            continue
        if near is None and len(starts) > 1:
            raise NotFound("it stands in the program more than once; give more lines around it")
        start = min(starts, key=lambda index: abs(numbers[index] - (near or 0)))
        matched = numbers[start : start + len(wanted_keys)]
        if normalise is not _without_spacing:
            return Place(matched[0], matched[-1] + 1)
        lines = [line for line in spaces_for_tabs(program, wanted) if line.strip()]
        written, actual, first = _indentation(lines, [program[n] for n in matched])
        return Place(matched[0], matched[-1] + 1, written, actual, True, first)
    if blank:
        raise NotFound("the program has no such blank lines")
    known = {_without_spacing(line) for line in program}
    strange = next((line for line in wanted if _without_spacing(line) not in known), None)
    if strange is None:
        raise NotFound("its lines stand in the program, but not in this order without others between them")
    raise NotFound(f"it is not in the program, which has no line {strange.strip()[:100]!r}")


def spaces_for_tabs(program: Sequence[str], lines: Sequence[str]) -> list[str]:
    """Lines indented with spaces where the program has no tabs; no-break spaces of an indentation become spaces."""
    spaced = [_plain_indentation(line) for line in lines]
    if any("\t" in line for line in program):
        return spaced
    return [_expanded(line) if "\t" in line else line for line in spaced]


def _plain_indentation(line: str) -> str:
    body = line.lstrip()
    indentation = line[: len(line) - len(body)]
    return line if indentation.isascii() else "".join(" " if not c.isascii() else c for c in indentation) + body


def _expanded(line: str) -> str:
    body = line.lstrip(" \t")
    return line[: len(line) - len(body)].expandtabs(_TAB) + body


def same(line: str, other: str) -> bool:
    """Whether two lines differ in white space at most."""
    return _without_spacing(line) == _without_spacing(other)


def _as_is(line: str) -> str:
    return line


def _without_ends(line: str) -> str:
    return line.rstrip()


def _without_spacing(line: str) -> str:
    return " ".join(line.split())


def _keys(lines: Sequence[str], normalise: Callable[[str], str]) -> tuple[list[str], list[int]]:
    """Lines to compare, and their numbers."""
    keys = [normalise(line) for line in lines]
    numbers = list(range(len(lines)))
    if normalise is _without_spacing:
        numbers = [number for number in numbers if keys[number]]
        keys = [key for key in keys if key]
    return keys, numbers


def _occurrences(lines: Sequence[str], wanted: Sequence[str], most: int | None) -> Iterator[int]:
    """Indices at which `wanted` stands, at most `most`: a search in text, which takes linear time."""
    text = "\n" + "\n".join(lines) + "\n"
    pattern = "\n" + "\n".join(wanted) + "\n"
    position, line, count = 0, 0, 0
    while most is None or count < most:
        at = text.find(pattern, position)
        if at < 0:
            return
        line += text.count("\n", position, at)
        yield line
        count += 1
        line += 1
        position = at + 1


def _indentation(written: Sequence[str], actual: Sequence[str]) -> tuple[str, str, tuple[str, str] | None]:
    """How an indentation must be replaced, and that of the first line if one replacement fits all others but not it.

    Models strip what they quote, so that its first line alone has lost its indentation. Nothing is replaced where
    more than that is off.
    """
    pairs = [(_leading(before), _leading(after)) for before, after in zip(written, actual, strict=True)]
    replaced = _replaced(pairs)
    if replaced is not None:
        return *replaced, None
    replaced = _replaced(pairs[1:]) if len(pairs) > 1 else None
    return ("", "", None) if replaced is None else (*replaced, pairs[0])


def _replaced(pairs: Sequence[tuple[str, str]]) -> tuple[str, str] | None:
    """The least indented line's indentation as written and in the program, if replacing it is right for all lines."""
    old, new = min(pairs, key=lambda pair: len(pair[0]))
    fits = all(
        before.startswith(old) and after.startswith(new) and before[len(old) :] == after[len(new) :]
        for before, after in pairs
    )
    return (old, new) if fits else None


def _leading(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]
