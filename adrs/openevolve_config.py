"""OpenEvolve's config.yaml: which keys mean something here, and one line about each of them."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adrs.errors import UserError, closest
from adrs.text import brief

FILES = ("config.yaml", "config.yml")
_SECTIONS = ("llm", "prompt", "database", "evaluator", "evolution_trace")
_TIMEOUT = 300.0
_THRESHOLDS = (0.5, 0.75, 0.9)
"""What openevolve 0.4.0 takes where the file says nothing (openevolve/config.py, EvaluatorConfig)."""
OPTIONS = {
    "max_iterations": "max_evaluations", "random_seed": "seed", "evaluator.parallel_evaluations": "workers",
}  # fmt: skip
"""Keys that are options of a run."""
_NOT_USED = {
    "llm": "models are named with --model",
    "prompt": "prompts are templates, see --prompts",
    "database": "the search strategy is chosen with --search",
    "evaluator.cpu_limit": "workers and their sandbox take care of it",
    "evaluator.distributed": "workers and their sandbox take care of it",
    "evolution_trace": "every step is in the log of the run, see adrs export",
    "checkpoint_interval": "every event is in the log at once",
    "log_level": "every event is in the log",
    "log_dir": "runs are kept in --runs-dir",
    "diff_based_evolution": "models may answer with edits or with whole programs",
    "diff_pattern": "models may answer with edits or with whole programs",
    "enforce_evolve_blocks": "what stands outside of evolve blocks is always held",
    "early_stopping_patience": "a run ends with its budget",
    "early_stopping_metric": "a run ends with its budget",
    "convergence_threshold": "a run ends with its budget",
    "max_tasks_per_child": "each program is evaluated in a process of its own",
    "evaluator.max_retries": "a program that fails is not tried again",
    "evaluator.enable_artifacts": "artifacts become feedback, up to limits.output_kb",
    "evaluator.max_artifact_storage": "artifacts become feedback, up to limits.output_kb",
    "evaluator.use_llm_feedback": "no model judges programs",
    "evaluator.llm_feedback_weight": "no model judges programs",
    "prompt.include_artifacts": "artifacts are part of the feedback",
    "prompt.evaluator_system_message": "no model judges programs",
}


@dataclass
class Config:
    """What is used of one file."""

    task: str = ""
    """The system message, if it is a text and not the name of a template."""
    language: str = ""
    file_suffix: str | None = None
    timeout: float = _TIMEOUT
    """Seconds of one call of an evaluator's function."""
    memory_mb: int | None = None
    output_kb: int | None = None
    source_kb: int | None = None
    cascade: bool = True
    thresholds: tuple[float, ...] = _THRESHOLDS
    not_in_mean: tuple[str, ...] = ()
    options: dict[str, int] = field(default_factory=dict)
    """Options of a run by name."""
    notes: tuple[tuple[str, str], ...] = ()
    """Each key and what became of it."""


def read(folder: Path) -> Config:
    """The configuration of a folder, all defaults where it has none. Raises UserError."""
    path = next((folder / name for name in FILES if (folder / name).is_file()), None)
    return Config() if path is None else _Reader(path).config


class _Reader:
    """Goes through the keys of a file, takes what it knows and notes what it does with each."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.config = Config()
        takers: dict[str, Callable[[str, Any], str]] = {
            "max_iterations": self._max_iterations, "random_seed": self._random_seed, "language": self._language,
            "file_suffix": self._file_suffix, "max_code_length": self._max_code_length,
            "prompt.system_message": self._system_message, "prompt.max_artifact_bytes": self._max_artifact_bytes,
            "database.feature_dimensions": self._feature_dimensions, "evaluator.timeout": self._timeout,
            "evaluator.memory_limit_mb": self._memory_limit, "evaluator.cascade_evaluation": self._cascade,
            "evaluator.cascade_thresholds": self._thresholds, "evaluator.parallel_evaluations": self._parallel,
        }  # fmt: skip
        notes = []
        for key, value in _flat(_load(path)):
            said = takers[key](key, value) if key in takers and value is not None else ""
            notes.append((key, said or f"not used; {_why_not(key, [*takers, *_NOT_USED])}"))
        self.config.notes = tuple(notes)

    def _max_iterations(self, key: str, value: Any) -> str:
        count = self.config.options["max_evaluations"] = self._whole(key, value, 1)
        return f"used as --max-evaluations {count}"

    def _random_seed(self, key: str, value: Any) -> str:
        seed = self.config.options["seed"] = self._whole(key, value, 0)
        return f"used as --seed {seed}"

    def _parallel(self, key: str, value: Any) -> str:
        workers = self.config.options["workers"] = self._whole(key, value, 1)
        return f"used as --workers {workers}"

    def _language(self, key: str, value: Any) -> str:
        self.config.language = self._text(key, value).strip().lower()
        return f'used as language = "{self.config.language}"'

    def _file_suffix(self, key: str, value: Any) -> str:
        self.config.file_suffix = self._text(key, value)
        return "used to find the initial program; candidates keep its ending"

    def _max_code_length(self, key: str, value: Any) -> str:
        self.config.source_kb = math.ceil(self._whole(key, value, 1) / 1024)
        return f"used as limits.source_kb = {self.config.source_kb}, or what the initial program needs"

    def _system_message(self, key: str, value: Any) -> str:
        text = self._text(key, value).strip()
        if not text or (len(text.split()) == 1 and "_" in text):
            return ""
        self.config.task = text
        return "used as decide.what, which every brief begins with"

    def _max_artifact_bytes(self, key: str, value: Any) -> str:
        self.config.output_kb = math.ceil(self._whole(key, value, 1) / 1024)
        return f"used as limits.output_kb = {self.config.output_kb}"

    def _feature_dimensions(self, key: str, value: Any) -> str:
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self._wrong(key, "a list of names", value)
        self.config.not_in_mean = tuple(value)
        return "used to leave these metrics out of the mean that stands in for a missing combined_score"

    def _timeout(self, key: str, value: Any) -> str:
        self.config.timeout = self._number(key, value)
        if self.config.timeout <= 0:
            raise self._wrong(key, "above 0", value)
        return f"used as limits.decision_seconds = {self.config.timeout:g}"

    def _memory_limit(self, key: str, value: Any) -> str:
        self.config.memory_mb = self._whole(key, value, 1)
        return f"used as limits.memory_mb = {self.config.memory_mb}"

    def _cascade(self, key: str, value: Any) -> str:
        if not isinstance(value, bool):
            raise self._wrong(key, "true or false", value)
        self.config.cascade = value
        return "used: evaluate_stage1 to 3 are stages" if value else "used: evaluate alone is called"

    def _thresholds(self, key: str, value: Any) -> str:
        if not isinstance(value, list):
            raise self._wrong(key, "a list of numbers", value)
        self.config.thresholds = tuple(self._number(key, entry) for entry in value)
        return "used as the least score of the stages, where there are evaluate_stage functions"

    def _whole(self, key: str, value: Any, least: int) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self._wrong(key, f"a whole number from {least}", value)
        return value

    def _number(self, key: str, value: Any) -> float:
        if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
            raise self._wrong(key, "a number", value)
        return float(value)

    def _text(self, key: str, value: Any) -> str:
        if not isinstance(value, str):
            raise self._wrong(key, "a text", value)
        return value

    def _wrong(self, key: str, expected: str, value: Any) -> UserError:
        return UserError(f"{self._path}: {key} must be {expected}, not {brief(value)}")


def _load(path: Path) -> Mapping[str, Any]:
    import yaml

    try:
        data = yaml.safe_load(path.read_bytes())
    except yaml.YAMLError as error:
        said = " ".join(str(error).split())
        raise UserError(f"{path} is not valid YAML: {said}") from None
    except ValueError as error:
        raise UserError(f"{path} holds a value that cannot be read: {error}") from None
    except RecursionError:
        raise UserError(f"{path} is nested too deeply") from None
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError(f"{path} must hold keys and values, not {type(data).__name__}")
    return data


def _flat(data: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys with the section that they lie in."""
    for key, value in data.items():
        if key in _SECTIONS and isinstance(value, dict):
            yield from ((f"{key}.{name}", entry) for name, entry in value.items())
        else:
            yield str(key), value


def _why_not(key: str, known: Iterable[str]) -> str:
    if key in _NOT_USED:
        return _NOT_USED[key]
    section, _, rest = key.partition(".")
    if rest and section in _NOT_USED:
        return _NOT_USED[section]
    return f"it is unknown here{closest(key, known)}"
