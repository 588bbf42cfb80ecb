"""A damaged log: every question answers with one sentence, and what can be read is saved into a new run."""

import random
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adrs import compare, lineage
from adrs.errors import UserError
from adrs.llm.records import Call, Message, request_digest
from adrs.program import Parent
from adrs.run_settings import read_settings
from adrs.store import Reader, Writer
from adrs.store.repair import damage, repair
from tests.adrs.lineage_tools import Log

PROGRAMS = 400
TABLES = ("program", "source", "parentage", "evaluation", "workload_result", "model_call", "request", "file",
          "run")  # fmt: skip
QUESTIONS: dict[str, Callable[[Reader], Any]] = {
    "overview": lineage.overview, "tree": lineage.tree, "curve": lineage.curve, "told": lineage.told,
    "verdicts": lineage.verdicts, "failures": lineage.failures, "costs": lineage.costs, "gains": lineage.gains,
    "standing": lineage.standing,
    "configuration": lineage.configuration, "programs": lambda reader: list(reader.programs()),
    "everything": lambda reader: lineage.tree(reader, everything=True),
    "winner": lambda reader: lineage.ancestry(reader, lineage.winner(reader) or 1),
    "detail": lambda reader: lineage.detail(reader, lineage.winner(reader) or 1),
}  # fmt: skip


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    log, rng = Log(tmp_path_factory.mktemp("healthy")), random.Random(1)
    with log.writer.together():
        log.baseline("round-robin", "train", makespan=2.0)
        log.baseline("longest-first", "train", makespan=1.0)
        log.program(None, 0.0)
        for number in range(2, PROGRAMS + 1):
            if number % 10 == 0:
                messages = (Message("user", f"{number} " * 400),)
                log.writer.called(Call(number, "gpt", request_digest("gpt", messages), f"{rng.random()} " * 99, 5, 6,
                                       0.5, 1.0, "", messages))  # fmt: skip
            source = f"# {number}\n" + "\n".join(f"x{n} = {rng.random()}" for n in range(rng.choice((5, 40, 900))))
            log.program(rng.randrange(max(1, number - 20), number), rng.gauss(number / 10, 20), source=source,
                        workloads={"uniform": rng.random(), "skewed": rng.random()}, feedback="näher " * 10,
                        others=(Parent(1, "inspiration"),), output="x" * rng.choice((0, 6000)))  # fmt: skip
    log.chosen(7)
    return log.close()


def copied(healthy: Path, folder: Path) -> Path:
    shutil.copytree(healthy, folder)
    return folder


def erase(folder: Path, name: str) -> None:
    """Overwrite the first page of a table or an index."""
    with Reader(folder) as reader:
        page = reader.rows("SELECT rootpage FROM sqlite_schema WHERE name = ?", name)[0][0]
    with (folder / "run.db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(bytes(4096))


def rows(folder: Path, table: str) -> set[tuple[Any, ...]]:
    with Reader(folder) as reader:
        return set(reader.rows(f"SELECT * FROM {table}"))


def test_all_of_a_healthy_log_is_found_in_its_pages(healthy: Path, tmp_path: Path) -> None:
    assert damage(healthy) == ""
    saved = repair(healthy, tmp_path / "run")
    assert saved.lost == {}
    for table in TABLES:
        assert rows(saved.path, table) == rows(healthy, table), table
    assert rows(saved.path, "event") >= rows(healthy, "event")


def test_what_a_killed_writer_left_in_its_journal_is_found_too(tmp_path: Path) -> None:
    log = Log(tmp_path)
    for number in range(1, 30):
        log.program(None if number == 1 else 1, float(number))
    left = copied(log.folder, tmp_path / "left")  # the journal is folded into the file by `close`
    assert (left / "run.db-wal").stat().st_size > 0
    (left / "run.db-shm").unlink()
    broken = bytearray((left / "run.db").read_bytes())
    broken[:64] = bytes(64)
    (left / "run.db").write_bytes(broken)
    saved = repair(left, tmp_path / "saved")
    assert rows(saved.path, "program") == rows(log.close(), "program")


def test_a_log_that_has_lost_what_it_was_made_with_is_not_compared(healthy: Path, tmp_path: Path) -> None:
    folder = copied(healthy, tmp_path / "run")
    erase(folder, "run")
    saved = repair(folder, tmp_path / "saved")
    with pytest.raises(UserError, match="run saved was repaired and has lost what it was made with"):
        compare.load([str(saved.path)], tmp_path)


@pytest.mark.parametrize("seed", range(12))
def test_random_damage(healthy: Path, tmp_path: Path, seed: int) -> None:
    """Overwritten pages, scattered bytes, a lost end, a lost beginning: alone and together."""
    rng = random.Random(seed)
    folder = copied(healthy, tmp_path / "run")
    content = bytearray((folder / "run.db").read_bytes())
    pages = len(content) // 4096
    if seed % 4 in (0, 3):
        for _ in range(rng.randrange(1, 6)):
            at = 4096 * rng.randrange(pages)
            content[at : at + 4096] = rng.choice((bytes(4096), rng.randbytes(4096)))
    if seed % 4 in (1, 3):
        for _ in range(rng.randrange(1, 40)):
            content[rng.randrange(len(content))] = rng.randrange(256)
    if seed % 4 in (2, 3):
        del content[rng.randrange(len(content) // 4, len(content)) :]
    if seed in (8, 10):
        content[:4096] = bytes(4096)
    (folder / "run.db").write_bytes(content)
    wrong = _ask(folder)
    assert all("run.db" in each or "has no program" in each for each in wrong), wrong
    found = damage(folder)
    assert found or not wrong
    if found:
        saved = repair(folder, tmp_path / "saved")
        assert _ask(saved.path) == []
        assert damage(saved.path) == ""
        kept = rows(saved.path, "program")
        if seed % 4 == 0:  # pages alone: no row can have changed, and most are there
            before = {row[0]: row for row in rows(healthy, "program")}
            assert all((*row[:3], *row[4:]) == (*before[row[0]][:3], *before[row[0]][4:]) for row in kept)
            assert len(kept) > PROGRAMS / 2
            assert rows(saved.path, "evaluation") <= rows(healthy, "evaluation")


def _ask(folder: Path) -> list[str]:
    """Sentences of the questions that could not be answered; any other error is a failure."""
    found = []
    for question in QUESTIONS.values():
        try:
            with Reader(folder) as reader:
                question(reader)
        except UserError as error:
            found.append(str(error))
    return found


def test_a_repaired_run_says_what_it_lost_and_is_not_gone_on_with(healthy: Path, tmp_path: Path) -> None:
    folder = copied(healthy, tmp_path / "run")
    content = (folder / "run.db").read_bytes()
    (folder / "run.db").write_bytes(content[: len(content) // 2])
    for opening in (Reader, Writer.open):
        with pytest.raises(UserError, match=f"adrs repair {re.escape(str(folder))}"):
            _use(opening(folder))
    saved = repair(folder, tmp_path / "saved")
    assert saved.lost
    with Reader(saved.path) as reader:
        assert reader.events("repaired")[0][1]["lost"] == saved.lost
        assert reader.info.name == "saved"
    with pytest.raises(UserError, match="was repaired"):
        read_settings(saved.path)
    with pytest.raises(UserError, match="exists already"):
        repair(folder, tmp_path / "saved")


def _use(log: Any) -> None:
    """Some damage is seen only when a part is needed."""
    with Reader(log.folder) as reader:
        list(reader.programs())


def test_a_ticket_that_never_had_a_program_lost_none(tmp_path: Path) -> None:
    """A session that ended while a model was asked has left out the number of a program."""
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.dropped(1)
    for _ in range(8):
        log.program(1, 1.0)
    log.distilled(5)
    folder = log.close()
    erase(folder, "program_by_digest")
    assert damage(folder)
    saved = repair(folder, tmp_path / "whole")
    assert saved.lost == {}
    erase(folder, "program")
    saved = repair(folder, tmp_path / "programs")
    assert "program" not in saved.kept
    assert saved.lost["program"] == 10


@pytest.mark.parametrize("table", ["evaluation", "program"])
def test_what_is_counted_of_a_repaired_run_is_what_it_has(tmp_path: Path, table: str) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    for _ in range(8):
        log.program(1, 1.0)
    log.program(1, 1.0, duplicate_of=2)
    folder = log.close()
    with Reader(folder) as reader:
        assert reader.evaluations() == 9
    erase(folder, table)
    saved = repair(folder, tmp_path / "saved")
    assert saved.lost[table] == 10
    with Reader(saved.path) as reader:
        assert reader.evaluations() == len(reader.rows("SELECT 1 FROM evaluation")) == 0
        assert reader.ended() == []


@pytest.mark.parametrize("which", ["base = ''", "base != ''"])
def test_a_request_that_changed_is_found_and_left_out(healthy: Path, tmp_path: Path, which: str) -> None:
    """SQLite does not see it, and only a look at what a model was asked would."""
    folder = copied(healthy, tmp_path / "run")
    digest, packed = sorted(row[::2] for row in rows(folder, f"request WHERE {which}"))[0]
    with sqlite3.connect(folder / "run.db") as connection:
        spoilt = packed[:30] + bytes(40) + packed[70:]
        connection.execute("UPDATE request SET messages = ? WHERE digest = ?", (spoilt, digest))
    connection.close()
    before = len(rows(folder, "request"))
    lost = before if "!" not in which else 1  # all others are packed with the first
    assert damage(folder) == f"{lost} of {before} requests to models cannot be read"
    saved = repair(folder, tmp_path / "saved")
    assert saved.lost == {"request": lost}
    assert len(rows(saved.path, "request")) == before - lost
    assert damage(saved.path) == ""
    with Reader(saved.path) as reader:
        calls = [call for number in range(10, PROGRAMS + 1, 10) for call in reader.calls(number)]
    assert [bool(call.messages) for call in calls].count(False) == lost
    with pytest.raises(UserError, match="evaluator"):  # not that it was repaired: nothing steers by requests
        read_settings(saved.path)


def test_a_file_that_was_never_a_log_is_not_made_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.db").write_bytes(random.Random(0).randbytes(100_000))
    with pytest.raises(UserError, match="nothing can be read"):
        repair(tmp_path / "run", tmp_path / "saved")
    assert not (tmp_path / "saved").exists()
