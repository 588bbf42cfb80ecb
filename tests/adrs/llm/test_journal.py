"""Model calls in the log of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adrs import problem
from adrs.llm.models import Models
from adrs.llm.prices import Price, Prices
from adrs.llm.records import Call
from adrs.llm.spending import Spending
from adrs.store import Reader, Writer
from adrs.store.journal import LogJournal
from adrs.testing.openai_server import Answer, Server
from tests.adrs.llm.tools import HELLO, with_models

KEY = "sk-test-0123456789abcdef"


@pytest.fixture
def log(demo: Path, tmp_path: Path) -> Iterator[LogJournal]:
    writer = Writer.create(tmp_path / "run", problem.load(str(demo)), 0, {})
    with Reader(tmp_path / "run") as reader:
        yield LogJournal(writer, reader)
    writer.close()


def call(ticket: int, digest: str, **changes: object) -> Call:
    values = {"answer": "x", "input_tokens": 1, "output_tokens": 2, "usd": 0.5, "seconds": 0.1, "error": ""}
    return Call(ticket, "m", digest, **{**values, **changes})  # type: ignore[arg-type]


def test_a_call_is_found_as_it_was_recorded(log: LogJournal) -> None:
    calls = [call(1, "a"), call(1, "b", answer="", error="broken"), call(2, "a", answer="ünï\0code")]
    for each in calls:
        log.record(each)
    assert [log.find(each.ticket, each.request_digest) for each in calls] == calls
    assert log.find(2, "b") is None
    assert log.find(3, "a") is None


def test_a_run_that_goes_on_pays_for_nothing_again_and_knows_what_it_spent(log: LogJournal, tmp_path: Path) -> None:
    prices = Prices({"stub": Price(10.0, 10.0)})

    async def use(models: Models) -> list[Call]:
        return [await models.ask(ticket, models.labels[0], HELLO) for ticket in range(1, 6)]

    with Server([Answer(f"answer {number}", 100, 100) for number in range(99)]) as server:
        first = with_models(server, use, journal=log, prices=prices, spending=Spending())
        with Reader(tmp_path / "run") as reader:
            spent = reader.spend()
        spending = Spending(max_usd=1.0)
        spending.restore(spent["usd"], int(spent["input_tokens"]), int(spent["output_tokens"]), int(spent["calls"]))
        again = with_models(server, use, journal=log, prices=prices, spending=spending)
    assert again == first
    assert server.counts["answers"] == 5
    assert server.paid_twice == 4  # five tickets asked the same, each of them once
    assert spending.usd == pytest.approx(0.01)
    assert (spending.tokens, spending.calls) == (1000, 5)


def test_no_file_of_a_run_holds_a_key(log: LogJournal, tmp_path: Path) -> None:
    async def use(models: Models) -> Call:
        return await models.ask(1, models.labels[0], HELLO)

    with Server(f"this is your key: {KEY}") as server:
        asked = with_models(server, use, journal=log, environment={"OPENAI_API_KEY": KEY})
    found = log.find(1, asked.request_digest)
    assert found is not None
    assert KEY not in found.answer  # which is compressed on disk
    assert server.requests[0].key == KEY
    for path in (tmp_path / "run").iterdir():
        assert KEY.encode() not in path.read_bytes()
