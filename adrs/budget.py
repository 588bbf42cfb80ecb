"""Caps of a run, and what counts as spent: work in flight is committed before it is done."""

import re
from dataclasses import dataclass

from adrs.errors import UserError

_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True)
class Budget:
    """None = no cap."""

    evaluations: int | None = None
    seconds: float | None = None

    def allows(self, evaluated: int, pending: int) -> bool:
        """Whether one more program may be asked for, if everything pending turns into an evaluation."""
        return self.evaluations is None or evaluated + pending < self.evaluations


def parse_duration(text: str, option: str = "") -> float:
    """Seconds of `90s`, `10m`, `2h` or `1d`. Raises UserError otherwise, which names the option; a unit is a must."""
    said = f'{option} "{text}"'.lstrip()
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([smhd]?)\s*", text)
    if match is None:
        raise UserError(f"{said} is not a duration; write for example 90s, 10m or 2h")
    amount, unit = match.groups()
    if float(amount) == 0:
        raise UserError(f"{said} is no time at all; write for example 90s, 10m or 2h")
    if not unit:
        raise UserError(f"{said} has no unit; write {amount}s, {amount}m or {amount}h for seconds, minutes or hours")
    return float(amount) * _UNITS[unit]
