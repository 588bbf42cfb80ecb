"""What a run is made with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from adrs.errors import UserError


@dataclass(frozen=True)
class Settings:
    """What a run is made with; kept in its log."""

    problem: str
    trust: Literal["line", "shared"] = "line"
    """The problem's own, so that the log says what its scores are worth."""
    seed: int = 0
    workloads: str = "standard"
    search: str = "adaptive"
    proposer: str = ""
    """As adrs.propose.portfolio.parse reads it; empty: the embedded one, and with models the model proposer as well."""
    models: tuple[str, ...] = ()
    """`NAME` or `NAME@URL`, as adrs.llm.specs.parse_specs reads them."""
    prices: tuple[str, ...] = ()
    """`NAME=IN/OUT` in dollars per million tokens."""
    model_router: str | None = None
    """A program that chooses among the models: a path, or RUN:ID of a query-routing run."""
    model_router_train: tuple[str, ...] = ()
    """Runs whose model calls it is fitted to."""
    prompts: str | None = None
    """A folder with prompt templates of the user's."""
    prompt_characters: int | None = None
    """The most characters of a request; None: as many as adrs.propose says."""
    executor: str = "local"
    sandbox: str | None = None
    workers: int = 2
    window: int = 8
    order: Literal["ticket", "arrival"] = "ticket"
    """When an end is told: in the order of asking, so that the same seed gives the same lineage at any number of
    workers; or as it comes, so that a slow answer holds up nobody. Either order is recorded and can be replayed."""
    call_seconds: float | None = None
    """A tighter limit of one call of a candidate than the problem's, on `train` alone: a search whose programs may take
    long ends among those that take long, for ever smaller gains."""
    max_evaluations: int | None = None
    max_seconds: float | None = None
    max_usd: float | None = None
    max_tokens: int | None = None
    max_output_tokens: int | None = None
    evaluator_digest: str = ""
    """Of the evaluator's files when the run began; scores of another evaluator cannot be compared with its own."""

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Settings":
        """The settings of a log."""
        lists = ("models", "prices", "model_router_train")
        return cls(**{**data, **{name: tuple(data.get(name, ())) for name in lists}})

    def checked(self) -> "Settings":
        """Raises UserError for values that make no sense."""
        for name in ("workers", "window"):
            if getattr(self, name) < 1:
                raise UserError(f"{name} must be at least 1, not {getattr(self, name)}")
        if self.window < self.workers:
            raise UserError(f"window ({self.window}) must be at least the number of workers ({self.workers})")
        if self.max_evaluations is not None and self.max_evaluations < 1:
            raise UserError(f"max-evaluations must be at least 1, not {self.max_evaluations}")
        if self.call_seconds is not None and not self.call_seconds > 0:
            raise UserError(f"call-seconds must be above 0, not {self.call_seconds:g}")
        for name in ("max_usd", "max_tokens", "max_output_tokens", "prices", "prompts", "prompt_characters"):
            if getattr(self, name) and not self.models:
                option = "price" if name == "prices" else name.replace("_", "-")
                raise UserError(f"--{option} says something about language models; name one with --model")
        if self.model_router is not None and len(self.models) < 2:
            raise UserError("model-router chooses among several models; name at least two with --model")
        if self.model_router_train and self.model_router is None:
            raise UserError("model-router-train says what a model router learns from; name one with --model-router")
        if self.seed < 0:
            raise UserError(f"seed must be a whole number from 0, not {self.seed}")
        return self
