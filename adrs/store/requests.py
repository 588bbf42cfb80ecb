"""What models were asked and answered, kept small: most of a request is what every request of the run says.

The first one of a run serves the others as the preset dictionary of zlib (RFC 1950, section 2.2).
"""

import json
import sqlite3
import zlib
from collections.abc import Callable
from typing import Any

from adrs.llm.records import Call, Message
from adrs.store.packed import unpack

_WINDOW = 32_768
"""Bytes that zlib looks back, hence the part of a dictionary that counts: its end."""


def keep_request(cursor: sqlite3.Cursor, call: Call) -> None:
    """Add what a call asked, unless the log has it."""
    if not call.messages or cursor.execute("SELECT 1 FROM request WHERE digest = ?", (call.request_digest,)).fetchone():
        return
    text = _text(call.messages)
    first = cursor.execute("SELECT digest, messages FROM request WHERE base = '' LIMIT 1").fetchone()
    if first is None:
        base, compressed = "", zlib.compress(text, 9)
    else:
        base = first[0]
        packer = zlib.compressobj(9, zdict=unpack(first[1])[-_WINDOW:])
        compressed = packer.compress(text) + packer.flush()
    cursor.execute("INSERT INTO request VALUES (?, ?, ?)", (call.request_digest, base, compressed))


def read_request(rows: Callable[..., list[tuple[Any, ...]]], digest: str) -> tuple[Message, ...]:
    """The messages of a request; none where the log does not have it, as logs of older versions do not."""
    found = rows("SELECT base, messages FROM request WHERE digest = ?", digest)
    if not found:
        return ()
    base, packed = found[0]
    return unpack_request(packed, rows("SELECT messages FROM request WHERE digest = ?", base)[0][0] if base else b"")


def unpack_request(packed: bytes, base: bytes) -> tuple[Message, ...]:
    """A request as `keep_request` packed it, with the packed one that its row calls its base, if any. Raises zlib.error
    or ValueError for bytes that have changed since."""
    text = unpack(packed, unpack(base)[-_WINDOW:] if base else b"")
    return tuple(Message(role, content) for role, content in json.loads(text))


def pack_answer(answer: str) -> bytes:
    """An answer as the log keeps it. Lone surrogates are replaced."""
    return zlib.compress(answer.encode(errors="replace"), 9) if answer else b""


def read_answer(packed: bytes) -> str:
    """The reverse of `pack_answer`."""
    return unpack(packed).decode() if packed else ""


def _text(messages: tuple[Message, ...]) -> bytes:
    """Lone surrogates stay as JSON escapes, other text as it is."""
    pairs = [[message.role, message.content] for message in messages]
    return json.dumps(pairs, ensure_ascii=False).encode(errors="replace")
