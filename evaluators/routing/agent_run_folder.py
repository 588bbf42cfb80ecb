"""Bills of a live run's folder as TwinRouterBench's dynamic track writes it (arXiv 2605.18859, table 3)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adrs import resources
from adrs.errors import UserError
from evaluators.routing.files import Record, Report, among, distinct, parse_lines, read_ids, read_object, read_text

OPTIONS = {"run_dir", "instances", "penalty", "reprice", "exclude_infrastructure"}
PENALTY = 0.60
INFRASTRUCTURE = (
    "ProviderMissingUsageError", "MalformedResponseError", "TransientResponseError", "ConnectionError", "Timeout",
    "HTTPError", "ReadError", "ChunkedEncodingError", "HTTP 5", "HTTP 408", "HTTP 409", "HTTP 425", "HTTP 429",
    "missing usage object", "response is not JSON", "unexpected response shape", "Key limit exceeded",
    "insufficient_quota", "SSLError", "SSLCertVerificationError", "CertificateError", "ConnectTimeout",
    "NameResolutionError", "Temporary failure in name resolution", "argument list too long",
    "eval report not produced", "Provider returned error",
)  # fmt: skip
"""Text of errors that are not the router's doing, though a router can raise such text itself."""
_POOL = "routing/twinrouterbench_dynamic/model_pool.json"
_PRICING = "routing/twinrouterbench_dynamic/model_pricing.json"


@dataclass(frozen=True)
class Instance:
    """One instance of a run."""

    name: str
    resolved: bool
    cost: float
    """Dollars of its calls."""
    steps: int
    error: str
    unpriced: int
    """Steps without a cost, which counts as 0."""

    @property
    def infrastructure(self) -> bool:
        """Whether its error reads as if the router were not to blame."""
        return any(text in self.error for text in INFRASTRUCTURE)


def score(options: Mapping[str, Any]) -> Report:
    """Score a folder; options as of `agent_files.score`. Raises UserError."""
    folder = Path(options["run_dir"])
    files = sorted((folder / "results").glob("*.json"))
    if not files:
        raise UserError(f"{folder / 'results'} holds no results, *.json")
    prices = _Prices() if options.get("reprice") else None
    results = [_named(file) for file in files]
    distinct(results, "instance_id")
    instances = [_instance(folder, result, prices) for result in results]
    notes: list[str] = []
    if (path := options.get("instances")) is not None:
        names = {each.name for each in instances}
        wanted = among(read_ids(path, "instance_id", "id"), names, path, "the results", notes)
        notes.append(f"{sum(each.name not in wanted for each in instances)} results are not among --instances")
        instances = [each for each in instances if each.name in wanted]
    penalty = Record(options, "adrs score").number("penalty", PENALTY)
    kept = [each for each in instances if not each.infrastructure]
    notes.append(f"{len(instances) - len(kept)} instances failed with an error of the infrastructure")
    if unpriced := sum(each.unpriced for each in instances):
        notes.append(f"{unpriced} steps have no {'step_cost_usd' if prices is None else 'tokens'} and count as free")
    shown = kept if options.get("exclude_infrastructure") else instances
    metrics = _totals(shown, penalty)
    metrics["all"], metrics["without_infrastructure"] = _totals(instances, penalty), _totals(kept, penalty)
    return Report(metrics, notes)


def _totals(instances: list[Instance], penalty: float) -> dict[str, Any]:
    resolved = sum(each.resolved for each in instances)
    cost = math.fsum(each.cost for each in instances)
    bill = cost + penalty * (len(instances) - resolved)
    return {
        "instances": len(instances), "resolved": resolved,
        "resolved_rate": resolved / len(instances) if instances else 0.0,
        "total_api_cost_usd": cost, "total_bill_usd": bill,
        "mean_steps": sum(each.steps for each in instances) / len(instances) if instances else 0.0,
        "bill_per_resolved_usd": bill / resolved if resolved else math.inf,
    }  # fmt: skip


def _named(file: Path) -> Record:
    """A result; one without an id has its file's name."""
    row = read_object(file)
    return (
        row
        if row.fields.get("instance_id") is not None
        else replace(row, fields={**row.fields, "instance_id": file.stem})
    )


def _instance(folder: Path, row: Record, prices: "_Prices | None") -> Instance:
    name = row.key("instance_id")
    steps = _trace(folder, row, name)
    costs = [step.number("step_cost_usd", None) if prices is None else prices.cost(step) for step in steps]
    error = " ".join(str(row.fields[key]) for key in ("agent_error", "eval_error") if row.fields.get(key))
    paid = math.fsum(cost for cost in costs if cost is not None)
    count = row.count("step_count", len(steps))
    return Instance(name, row.flag("resolved", False), paid, count, error, costs.count(None))


def _trace(folder: Path, row: Record, name: str) -> list[Record]:
    """The steps of an instance; lines with a marker are none."""
    given = row.text("trace_path", "")
    path = folder / given if given and (folder / given).is_file() else folder / f"{name}.trace.jsonl"
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"the trace of {name} lies outside {folder}")
    if not path.is_file():
        raise UserError(f"{path}, the trace of {name}, is missing")
    return [step for step in parse_lines(path, read_text(path)) if "__marker__" not in step.fields]


class _Prices:
    """Prices of the live track's pool, and how each provider counts tokens."""

    def __init__(self) -> None:
        pool = read_object(resources.data_file(_POOL)).parts("pool")
        self._provider = {model.text("model_id"): model.text("provider") for model in pool}
        self._price = read_object(resources.data_file(_PRICING)).part("pricing")

    def cost(self, step: Record) -> float | None:
        """Dollars of a step from its raw usage; None where no tokens were used. Raises UserError."""
        model = step.text("model_id", "") or step.text("model", "")
        if model not in self._price.fields:
            raise UserError(f'{step.where}: the pool has no model "{model}"')
        price = self._price.part(model)
        buckets = token_buckets(self._provider.get(model, "openai_compat"), step.part("raw_usage"))
        if not any(buckets):
            return None
        names = ("input_per_m", "cache_read_per_m", "cache_write_per_m", "output_per_m")
        return math.fsum(tokens * price.number(name) for tokens, name in zip(buckets, names, strict=True)) / 1e6


def token_buckets(provider: str, usage: Record) -> tuple[float, float, float, float]:
    """Tokens of plain input, cache read, cache write and output, as a provider reports them. Raises UserError."""
    plain, read, write, output = _buckets(provider, usage)
    if plain < 0:
        raise UserError(f"{usage.where}: more cached tokens than prompt tokens")
    return plain, read, write, output


def _buckets(provider: str, usage: Record) -> tuple[float, float, float, float]:
    def count(name: str) -> float:
        return usage.number(name, 0.0)

    if provider.startswith("anthropic"):
        return (
            count("input_tokens"), count("cache_read_input_tokens"), count("cache_creation_input_tokens"),
            count("output_tokens"),
        )  # fmt: skip
    if provider.startswith("deepseek"):
        hit = count("prompt_cache_hit_tokens")
        missed = usage.number("prompt_cache_miss_tokens", count("prompt_tokens") - hit)
        return missed, hit, 0.0, count("completion_tokens")
    if provider.startswith(("gemini", "google")):
        cached = count("cachedContentTokenCount")
        return count("promptTokenCount") - cached, cached, 0.0, count("candidatesTokenCount")
    details = usage.part("prompt_tokens_details", Record({}, usage.where))
    read, write = details.number("cached_tokens", 0.0), details.number("cache_write_tokens", 0.0)
    prompt, output = count("prompt_tokens"), count("completion_tokens")
    if prompt == 0 and output == 0:
        prompt, output = count("input_tokens"), count("output_tokens")
    return prompt - read - write, read, write, output
