"""The log of a run: one SQLite file, one writer, any number of readers. Everything else is a fold over it."""

from adrs.store.reader import CHANGED, Reader, RunInfo, Summary
from adrs.store.writer import Writer

__all__ = ["CHANGED", "Reader", "RunInfo", "Summary", "Writer"]
