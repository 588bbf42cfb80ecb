"""What models cost: a shipped table with its date, and what the user says."""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from adrs.errors import UserError, did_you_mean
from adrs.llm.specs import ModelSpec
from adrs.strict_toml import Table

_TABLE = Path(__file__).with_name("prices.toml")
_MILLION = 1_000_000
_DATED = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8})$")
_FORM = "NAME=IN/OUT in dollars per million tokens, for example gpt-5=1.25/10, or NAME=0 for a model that is free"


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    input: float
    output: float
    cached_input: float | None = None
    """Of input that the provider had in its cache; None: as other input."""

    @property
    def free(self) -> bool:
        """Whether it costs nothing."""
        return self.input == 0.0 and self.output == 0.0

    def cost(self, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> float:
        """US dollars of a call; `cached_tokens` are among `input_tokens`."""
        cached_input = self.input if self.cached_input is None else self.cached_input
        paid = (input_tokens - cached_tokens) * self.input + cached_tokens * cached_input + output_tokens * self.output
        return paid / _MILLION

    @property
    def text(self) -> str:
        """What `parse_price` reads after the `=`."""
        values = (self.input, self.output, self.cached_input)
        return "/".join(repr(value) for value in values if value is not None)

    def __str__(self) -> str:
        return "free" if self.free else f"${self.input:g} in, ${self.output:g} out per million tokens"


class Prices:
    """Prices by model. What the user says goes before the shipped table."""

    def __init__(self, given: Mapping[str, Price] | None = None) -> None:
        """Take prices by `NAME`, or by `NAME@URL` where two hosts serve the same name."""
        self._given = dict(given or {})

    def find(self, spec: ModelSpec) -> Price | None:
        """The price of a model, None where nobody knows it."""
        for name in _names(spec):
            if name in self._given:
                return self._given[name]
        return _shipped_price(spec.host, spec.name)

    def need(self, spec: ModelSpec) -> Price:
        """The price of a model; raises UserError that says how to give it."""
        price = self.find(spec)
        if price is not None:
            return price
        hosted = shipped().get(spec.host, {})
        if elsewhere := other_address(spec):
            raise UserError(f"the price of model {spec.label} at {spec.host} is not known{elsewhere}")
        hint = did_you_mean(spec.name, hosted) if hosted and spec.default else ""
        example = f"--price {spec.name}=0" if spec.loopback else f"--price {spec.name}=IN/OUT"
        why = " if it costs nothing" if spec.loopback else " (dollars per million tokens)"
        raise UserError(
            f"the price of model {spec.label} is not known, so no dollar budget can hold: give {example}{why}, "
            f"or a table [prices] in the file of --config{hint}"
        )

    def check(self, specs: Iterable[ModelSpec]) -> None:
        """Raise UserError for a price that was given for none of these models."""
        known = {name for spec in specs for name in _names(spec)}
        for name in self._given:
            if name not in known:
                raise UserError(
                    f'a price is given for "{name}", which is no model of this run{did_you_mean(name, known)}'
                )


def read_table(table: Table) -> dict[str, Price]:
    """Prices by name out of a table `[prices]`; raises UserError.

    An entry is "IN/OUT" or "IN/OUT/CACHED", 0 for a model that is free, or { input, output, cached_input }.
    """
    read: dict[str, Price] = {}
    for name in table.data:
        value = table.take(name, (str, int, float, dict))
        if isinstance(value, dict):
            entry = table.table(name)
            read[name] = _price(entry)
            entry.finish()
        else:
            read[name] = _parse(str(value), f"{table.file}: {table.path(name)}")
    return read


def texts(table: Mapping[str, Price], specs: Iterable[ModelSpec]) -> tuple[str, ...]:
    """What `parse_price` reads, for those prices of a table that are of models of a run; others are of other runs."""
    wanted = {name for spec in specs for name in _names(spec)}
    return tuple(f"{name}={price.text}" for name, price in table.items() if name in wanted)


def _names(spec: ModelSpec) -> tuple[str, ...]:
    """What a price may call a model, what says most first."""
    return (spec.label, f"{spec.name}@{spec.url}", spec.name)


def parse_price(text: str) -> tuple[str, Price]:
    """Read `NAME=IN/OUT`, `NAME=IN/OUT/CACHED` or `NAME=0`; raises UserError."""
    name, equals, numbers = text.rpartition("=")
    if not equals or not name.strip():
        raise UserError(f'price "{text}" cannot be read; write {_FORM}')
    return name.strip(), _parse(numbers, f'price "{text}"')


def _parse(text: str, where: str) -> Price:
    parts = text.strip().split("/")
    try:
        values = [float(part) for part in parts]
    except ValueError:
        values = []
    if values == [0.0]:
        values = [0.0, 0.0]
    if len(values) not in (2, 3) or not all(math.isfinite(value) and value >= 0 for value in values):
        raise UserError(f"{where} cannot be read; write {_FORM}")
    return Price(*values)


def _price(table: Table) -> Price:
    read, written = table.take("input", float), table.take("output", float)
    cached = table.take("cached_input", float, None)
    for value in (read, written, cached or 0.0):
        if not (math.isfinite(value) and value >= 0):
            raise UserError(
                f"{table.file}: {table.where}: a price must be 0 or more dollars per million tokens, not {value}"
            )
    return Price(read, written, cached)


@cache
def _shipped() -> Mapping[str, Any]:
    return tomllib.loads(_TABLE.read_text())


@cache
def shipped() -> Mapping[str, Mapping[str, Price]]:
    """The shipped prices: by host, then by name."""
    hosts = Table("hosts", _shipped()["hosts"], _TABLE)
    return {
        host: {name: _price(table.table(name)) for name in table.data}
        for host in hosts.data
        for table in [hosts.table(host)]
    }


@cache
def shipped_urls() -> Mapping[str, str]:
    """Where the hosts of the shipped prices answer."""
    urls = Table("urls", _shipped()["urls"], _TABLE)
    return {host: urls.take(host, str) for host in urls.data}


def other_address(spec: ModelSpec) -> str:
    """Of a name that was given without an address: which other host it is shipped for, and how to write that.

    Empty where no host has it, and where `OPENAI_BASE_URL` leads to a server that no price is shipped for: a gateway
    has names of others.
    """
    if not spec.default or spec.host not in shipped() or _shipped_price(spec.host, spec.name) is not None:
        return ""
    hosts = [host for host in shipped() if _shipped_price(host, spec.name) is not None]
    if not hosts:
        return ""
    written = " or ".join(f"--model {spec.name}@{shipped_urls()[host]}" for host in hosts)
    return f"; that name is shipped for {' and '.join(hosts)}: write {written}"


def _shipped_price(host: str, name: str) -> Price | None:
    hosted = shipped().get(host, {})
    return hosted.get(name) or hosted.get(_DATED.sub("", name))


def shipped_date() -> str:
    """The day of the shipped prices."""
    return str(_shipped()["date"])
