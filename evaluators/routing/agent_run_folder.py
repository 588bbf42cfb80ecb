"""Bills of a live run's folder as TwinRouterBench's dynamic track writes it (arXiv 2605.18859, table 3)."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adrs import resources
from adrs.errors import UserError
from evaluators.routing.files import Report, Row, number, read_object

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
    instances = [_instance(folder, file, prices) for file in files]
    notes: list[str] = []
    if options.get("instances") is not None:
        wanted = set(Path(options["instances"]).read_text(encoding="utf-8").split())
        notes.append(f"{sum(each.name not in wanted for each in instances)} results are not among --instances")
        instances = [each for each in instances if each.name in wanted]
    penalty = PENALTY if options.get("penalty") is None else float(options["penalty"])
    kept = [each for each in instances if not each.infrastructure]
    notes.append(f"{len(instances) - len(kept)} instances failed with an error of the infrastructure")
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


def _instance(folder: Path, file: Path, prices: "_Prices | None") -> Instance:
    row = dict(read_object(file).fields)
    name = str(row.get("instance_id") or file.stem)
    steps = _trace(folder, row, name)
    cost = math.fsum(
        (number(step, "step_cost_usd", f"{name}, step {place}") or 0.0) if prices is None
        else prices.cost(step, f"{name}, step {place}")
        for place, step in enumerate(steps, 1)
    )  # fmt: skip
    error = " ".join(str(row[key]) for key in ("agent_error", "eval_error") if row.get(key))
    count = int(number(row, "step_count", str(file)) or len(steps))
    return Instance(name, row.get("resolved") is True, cost, count, error)


def _trace(folder: Path, row: Row, name: str) -> list[Row]:
    """The steps of an instance; lines with a marker are none."""
    given = folder / str(row["trace_path"]) if row.get("trace_path") else None
    path = given if given is not None and given.is_file() else folder / f"{name}.trace.jsonl"
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UserError(f"the trace of {name} lies outside {folder}")
    if not path.is_file():
        raise UserError(f"{path}, the trace of {name}, is missing")
    steps = []
    for place, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line.strip():
            continue
        try:
            step = json.loads(line)
        except ValueError as error:
            raise UserError(f"{path}: line {place} is no JSON: {error}") from None
        if not isinstance(step, dict):
            raise UserError(f"{path}: line {place} is no object")
        if "__marker__" not in step:
            steps.append(step)
    return steps


class _Prices:
    """Prices of the live track's pool, and how each provider counts tokens."""

    def __init__(self) -> None:
        pool = read_object(resources.data_file(_POOL)).fields["pool"]
        self._provider = {str(model["model_id"]): str(model["provider"]) for model in pool}
        self._price = read_object(resources.data_file(_PRICING)).fields["pricing"]

    def cost(self, step: Row, where: str) -> float:
        """Dollars of a step from its raw usage. Raises UserError."""
        model = str(step.get("model_id") or step.get("model") or "")
        usage = step.get("raw_usage")
        if model not in self._price:
            raise UserError(f'{where}: the pool has no model "{model}"')
        if not isinstance(usage, dict):
            raise UserError(f"{where}: no raw_usage to price")
        price = self._price[model]
        buckets = token_buckets(self._provider.get(model, "openai_compat"), usage, where)
        names = ("input_per_m", "cache_read_per_m", "cache_write_per_m", "output_per_m")
        return math.fsum(tokens * float(price[name]) for tokens, name in zip(buckets, names, strict=True)) / 1e6


def token_buckets(provider: str, usage: Row, where: str) -> tuple[float, float, float, float]:
    """Tokens of plain input, cache read, cache write and output, as a provider reports them. Raises UserError."""

    def count(name: str) -> float:
        return number(usage, name, where) or 0.0

    if provider.startswith("anthropic"):
        return (
            count("input_tokens"), count("cache_read_input_tokens"), count("cache_creation_input_tokens"),
            count("output_tokens"),
        )  # fmt: skip
    if provider.startswith("deepseek"):
        hit = count("prompt_cache_hit_tokens")
        missed = number(usage, "prompt_cache_miss_tokens", where)
        return count("prompt_tokens") - hit if missed is None else missed, hit, 0.0, count("completion_tokens")
    if provider.startswith(("gemini", "google")):
        cached = count("cachedContentTokenCount")
        return count("promptTokenCount") - cached, cached, 0.0, count("candidatesTokenCount")
    details = usage.get("prompt_tokens_details")
    details = details if isinstance(details, dict) else {}
    read, write = (number(details, name, where) or 0.0 for name in ("cached_tokens", "cache_write_tokens"))
    prompt, output = count("prompt_tokens"), count("completion_tokens")
    if prompt == 0 and output == 0:
        prompt, output = count("input_tokens"), count("output_tokens")
    if prompt - read - write < 0:
        raise UserError(f"{where}: more cached tokens than prompt tokens")
    return prompt - read - write, read, write, output
