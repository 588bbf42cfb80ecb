"""A run for other tools: one file of rows, or a run in an experiment tracker."""

import sys
from collections.abc import Callable
from pathlib import Path

from adrs.errors import UserError, did_you_mean
from adrs.export.files import write_csv, write_jsonl, write_parquet
from adrs.export.rows import flat, rows
from adrs.store import Reader

FORMS = ("jsonl", "csv", "parquet", "mlflow", "wandb")

__all__ = ["FORMS", "export", "flat", "rows", "write_csv", "write_jsonl", "write_parquet"]


def export(reader: Reader, form: str | None, output: Path | None, sources: bool = True) -> str:
    """Export in one of FORMS; without one, as the suffix of `output` says, else as JSON Lines. Returns what was done.

    output: the file; for `mlflow` the tracking folder, for `wandb` the folder to write to. None: standard output, where
    the form is text, or what the tracker is configured to use. Raises UserError.
    """
    form = form or (output.suffix.removeprefix(".") if output is not None else "jsonl")
    if form not in FORMS:
        raise UserError(f'runs are not exported as "{form}"{did_you_mean(form, FORMS)}')
    if form == "mlflow":
        from adrs.export.trackers import to_mlflow

        return f"run {to_mlflow(reader, str(output) if output else None)} of MLflow"
    if form == "wandb":
        from adrs.export.trackers import to_wandb

        return f"wandb sync {to_wandb(reader, output or Path())}"
    if form == "parquet":
        if output is None:
            raise UserError("Parquet is no text: name a file with --output")
        return _written(output, lambda: write_parquet(rows(reader, sources), output))
    write = write_jsonl if form == "jsonl" else write_csv
    if output is None:
        write(rows(reader, sources), sys.stdout)
        return ""

    def whole() -> int:
        with output.open("w", encoding="utf-8", newline="") as stream:
            return write(rows(reader, sources), stream)

    return _written(output, whole)


def _written(path: Path, write: Callable[[], int]) -> str:
    try:
        return f"{write()} programs in {path}"
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror or error}") from None
