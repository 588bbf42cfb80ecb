"""What the model proposer remembers of a run: a fold over the programs told, bounded however long the run gets."""

from collections import deque
from dataclasses import dataclass

from adrs.problem import Objective
from adrs.program import Program
from adrs.propose.gains import Gains
from adrs.propose.model.text import one_line
from adrs.propose.model.view import score, train

_HISTORY = 200
_MOST_FAILING = 4
_MOST_ATTEMPTS = 6
_RATIONALE = 160
_REASON = 160
PATIENCE = 25
"""Programs without an improvement that make one level of stagnation."""
_REPAIRABLE = ("error", "invalid", "timeout", "memory", "killed")


@dataclass(frozen=True, slots=True)
class Note:
    """One program in a line."""

    parent: int | None
    line: str


class Memory:
    """Gains, stagnation, recent history, what may be repaired, and the last summary."""

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        self._gains = Gains()
        self._history: deque[Note] = deque(maxlen=_HISTORY)
        self._scores: dict[int, float | None] = {}
        self.best: Program | None = None
        """With the highest fitness of those told; the earliest of equals."""
        self.stagnation = 0
        """Programs told since the best one was."""
        self.failing: list[Program] = []
        """Programs by models that failed lately when they were run, the newest last; none of them was repaired yet."""
        self.summary = ""

    @property
    def level(self) -> int:
        """Level of stagnation, from 0."""
        return self.stagnation // PATIENCE

    def knows(self, number: int) -> bool:
        """Whether a program was told before; one that is promoted is told again."""
        return self._gains.knows(number)

    def tell(self, program: Program, own: bool) -> float:
        """Take note of a program and return its reward in 0..1; own: this proposer made it."""
        if program.fitness is not None and (self._gains.best is None or program.fitness > self._gains.best):
            self.best = program
        if self.knows(program.id):
            return self._gains.tell(program)
        reward = self._gains.tell(program)
        self.stagnation = 0 if self.best is program else self.stagnation + 1
        self._history.append(Note(program.parents[0].id if program.parents else None, self._line(program)))
        evaluation = train(program)
        self._scores[program.id] = evaluation.score if evaluation else None
        if len(self._scores) > 10 * _HISTORY:
            del self._scores[next(iter(self._scores))]
        if own and program.operator != "repair" and program.duplicate_of is None and program.verdict in _REPAIRABLE:
            self.failing = [*self.failing, program][-_MOST_FAILING:]
        summary = program.detail.get("summary") if own else None
        if isinstance(summary, str) and summary:
            self.summary = summary
        return reward

    def forget(self, number: int) -> None:
        """A failing program is being repaired."""
        self.failing = [program for program in self.failing if program.id != number]

    def attempts(self, parent: int) -> tuple[str, ...]:
        """What was lately made of a program, one line each, the newest last."""
        return tuple(note.line for note in self._history if note.parent == parent)[-_MOST_ATTEMPTS:]

    def history(self, count: int) -> tuple[str, ...]:
        """The last programs, one line each, the newest last."""
        return tuple(note.line for note in self._history)[-count:]

    def _line(self, program: Program) -> str:
        parent = program.parents[0].id if program.parents else None
        came = f"program {program.id}" if parent is None else f"program {program.id} from {parent}"
        rationale = one_line(program.rationale, _RATIONALE) or program.operator or "no word on it"
        return f"{came}: {rationale} -> {self._outcome(program, parent)}"

    def _outcome(self, program: Program, parent: int | None) -> str:
        evaluation = train(program)
        if program.duplicate_of is not None:
            return f"the same as program {program.duplicate_of}"
        if evaluation is None or evaluation.verdict != "ok":
            reason = evaluation.reason if evaluation else ""
            return one_line(f"{program.verdict}: {reason}", _REASON)
        shown = f"score {score(program, self._objective)}"
        before = self._scores.get(parent) if parent is not None else None
        if before is None or evaluation.score is None:
            return shown
        return f"{shown} ({evaluation.score - before:+.1f})"
