"""What past runs say of their proposals."""

from pathlib import Path

import pytest

from adrs import problem as problems
from adrs.llm.prices import Price
from adrs.llm.records import Call, Message, request_digest
from adrs.llm.specs import parse_spec
from adrs.program import Draft, Evaluation, Parent
from adrs.router.training import Member, Training, read_rows
from adrs.store import Reader, Writer

MEMBERS = [Member(parse_spec(label, {}), Price(1.0, 2.0)) for label in ("one@http://127.0.0.1:1/v1", "two")]


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """The seed program, and one proposal of each kind by models."""
    writer = Writer.create(tmp_path / "past", problems.load("query-routing"), 0, {})
    writer.proposed(1, 1, 0, "d", Draft("seed", "seed", "seed", ()))
    writer.evaluated(1, 1, Evaluation("train", "full", "ok", fitness=1.0))

    def proposal(ticket: int, model: str, evaluation: Evaluation | None, *requests: str, **detail: object) -> None:
        for text in requests:
            messages = (Message("system", "statement"), Message("user", text))
            writer.called(Call(ticket, model, request_digest(model, messages), "x", 10, 5, 0.5, 1.0, "", messages))
        if evaluation is not None:
            writer.proposed(ticket, ticket, 0, str(ticket), Draft(
                f"source {ticket}", "model", "improve", (Parent(1, "parent"), Parent(2, "inspiration")), model=model,
                detail=detail))  # fmt: skip
            writer.evaluated(ticket, ticket, evaluation)

    proposal(2, "one@http://127.0.0.1:9/v1", Evaluation("train", "full", "ok", fitness=2.0), "better")
    proposal(3, "two", Evaluation("train", "full", "ok", fitness=0.5), "worse", "worse, corrected")
    proposal(4, "two", Evaluation("train", "full", "error", "it raised"), "failing")
    proposal(5, "two", Evaluation("train", "partial", "ok"), "summary", "stopped", summary="so far")
    proposal(6, "three", Evaluation("train", "full", "ok", fitness=3.0), "of another ensemble")
    proposal(7, "two", None, "in flight when the run ended")
    writer.close()
    return tmp_path / "past"


def test_rows_are_proposals_with_what_came_of_them(log: Path) -> None:
    with Reader(log) as reader:
        rows = read_rows(reader, MEMBERS)
    assert [(row.prompt.partition("\n")[0], row.place, row.accuracy) for row in rows] == [
        ("better", 0, 1.0), ("worse", 1, 0.25), ("failing", 1, 0.0), ("stopped", 1, 0.25),
    ]  # fmt: skip
    assert rows[1].prompt == "worse\n\nstatement"
    assert (rows[1].usd, rows[1].input_tokens, rows[1].output_tokens) == (1.0, 20, 10), "its correction is paid for too"


def test_the_digest_is_of_the_rows(log: Path) -> None:
    with Reader(log) as reader:
        rows = read_rows(reader, MEMBERS)
    assert Training(rows, MEMBERS).digest == Training(list(rows), MEMBERS).digest
    assert Training(rows[:-1], MEMBERS).digest != Training(rows, MEMBERS).digest
