"""What a reader needs to repeat a run."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adrs.store import Reader


@dataclass(frozen=True, slots=True)
class Configuration:
    """How the run was made."""

    run: str
    problem: str
    problem_digest: str
    """SHA-256 of the problem's files, which are in the log."""
    evaluator_digest: str
    """SHA-256 of the evaluator's files when the run began; empty where they were not found."""
    seed: int
    created: float
    """Seconds since 1970."""
    adrs_version: str
    settings: Mapping[str, Any]
    """Everything that the run is made with, as it was changed last."""
    sessions: tuple[Mapping[str, Any], ...]
    """When it was worked on, and in which sandbox: `time`, and what the log says of it."""
    files: Mapping[str, str]
    """SHA-256 of each file of the problem, by path."""
    command: str
    """The command that makes the same run anew, as far as its settings can be given on the command line."""


def configuration(reader: Reader) -> Configuration:
    """How the run was made."""
    info, settings = reader.info, reader.configuration()
    return Configuration(
        run=info.name, problem=info.problem, problem_digest=info.problem_digest,
        evaluator_digest=str(info.configuration.get("evaluator_digest", "")), seed=info.seed, created=info.created,
        adrs_version=info.adrs_version, settings=settings,
        sessions=tuple({"time": time, **payload} for time, payload in reader.events("started")),
        files=dict(reader.rows("SELECT name, digest FROM file ORDER BY name")),
        command=_command({**settings, **_done(reader)}),
    )  # fmt: skip


_OPTIONS = {
    "seed": "--seed", "workloads": "--workloads", "search": "--search", "proposer": "--proposers",
    "models": "--model", "prices": "--price",
    "model_router": "--model-router", "model_router_train": "--model-router-train",
    "prompts": "--prompts", "prompt_characters": "--prompt-characters",
    "start": "--start", "executor": "--executor", "sandbox": "--sandbox",
    "workers": "--workers", "window": "--window", "order": "--order", "call_seconds": "--call-seconds",
    "max_evaluations": "--max-evaluations", "max_seconds": "--max-time", "max_usd": "--max-usd",
    "max_tokens": "--max-tokens", "max_output_tokens": "--max-output-tokens",
}  # fmt: skip


_SILENT = {"workloads": "standard", "executor": "local"}
"""What nobody needs to say."""


def _done(reader: Reader) -> dict[str, Any]:
    """The budget of a run that was gone on with: what was done, since that of its first session does not say."""
    if len(reader.events("started")) < 2:
        return {}
    return {"max_evaluations": reader.evaluations(), "max_seconds": None}


def _command(settings: Mapping[str, Any]) -> str:
    words = ["adrs", "run", str(settings.get("problem", ""))]
    for name, option in _OPTIONS.items():
        value = settings.get(name)
        if value is None or value in ("", []) or value == _SILENT.get(name):
            continue
        for each in value if isinstance(value, list) else [value]:
            words += [option, f"{each:g}s" if name == "max_seconds" else str(each)]
    return shlex.join(words)
