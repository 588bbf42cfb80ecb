"""Keeps what crosses between an evaluator and a policy, and asks a policy again what was kept.

Who is asked in which order, and under which handle, is the evaluator's secret and may differ between two evaluations.
So the rows of a flow are told from those of others by what they say, and the same policy leaves the same bytes.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.errors import UserError
from adrs.evaluate.wrapped import WrappedPolicy
from adrs.evaluation import Policy
from adrs.interface import FunctionType, ValueType, resolve
from adrs.program import Recording, Replay

_NUMBERS = ("int", "float", "bool")
_AT_ONCE = 2000
"""Rows of one round trip of a replay."""
_KEY_BYTES = 16
Floats = NDArray[np.float64]


def pack(array: NDArray[Any]) -> dict[str, Any]:
    """An array as plain data."""
    packed = np.ascontiguousarray(array)
    return {"dtype": packed.dtype.newbyteorder("<").str, "shape": list(packed.shape), "data": packed.tobytes()}


def unpack(plain: Mapping[str, Any]) -> NDArray[Any]:
    """The array again."""
    return np.frombuffer(plain["data"], dtype=np.dtype(plain["dtype"])).reshape(plain["shape"]).copy()


@dataclass
class _Flow:
    """What one scenario saw and answered since the policy was last reset."""

    observations: list[Floats] = field(default_factory=list)
    answers: list[float] = field(default_factory=list)
    history: bytes = b""
    """Hash of all that it saw, which its noise is drawn from."""

    def matrix(self) -> Floats:
        """float64[rows, observation + 1], the answer last."""
        return np.column_stack([np.array(self.observations), np.array(self.answers)])


class RecordingPolicy(WrappedPolicy):
    """Any policy, with the calls of one function written down.

    Noise is added to the answers that the caller gets; those written down are the policy's own. It is drawn from the
    recording's seed, the seed of the last `reset` and what the flow has seen so far, hence the same in whatever order
    and under whatever handles flows are asked. Calls of `attempt` are not recorded.
    """

    def __init__(self, policy: Policy, functions: Mapping[str, FunctionType], recording: Recording) -> None:
        """Raises UserError for a function whose calls cannot be recorded."""
        if recording.function not in functions:
            raise UserError(f"the problem has no function {recording.function} to record")
        super().__init__(policy)
        self._recording = recording
        self._kind = functions[recording.function]
        self._returns = _number(self._kind)
        if recording.noise and self._returns.base != "float":
            raise UserError(f"noise needs a function that returns a float; {self._kind.name} returns {self._returns}")
        self._shapes: list[tuple[str, tuple[int, ...], str]] = []
        """Of the columns: name, shape of one row, dtype."""
        self._episodes: list[tuple[int, dict[int, _Flow]]] = [(0, {})]
        """Seed of each reset, and the flows since by scenario."""

    def call(self, function: str, *arguments: Any) -> Any:
        """Call one function once, see adrs.evaluation.Policy."""
        answer = self._policy.call(function, *arguments)
        if function != self._kind.name:
            return answer
        rows = [_row_of_one(argument) for argument in arguments]
        return self._keep(rows, np.array([answer], dtype=np.float64), [0])[0].item()

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Call one function once per scenario, see adrs.evaluation.Policy."""
        answers = self._policy.map(function, *columns, scenarios=scenarios)
        if function != self._kind.name:
            return answers
        return self._keep(columns, answers, range(len(answers)) if scenarios is None else scenarios)

    def reset(self, seed: int, scenarios: int = 1) -> None:
        """Empty the states; what follows is another episode."""
        self._policy.reset(seed, scenarios)
        self._episodes.append((seed, {}))

    def recorded(self) -> dict[str, Any]:
        """All rows in canonical order, packed: `columns` by name, `answers` float64[rows], `flow`, `step` int64[rows].

        Flows are in the order of the resets and, within, of what they hold; steps count from 0. A flow that repeats
        another to the last digit is left out: evaluators run copies of a workload to see whether anything changes.
        """
        flows: dict[bytes, Floats] = {}
        for _, episode in self._episodes:
            found = {matrix.tobytes(): matrix for matrix in (flow.matrix() for flow in episode.values())}
            flows |= {content: found[content] for content in sorted(found) if content not in flows}
        return self._packed([*flows.values()])

    def _packed(self, flows: Sequence[Floats]) -> dict[str, Any]:
        steps = [self._steps(len(matrix)) for matrix in flows]
        width = 1 + sum(math.prod(shape) for _, shape, _ in self._shapes)
        rows = [matrix[kept] for matrix, kept in zip(flows, steps, strict=True)]
        matrix = np.concatenate([*rows, np.empty((0, width))])
        columns, start = {}, 0
        for name, shape, dtype in self._shapes:
            size = math.prod(shape)
            columns[name] = pack(matrix[:, start : start + size].reshape(len(matrix), *shape).astype(dtype))
            start += size
        numbers = np.repeat(np.arange(len(flows), dtype=np.int64), [len(kept) for kept in steps])
        return {
            "columns": columns, "answers": pack(matrix[:, -1]), "flow": pack(numbers),
            "step": pack(np.concatenate([*steps, np.empty(0, dtype=np.int64)])),
        }  # fmt: skip

    def _steps(self, count: int) -> NDArray[np.int64]:
        """Which rows of a flow are kept."""
        most = self._recording.rows_of_flow
        if count <= most or not self._recording.evenly:
            return np.arange(min(count, most), dtype=np.int64)
        return np.linspace(0, count - 1, most).round().astype(np.int64)

    def _keep(self, columns: Sequence[Any], answers: NDArray[Any], scenarios: Sequence[int]) -> NDArray[Any]:
        """Write rows down; returns what the caller gets."""
        matrix = self._flat(columns, len(scenarios))
        seed, episode = self._episodes[-1]
        given = np.array(answers)
        for row, scenario in enumerate(scenarios):
            flow = episode.setdefault(int(scenario), _Flow())
            flow.observations.append(matrix[row])
            flow.answers.append(float(answers[row]) + 0.0)  # never -0.0
            if self._recording.noise:
                given[row] = self._noisy(flow, seed, matrix[row], float(answers[row]))
        return given

    def _noisy(self, flow: _Flow, seed: int, row: Floats, answer: float) -> float:
        seeds = f"{self._recording.seed}/{seed}/".encode()
        flow.history = blake2b(seeds + flow.history + row.tobytes(), digest_size=_KEY_BYTES).digest()
        noisy = answer + self._recording.noise * _normal(flow.history)
        if self._returns.low is None or self._returns.high is None:
            return noisy
        return min(max(noisy, resolve(self._returns.low, {})), resolve(self._returns.high, {}))

    def _flat(self, columns: Sequence[Any], count: int) -> Floats:
        """float64[count, all numbers of an observation]."""
        parts = _parts(self._kind, columns, count)
        shapes = [(name, tuple(part.shape[1:]), part.dtype.str) for name, part in parts.items()]
        if self._shapes and shapes != self._shapes:
            raise UserError(f"calls of {self._kind.name} cannot be recorded: observations change their shape")
        self._shapes = shapes
        flat = [part.reshape(count, -1).astype(np.float64) for part in parts.values()]
        return np.concatenate(flat, axis=1) + 0.0 if flat else np.empty((count, 0))


def _number(kind: FunctionType) -> ValueType:
    """The type of the answers; raises UserError where they are no single numbers."""
    returns = kind.returns
    if not isinstance(returns, ValueType) or returns.dims is not None or returns.base not in _NUMBERS:
        raise UserError(f"calls of {kind.name} cannot be recorded: it does not return a single number")
    return returns


def _parts(kind: FunctionType, columns: Sequence[Any], count: int) -> dict[str, NDArray[Any]]:
    """Columns by name, `argument` or `argument.field`, each with the rows first."""
    parts: dict[str, Any] = {}
    for name, column in zip(kind.crossing, columns, strict=True):
        if isinstance(column, Mapping):
            parts |= {f"{name}.{key}": value for key, value in column.items()}
        else:
            parts[name] = column
    return {name: _numeric(kind, name, value, count) for name, value in parts.items()}


def _numeric(kind: FunctionType, name: str, value: Any, count: int) -> NDArray[Any]:
    shared = not isinstance(value, list | np.ndarray)
    array = np.array([value] * count if shared else value)
    if array.dtype.kind not in "fiub":
        raise UserError(f"calls of {kind.name} cannot be recorded: {name} does not consist of numbers")
    return array


def _row_of_one(argument: Any) -> Any:
    """One argument as a column of one row."""
    if isinstance(argument, Mapping):
        return {name: np.array([value]) for name, value in argument.items()}
    return np.array([argument])


def _normal(key: bytes) -> float:
    """A standard normal number out of 16 bytes (Box and Muller, 1958)."""
    first, second = (int.from_bytes(key[at : at + 8], "big") for at in (0, 8))
    radius = math.sqrt(-2.0 * math.log((first + 1) / 2.0**64))
    return radius * math.cos(2.0 * math.pi * second / 2.0**64)


def replay(policy: Policy, functions: Mapping[str, FunctionType], wanted: Replay) -> dict[str, Any]:
    """Answers of a loaded policy to recorded observations, in fresh states: packed `answers` float64[rows].

    Functions that get nothing but the state, which is how a scenario begins, are called first. Raises what the policy
    raises: Invalid and the policy's own failures.
    """
    kind = functions[wanted.function]
    parts = {name: unpack(packed) for name, packed in wanted.columns.items()}
    flows = unpack(wanted.flows)
    scenarios = int(flows.max()) + 1 if len(flows) else 1
    policy.reset(wanted.seed, scenarios)
    for begin in functions.values():
        if [*begin.roles()["arguments"]] == ["state"]:
            policy.map(begin.name, scenarios=range(scenarios))
    answers: list[NDArray[Any]] = [np.empty(0)]
    for first in range(0, len(flows), _AT_ONCE):
        rows = slice(first, first + _AT_ONCE)
        columns = [_column(kind, name, parts, rows) for name in kind.crossing]
        answers.append(np.asarray(policy.map(kind.name, *columns, scenarios=flows[rows].tolist()), dtype=np.float64))
    return {"answers": pack(np.concatenate(answers))}


def _column(kind: FunctionType, name: str, parts: Mapping[str, NDArray[Any]], rows: slice) -> Any:
    argument = kind.arguments[name]
    if isinstance(argument, Mapping):
        return {key: parts[f"{name}.{key}"][rows] for key in argument}
    return parts[name][rows]
