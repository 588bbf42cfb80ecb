"""The recorded run that a checkout comes with."""

from pathlib import Path

import pytest

from adrs import lineage, problem, report
from adrs.evaluator_digest import evaluator_digest
from adrs.store import Reader

EXAMPLE = Path(__file__).parents[2] / "runs" / "example-placement"


@pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the example lies in checkouts only")
def test_the_example_can_be_looked_at_and_is_small() -> None:
    assert (EXAMPLE / "run.db").stat().st_size < 1_000_000
    with Reader(EXAMPLE) as reader:
        found = lineage.overview(reader)
        assert found.programs >= 200
        assert found.stopped_by == "evaluations"
        winner = lineage.winner(reader)
        assert reader.program(winner).source == (EXAMPLE / "winner.py").read_text()
        assert "is the winner, chosen on validation" in report.render(reader)


@pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the example lies in checkouts only")
def test_a_run_of_today_can_be_compared_with_the_example() -> None:
    """Where this fails, an evaluator has changed: `adrs run` with the example's options records it anew."""
    with Reader(EXAMPLE) as reader:
        info = reader.info
    today = problem.load(info.problem)
    assert (info.problem_digest, info.configuration["evaluator_digest"]) == (today.digest(), evaluator_digest(today))
