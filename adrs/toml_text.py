"""Values as TOML text: the standard library reads TOML, and does not write it."""

import json
import math
import re
from typing import Any

from adrs.text import encodable

_UNSAFE_QUOTE = re.compile(r'(?<=")"|"\Z')


def value(content: Any) -> str:
    """A string, whole number, finite number, truth value, or a list of these. Raises ValueError for others."""
    if isinstance(content, bool):
        return "true" if content else "false"
    if isinstance(content, int):
        return str(content)
    if isinstance(content, float) and math.isfinite(content):
        return repr(content)
    if isinstance(content, str):
        return _text(content)
    if isinstance(content, list):
        return f"[{', '.join(map(value, content))}]"
    raise ValueError(f"{content!r} cannot be written as TOML")


def _text(text: str) -> str:
    """A basic string, over several lines where the text has them. Lone surrogates become question marks."""
    text = encodable(text).replace("\r\n", "\n")
    if "\n" not in text:
        return f'"{_escaped(text)}"'
    body = "\n".join(_escaped(line).replace('\\"', '"') for line in text.split("\n"))
    body = _UNSAFE_QUOTE.sub(r"\"", body)
    return f'"""\n{body}"""'


def _escaped(line: str) -> str:
    return json.dumps(line, ensure_ascii=False)[1:-1].replace("\x7f", "\\u007f")
