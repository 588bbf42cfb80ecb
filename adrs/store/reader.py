"""Reads the log of a run, also while it is being written."""

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from adrs.errors import UserError
from adrs.llm.records import Call
from adrs.program import REFUSED, Evaluation, Parent, Program, Split, WorkloadResult
from adrs.store.damage import OURS, SIGNS, explain
from adrs.store.migrate import SCHEMA_VERSION, found_version, migrate
from adrs.store.packed import unpack
from adrs.store.requests import read_answer, read_request
from adrs.store.writer import DATABASE

CHANGED = "changed"
"""Key of the settings of the run that a session changed, in its event `started`."""
_PROGRAM = (
    "SELECT p.id, p.digest, p.source, p.island, p.proposer, p.operator, p.model, p.rationale, p.detail FROM program p"
)
_EVALUATION = (
    "SELECT id, split, stage, verdict, reason, score, fitness, metrics, output, duplicate_of, wall_seconds,"
    " cpu_seconds, peak_memory_mb, sandbox FROM evaluation"
)
_AT_ONCE = 500
"""Numbers in one query."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A program without its source: what a list or a tree needs."""

    id: int
    digest: str
    island: int
    proposer: str
    operator: str
    model: str
    rationale: str
    verdict: str
    reason: str
    score: float | None
    fitness: float | None
    parents: tuple[Parent, ...] = ()

    @property
    def parent(self) -> int | None:
        """The program it was made from."""
        return self.parents[0].id if self.parents else None

    @property
    def state(self) -> str:
        """As that of a program; the verdict says it already."""
        return self.verdict


@dataclass(frozen=True)
class RunInfo:
    """The row of table `run`."""

    name: str
    problem: str
    problem_digest: str
    seed: int
    created: float
    adrs_version: str
    configuration: Mapping[str, Any]
    """What the run began with; `Reader.configuration` has what it is made with now."""

    @property
    def trust(self) -> str:
        """`shared` where the evaluator ran programs in its own process, so that one could make up its score."""
        return str(self.configuration.get("trust", "line"))


class Reader:
    """Questions to one log. Cheap to make; never blocks the writer.

    A log of an older version is brought to this one first. What cannot be read ends in a UserError that names the file.
    """

    def __init__(self, folder: str | Path) -> None:
        """Raises UserError where there is no log, or none that can be read."""
        self.folder = folder = Path(folder)
        self._path = path = folder / DATABASE
        if not path.is_file():
            raise UserError(f"{folder} holds no {DATABASE}, so it is not a run")
        try:
            self._connection = _connect(path)
            if found_version(path, self._connection) != SCHEMA_VERSION:
                self._connection.close()
                migrate(path)
                self._connection = _connect(path)
            row = self._connection.execute("SELECT * FROM run").fetchone()
        except sqlite3.Error as error:
            raise explain(path, error) from None
        if row is None:
            raise UserError(f"{path} is empty: its run was cut off before it began")
        name, problem, digest, seed, created, version, configuration = row
        try:
            self.info = RunInfo(name, problem, digest, seed, created, version, json.loads(configuration))
        except (TypeError, ValueError) as error:
            raise explain(path, error) from None

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        damage = self._damage(error) if error is not None else None
        self.close()
        if damage is not None:
            raise damage from error

    def _damage(self, error: BaseException) -> UserError | None:
        """What to say instead of an error, if it comes from a damaged file: some damage shows only in what it does."""
        if isinstance(error, (UserError, *OURS)) or not isinstance(error, Exception):
            return None
        if isinstance(error, SIGNS):
            return explain(self._path, error)
        try:
            found: str = self._connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as worse:
            found = str(worse)
        return None if found == "ok" else explain(self._path, ValueError(found.splitlines()[-1]))

    def rows(self, query: str, *arguments: Any) -> list[tuple[Any, ...]]:
        """Rows of any query; none for a number beyond those that a log can hold. Raises UserError where the file is
        damaged."""
        try:
            return self._connection.execute(query, arguments).fetchall()
        except OverflowError:
            return []
        except OURS:
            raise
        except sqlite3.DatabaseError as error:
            raise explain(self._path, error) from error

    def files(self) -> dict[str, bytes]:
        """Snapshot of the problem's files, by path within its folder."""
        return {name: unpack(content) for name, content in self.rows("SELECT name, content FROM file")}

    def events(self, kind: str) -> list[tuple[float, Any]]:
        """Times and payloads of the events of one kind that are not of a ticket, in order."""
        query = "SELECT time, payload FROM event WHERE kind = ? AND ticket IS NULL ORDER BY id"
        return [(time, json.loads(payload) if payload else {}) for time, payload in self.rows(query, kind)]

    def call(self, ticket: int, request_digest: str) -> Call | None:
        """The latest recorded model call of a ticket for one request."""
        rows = self.rows(
            "SELECT ticket, model, request_digest, answer, input_tokens, output_tokens, usd, seconds, error"
            " FROM model_call WHERE ticket = ? AND request_digest = ? ORDER BY id DESC LIMIT 1",
            ticket, request_digest,
        )  # fmt: skip
        return self._call(rows[0]) if rows else None

    def ended(self) -> list[int]:
        """Tickets whose evaluation is recorded."""
        query = "SELECT ticket FROM event WHERE kind IN ('evaluated', 'screened') AND ticket IS NOT NULL"
        return [ticket for (ticket,) in self.rows(query)]

    def calls(self, number: int) -> tuple[Call, ...]:
        """The model calls that a program took, in order, with what was asked as far as the log has it."""
        rows = self.rows(
            "SELECT c.ticket, c.model, c.request_digest, c.answer, c.input_tokens, c.output_tokens, c.usd, c.seconds,"
            " c.error FROM model_call c JOIN program p ON p.ticket = c.ticket WHERE p.id = ? ORDER BY c.id", number
        )  # fmt: skip
        return tuple(replace(self._call(row), messages=read_request(self.rows, row[2])) for row in rows)

    def _call(self, row: tuple[Any, ...]) -> Call:
        ticket, model, digest, answer, *rest = row
        return Call(ticket, model, digest, read_answer(answer), *rest)

    def sequence(self) -> list[tuple[str, int]]:
        """The order in which the search was asked and told, as (`asked` or `told`, ticket)."""
        query = "SELECT kind, ticket FROM event WHERE kind IN ('asked', 'told') ORDER BY id"
        return [(kind, ticket) for kind, ticket in self.rows(query)]

    def last_event(self) -> int:
        """Number of the latest event; 0 for a log without one."""
        number: int = self.rows("SELECT COALESCE(MAX(id), 0) FROM event")[0][0]
        return number

    def next_ticket(self) -> int:
        """The first ticket that was not asked yet."""
        ticket: int = self.rows("SELECT COALESCE(MAX(ticket), 0) + 1 FROM event WHERE ticket IS NOT NULL")[0][0]
        return ticket

    def configuration(self) -> dict[str, Any]:
        """What the run is made with: what it began with, and what was changed where it was gone on with."""
        found = dict(self.info.configuration)
        for _, session in self.events("started"):
            found |= session.get(CHANGED, {})
        return found

    def seconds(self, since: str | None = None) -> float:
        """Seconds that the run was worked on, over its sessions: all, or those since a setting was changed last."""
        sessions = [CHANGED in session and since in session[CHANGED] for _, session in self.events("started")]
        first = max((number for number, changed in enumerate(sessions) if changed), default=0)
        begun = self.rows("SELECT id, time FROM event WHERE kind = 'started' AND ticket IS NULL ORDER BY id")[first:]
        if not begun:
            return 0.0
        ended = [self.worked_until(key) for key, _ in begun[1:]] + [self.worked_until(None)]
        return float(sum(end - time for end, (_, time) in zip(ended, begun, strict=True)))

    def worked_until(self, event: int | None) -> float:
        """When the last work before an event, or of all, was recorded; what people say of a run is none, nor what is
        made of its programs later."""
        query = (
            "SELECT time FROM event WHERE id < ? AND kind NOT IN ('note', 'hint', 'steered', 'distilled')"
            " ORDER BY id DESC LIMIT 1"
        )
        last: float = self.rows(query, self.last_event() + 1 if event is None else event)[0][0]
        return last

    def spend(self) -> dict[str, float]:
        """What the run cost: dollars, tokens, calls, seconds and CPU seconds of evaluations."""
        usd, read, written, calls = self.rows(
            "SELECT COALESCE(SUM(usd), 0.0), COALESCE(SUM(input_tokens), 0), COALESCE(SUM(output_tokens), 0), COUNT(*)"
            " FROM model_call"
        )[0]
        cpu = self.rows("SELECT COALESCE(SUM(cpu_seconds), 0.0) FROM evaluation WHERE duplicate_of IS NULL")[0][0]
        return {
            "usd": usd, "input_tokens": read, "output_tokens": written, "calls": calls,
            "seconds": self.seconds(), "cpu_seconds": cpu,
        }  # fmt: skip

    def numbers_by_digest(self, digest: str, before: int) -> list[int]:
        """Programs of the search with this normalised source and a number below `before`, in order.

        Without those whose end says nothing of the source: what the strategy refused, and `infrastructure`.
        """
        query = (
            "SELECT DISTINCT p.id FROM program p LEFT JOIN evaluation e ON e.program = p.id AND e.split = 'train'"
            " WHERE p.digest = ? AND p.id < ? AND p.ticket > 0"
            " AND (e.id IS NULL OR (e.stage != ? AND e.verdict != 'infrastructure')) ORDER BY p.id"
        )
        return [number for (number,) in self.rows(query, digest, before, REFUSED)]

    def program(self, number: int, split: Split = "train") -> Program:
        """One program with its evaluation on a split; raises UserError for an unknown number."""
        rows = self.rows(f"{_PROGRAM} WHERE p.id = ?", number)
        if not rows:
            last = self.rows("SELECT MAX(id) FROM program")[0][0] or 0
            raise UserError(f"run {self.info.name} has no program {number}; its programs are 1 to {last}")
        return self._program(rows[0], split)

    def programs(self, split: Split = "train") -> Iterator[Program]:
        """All programs in order, with their evaluations on a split."""
        for row in self._connection.execute(f"{_PROGRAM} ORDER BY p.id"):
            yield self._program(row, split)

    def summaries(self, numbers: Sequence[int] | None = None) -> list[Summary]:
        """Programs in order, with their evaluations on `train`: all of them, or those in `numbers`, as far as known."""
        query = (
            "SELECT p.id, p.digest, p.island, p.proposer, p.operator, p.model, p.rationale,"
            " COALESCE(e.verdict, 'pending'), COALESCE(e.reason, ''), e.score, e.fitness"
            " FROM program p LEFT JOIN evaluation e ON e.program = p.id AND e.split = 'train'"
        )
        edges = "SELECT child, parent, role FROM parentage"
        if numbers is None:
            found, family = self.rows(query), self.rows(edges)
        else:
            found, family = [], []
            for first in range(0, len(numbers), _AT_ONCE):
                some = numbers[first : first + _AT_ONCE]
                places = ", ".join("?" * len(some))
                found += self.rows(f"{query} WHERE p.id IN ({places})", *some)
                family += self.rows(f"{edges} WHERE child IN ({places})", *some)
        parents: dict[int, list[Parent]] = {}
        for child, parent, role in sorted(family, key=lambda edge: (edge[0], edge[2] != "parent", edge[1])):
            parents.setdefault(child, []).append(Parent(parent, role))
        latest = {row[0]: row for row in found}  # a promoted program has several evaluations
        return [replace(Summary(*latest[number]), parents=tuple(parents.get(number, ()))) for number in sorted(latest)]

    def first_parents(self) -> list[tuple[int, int]]:
        """Program and first parent of every program that has one, in the order of the programs."""
        return self.rows("SELECT child, parent FROM parentage WHERE role = 'parent' ORDER BY child")

    def best(self, count: int, split: Split = "train") -> list[int]:
        """Numbers of the `count` best programs on a split, best first, earlier ones first among equals.

        Of several measurements of one program the best counts.
        """
        query = "SELECT program FROM evaluation WHERE split = ? AND fitness IS NOT NULL ORDER BY fitness DESC, program"
        found: dict[int, None] = {}
        for (number,) in self._connection.execute(query, (split,)):  # by the index, as far as they are needed
            if len(found) == count:
                break
            found[number] = None
        return list(found)

    def count(self) -> int:
        """Number of programs."""
        count: int = self.rows("SELECT COUNT(*) FROM program")[0][0]
        return count

    def distilled(self) -> list[int]:
        """Numbers of the programs that were distilled from others, which no search asked for."""
        return [number for (number,) in self.rows("SELECT id FROM program WHERE ticket < 0 ORDER BY id")]

    def evaluations(self) -> int:
        """Number of evaluations on `train` that were paid for: without duplicates and rejected programs."""
        query = "SELECT COUNT(*) FROM event INDEXED BY event_evaluated WHERE kind = 'evaluated' AND ticket IS NOT NULL"
        count: int = self.rows(query)[0][0]
        return count

    def verdicts(self) -> dict[str, int]:
        """How many programs of the search ended in each verdict."""
        query = (
            "SELECT verdict, COUNT(*) FROM evaluation WHERE split = 'train'"
            " AND program NOT IN (SELECT id FROM program WHERE ticket < 0) GROUP BY verdict ORDER BY 2 DESC, 1"
        )
        return dict(self.rows(query))

    def evaluation(self, number: int, split: Split = "train") -> Evaluation | None:
        """The latest evaluation of a program on a split."""
        rows = self.rows(f"{_EVALUATION} WHERE program = ? AND split = ? ORDER BY id DESC LIMIT 1", number, split)
        return self._evaluation(rows[0]) if rows else None

    def evaluations_of(self, number: int, split: Split) -> list[Evaluation]:
        """All evaluations of a program on a split, in order: several where measured times enter the metric."""
        rows = self.rows(f"{_EVALUATION} WHERE program = ? AND split = ? ORDER BY id", number, split)
        return [self._evaluation(row) for row in rows]

    def _program(self, row: tuple[Any, ...], split: Split) -> Program:
        number, digest, source, island, proposer, operator, model, rationale, detail = row
        rows = self.rows(f"{_EVALUATION} WHERE program = ? AND split = ? ORDER BY id DESC LIMIT 1", number, split)
        return Program(
            id=number, source=self._source(source), digest=digest, parents=self._parents(number), proposer=proposer,
            operator=operator, model=model, island=island, rationale=rationale, detail=json.loads(detail),
            evaluation=self._evaluation(rows[0]) if rows else None, duplicate_of=rows[0][9] if rows else None,
        )  # fmt: skip

    def _evaluation(self, row: tuple[Any, ...]) -> Evaluation:
        key, split, stage, verdict, reason, score, fitness, metrics, output, duplicate_of, wall, cpu, memory, box = row
        if duplicate_of is not None:
            original = self.evaluation(duplicate_of, split)
            workloads = original.workloads if original else ()
        else:
            query = "SELECT workload, verdict, score, metrics, feedback FROM workload_result WHERE evaluation = ?"
            workloads = tuple(
                WorkloadResult(name, result, json.loads(values), points, feedback)
                for name, result, points, values, feedback in self.rows(query, key)
            )
        return Evaluation(
            split=split, stage=stage, verdict=verdict, reason=reason, metrics=json.loads(metrics), fitness=fitness,
            score=score, workloads=workloads, output=output, wall_seconds=wall, cpu_seconds=cpu,
            peak_memory_mb=memory, sandbox=box,
        )  # fmt: skip

    def _source(self, digest: str) -> str:
        text: bytes = self.rows("SELECT text FROM source WHERE digest = ?", digest)[0][0]
        return unpack(text).decode(errors="surrogatepass")

    def _parents(self, number: int) -> tuple[Parent, ...]:
        query = "SELECT parent, role FROM parentage WHERE child = ? ORDER BY role != 'parent', parent"
        return tuple(Parent(parent, role) for parent, role in self.rows(query, number))


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that cannot write. Where not even the files of a write-ahead log can be made beside the log, as on
    a read-only medium, nobody else writes either, so that the log is read as it is."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True)
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if "unable to open" not in str(error):
            raise
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True)
    return connection
