"""A call's time is over when the process has had it, not when the clock says so."""

import pytest

from adrs.sandbox import deadline
from adrs.sandbox.deadline import Deadline


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 100.0

    monkeypatch.setattr(deadline.time, "perf_counter", lambda: Clock.now)
    return Clock


def over_at(clock, found, step=0.01, until=100.0):
    """Seconds after its beginning at which a deadline says that it is over."""
    began = clock.now
    while not found.is_over():
        assert clock.now - began < until
        clock.now += step
    return clock.now - began


def test_a_process_that_always_runs_or_sleeps_has_its_limit(clock):
    assert over_at(clock, Deadline(1.0, 7, lambda pid: 5.0)) == pytest.approx(1.0, abs=0.011)


def test_one_that_cannot_be_seen_has_its_limit(clock):
    assert over_at(clock, Deadline(1.0, 0, lambda pid: pytest.fail("asked"))) == pytest.approx(1.0, abs=0.011)


def test_waiting_for_a_core_does_not_count(clock):
    """It gets every second moment: after a first quarter that is not looked at, the rest takes twice as long."""
    found = Deadline(1.0, 7, lambda pid: 0.5 * (clock.now - 100.0))
    assert over_at(clock, found) == pytest.approx(1.75, abs=0.02)


def test_there_is_an_end_to_it(clock):
    """Who starts a thousand processes waits for a core as well."""
    assert over_at(clock, Deadline(1.0, 7, lambda pid: clock.now - 100.0)) == pytest.approx(5.0, abs=0.02)


def test_quick_answers_ask_nothing(clock):
    found = Deadline(1.0, 7, lambda pid: pytest.fail("asked"))
    clock.now += 0.2
    assert not found.is_over()
    assert found.wait() == pytest.approx(0.05)
