"""What a run is made with."""

from dataclasses import dataclass

from adrs.errors import UserError


@dataclass(frozen=True)
class Settings:
    """What a run is made with; kept in its log."""

    problem: str
    seed: int = 0
    workloads: str = "standard"
    search: str = "adaptive"
    proposer: str = ""
    """As adrs.propose.portfolio.parse reads it; empty: the embedded one, and with models the model proposer as well."""
    executor: str = "local"
    sandbox: str | None = None
    workers: int = 2
    window: int = 8
    max_evaluations: int | None = None
    max_seconds: float | None = None

    def checked(self) -> "Settings":
        """Raises UserError for values that make no sense."""
        for name in ("workers", "window"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.window < self.workers:
            raise UserError(f"window ({self.window}) must be at least the number of workers ({self.workers})")
        if self.max_evaluations is not None and self.max_evaluations < 1:
            raise UserError(f"max-evaluations must be at least 1, not {self.max_evaluations}")
        if self.seed < 0:
            raise UserError(f"seed must be a whole number from 0, not {self.seed}")
        return self
