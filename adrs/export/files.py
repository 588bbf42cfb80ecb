"""Exports to one file: JSON Lines, CSV or Parquet."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any

from adrs.errors import UserError
from adrs.export.rows import flat, harmless, kind
from adrs.text import as_output, encodable


def write_jsonl(rows: Iterable[dict[str, Any]], stream: IO[str]) -> int:
    """One JSON object a line, with everything; returns the number of lines."""
    count = 0
    for row in rows:
        stream.write(json.dumps(row, ensure_ascii=True) + "\n")
        count += 1
    return count


def write_csv(rows: Iterable[dict[str, Any]], stream: IO[str]) -> int:
    """A table; text that a spreadsheet would take for a formula begins with an apostrophe."""
    table = [flat(row) for row in rows]
    writer = csv.DictWriter(stream, _columns(table), restval="", lineterminator="\n")
    writer.writeheader()
    for row in table:
        writer.writerow({key: harmless(_cell(value, stream)) for key, value in row.items()})
    return len(table)


def write_parquet(rows: Iterable[dict[str, Any]], path: Path) -> int:
    """The same table as Parquet, with the same types whatever a run holds. Raises UserError without pyarrow."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise UserError("Parquet needs pyarrow, which is not installed: pip install 'adrs[parquet]'") from None
    table = [{key: _writable(value) for key, value in flat(row).items()} for row in rows]
    types = {"text": pyarrow.string(), "whole": pyarrow.int64(), "truth": pyarrow.bool_(), "number": pyarrow.float64()}
    schema = pyarrow.schema([(name, types[kind(name)]) for name in _columns(table)])
    parquet.write_table(pyarrow.Table.from_pylist(table, schema), path)
    return len(table)


def _columns(table: Iterable[dict[str, Any]]) -> list[str]:
    """All columns, `source` last."""
    names = dict.fromkeys(name for row in table for name in row)
    return [name for name in names if name != "source"] + [name for name in names if name == "source"]


def _cell(value: Any, stream: IO[str]) -> Any:
    return as_output(encodable(value), stream) if isinstance(value, str) else value


def _writable(value: Any) -> Any:
    return encodable(value) if isinstance(value, str) else value
