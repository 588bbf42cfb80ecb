"""Caps of a run, and what counts as spent: work in flight is committed before it is done."""

import re
from dataclasses import dataclass

from adrs.errors import UserError

_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Budget:
    """None = no cap."""

    evaluations: int | None = None
    seconds: float | None = None

    def allows(self, evaluated: int, pending: int) -> bool:
        """Whether one more program may be asked for, if everything pending turns into an evaluation."""
        return self.evaluations is None or evaluated + pending < self.evaluations


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `10m`, `2h`, `1d` or a plain number; raises UserError otherwise."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", text)
    if match is None or float(match[1]) <= 0:
        raise UserError(f'"{text}" is not a duration; write for example 90s, 10m or 2h')
    return float(match[1]) * _UNITS[match[2]]
