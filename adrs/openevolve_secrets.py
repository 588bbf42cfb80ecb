"""Keys and passwords in the configurations of OpenEvolve's folders: no copy of a file holds them.

Copies lie where programs can read them, in the log of a run, and in problems that are passed on.
"""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

_ENDINGS = (".yaml", ".yml")
_NAME = (
    r"(?:(?:\w{1,40}[_-])?(?:api[_-]?keys?|secret(?:[_-](?:access[_-])?key)?|passw(?:or)?d|credentials?|authorization)"
    r"|(?:(?:access|api|auth|bearer|gh|github|hf)[_-])?token)"
)
_SECRET_NAME = re.compile(rf"(?i){_NAME}")
_IN_COMMENT = re.compile(rf"(?im)#.{{0,200}}?\b{_NAME}\b['\"]?[ \t]*[:=][ \t]*([^\n]+)")
_IN_TEXT = re.compile(r"\b(sk-[\w-]{16,}|gh[a-z]_\w{20,}|hf_\w{20,}|AIza[\w-]{20,})|://([^\s/@]+)@")
"""Keys of the usual services by how they begin, and names with passwords in addresses."""
_NO_SECRET = re.compile(r"(?i)|null|~|none|\$\{?\w+\}?")
"""Nothing, or the name of a variable of the environment."""
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
"""An anchor or a tag in front of a value."""

_Span = tuple[int, int, str]
"""Start and end in the text, and the key that the value belongs to."""


def content(path: Path) -> bytes:
    """What a copy of a file holds: of a configuration, all but the values that are secrets."""
    return _read(path)[0]


def keys(path: Path) -> tuple[str, ...]:
    """Keys of the values that a copy of a file does not hold."""
    return _read(path)[1]


def _read(path: Path) -> tuple[bytes, tuple[str, ...]]:
    if path.resolve().suffix.lower() not in _ENDINGS:  # whatever a link to it is called
        return path.read_bytes(), ()
    text, left_out = without(path.read_bytes().decode(errors="surrogateescape"))
    return text.encode(errors="surrogateescape"), left_out


def without(text: str) -> tuple[str, tuple[str, ...]]:
    """A configuration with `null` in the place of each secret, and their keys, as `llm.models.0.api_key`.

    A key of a secret is told by its name; elsewhere a secret is told by its form.
    """
    found: list[_Span] = []
    for start, end, key in sorted(itertools.chain(_in_values(text), _in_words(text))):
        if not found or start >= found[-1][1]:
            found.append((start, end, key))
    for start, end, _ in reversed(found):
        text = f"{text[:start]}null{text[end:]}"
    return text, tuple(dict.fromkeys(key for _, _, key in found))


def _in_values(text: str) -> Iterator[_Span]:
    """Values of keys that are named like secrets."""
    import yaml

    if _SECRET_NAME.search(text) is None:
        return  # files of data may be long, and are not parsed for nothing
    try:
        documents = list(yaml.compose_all(text, yaml.SafeLoader))
    except (yaml.YAMLError, RecursionError):
        return  # nobody can use it as a configuration
    seen: set[tuple[int, bool]] = set()
    for document in documents:
        for key, node in _secret_values(document, "", False, seen):
            start, end = node.start_mark.index, node.end_mark.index
            properties = _PROPERTIES.match(text, start, end)
            start = properties.end() if properties is not None else start
            yield start, start + len(text[start:end].rstrip()), key


def _secret_values(
    node: "yaml.Node", key: str, secret: bool, seen: set[tuple[int, bool]]
) -> Iterator[tuple[str, "yaml.Node"]]:
    """Key and node of each text in or below a secret's key. seen: nodes done with, since aliases may go in circles."""
    if (id(node), secret) in seen:
        return
    seen.add((id(node), secret))
    if node.id == "mapping":
        for name, value in node.value:
            inside = name.value if name.id == "scalar" else "?"
            is_secret = secret or _SECRET_NAME.fullmatch(inside) is not None
            yield from _secret_values(value, f"{key}.{inside}".lstrip("."), is_secret, seen)
    elif node.id == "sequence":
        for number, value in enumerate(node.value):
            yield from _secret_values(value, f"{key}.{number}", secret, seen)
    elif secret and not _NO_SECRET.fullmatch(node.value.strip()):
        yield key, node


def _in_words(text: str) -> Iterator[_Span]:
    """What stands in comments or has the form of a secret wherever it stands."""
    for match in itertools.chain(_IN_COMMENT.finditer(text), _IN_TEXT.finditer(text)):
        group = match.lastindex or 0
        if not _NO_SECRET.fullmatch(match[group].strip("'\" \t\r")):
            line = text.count("\n", 0, match.start(group)) + 1
            yield *match.span(group), f"line {line}"
