"""The report of a run as one self-contained HTML file."""

from adrs.report.page import render, write

__all__ = ["render", "write"]
