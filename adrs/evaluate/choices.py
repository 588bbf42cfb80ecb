"""What a program that was rewritten to write down its own choices has seen, asked for after each of its calls.

The program keeps the rows in its process and may answer anything: what comes back is plain numbers of a declared shape,
finite and no more than asked for, and nothing but a later fit is ever made of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adrs.evaluate.recording import pack
from adrs.evaluate.wrapped import WrappedPolicy
from adrs.evaluation import Policy
from adrs.interface import FunctionType, parse_type
from adrs.program import Choices, Job

FUNCTION = FunctionType(
    "adrs_choices", "Rows of the choices since the last call, padded with group -1.",
    {name: parse_type("int", name) for name in ("rows", "columns")},
    {name: parse_type(text, name) for name, text in {
        "group": "int64[rows] in -1..rows", "value": "float64[rows]", "terms": "float64[rows, columns]",
        "usable": "bool[columns]",
    }.items()},
)  # fmt: skip
"""Defined by the code that rewriting puts before a program."""


def functions_of(job: Job, functions: Mapping[str, FunctionType]) -> Mapping[str, FunctionType]:
    """What may be called in a job's program."""
    return functions if job.choices is None else {**functions, FUNCTION.name: FUNCTION}


class ListeningPolicy(WrappedPolicy):
    """Any policy, asked after each call what it chose, until there are as many rows as wanted.

    The times of the calls include that of asking.
    """

    def __init__(self, policy: Policy, wanted: Choices) -> None:
        super().__init__(policy)
        self._wanted = wanted
        self._left = wanted.rows
        self._parts: list[dict[str, NDArray[Any]]] = []
        self._groups = 0

    def call(self, function: str, *arguments: Any) -> Any:
        """Call one function once, see adrs.evaluation.Policy."""
        answer = self._policy.call(function, *arguments)
        self._listen()
        return answer

    def map(self, function: str, *columns: Any, scenarios: Sequence[int] | None = None) -> Any:
        """Call one function once per scenario, see adrs.evaluation.Policy."""
        answers = self._policy.map(function, *columns, scenarios=scenarios)
        self._listen()
        return answers

    def recorded(self) -> dict[str, Any]:
        """All rows, packed: `group` int64[rows], counted from 0, `value` float64[rows], `terms` float64[rows, columns],
        `usable` bool[columns].
        """
        columns = self._wanted.columns
        nothing = {"group": np.empty(0, np.int64), "value": np.empty(0), "terms": np.empty((0, columns)),
                   "usable": np.ones((1, columns), dtype=np.bool_)}  # fmt: skip
        parts = [nothing, *self._parts]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in nothing}
        joined["usable"] = np.asarray(joined["usable"].all(axis=0))
        return {name: pack(array) for name, array in joined.items()}

    def _listen(self) -> None:
        if self._left < 1:
            return
        called = self._policy.seconds
        said = self._policy.call(FUNCTION.name, self._left, self._wanted.columns)
        self._policy.seconds += called
        known = said["group"] >= 0
        if known.any():
            _, group = np.unique(said["group"][known], return_inverse=True)
            self._parts.append({
                "group": group.astype(np.int64) + self._groups, "value": said["value"][known],
                "terms": said["terms"][known], "usable": said["usable"][None],
            })  # fmt: skip
            self._groups += int(group.max()) + 1
            self._left -= len(group)
