"""The log: what is written is what is read, whatever a candidate or a model puts into it."""

import contextlib
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adrs import problem
from adrs.errors import UserError
from adrs.lineage.declared import declared
from adrs.llm.records import Call
from adrs.program import Draft, Evaluation, Parent, WorkloadResult
from adrs.run_settings import read_settings
from adrs.store import Reader, Writer, tickets
from adrs.store.damage import explain
from tests.adrs.lineage_tools import Log

TEXT = st.text(st.characters(exclude_categories=()), max_size=40)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
METRICS = st.dictionaries(st.text(min_size=1, max_size=8), FINITE, max_size=4)
PLAIN = st.recursive(st.none() | st.booleans() | st.integers(-(2**60), 2**60) | FINITE | st.text(max_size=8),
                     lambda x: st.lists(x, max_size=3) | st.dictionaries(st.text(max_size=5), x, max_size=3),
                     max_leaves=6)  # fmt: skip
DRAFTS = st.builds(
    Draft, source=TEXT, proposer=st.just("p"), operator=st.sampled_from(["tune", "mutate"]),
    parents=st.lists(st.builds(Parent, st.integers(1, 9), st.sampled_from(["crossover", "inspiration"])), max_size=3,
                     unique_by=lambda parent: (parent.id, parent.role)).map(tuple),
    rationale=st.text(max_size=30), detail=st.dictionaries(st.text(max_size=5), PLAIN, max_size=3),
)  # fmt: skip
EVALUATIONS = st.builds(
    Evaluation, split=st.just("train"), stage=st.just("full"),
    verdict=st.sampled_from(["ok", "invalid", "error", "timeout"]), reason=st.text(max_size=30), metrics=METRICS,
    fitness=st.none() | FINITE, score=st.none() | FINITE, output=st.text(max_size=30), wall_seconds=FINITE,
    workloads=st.lists(st.builds(WorkloadResult, st.text(min_size=1, max_size=6), st.just("ok"), METRICS,
                                 st.none() | FINITE, st.text(max_size=9)), max_size=3,
                       unique_by=lambda result: result.name).map(tuple),
)  # fmt: skip


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from adrs import scaffold

    folder = tmp_path_factory.mktemp("log")
    scaffold.make(folder / "demo")
    writer = Writer.create(folder / "run", problem.load(str(folder / "demo")), 0, {"seed": 0})
    yield writer, Reader(folder / "run"), iter(range(1, 10**6))
    writer.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(draft=DRAFTS, evaluation=EVALUATIONS, rationale=TEXT)
def test_what_is_written_is_read(log: Any, draft: Draft, evaluation: Evaluation, rationale: str) -> None:
    writer, reader, numbers = log
    number = next(numbers)
    writer.proposed(number, number, 2, "digest", draft)
    writer.evaluated(number, number, evaluation)
    program = reader.program(number)
    assert program.source == draft.source
    assert sorted(program.parents, key=str) == sorted(draft.parents, key=str)
    assert dict(program.detail) == dict(draft.detail)
    assert program.rationale == draft.rationale
    assert program.evaluation is not None
    assert {result.name: result for result in program.evaluation.workloads} == {
        result.name: result for result in evaluation.workloads
    }
    assert dict(program.evaluation.metrics) == dict(evaluation.metrics)
    assert (program.fitness, program.score, program.verdict) == (
        evaluation.fitness,
        evaluation.score,
        evaluation.verdict,
    )
    assert number in reader.ended()
    in_bulk = tickets.read(reader, number - 1, number + 1)[number]
    assert in_bulk.program == program
    assert in_bulk.draft is not None
    assert (in_bulk.draft.source, in_bulk.draft.detail) == (program.source, program.detail)


@settings(max_examples=30)
@given(text=TEXT)
def test_text_that_is_not_unicode_harms_nothing(log: Any, text: str) -> None:
    writer, reader, numbers = log
    number = next(numbers)
    writer.proposed(number, number, 0, "", Draft(text, "p", "o", (), rationale=text, failure=text, detail={"t": text}))
    writer.screened(number, number, Evaluation("train", "screen", "rejected", text, output=text))
    assert reader.program(number).source == text


def test_equal_sources_are_stored_once(log: Any) -> None:
    writer, reader, numbers = log
    before = reader.rows("SELECT COUNT(*) FROM source")[0][0]
    for number in (next(numbers), next(numbers)):
        writer.proposed(number, number, 0, "d", Draft("the same text " * 50, "p", "o", ()))
    assert reader.rows("SELECT COUNT(*) FROM source")[0][0] == before + 1


@pytest.mark.parametrize("number", [-1, 10**9, 2**63, -(2**70)])
def test_a_number_that_no_program_has_is_one_sentence(log: Any, number: int) -> None:
    _, reader, _ = log
    with pytest.raises(UserError, match="has no program"):
        reader.program(number)
    assert reader.summaries([number]) == []


def test_a_log_that_is_no_log_is_one_sentence(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "run.db").write_bytes(b"not a database" * 1000)
    for opening in (Reader, Writer.open):
        with pytest.raises(UserError) as caught:
            opening(folder)
        assert "run.db" in str(caught.value)
    with pytest.raises(UserError, match="not a run"):
        Reader(tmp_path)


def test_a_text_that_is_longer_than_anybody_writes_is_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(tmp_path)
    log.program(source="x = 1\n" * 1000)
    folder = log.close()
    with Reader(folder) as reader:
        assert len(reader.program(1).source) == 6000
    monkeypatch.setattr("adrs.store.packed._MOST_BYTES", 100)
    questions: tuple[Callable[[Reader], object], ...] = (
        lambda reader: reader.program(1), Reader.files, declared, lambda reader: tickets.read(reader, 1, 1)
    )  # fmt: skip
    for question in questions:
        with pytest.raises(UserError, match=r"is damaged \(a text is cut off"), Reader(folder) as reader:
            question(reader)


def test_a_setting_that_nobody_knows_is_one_sentence(tmp_path: Path) -> None:
    folder = Log(tmp_path).close()
    with contextlib.closing(sqlite3.connect(folder / "run.db", isolation_level=None)) as log:
        log.execute("UPDATE run SET configuration = json_set(configuration, '$.shell', 1)")
    with pytest.raises(UserError, match=r'^the log has a setting "shell", which'):
        read_settings(folder)


@pytest.mark.parametrize(("text", "code", "said"), [
    ("database or disk is full", "SQLITE_FULL", "the disk of .* is full: what was recorded is safe"),
    ("disk I/O error", "SQLITE_IOERR_SHMSIZE", "the disk of .* is full: what was recorded is safe"),
    ("disk I/O error", "SQLITE_IOERR_READ", r"the disk of .* failed \(disk I/O error, SQLITE_IOERR_READ\)"),
    ("database disk image is malformed", "SQLITE_CORRUPT", "run.db is damaged .*`adrs repair one`"),
])  # fmt: skip
def test_a_full_disk_a_failing_one_and_damage_are_told_apart(text: str, code: str, said: str) -> None:
    error = sqlite3.OperationalError(text)
    error.sqlite_errorcode, error.sqlite_errorname = getattr(sqlite3, code), code
    assert re.match(f".*{said}", str(explain(Path("runs/one/run.db"), error)))


def test_a_mistake_of_our_own_is_not_told_as_damage(log: Any) -> None:
    writer, reader, numbers = log
    draft = Draft("def solve(instance): ...\n", "p", "o", ())
    number = next(numbers)
    writer.proposed(number, number, 0, "d", draft)
    with pytest.raises(sqlite3.IntegrityError):
        writer.proposed(number, number, 0, "d", draft)
    assert reader.program(number).digest == "d"  # the second was rolled back as a whole
    with pytest.raises(sqlite3.ProgrammingError), Reader(reader.folder) as other:
        other.rows("SELECT ?")


def test_a_log_of_another_version_is_refused(log: Any, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    with sqlite3.connect(folder / "run.db") as connection:
        connection.execute("PRAGMA user_version = 99")
        connection.execute("CREATE TABLE run (x)")
    for opening in (Reader, Writer.open):
        with pytest.raises(UserError, match="version 99"):
            opening(folder)


def test_a_closed_log_is_one_file_even_while_somebody_reads(tmp_path: Path) -> None:
    from adrs import scaffold

    scaffold.make(tmp_path / "demo")
    writer = Writer.create(tmp_path / "run", problem.load(str(tmp_path / "demo")), 0, {"seed": 0})
    with Reader(tmp_path / "run") as reader:
        writer.proposed(1, 1, 0, "d", Draft("def solve(instance): ...\n", "p", "o", ()))
        assert reader.last_event() > 0
        writer.close()
        (tmp_path / "copy").mkdir()
        shutil.copy(tmp_path / "run" / "run.db", tmp_path / "copy" / "run.db")
        with Reader(tmp_path / "copy") as copy:
            assert copy.rows("SELECT id, proposer FROM program") == [(1, "p")]


def test_what_was_paid_for_is_waited_for_and_nothing_else(tmp_path: Path) -> None:
    """SQLite syncs a commit in write-ahead mode where `synchronous` is 2 (FULL), and not where it is 1 (NORMAL)."""
    writer = Writer.create(tmp_path / "run", problem.load("query-routing"), 0, {})
    level = 1
    commits: list[int] = []

    def heard(statement: str) -> None:
        nonlocal level
        if statement.startswith("PRAGMA synchronous = "):
            level = {"FULL": 2, "NORMAL": 1}[statement.rpartition(" ")[2]]
        elif statement == "COMMIT":
            commits.append(level)

    call = Call(2, "gpt", "digest", "an answer", 5, 6, 0.5, 1.0, "")
    with contextlib.closing(writer):
        writer._connection.set_trace_callback(heard)
        writer.event("asked", {}, 2)
        writer.called(call)
        writer.told(2)
        with writer.together():
            writer.called(call)
    assert commits == [1, 2, 1, 1]


@pytest.mark.parametrize("anew", [False, True], ids=["removed", "removed and made again"])
def test_a_log_whose_folder_is_gone_takes_no_more_rows(tmp_path: Path, demo: Path, anew: bool) -> None:
    folder = tmp_path / "run"
    writer = Writer.create(folder, problem.load(str(demo)), 0, {})
    writer.event("started")
    shutil.rmtree(folder)
    if anew:
        Writer.create(folder, problem.load(str(demo)), 1, {}).close()
    with pytest.raises(UserError, match=r"/run was removed, moved or replaced while its run went on"):
        writer.event("stopped")
    writer.close()
    if anew:
        with Reader(folder) as reader:
            assert (reader.info.seed, reader.events("stopped")) == (1, [])
