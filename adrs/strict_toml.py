"""Reads TOML tables strictly: a missing key, a wrong type or an unknown key is one clear sentence."""

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adrs.errors import UserError, did_you_mean
from adrs.text import brief


def read(file: Path) -> dict[str, Any]:
    """What a file of TOML holds. Raises UserError."""
    try:
        return tomllib.loads(file.read_bytes().decode())
    except UnicodeDecodeError:
        raise UserError(f"{file} is not UTF-8 text") from None
    except ValueError as error:
        raise UserError(f"{file} is not valid TOML: {error}") from None
    except RecursionError:
        raise UserError(f"{file} is nested too deeply") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None


class Table:
    """One table of the file; remembers which keys were asked for, so that the others are errors."""

    def __init__(self, where: str, data: Any, file: Path, examples: Mapping[str, str] | None = None) -> None:
        if not isinstance(data, dict):
            raise UserError(f"{file}: {where} must be a table")
        self.where, self.data, self.file = where, data, file
        self.examples = examples or {}
        self.known: set[str] = set()

    def path(self, key: str) -> str:
        """The key with the tables that it lies in."""
        return f"{self.where}.{key}" if self.where else key

    def take(self, key: str, kind: type | tuple[type, ...], default: Any = ...) -> Any:
        """The value of a key, of one of the kinds; without a default the key must be there."""
        self.known.add(key)
        if key not in self.data:
            if default is ...:
                raise UserError(f"{self.file}: {self.path(key)} is missing{self._hint(key)}")
            return default
        value = self.data[key]
        kinds = kind if isinstance(kind, tuple) else (kind,)
        if isinstance(value, bool) and bool not in kinds:
            raise self.wrong(key, kinds, value)
        if float in kinds and isinstance(value, int):
            value = float(value)
        if not isinstance(value, kinds):
            raise self.wrong(key, kinds, value)
        return value

    def _hint(self, key: str) -> str:
        """A key nobody asked for that looks like the missing one, or an example."""
        close = difflib.get_close_matches(key, [name for name in self.data if name not in self.known], n=1)
        if close:
            return f'; did you mean it by "{close[0]}"?'
        example = self.examples.get(self.path(key))
        return f"; for example: {example}" if example else ""

    def wrong(self, key: str, kinds: tuple[type, ...], value: Any) -> UserError:
        """The error for a value of another type."""
        names = {str: "a string", int: "a whole number", float: "a number", bool: "true or false", list: "a list"}
        expected = " or ".join(dict.fromkeys(names.get(kind, "a table") for kind in kinds))
        return UserError(f"{self.file}: {self.path(key)} must be {expected}, not {brief(value)}")

    def strings(self, key: str) -> tuple[str, ...]:
        """A list of strings, empty if it is not there."""
        values = self.take(key, list, [])
        if not all(isinstance(value, str) for value in values):
            raise UserError(f"{self.file}: {self.path(key)} must be a list of strings")
        return tuple(values)

    def choice(self, key: str, allowed: tuple[str, ...], default: Any = ...) -> Any:
        """One of a few strings."""
        value = self.take(key, str, default)
        if value not in allowed:
            raise UserError(f'{self.file}: {self.path(key)} = "{value}"{did_you_mean(value, allowed)}')
        return value

    def table(self, key: str, default: Any = ...) -> "Table":
        """A table within."""
        return Table(self.path(key), self.take(key, dict, default), self.file, self.examples)

    def tables(self, key: str) -> list["Table"]:
        """A list of tables, empty if it is not there."""
        entries = self.take(key, list, [])
        return [
            Table(f"{self.path(key)}[{number}]", entry, self.file, self.examples)
            for number, entry in enumerate(entries)
        ]

    def rest(self) -> dict[str, Any]:
        """What nobody has asked for yet."""
        return {key: value for key, value in self.data.items() if key not in self.known}

    def finish(self) -> None:
        """Raise UserError for the first key that nobody has asked for."""
        for key in self.data:
            if key not in self.known:
                raise UserError(f'{self.file}: unknown key "{self.path(key)}"{did_you_mean(key, self.known)}')
