"""Keys come from the environment and go to the host they belong to, and nowhere else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from adrs.errors import UserError
from adrs.llm.prices import other_address
from adrs.llm.specs import ModelSpec

DEFAULT_VARIABLE = "OPENAI_API_KEY"
_PLACEHOLDER = "none"
_SHORTEST_SECRET = 6


@dataclass(frozen=True, slots=True)
class Key:
    """A key, never shown."""

    value: str = field(repr=False)
    variable: str
    """Where it came from, or where it would have come from."""
    placeholder: bool = False
    """Whether it stands for a key that is not set."""


def host_variable(host: str) -> str:
    """The variable for the key of one host: `ADRS_API_KEY_OPENROUTER_AI` for `openrouter.ai`.

    A dash is spelled `__`, since anybody may own the name with a dash in the place of a dot.
    """
    return "ADRS_API_KEY_" + re.sub(r"[^A-Z0-9]", "_", host.rstrip(".").upper().replace("-", "__"))


def find_key(spec: ModelSpec, environment: Mapping[str, str]) -> Key:
    """The key for a model's host; raises UserError where there is none.

    `OPENAI_API_KEY` is for the default endpoint and for loopback; another host never sees it, and has a variable of its
    own. A server on loopback gets a placeholder where no key is set.
    """
    if not spec.host.isascii():  # such letters may become others in a variable, and another host's key be found
        raise UserError(f"model {spec.label}: the name of its host must be written in ASCII, as xn--...")
    own = host_variable(spec.host)
    variables = [own, DEFAULT_VARIABLE] if spec.default or spec.loopback else [own]
    for variable in variables:
        value = environment.get(variable, "").strip()
        if value and not (value.isascii() and value.isprintable()):
            raise UserError(f"the value of {variable} is not a key: it holds characters that no header can carry")
        if value:
            return Key(value, variable)
    if spec.loopback:
        return Key(_PLACEHOLDER, own, placeholder=True)
    variable = DEFAULT_VARIABLE if spec.default else own
    free = "" if spec.default else " (if the server wants none, to the word none)"
    hint = _not_read(spec, environment, variable) or other_address(spec)
    raise UserError(f"model {spec.label} needs a key: set the environment variable {variable}{free}{hint}")


def _not_read(spec: ModelSpec, environment: Mapping[str, str], variable: str) -> str:
    """That the variable which other programs read the key from is set; it is named, its value is not looked at."""
    if spec.default:
        return ""
    usual = [name for part in spec.host.upper().split(".") if (name := f"{part}_API_KEY") in environment]
    return f"; {usual[0]} is set and never read: {variable}=${usual[0]} hands it over" if usual else ""


def scrub(text: str, key: Key) -> str:
    """The text without the key, which a server may have repeated."""
    return text.replace(key.value, "[key]") if len(key.value) >= _SHORTEST_SECRET else text
