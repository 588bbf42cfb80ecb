"""The languages that rules are exported to, and the files of each."""

from collections.abc import Mapping
from typing import Literal

from adrs.errors import UserError, did_you_mean

Target = Literal["python", "c", "fixed", "latex"]
TARGETS: tuple[Target, ...] = ("python", "c", "fixed", "latex")
FILES: Mapping[Target, tuple[str, ...]] = {
    "python": ("rule.py",), "c": ("rule.c", "rule.h"), "fixed": ("rule_fixed.c", "rule_fixed.h"),
    "latex": ("rule.tex",),
}  # fmt: skip


def read_targets(text: str) -> tuple[Target, ...]:
    """Targets from a list with commas, in the order of `TARGETS`. Raises UserError."""
    wanted = [name.strip() for name in text.split(",") if name.strip()]
    for name in wanted or [""]:
        if name not in TARGETS:
            raise UserError(f'--target "{name}"{did_you_mean(name, TARGETS)}')
    return tuple(target for target in TARGETS if target in wanted)
