"""Durations as the tool takes them, for options of benchmarks."""

import argparse

from adrs.budget import parse_duration
from adrs.errors import UserError


def duration(text: str) -> float:
    """Seconds of `90s`, `10m` or `2h`; raises what argparse shows as a mistake."""
    try:
        return parse_duration(text)
    except UserError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
