"""How large synthetic workloads are: the parameters that the one-shot problems share."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adrs.errors import UserError, did_you_mean


@dataclass(frozen=True)
class Sizes:
    """Queries of a synthetic workload."""

    fit: int = 4000
    asked: int = 1500


STANDARD = Sizes()


def sizes(parameters: Mapping[str, Any]) -> Sizes:
    """Read `fit` and `asked`. Raises UserError."""
    for name, value in parameters.items():
        if name not in ("fit", "asked"):
            raise UserError(f'unknown key "evaluator.parameters.{name}"{did_you_mean(name, ["fit", "asked"])}')
        if type(value) is not int or value < 20:
            raise UserError(f"evaluator.parameters.{name} must be a whole number from 20, not {value!r}")
    return Sizes(**parameters)
