"""Runs as the log has them, written directly: any number of programs, in any state, with nothing evaluated."""

import random
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from adrs import problem as problems
from adrs import scaffold
from adrs.llm.records import Call, Message
from adrs.problem import Problem
from adrs.program import Draft, Evaluation, Parent, Program, Selection, WorkloadResult
from adrs.settings import Settings
from adrs.store import Writer

SEED = 1
WORKLOADS = ("small", "wide", "skewed", "long-tail", "uniform")
HOSTILE = (
    "def solve(instance):\n"
    '    # </script><script>document.title = "owned"</script><img src=x onerror="document.title = \'owned\'">\n'
    '    text = "\x1b[31mred\x1b[0m \u202eevil\u202c \u2066x\u2069"\n'
    "    return instance  # " + "x" * 300 + "\n"
)
HOSTILE_TEXT = "</script><script>document.title='owned'</script> <b>bold</b> \x1b[31m \u202eevil"


def demo(tmp: Path) -> Problem:
    """A problem as `adrs new` makes it."""
    folder = tmp / "demo"
    if not folder.exists():
        scaffold.make(folder)
    return problems.load(str(folder))


class MadeRun:
    """Writes a run program by program."""

    def __init__(self, folder: Path, problem: Problem, models: Sequence[str] = (), seed: int = SEED) -> None:
        self._random = random.Random(seed)
        settings = Settings(str(problem.folder), seed=seed, models=tuple(models), max_evaluations=500)
        self.folder = folder
        self.writer = Writer.create(folder, problem, seed, asdict(settings))
        self.writer.event("started", {"sandbox": "none"})
        self.count = 0
        self.scores: dict[int, float] = {}
        for baseline, score in ((problem.baseline("trivial"), 0.0), (problem.baseline("state-of-the-art"), 100.0)):
            if baseline is None:
                continue
            for split in ("train", "validation", "test"):
                metrics = {problem.objective.metric: 200.0 - score}
                evaluation = Evaluation(split, "full", "ok", metrics=metrics, fitness=score - 200.0, score=score)
                self.writer.event("baseline", {"name": baseline.name, "split": split, "evaluation": evaluation.plain()})
        self._metric = problem.objective.metric
        self._source = problem.seed.read_text()
        self.add(score=0.0)

    def add(
        self,
        score: float | None = None,
        parent: int | None = None,
        source: str | None = None,
        rationale: str = "",
        verdict: str = "ok",
        reason: str = "",
        operator: str = "improve",
        output: str = "",
        answer: str = "",
        feedback: str = "",
    ) -> int:
        """One program that was told; returns its number."""
        self.count += 1
        number, seed = self.count, self.count == 1
        parent = None if seed else parent or 1
        text = source or f"{self._source}\n# program {number}: {rationale}\nCONSTANT = {number}\n"
        if parent is not None:
            self.writer.asked(number, Selection(Program(parent, "", "")))
        if answer:
            messages = (Message("system", "You improve one program."), Message("user", f"Improve program {parent}."))
            self.writer.called(Call(number, "gpt-5", f"{number:064d}", answer, 900, 200, 0.0031, 2.5, "", messages))
        draft = Draft(
            text, "seed" if seed else "embedded", "seed" if seed else operator,
            () if parent is None else (Parent(parent, "parent"),), rationale, "gpt-5" if answer else "",
        )  # fmt: skip
        self.writer.proposed(number, number, number % 3, f"{number:064x}", draft)
        evaluation = self._evaluation(score, verdict, reason, output, feedback)
        if verdict == "rejected":
            self.writer.screened(number, number, evaluation)
        else:
            self.writer.evaluated(number, number, evaluation)
        self.writer.told(number)
        if score is not None:
            self.scores[number] = score
        return number

    def grow(self, programs: int) -> None:
        """As many programs as a search would make: most fail to improve, some fail."""
        best = max(self.scores, key=lambda each: self.scores[each])
        parents = [best]
        for _ in range(programs):
            parent = parents[-1] if self._random.random() < 0.4 else self._random.choice(parents[-40:])
            kind = self._random.random()
            if kind < 0.15:
                verdict = self._random.choice(["error", "invalid", "timeout", "rejected"])
                self.add(None, parent, verdict=verdict, reason=f"ValueError: index {self.count} is out of range")
                continue
            gained = 105 * 0.0115 if kind < 0.2 else -self._random.expovariate(0.06)
            score = min(150.0, self.scores[parent] + gained)
            number = self.add(score, parent, rationale="sort by length, then by machine",
                              operator=self._random.choice(["tune", "mutate", "cross", "improve"]))  # fmt: skip
            if score > self.scores[best]:
                best = number
                parents.append(number)
            elif self._random.random() < 0.2:
                parents.insert(-1, number)

    def pending(self, parent: int = 1) -> None:
        """A ticket that was asked and is not told."""
        ticket = self.count + 1
        self.writer.asked(ticket, Selection(Program(parent, "", "")))

    def finish(self, by: str = "evaluations") -> None:
        """Choose the winner and end the session."""
        best = max(self.scores, key=lambda each: self.scores[each])
        for split, score in (("validation", 0.9), ("test", 0.8)):
            self.writer.evaluated(None, best, self._evaluation(self.scores[best] * score, split=split))
        self.writer.event("chosen", {"winner": best, "of": [best]})
        self.writer.event("stopped", {"by": by})
        self.writer.close()

    def _evaluation(
        self, score: float | None, verdict: str = "ok", reason: str = "", output: str = "", feedback: str = "",
        split: str = "train",
    ) -> Evaluation:  # fmt: skip
        if score is None:
            return Evaluation(split, "screen" if verdict == "rejected" else "full", verdict, reason, output=output)
        results = tuple(
            WorkloadResult(name, "ok", {self._metric: 200.0 - score - place}, score + 7 * place - 14,
                           feedback if place == 0 else "")
            for place, name in enumerate(WORKLOADS)
        )  # fmt: skip
        return Evaluation(
            split, "full", "ok", "", {self._metric: 200.0 - score}, score - 200.0, score, results, output,
            0.12, 0.11, 24.0, "none",
        )  # fmt: skip
