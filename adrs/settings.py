"""What a run is made with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from adrs import cores
from adrs.errors import UserError

DEFAULT_SECONDS = 600.0
"""How long a run goes on that was given no budget of evaluations or time."""
MOST_SEED = 2**63 - 1
"""What a whole number of the log can be at most."""
LEAST = {
    "seed": 0, "workers": 1, "window": 1, "max_evaluations": 1, "max_tokens": 1, "max_output_tokens": 1,
    "prompt_characters": 8_000,
}  # fmt: skip
"""Settings that are whole numbers, and the least of each that makes sense."""
_AMOUNTS = ("call_seconds", "max_seconds", "max_usd")
_TEXTS = ("problem", "search", "proposer", "executor", "sandbox", "prompts", "model_router", "start")
_LISTS = ("models", "prices", "model_router_train")
_WORDS = {"workloads": ("standard", "published"), "order": ("ticket", "arrival")}


def wanted(name: str, value: object) -> str:
    """What a setting should have been, as `a list of texts`; empty if it is of the right kind."""
    if name in LEAST:
        whole = isinstance(value, int) and not isinstance(value, bool) and value >= LEAST[name]
        return "" if whole else f"a whole number from {LEAST[name]}"
    if name in _AMOUNTS:
        number = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        return "" if number else "a number from 0"
    if name in _LISTS:
        texts = isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(t, str) for t in value)
        return "" if texts else "a list of texts"
    if name in _WORDS:
        return "" if value in _WORDS[name] else " or ".join(f'"{word}"' for word in _WORDS[name])
    return "" if isinstance(value, str) or name not in _TEXTS else "a text"


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
    start: str | None = None
    """The program that the run begins with instead of the problem's seed: a path, or RUN:ID of an earlier run."""
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
    def filled(cls, problem: str, **given: Any) -> "Settings":
        """What was given of a new run's settings, None for what was not, and what follows from that for the others.

        Raises UserError for what cannot be reckoned with; `checked` does it for the rest.
        """
        made = {name: value for name, value in given.items() if value is not None}
        for name in ("workers", *_LISTS):
            right = wanted(name, made[name]) if name in made else ""
            if right:
                raise UserError(f"{_said(name)} must be {right}, not {made[name]!r}")
        made |= {name: tuple(made.get(name, ())) for name in _LISTS}
        local = made.get("executor", "local") == "local"  # others may have more machines than this
        made["workers"] = cores.workers(made.get("workers")) if local else made.get("workers", cores.cores())
        if "max_evaluations" not in made and "max_seconds" not in made:
            made["max_seconds"] = DEFAULT_SECONDS
        follows = {"window": max(cls.window, made["workers"]), "order": "arrival" if made["models"] else "ticket"}
        return cls(problem, **{**follows, **made})

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Settings":
        """The settings of a log. Raises UserError for what no session of this version wrote."""
        unknown = sorted(data.keys() - {setting.name for setting in fields(cls)})
        if unknown:
            raise UserError(f'the log has a setting "{unknown[0]}", which this version of adrs does not know')
        return cls(**{**data, **{name: tuple(data.get(name, ())) for name in _LISTS}})

    def checked(self) -> "Settings":
        """Raises UserError for values that make no sense."""
        for setting in fields(self):
            value = getattr(self, setting.name)
            if value is None and setting.default is None:
                continue
            right = wanted(setting.name, value)
            if right:
                raise UserError(f"{_said(setting.name)} must be {right}, not {value!r}")
        if self.window < self.workers:
            raise UserError(f"window ({self.window}) must be at least the number of workers ({self.workers})")
        if self.call_seconds is not None and not self.call_seconds > 0:
            raise UserError(f"call-seconds must be above 0, not {self.call_seconds:g}")
        for name in ("max_usd", "max_tokens", "max_output_tokens", "prices", "prompts", "prompt_characters"):
            if getattr(self, name) and not self.models:
                option = "price" if name == "prices" else _said(name)
                raise UserError(f"--{option} says something about language models; name one with --model")
        if self.model_router is not None and len(self.models) < 2:
            raise UserError("model-router chooses among several models; name at least two with --model")
        if self.model_router_train and self.model_router is None:
            raise UserError("model-router-train says what a model router learns from; name one with --model-router")
        if self.seed > MOST_SEED:
            raise UserError(f"seed must be a whole number from 0 to 2^63 - 1, not {self.seed}")
        return self


def _said(name: str) -> str:
    """A setting as whoever gave it calls it."""
    return {"proposer": "proposers", "max_seconds": "max-time"}.get(name, name.replace("_", "-"))
