"""The breaker: what stops a run, and what does not."""

from dataclasses import replace

from adrs.breaker import Breaker
from adrs.program import Evaluation, Program, Verdict


def program(number: int, verdict: Verdict, reason: str = "", fitness: float | None = None) -> Program:
    return Program(number, "", str(number), evaluation=Evaluation("train", "full", verdict, reason, fitness=fitness))


def test_the_same_failure_in_a_row_stops_and_is_named() -> None:
    breaker = Breaker(same_failure=3)
    assert breaker.tell(program(1, "error", "x: boom")) is None
    assert breaker.tell(program(2, "error", "x: boom")) is None
    assert "error: x: boom" in (breaker.tell(program(3, "error", "x: boom")) or "")


def test_another_end_in_between_starts_the_count_again() -> None:
    breaker = Breaker(same_failure=2)
    for number in range(10):
        assert breaker.tell(program(2 * number, "error", "boom")) is None
        assert breaker.tell(program(2 * number + 1, "ok", fitness=float(number))) is None


def test_the_same_score_to_the_last_digit_stops() -> None:
    breaker = Breaker(same_score=3)
    ends = [breaker.tell(program(number, "ok", fitness=-1.5)) for number in range(3)]
    assert ends[:2] == [None] * 2
    assert (ends[2] or "").startswith("3 different programs in a row score the same to the last digit: nothing is left")
    nearly = Breaker(same_score=3)
    assert all(nearly.tell(program(number, "ok", fitness=1 + number * 1e-15)) is None for number in range(50))


def test_rejected_programs_do_not_interrupt_a_row_of_equal_scores() -> None:
    breaker = Breaker(same_score=3)
    ends = [breaker.tell(program(n, "rejected" if n % 2 else "ok", fitness=None if n % 2 else 2.0)) for n in range(5)]
    assert ends[:4] == [None] * 4
    assert ends[4] is not None


def test_rejected_programs_do_not_interrupt_a_row_of_failures() -> None:
    breaker = Breaker(same_failure=3)
    ends = [breaker.tell(program(n, "rejected" if n % 2 else "error", "duplicate" if n % 2 else "x")) for n in range(5)]
    assert ends == [None] * 4 + ["3 programs in a row ended in the same way: error: x"]


def test_nothing_new_in_a_row_stops() -> None:
    breaker = Breaker(nothing_new=4)
    ends = [breaker.tell(program(number, "rejected", f"duplicate of program {number}")) for number in range(4)]
    assert ends[:3] == [None] * 3
    assert "4 programs in a row" in (ends[3] or "")


def test_the_commonest_of_the_last_rejections_is_named() -> None:
    breaker = Breaker(nothing_new=5)
    for number in range(3):
        breaker.tell(program(number, "rejected", "of an earlier row"))
    breaker.tell(program(3, "ok", fitness=1.0))
    reasons = ["line 7 imports os", "another", "line 8 imports os", "line 9 imports os", "another"]
    ends = [breaker.tell(program(4 + at, "rejected", reason)) for at, reason in enumerate(reasons)]
    assert ends[4] == "5 programs in a row were rejected or known already, 3 of them: line 9 imports os"
    copies = Breaker(nothing_new=1)
    copy = replace(program(9, "rejected", "duplicate of program 3"), duplicate_of=3)
    assert (copies.tell(copy) or "").endswith("1 of them: the same as an earlier program")


def test_an_evaluator_that_fails_in_a_row_stops_whatever_else_ends_before_it_is_reached() -> None:
    breaker = Breaker(evaluator_fails=3)
    lost = program(1, "infrastructure", "the worker died")
    assert [breaker.tell(each) for each in (lost, lost, program(2, "ok", fitness=1.0))] == [None] * 3
    assert [breaker.tell(each) for each in (lost, program(3, "invalid", "range"), lost)] == [None] * 3
    assert breaker.tell(lost, anew=False) is None
    assert breaker.tell(program(4, "error", "boom")) is None
    assert breaker.tell(lost) == ("3 evaluations in a row failed by no fault of the program; the last: the worker died")


def test_what_models_were_asked_for_in_vain_stops_sooner() -> None:
    breaker = Breaker(nothing_new=100, nothing_new_by_models=3)
    refused = replace(program(1, "rejected", "answer refused: no code"), model="gpt")
    unpaid = program(2, "rejected", "duplicate")
    assert [breaker.tell(each) for each in (refused, unpaid, refused, unpaid)] == [None] * 4
    assert breaker.tell(program(3, "ok", fitness=1.0)) is None
    assert [breaker.tell(each) for each in (refused, refused)] == [None] * 2
    assert "3 programs in a row were rejected or known already, 3 of them: answer refused" in (
        breaker.tell(refused) or ""
    )
