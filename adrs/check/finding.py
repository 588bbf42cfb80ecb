"""What one check of a problem found."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """One check and how it went."""

    name: str
    ok: bool
    detail: str

    def plain(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self)
