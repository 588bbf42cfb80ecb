"""Reads the rows of a damaged log out of its pages, one by one, without the trees that lead to them.

Every leaf of SQLite's trees says for itself which rows it holds (https://www.sqlite.org/fileformat2.html, sections 1.6
and 2), so that a page that was overwritten costs its own rows and no others. Which table a row belongs to is told by
its number of columns and their types, which no two tables of the log share.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_USUAL_PAGE = 4096
_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR = 0x0D, 0x0A, 0x02
_MOST_COLUMNS = 32
_MOST_BYTES = 1 << 28
"""Of one row."""

ROWID_TABLES = {
    "run": "t t t i r t t",
    "event": "0 i? t r t?",
    "program": "0 i t t i t t t t t t",
    "evaluation": "0 i t t t t r? r? t t i? r r r t i",
    "model_call": "0 i t t b i i r r t r",
    "source": "t b",
    "request": "t t b",
}
"""Tables by the types of their columns: integer, real, text, blob; `0` stands for the row's own number."""
OTHER_TABLES = {"source": "t b", "parentage": "i i t", "workload_result": "i t t r? t t",
                "file": "t t b"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table; its number, if it has one, stands in the first column."""

    table: str
    values: tuple[Any, ...]


class Damaged(Exception):  # noqa: N818 - a row, not the program, is in error
    """A row cannot be read."""


def carve(content: bytes) -> Iterator[Row]:
    """All rows of the log's tables that can be read out of a file's content, in the order of its pages."""
    pages = _Pages(content)
    for number in range(1, pages.count + 1):
        yield from pages.rows(number)


def with_journal(content: bytes, journal: bytes) -> bytes:
    """A file's content with the committed pages of its write-ahead log (section 4) laid over it."""
    if len(journal) < 32:
        return content
    size = struct.unpack(">I", journal[8:12])[0]
    salts = journal[16:24]
    if size not in _PAGE_SIZES:
        return content
    found: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    for at in range(32, len(journal) - 24 - size + 1, 24 + size):
        page, commit = struct.unpack(">II", journal[at : at + 8])
        if journal[at + 8 : at + 16] != salts or not 0 < page < 1 << 24:
            break
        pending[page] = journal[at + 24 : at + 24 + size]
        if commit:
            found |= pending
            pending = {}
    if not found:
        return content
    made = bytearray(content.ljust(max(found) * size, b"\0"))
    for page, text in found.items():
        made[(page - 1) * size : page * size] = text
    return bytes(made)


_PAGE_SIZES = {512 << power for power in range(8)}


class _Pages:
    """The pages of a file, by number from 1."""

    def __init__(self, content: bytes) -> None:
        size = struct.unpack(">H", content[16:18])[0] if len(content) >= 100 else 0
        size = 1 << 16 if size == 1 else size
        known = content[:16] == b"SQLite format 3\0" and size in _PAGE_SIZES
        self._size = size if known else _USUAL_PAGE
        self._usable = self._size - (content[20] if known else 0)
        self._content = content
        self.count = -(-len(content) // self._size)

    def rows(self, number: int) -> Iterator[Row]:
        """Rows that a page holds; none for a page of another kind, or one that makes no sense."""
        page = self._page(number)
        begin = 100 if number == 1 else 0
        if len(page) < begin + 12:
            return
        kind, cells = page[begin], struct.unpack(">H", page[begin + 3 : begin + 5])[0]
        if kind not in (_TABLE_LEAF, _INDEX_LEAF, _INDEX_INTERIOR):
            return
        pointers = begin + (12 if kind == _INDEX_INTERIOR else 8)
        for place in range(min(cells, self._size // 4)):
            at = pointers + 2 * place
            try:
                row = self._row(page, struct.unpack(">H", page[at : at + 2])[0], kind)
            except (Damaged, IndexError, struct.error):
                continue
            if row is not None:
                yield row

    def _page(self, number: int) -> bytes:
        return self._content[(number - 1) * self._size : number * self._size]

    def _row(self, page: bytes, at: int, kind: int) -> Row | None:
        if kind == _INDEX_INTERIOR:
            at += 4  # the page below
        length, at = _varint(page, at)
        rowid = None
        if kind == _TABLE_LEAF:
            rowid, at = _varint(page, at)
        values = _record(self._payload(page, at, length, kind))
        return _recognised(values, rowid)

    def _payload(self, page: bytes, at: int, length: int, kind: int) -> bytes:
        """The bytes of a row, collected from the pages that it flows over to."""
        if not 0 < length < _MOST_BYTES:
            raise Damaged
        usable = self._usable
        most = usable - 35 if kind == _TABLE_LEAF else (usable - 12) * 64 // 255 - 23
        if length <= most:
            return _slice(page, at, length)
        least = (usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (usable - 4)
        local = local if local <= most else least
        found = [_slice(page, at, local)]
        following = struct.unpack(">I", _slice(page, at + local, 4))[0]
        left = length - local
        while left > 0:
            if not 0 < following <= self.count:
                raise Damaged
            overflow = self._page(following)
            if not any(overflow):  # wiped: no row of a log holds so many zeros
                raise Damaged
            part = _slice(overflow, 4, min(left, usable - 4))
            following = struct.unpack(">I", overflow[:4])[0]
            found.append(part)
            left -= len(part)
        return b"".join(found)


def _slice(page: bytes, at: int, length: int) -> bytes:
    part = page[at : at + length]
    if len(part) < length:
        raise Damaged
    return part


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer of at most nine bytes (section 1.6), and where it ends."""
    value = 0
    for place in range(8):
        byte = data[at + place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + place + 1
    value = value << 8 | data[at + 8]
    return value - (1 << 64 if value >= 1 << 63 else 0), at + 9


def _record(data: bytes) -> tuple[Any, ...]:
    """The columns of a row (section 2.1)."""
    end, at = _varint(data, 0)
    if not 0 < end <= len(data):
        raise Damaged
    kinds = []
    while at < end:
        kind, at = _varint(data, at)
        kinds.append(kind)
        if len(kinds) > _MOST_COLUMNS:
            raise Damaged
    values = []
    for kind in kinds:
        value, at = _column(data, at, kind)
        values.append(value)
    if at != len(data):
        raise Damaged
    return tuple(values)


def _column(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (0, 8, 9):
        return {0: None, 8: 0, 9: 1}[kind], at
    if 1 <= kind <= 6:
        length = (1, 2, 3, 4, 6, 8)[kind - 1]
        return int.from_bytes(_slice(data, at, length), "big", signed=True), at + length
    if kind == 7:
        return struct.unpack(">d", _slice(data, at, 8))[0], at + 8
    if kind < 12:
        raise Damaged
    length = (kind - 12) // 2
    part = _slice(data, at, length)
    if kind % 2 == 0:
        return part, at + length
    try:
        return part.decode(), at + length
    except UnicodeDecodeError:
        raise Damaged from None


_KINDS: dict[str, tuple[type, ...]] = {"i": (int,), "r": (int, float), "t": (str,), "b": (bytes,)}


def _recognised(values: tuple[Any, ...], rowid: int | None) -> Row | None:
    """The row with its table; None for what is of none, such as an index."""
    for table, shape in (ROWID_TABLES if rowid is not None else OTHER_TABLES).items():
        if _fits(values, shape.split()):
            own = shape.startswith("0")
            return Row(table, (rowid, *values[1:]) if own else values)
    return None


def _fits(values: tuple[Any, ...], shape: list[str]) -> bool:
    if len(values) != len(shape):
        return False
    for value, kind in zip(values, shape, strict=True):
        if kind == "0" or value is None:
            if value is not None or not (kind == "0" or kind.endswith("?")):
                return False
        elif not isinstance(value, _KINDS[kind[0]]):
            return False
    return True
