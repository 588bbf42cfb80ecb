"""A small run written by hand, with everything that lineage can be asked about."""

from pathlib import Path

import pytest

from adrs.llm.records import Call, Message, request_digest
from adrs.program import Parent
from tests.adrs.lineage_tools import Log


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven programs: 1 seed, 2 and 3 by a model, 4 fails, 5 repeats 3, 6 is chosen, 7 is the best on train."""
    log = Log(tmp_path_factory.mktemp("story"), "story", seed=7)
    for split in ("train", "validation", "test"):
        log.baseline("round-robin", split, makespan=2.0)
        log.baseline("longest-first", split, makespan=1.0)
    log.program(None, 0.0, source="def solve(instance):\n    return 1\n", workloads={"uniform": 0.0, "skewed": 0.0})
    for ticket, usd in ((2, 0.25), (3, 0.5)):
        messages = (Message("system", "You improve programs. " * 40), Message("user", f"Improve program {ticket} <b>"))
        log.writer.called(Call(ticket, "gpt", request_digest("gpt", messages), f"answer {ticket}", 100, 10, usd, 1.5,
                               "", messages))  # fmt: skip
    log.program(1, 20.0, model="gpt", operator="rewrite", workloads={"uniform": 10.0, "skewed": 30.0})
    log.program(2, 60.0, model="gpt", operator="improve", workloads={"uniform": 40.0, "skewed": 80.0},
                others=(Parent(1, "inspiration"),))  # fmt: skip
    log.program(3, None, verdict="error", reason="uniform: ZeroDivisionError: division by zero (line 3)")
    log.program(3, None, verdict="rejected", reason="duplicate of program 3", duplicate_of=3)
    log.program(3, 90.0, operator="tune", workloads={"uniform": 85.0, "skewed": 95.0}, feedback="better")
    log.program(3, 95.0, operator="tune")
    log.measured(6, "validation", 1.2)
    log.measured(6, "validation", 1.1)
    log.measured(6, "validation", 1.3)
    log.measured(6, "test", 1.25)
    log.chosen(6)
    return log.close()
