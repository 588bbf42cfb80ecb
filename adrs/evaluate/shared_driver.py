"""Has the evaluator of another project score one program. Runs in the sandbox, as the program of a policy process.

Nothing here is trusted: evaluator and program share this process, and whatever it says is checked on the other side.
Never imported by the engine, which sends its text.
"""

import importlib.util
import json
import math
import os
import sys
import types
from typing import Any

_MOST_ENTRIES = 200
_MOST_CHARACTERS = 64 << 10
_SHORT = 1000

_loaded: dict[str, Any] = {}


class EvaluationResult:
    """Stands in for the class of that name, where openevolve, which many evaluators import it from, is missing."""

    def __init__(self, metrics: dict[str, Any], artifacts: dict[str, Any] | None = None) -> None:
        self.metrics = metrics
        self.artifacts = artifacts or {}

    @classmethod
    def from_dict(cls, metrics: dict[str, Any]) -> "EvaluationResult":
        """A result without artifacts."""
        return cls(metrics)


def load_evaluator(file: str, source: str, name: str) -> str:
    """Write the program under a name in the working folder, then load the evaluator; what failed, or nothing."""
    _offer_result()
    sys.argv = [file]
    sys.modules["__main__"] = types.ModuleType("__main__")  # what processes that are spawned would run again
    sys.path.insert(0, os.path.dirname(file))  # noqa: PTH120
    path = os.path.abspath(name)  # noqa: PTH100
    with open(path, "w", encoding="utf-8") as out:  # noqa: PTH123
        out.write(source)
    try:
        spec = importlib.util.spec_from_file_location("evaluation_module", file)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules["evaluation_module"] = module
        spec.loader.exec_module(module)
    except BaseException as error:  # the edge: the evaluator's own, or what it imports
        return json.dumps(_failure(error, path))
    _loaded.update(module=module, path=path)
    return ""


def evaluate(function: str) -> str:
    """Call one function of the evaluator with the program's path: JSON of what it returned, or of how it failed."""
    path = _loaded["path"]
    try:
        return json.dumps(_plain(getattr(_loaded["module"], function)(path)))
    except BaseException as error:  # the edge: the evaluator's or the program's own
        return json.dumps({"failure": _failure(error, path)})


def _offer_result() -> None:
    try:
        found = importlib.util.find_spec("openevolve")
    except (ImportError, ValueError):
        found = None
    if found is None:
        package, module = types.ModuleType("openevolve"), types.ModuleType("openevolve.evaluation_result")
        package.__path__ = []
        package.evaluation_result = module  # type: ignore[attr-defined]
        module.EvaluationResult = EvaluationResult  # type: ignore[attr-defined]
        sys.modules.update({"openevolve": package, "openevolve.evaluation_result": module})


def _plain(result: Any) -> dict[str, Any]:
    """Finite numbers as metrics, all other values of metrics as texts, artifacts as texts."""
    metrics = result if isinstance(result, dict) else getattr(result, "metrics", None)
    artifacts = {} if isinstance(result, dict) else getattr(result, "artifacts", None) or {}
    if not isinstance(metrics, dict) or not isinstance(artifacts, dict):
        raise TypeError(f"the evaluator returned {type(result).__name__}, not a dict or an object with metrics")
    numbers: dict[str, float] = {}
    others: dict[str, str] = {}
    for name, value in list(metrics.items())[:_MOST_ENTRIES]:
        number = _number(value)
        if number is None:
            others[str(name)[:_SHORT]] = _text(value)[:_SHORT]
        else:
            numbers[str(name)[:_SHORT]] = number
    texts = {str(name)[:_SHORT]: _text(value) for name, value in list(artifacts.items())[:_MOST_ENTRIES]}
    return {"metrics": numbers, "dropped": others, "artifacts": _cut(texts)}


def _number(value: Any) -> float | None:
    """A finite number that is no flag, numpy's own among them."""
    if type(value).__module__ == "numpy" and getattr(value, "shape", None) == ():
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _text(value: Any) -> str:
    if isinstance(value, str):
        text = value
    elif isinstance(value, bytes):
        text = value[:_MOST_CHARACTERS].decode(errors="backslashreplace")
    else:
        try:
            text = json.dumps(value, default=str)
        except (TypeError, ValueError, RecursionError):
            text = repr(value)
    return text[:_MOST_CHARACTERS].encode(errors="replace").decode()


def _cut(texts: dict[str, str]) -> dict[str, str]:
    """What fits, in order."""
    room = _MOST_CHARACTERS
    kept = {}
    for name, text in texts.items():
        kept[name] = text[:room]
        room = max(0, room - len(text))
    return kept


def _failure(error: BaseException, path: str) -> dict[str, Any]:
    """Type and message of an exception, and the last line of the program, else of another file, that it passed."""
    line, place = 0, ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file == path:
            line = trace.tb_lineno
        elif file != __file__ and not file.startswith("<"):
            place = f"{os.path.basename(file)} line {trace.tb_lineno}"  # noqa: PTH119
        trace = trace.tb_next
    kind = "memory" if isinstance(error, MemoryError) else "error"
    try:
        message = str(error)
    except BaseException:  # the program's own __str__
        message = ""
    where = f"line {line}" if line else place
    return {"kind": kind, "type": type(error).__name__[:100], "message": _text(message)[:_SHORT], "where": where[:200]}
