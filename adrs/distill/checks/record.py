"""What a check said."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Check:
    """One check and how it went."""

    name: str
    ok: bool
    """False also where it was skipped."""
    detail: str
    skipped: bool = False
    target: str = ""
    """The export that it is about; empty for the rule itself."""
    value: float | None = None
    """The problem's primary metric that an export reached in closed loop."""

    @property
    def title(self) -> str:
        """Its name and what it is about."""
        return f"{self.name} {self.target}".strip()

    @property
    def failed(self) -> bool:
        """Whether it was made and did not pass."""
        return not self.ok and not self.skipped

    def plain(self) -> dict[str, Any]:
        """As plain data, for `checks.json`."""
        return asdict(self)


def skipped(name: str, why: str, target: str = "") -> Check:
    """A check that could not be made."""
    return Check(name, False, why, True, target)


def failures(checks: Iterable[Check], target: str = "") -> list[Check]:
    """Those that failed for a target, or for the rule itself."""
    return [check for check in checks if check.failed and check.target in ("", target)]
