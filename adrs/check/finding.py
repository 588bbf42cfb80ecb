"""What one check of a problem found."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One check and how it went."""

    name: str
    ok: bool
    detail: str
    skipped: bool = False
    """Whether nothing could be found out, for a reason that an earlier finding gives. Then it is not ok either."""

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)
