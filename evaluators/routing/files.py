"""Reading of files that somebody else wrote: what is wrong with one is a sentence that names the file and the row."""

import json
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from adrs.errors import UserError

MOST = 10**15
"""No count of tokens or steps is larger."""
Value = TypeVar("Value")
Missing = TypeVar("Missing")
_REQUIRED: Any = object()
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass
class Report:
    """What a file scores."""

    metrics: dict[str, Any]
    """By the official names; None where a metric does not exist."""
    notes: list[str] = field(default_factory=list)
    """What was ignored, guessed or missing."""

    def plain(self) -> dict[str, Any]:
        """As plain data, infinities as text."""
        return {**_finite(self.metrics), "notes": self.notes}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def allow(options: Mapping[str, Any], known: set[str], what: str) -> None:
    """Raise UserError for an option that is given and means nothing here."""
    for name, value in options.items():
        if value not in (None, False) and name not in known:
            raise UserError(f"--{name.replace('_', '-')} has no meaning for {what}")


@dataclass(frozen=True)
class Record:
    """One object of a file. Each field is read as what it must be; any other value is a UserError.

    A field that is absent or null counts as `missing`; where nothing is said to stand for it, that is a UserError too.
    """

    fields: Mapping[str, Any]
    where: str
    """The file and the row."""

    def field(
        self, name: str, read: Callable[[Any], Value | None], what: str, missing: Missing = _REQUIRED
    ) -> Value | Missing:
        """What `read` makes of a value; its None is for what is not `what`."""
        value = self.fields.get(name)
        if value is None:
            if missing is _REQUIRED:
                raise UserError(f'{self.where} has no "{name}"')
            return missing
        found = read(value)
        if found is None:
            raise UserError(f'{self.where}: "{name}" must be {what}, not {json.dumps(value, ensure_ascii=False)[:60]}')
        return found

    def number(self, name: str, missing: Missing = _REQUIRED, most: float = math.inf) -> float | Missing:
        """A finite number from 0 to `most`: nothing that is read here is ever negative."""
        what = "a number of at least 0" if math.isinf(most) else f"a number from 0 to {most:g}"
        return self.field(name, lambda value: _number(value, most), what, missing)

    def count(self, name: str, missing: Missing = _REQUIRED) -> int | Missing:
        """A whole number from 0 to MOST."""
        return self.field(name, _count, f"a whole number from 0 to {MOST:.0e}", missing)

    def flag(self, name: str, missing: Missing = _REQUIRED) -> bool | Missing:
        """True or false."""
        return self.field(name, lambda value: value if isinstance(value, bool) else None, "true or false", missing)

    def text(self, name: str, missing: Missing = _REQUIRED) -> str | Missing:
        """A text."""
        return self.field(name, lambda value: value if isinstance(value, str) else None, "a text", missing)

    def key(self, *names: str) -> str:
        """An id, under the first of these names that is given."""
        given = next((name for name in names if self.fields.get(name) is not None), names[0])
        return self.field(given, _key, "an id, which is a text or a whole number")

    def part(self, name: str, missing: Missing = _REQUIRED) -> "Record | Missing":
        """An object within this one."""
        found = self.field(name, lambda value: value if isinstance(value, dict) else None, "an object", missing)
        return Record(found, f"{self.where}: {name}") if isinstance(found, dict) else found

    def parts(self, name: str, missing: list[Any] = _REQUIRED) -> list["Record"]:
        """A list of objects within this one."""
        found = self.field(name, lambda value: value if isinstance(value, list) else None, "a list of objects", missing)
        return [_record(value, f"{self.where}: {name}, item {place}") for place, value in enumerate(found, 1)]


def _number(value: Any, most: float) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) and 0 <= found <= most else None


def _count(value: Any) -> int | None:
    found = _number(value, MOST)
    return int(found) if found is not None and found.is_integer() else None


def _key(value: Any) -> str | None:
    return str(value) if value != "" and (isinstance(value, str) or type(value) is int) else None


def _record(value: Any, where: str) -> Record:
    if not isinstance(value, dict):
        raise UserError(f"{where} is no object but {json.dumps(value, ensure_ascii=False)[:60]}")
    return Record(value, where)


def read_text(path: Path) -> str:
    """A file in UTF-8, with or without a byte order mark. Raises UserError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read: {error}") from None


def _loads(text: str) -> Any:
    try:
        found = json.loads(text)
        return _encodable(found) if _SURROGATE.search(text) else found
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _encodable(value: Any) -> Any:
    """The value with a question mark for each half of a pair of surrogates: JSON may have one, no UTF-8 can."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, list):
        return [_encodable(entry) for entry in value]
    if isinstance(value, dict):
        return {_encodable(key): _encodable(entry) for key, entry in value.items()}
    return value


def _lines(path: Path, text: str) -> list[tuple[str, Any]]:
    """Where, and what, each line of JSON Lines is."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):  # a text may hold what `splitlines` takes for ends of lines
        if line.strip():
            where = f"{path}: line {number}"
            try:
                found.append((where, _loads(line)))
            except ValueError as error:
                raise UserError(f"{where} is no JSON: {error}") from None
    return found


def _rows(path: Path, text: str) -> list[tuple[str, Any]]:
    """Where, and what, each item is of a JSON list, of an object's list `rows`, or of JSON Lines."""
    try:
        data = _loads(text)
    except ValueError as error:
        if text.lstrip().startswith("["):
            raise UserError(f"{path} is no JSON: {error}") from None
        return _lines(path, text)
    if isinstance(data, dict) and isinstance(data.get("rows"), list):
        data = data["rows"]
    return [(f"{path}: row {place}", row) for place, row in enumerate(data if isinstance(data, list) else [data], 1)]


def parse_lines(path: Path, text: str) -> list[Record]:
    """JSON Lines, objects alone; there may be none. Raises UserError."""
    return [_record(value, where) for where, value in _lines(path, text)]


def read_records(path: Path) -> list[Record]:
    """A JSON list of objects, JSON Lines, or an object whose `rows` are such a list; at least one. Raises UserError."""
    found = [_record(value, where) for where, value in _rows(path, read_text(path))]
    if not found:
        raise UserError(f"{path} holds no rows")
    return found


def read_object(path: Path) -> Record:
    """One JSON object. Raises UserError."""
    try:
        return _record(_loads(read_text(path)), str(path))
    except ValueError as error:
        raise UserError(f"{path} is no JSON: {error}") from None


def read_ids(path: Path, *names: str) -> list[str]:
    """Words, or JSON: ids, or objects that have one under one of these names. Raises UserError."""
    text = read_text(path)
    if not text.lstrip().startswith(("[", "{")):
        return text.split()
    rows = ((where, row if isinstance(row, dict) else {names[0]: row}) for where, row in _rows(path, text))
    return [Record(row, where).key(*names) for where, row in rows]


def distinct(records: Sequence[Record], *names: str) -> list[str]:
    """The ids of rows. Raises UserError where one is there twice."""
    found: dict[str, Record] = {}
    for record in records:
        key = record.key(*names)
        if key in found:
            raise UserError(f'{record.where} has the same "{names[0]}" as {found[key].where}: {key}')
        found[key] = record
    return list(found)


def among(wanted: Sequence[str], known: Collection[str], path: Path, what: str, notes: list[str]) -> set[str]:
    """The ids of a filter. Those that are not known go to the notes; UserError where none is."""
    found = dict.fromkeys(wanted)
    missing = [key for key in found if key not in known]
    if len(missing) == len(found):
        raise UserError(f"{path}: none of its {len(found)} ids is among {what}")
    if missing:
        notes.append(f"{len(missing)} of the {len(found)} ids in {path} are not among {what}, first {missing[0]}")
    return set(found)
