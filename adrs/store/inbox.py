"""Messages to whoever works on a run: a folder beside the log, one file a message, read by the log's one writer.

A sender writes a file under another name and renames it, so that nobody reads half of a message. The writer records a
message in the log before it has an effect and removes the file last; one that a crash left behind is known by its name.
"""

import json
import os
import secrets
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from adrs.errors import UserError

INBOX = "inbox"
Kind = Literal["note", "hint", "pause", "continue", "stop"]
MOST_CHARACTERS = 2000
"""Of a note or a hint."""
_MOST_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class Message:
    """What a person says to a run, or of one of its programs."""

    id: str
    """Names of messages sort in the order of sending."""
    kind: Kind
    text: str = ""
    """Of a note or a hint."""
    program: int | None = None
    """What a note is about."""


def post(folder: Path, kind: Kind, text: str = "", program: int | None = None) -> Message:
    """Leave a message for the run in `folder`. Raises UserError for a text that is empty or too long."""
    text = text.strip()
    if kind in ("note", "hint") and not 0 < len(text) <= MOST_CHARACTERS:
        raise UserError(f"a {kind} has 1 to {MOST_CHARACTERS} characters, not {len(text)}")
    message = Message(f"{time.time_ns():020d}-{secrets.token_hex(4)}", kind, text, program)
    inbox = folder / INBOX
    unfinished = inbox / f"{message.id}.part"
    try:
        inbox.mkdir(exist_ok=True)
        unfinished.write_text(json.dumps({"kind": kind, "text": text, "program": program}))
        unfinished.rename(_path(folder, message.id))
    except OSError as error:
        raise UserError(f"{inbox} cannot be written: {error.strerror}") from None
    return message


def is_there(folder: Path, message: Message) -> bool:
    """Whether a message was not dealt with yet."""
    return _path(folder, message.id).exists()


def names(folder: Path) -> list[str]:
    """Ids of the messages that wait, in the order of sending."""
    try:
        found = [path.name for path in (folder / INBOX).iterdir()]
    except OSError:
        return []
    return sorted(name.removesuffix(".json") for name in found if name.endswith(".json"))


def read(folder: Path) -> Iterator[Message]:
    """The messages that wait. What is no message is put aside under another name, so that it can be looked at."""
    for name in names(folder):
        path = _path(folder, name)
        try:
            yield _parse(name, path)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            path.rename(path.with_suffix(".refused"))


def remove(folder: Path, message: Message) -> None:
    """A message was dealt with."""
    _path(folder, message.id).unlink(missing_ok=True)


def _path(folder: Path, name: str) -> Path:
    return folder / INBOX / f"{name}.json"


def _parse(name: str, path: Path) -> Message:
    """Raises ValueError, TypeError or KeyError for what is no message."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        data = json.loads(file.read(_MOST_BYTES))
    kind, text, program = data["kind"], data["text"], data["program"]
    if kind not in get_args(Kind) or not isinstance(text, str) or not isinstance(program, int | None):
        raise ValueError(kind)
    if (kind == "note") != (program is not None) or (kind in ("note", "hint")) != bool(text):
        raise ValueError(kind)
    return Message(name, kind, text[:MOST_CHARACTERS], program)
