"""How a model is named: `NAME` or `NAME@URL`."""

import ipaddress
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from adrs.errors import UserError

DEFAULT_URL = "https://api.openai.com/v1"
_SPEC = re.compile(r"(?P<name>.+?)@(?P<url>https?://.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A model at an address."""

    label: str
    """What it is called in the log: the text it was given as."""
    name: str
    """What the server calls it."""
    url: str
    """Base URL, without a slash at the end."""
    default: bool
    """Whether the address is the default endpoint, not one given with the name."""

    @property
    def host(self) -> str:
        """Host name of the address, in lower case."""
        return urlsplit(self.url).hostname or ""

    @property
    def loopback(self) -> bool:
        """Whether the server is on this machine."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def parse_spec(text: str, environment: Mapping[str, str]) -> ModelSpec:
    """Read `NAME` or `NAME@URL`; raises UserError. An address may hold no credentials: it goes into the log."""
    text = text.strip()
    match = _SPEC.fullmatch(text)
    if match is not None:
        name, url = match["name"].strip(), match["url"].strip().rstrip("/")
    elif "@" in text[1:]:
        raise UserError(f'model "{text}": what follows @ must be a URL, for example "{_example(text)}"')
    else:
        name, url = text, environment.get("OPENAI_BASE_URL", "").strip().rstrip("/") or DEFAULT_URL
    if not name or any(character.isspace() for character in name):
        raise UserError(
            f'"{text}" names no model; write NAME or NAME@URL, for example "qwen3@http://localhost:8000/v1"'
        )
    where = f'model "{name}"' if match else "OPENAI_BASE_URL"
    _check_url(url, where)
    return ModelSpec(f"{name}@{url}" if match else name, name, url, default=match is None)


def parse_specs(texts: Sequence[str], environment: Mapping[str, str]) -> tuple[ModelSpec, ...]:
    """Read several; raises UserError for none, or for one that is there twice."""
    if not texts:
        raise UserError("no model is given; name one with --model NAME or --model NAME@URL")
    specs = tuple(parse_spec(text, environment) for text in texts)
    labels = [spec.label for spec in specs]
    for label in labels:
        if labels.count(label) > 1:
            raise UserError(f'model "{label}" is given twice')
    return specs


def _example(text: str) -> str:
    name, _, rest = text[1:].rpartition("@")
    return f"{text[0]}{name}@http://{rest or 'localhost:8000/v1'}"


def _check_url(url: str, where: str) -> None:
    """Raise UserError without showing the part that may be a secret."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise UserError(f"{where}: the URL cannot be read; write for example http://localhost:8000/v1") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UserError(f"{where}: the URL has no host; write for example http://localhost:8000/v1")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise UserError(
            f"{where}: the URL of {parts.hostname} must not hold a user, a password or a query, since it is kept in "
            "the log; a key comes from the environment"
        )
