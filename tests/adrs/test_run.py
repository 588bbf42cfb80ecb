"""The loop: determinism, resuming, replaying, duplicates, budgets. Without isolation, for speed."""

import contextlib
import itertools
import random
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import pytest

from adrs import cores, plugins, session
from adrs.breaker import Breaker
from adrs.calibrate import Calibration
from adrs.cli.summary import print_outcome
from adrs.errors import UserError
from adrs.lineage import Lead, ModelGain, configuration
from adrs.outcome import Outcome, first_difference
from adrs.program import Brief, Draft, Evaluation, Job, Parent, Program, Selection, Split
from adrs.search.top_k import TopK
from adrs.settings import Settings
from adrs.store import Reader
from adrs.testing.executor import InProcessExecutor

_GREEDY = """
import numpy as np

def solve(instance):
    length = instance["length"]
    busy = np.zeros(instance["machines"])
    machine = np.zeros(len(length), dtype=np.int64)
    for job in np.argsort(-length * {sign} + {shift} * np.arange(len(length))):
        machine[job] = np.argmin(busy)
        busy[machine[job]] += length[job]
    return machine
"""


class Scripted:
    """Draws one of a few programs, good and bad, from the brief's seed."""

    def __init__(self, context: object) -> None:
        self.told: list[int] = []

    async def propose(self, brief: Brief) -> Draft:
        generator = random.Random(brief.seed)
        source = generator.choice(
            [
                _GREEDY.format(sign=generator.choice([1, -1]), shift=generator.randrange(40) / 10),
                "def solve(instance):\n    return [0] * (len(instance['length']) - 1)\n",
                "def solve(instance):\n    return 1 // 0\n",
                "def solve(instance:\n",
            ]
        )
        return Draft(source, "embedded", "draw", (Parent(brief.parent.id, "parent"),), detail={"seed": brief.seed})

    def recall(self, brief: Brief, draft: Draft) -> None:
        assert draft.detail["seed"] == brief.seed

    def tell(self, program: Program) -> None:
        self.told.append(program.id)


class Silent:
    """Observes nothing, but can stop the session at a certain program, in one of two ways."""

    def __init__(self, die_at: int | None = None) -> None:
        self.die_at = die_at

    def note(self, text: str) -> None: ...

    def calibrated(self, calibration: Calibration) -> None: ...

    def told(self, program: Program, evaluations: int) -> None:
        if program.id == self.die_at:
            raise KeyboardInterrupt


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    load = plugins.load
    local: Mapping[tuple[str, str], Any] = {
        ("executor", "local"): InProcessExecutor,
        ("proposer", "embedded"): Scripted,
    }

    async def believe(*_: object) -> None:
        """The checks before a run hold programs that never end, which nothing here could stop."""

    monkeypatch.setattr(session, "preflight", believe)
    monkeypatch.setattr(plugins, "load", lambda seam, name: local.get((seam, name)) or load(seam, name))


def run(demo: Path, runs: Path, name: str, **settings: Any) -> Outcome:
    made = Settings(str(demo), **{"seed": 3, "max_evaluations": 40, **settings})
    return session.start(made, runs, name, Silent())


def lineage(folder: Path) -> list[Any]:
    with Reader(folder) as reader:
        return [replace(program, evaluation=None) for program in reader.programs()]


def scores(folder: Path) -> list[Any]:
    with Reader(folder) as reader:
        return [(p.verdict, p.score, p.evaluation and p.evaluation.reason) for p in reader.programs()]


def test_a_run_ends_with_a_winner_above_the_seed(demo: Path, tmp_path: Path) -> None:
    outcome = run(demo, tmp_path / "runs", "one")
    assert outcome.evaluations == 40
    assert outcome.stopped_by == "evaluations"
    assert set(outcome.verdicts) == {"ok", "invalid", "error", "rejected"}
    plain = outcome.plain()
    assert plain["winner"]["score"]["train"] >= 100
    assert plain["winner"]["score"]["validation"] is not None
    assert plain["winner"]["score"]["test"] is not None
    assert plain["baselines"]["round-robin"]["score"]["train"] == 0
    assert Path(plain["winner"]["file"]).read_text().startswith("\nimport numpy")


def test_a_tighter_limit_of_calls_holds_while_searching_alone(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs: list[Job] = []
    evaluate = InProcessExecutor.evaluate

    async def heard(self: InProcessExecutor, job: Job) -> Evaluation:
        jobs.append(job)
        return await evaluate(self, job)

    monkeypatch.setattr(InProcessExecutor, "evaluate", heard)
    outcome = run(demo, tmp_path / "runs", "tight", max_evaluations=6, call_seconds=0.5)
    with Reader(outcome.path) as reader:
        candidates = {program.source for program in reader.programs() if program.parents}
        command = configuration(reader).command
    assert {job.decision_seconds for job in jobs if job.split == "train" and job.source in candidates} == {0.5}
    assert {job.decision_seconds for job in jobs if job.split != "train"} == {None}
    assert "--call-seconds 0.5" in command
    with pytest.raises(UserError, match="call-seconds must be above 0"):
        Settings(str(demo), call_seconds=0.0).checked()


def test_a_seed_that_no_log_can_hold_is_refused_before_anything_is_written(demo: Path, tmp_path: Path) -> None:
    for seed in (2**63, 10**23):
        with pytest.raises(UserError, match=r"seed must be a whole number from 0 to 2\^63 - 1"):
            run(demo, tmp_path / "runs", "one", seed=seed)
    assert not (tmp_path / "runs").exists()
    assert run(demo, tmp_path / "runs", "one", seed=2**63 - 1, max_evaluations=2).seed == 2**63 - 1


def test_seed_and_window_fix_the_lineage_and_workers_do_not_matter(demo: Path, tmp_path: Path) -> None:
    for workers in (1, 2, 4):
        run(demo, tmp_path / "runs", f"w{workers}", workers=workers)
    first = lineage(tmp_path / "runs" / "w1")
    assert first == lineage(tmp_path / "runs" / "w2") == lineage(tmp_path / "runs" / "w4")
    run(demo, tmp_path / "runs", "other", seed=4)
    assert first != lineage(tmp_path / "runs" / "other")


def test_a_run_of_a_larger_machine_is_gone_on_with_by_as_many_workers_as_there_is_a_use_for(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[int] = []
    make = InProcessExecutor.__init__

    def made(self: InProcessExecutor, problem: Any, workers: int, sandbox: str | None = None) -> None:
        started.append(workers)
        make(self, problem, workers, sandbox)

    monkeypatch.setattr(InProcessExecutor, "__init__", made)
    run(demo, tmp_path / "runs", "one", workers=4, max_evaluations=2)
    monkeypatch.setattr(cores, "WORKERS_PER_CORE", 1)
    monkeypatch.setattr(cores, "cores", lambda: 3)
    session.resume(tmp_path / "runs" / "one", Silent(), {"max_evaluations": 4})
    assert started == [4, 3]


@pytest.mark.parametrize("search", ["best-of-n", "random", "adaptive", "novelty", "pareto"])
def test_resuming_gives_the_lineage_of_an_undisturbed_run(demo: Path, tmp_path: Path, search: str) -> None:
    runs = tmp_path / "runs"
    run(demo, runs, "whole", search=search)
    settings = Settings(str(demo), seed=3, max_evaluations=40, search=search)
    for die_at in (1, 2, 9, 23):
        name = f"cut-{die_at}"
        with pytest.raises(KeyboardInterrupt):
            session.start(settings, runs, name, Silent(die_at))
        if die_at == 1:  # as if it had ended before all baselines were written down
            with contextlib.closing(sqlite3.connect(runs / name / "run.db")) as log, log:
                log.execute("DELETE FROM event WHERE kind = 'baseline' AND payload LIKE '%\"longest-first\"%'")
        session.resume(runs / name, Silent(), {})
        assert lineage(runs / name) == lineage(runs / "whole")
        assert scores(runs / name) == scores(runs / "whole")
        with Reader(runs / name) as reader:
            assert (
                reader.rows("SELECT 1 FROM event WHERE ticket NOTNULL GROUP BY ticket, kind HAVING COUNT(*) > 1") == []
            )


def test_resuming_a_finished_run_with_more_evaluations_goes_on(demo: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    run(demo, runs, "one", max_evaluations=20)
    before = lineage(runs / "one")
    outcome = session.resume(runs / "one", Silent(), {"max_evaluations": 30})
    assert outcome.evaluations == 30
    assert lineage(runs / "one")[: len(before)] == before


def test_replay_is_identical_and_says_what_differs(demo: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    run(demo, runs, "one")
    again = session.replay(runs / "one", runs, "again", Silent(), {})
    assert again.plain()["identical"] is True
    assert lineage(runs / "one") == lineage(runs / "again")
    with Reader(runs / "one") as one, Reader(runs / "again") as two:
        assert first_difference(one, two) is None
    with contextlib.closing(sqlite3.connect(runs / "one" / "run.db")) as log:  # as another version writes it
        log.execute("UPDATE program SET digest = 'of another version'")
        log.commit()
    with Reader(runs / "one") as one, Reader(runs / "again") as two:
        assert first_difference(one, two) is None
    run(demo, runs, "other", seed=4)
    with Reader(runs / "one") as one, Reader(runs / "other") as two:
        assert "program 2" in (first_difference(one, two) or "")


class Greedy(TopK):
    """Keeps one program, so that hardly another one can be kept."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed=seed, k=1)


def test_programs_that_cannot_be_kept_stop_early_the_same_in_resume_and_replay(
    demo: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    load = plugins.load
    monkeypatch.setattr(plugins, "load", lambda seam, name: Greedy if seam == "search" else load(seam, name))
    runs = tmp_path / "runs"
    outcome = run(demo, runs, "one")
    with Reader(outcome.path) as reader:
        programs = list(reader.programs())
    stopped = [program for program in programs if program.verdict == "ok" and program.fitness is None]
    assert len(stopped) > 5
    for program in stopped:
        assert program.evaluation is not None
        assert program.evaluation.stage in ("smoke", "partial")
        assert "is needed to be kept" in program.evaluation.reason
    again = session.replay(runs / "one", runs, "again", Silent(), {})
    assert again.plain()["identical"] is True
    assert scores(runs / "one") == scores(runs / "again")
    with pytest.raises(KeyboardInterrupt):
        session.start(Settings(str(demo), seed=3, max_evaluations=40), runs, "cut", Silent(17))
    session.resume(runs / "cut", Silent(), {})
    assert scores(runs / "cut") == scores(runs / "one")


class Picky(TopK):
    """Refuses every third draft."""

    def ask(self) -> Selection:
        told = len(self._best)
        return replace(super().ask(), refuse=lambda draft: f"seen {told}" if draft.id % 3 == 0 else "")


def test_refused_programs_cost_nothing_and_say_why_the_same_in_resume_and_replay(
    demo: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    load = plugins.load
    monkeypatch.setattr(plugins, "load", lambda seam, name: Picky if seam == "search" else load(seam, name))
    runs = tmp_path / "runs"
    outcome = run(demo, runs, "one")
    with Reader(outcome.path) as reader:
        refused = [p for p in reader.programs() if p.evaluation and p.evaluation.stage == "refused"]
    assert refused
    assert all(p.id % 3 == 0 and p.verdict == "rejected" and p.evaluation.reason.startswith("seen") for p in refused)
    assert outcome.evaluations == 40
    assert session.replay(runs / "one", runs, "again", Silent(), {}).plain()["identical"] is True
    assert scores(runs / "one") == scores(runs / "again")
    with pytest.raises(KeyboardInterrupt):
        session.start(Settings(str(demo), seed=3, max_evaluations=40), runs, "cut", Silent(23))
    session.resume(runs / "cut", Silent(), {})
    assert scores(runs / "cut") == scores(runs / "one")


def test_a_duplicate_copies_its_evaluation_and_costs_none(demo: Path, tmp_path: Path) -> None:
    outcome = run(demo, tmp_path / "runs", "one")
    with Reader(outcome.path) as reader:
        duplicates = [program for program in reader.programs() if program.duplicate_of]
        assert duplicates
        for program in duplicates:
            original = reader.program(program.duplicate_of or 0)
            assert original.digest == program.digest
            assert program.verdict == "rejected"
            assert program.fitness is None
            assert program.score == original.score
        paid = sum(program.verdict != "rejected" for program in reader.programs())
        assert paid == reader.evaluations() == 40


def test_a_second_writer_is_refused_with_the_process_id(demo: Path, tmp_path: Path) -> None:
    import os

    from adrs.store import Writer

    outcome = run(demo, tmp_path / "runs", "one")
    writer = Writer.open(outcome.path)
    with pytest.raises(UserError, match=str(os.getpid())):
        Writer.open(outcome.path)
    writer.close()


def test_a_changed_problem_is_not_resumed(demo: Path, tmp_path: Path) -> None:
    outcome = run(demo, tmp_path / "runs", "one")
    (demo / "seed.py").write_text((demo / "seed.py").read_text() + "\n")
    with pytest.raises(UserError, match="has changed"):
        session.resume(outcome.path, Silent(), {})


def test_a_seed_that_fails_is_refused_with_the_reason(demo: Path, tmp_path: Path) -> None:
    (demo / "seed.py").write_text("def solve(instance):\n    raise KeyError('nothing')\n")
    with pytest.raises(UserError, match="nothing"):
        run(demo, tmp_path / "runs", "one")


def printed(outcome: Outcome, capsys: pytest.CaptureFixture[str]) -> list[str]:
    models = [ModelGain("gpt", 12, 9, 4, 2, 3.5, 0.25)]
    print_outcome(outcome, [], models, {"train": Lead("greedy", 0.45, 1.0), "test": Lead("greedy", -0.12, -1.0)})
    return capsys.readouterr().out.splitlines()


def test_a_run_that_found_nothing_says_so_and_what_helps(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (demo / "seed.py").write_text((demo / "baselines" / "longest_first.py").read_text())

    async def worse(self: Scripted, brief: Brief) -> Draft:
        source = f"def solve(instance):\n    return [{brief.ticket} % 2] * len(instance['length'])\n"
        return Draft(source, "embedded", "draw", (Parent(brief.parent.id, "parent"),), detail={"seed": brief.seed})

    monkeypatch.setattr(Scripted, "propose", worse)
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=3)
    said = "nothing was better than the seed program in 3 evaluations; what may help: "
    helps = "a language model with --model, more time, another --seed"  # the problem has building blocks
    lines = printed(outcome, capsys)
    assert [line for line in lines if "nothing was" in line] == [f"warning  {said}{helps}"]
    assert "lead     0.45 points over greedy on train; 0.12 points behind greedy on test" in lines
    assert "gpt 12 4 2 +3.5 $0.2500" in [" ".join(line.split()) for line in lines]
    assert outcome.plain()["warnings"] == [said + helps]


def test_baselines_that_there_was_no_time_for_are_named(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    declared = demo / "problem.toml"
    heuristics = 'heuristics = ["baselines/shortest_first.py", "baselines/hasty.py"]\nstate-of-the-art'
    declared.write_text(declared.read_text().replace("state-of-the-art", heuristics, 1))
    for name, sign in (("shortest_first", 1), ("hasty", -1)):
        (demo / "baselines" / f"{name}.py").write_text(_GREEDY.format(sign=sign, shift=1.0))
    assert not run(demo, tmp_path / "runs", "one", max_evaluations=3).baselines_left_out()

    async def a_part(calibration: Calibration, *_: object) -> None:
        splits: tuple[Split, ...] = ("train", "validation")
        seed = calibration.evaluations[calibration.problem.baselines[0].name, "train"]
        calibration.evaluations.update({("shortest-first", split): seed for split in splits})

    monkeypatch.setattr(session, "measure_heuristics", a_part)
    outcome = run(demo, tmp_path / "runs", "two", max_evaluations=3)
    (said,) = [line for line in printed(outcome, capsys) if line.startswith("beside")]
    assert ": shortest-first (test), hasty; `adrs problem " in said
    assert "demo --measure` does it" in said


def test_the_first_failure_of_the_evaluator_itself_is_shown(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    evaluate = InProcessExecutor.evaluate

    async def fail(self: InProcessExecutor, job: Job) -> Evaluation:
        if job.split == "train" and "busy" in job.source:
            return Evaluation("train", "start", "infrastructure", "uniform-1000: evaluator raised KeyError: \x1b[2J")
        return await evaluate(self, job)

    monkeypatch.setattr(InProcessExecutor, "evaluate", fail)
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=12)
    count = outcome.verdicts["infrastructure"]
    assert count > 1
    said = next(text for text in outcome.plain()["warnings"] if "infrastructure" in text)
    assert said.startswith(f"{count} evaluations ended infrastructure, by no fault of the program; the first, program ")
    assert said.endswith(" on train: uniform-1000: evaluator raised KeyError: \\x1b[2J")
    assert [line for line in printed(outcome, capsys) if "ended infra" in line] == [f"warning  {said}"]


def test_a_run_of_nothing_but_one_failure_is_broken_off(demo: Path, tmp_path: Path, monkeypatch: Any) -> None:
    async def fail(self: Scripted, brief: Brief) -> Draft:
        source = f"def solve(instance):\n    x = {brief.ticket}\n    raise ValueError('always')\n"
        return Draft(source, "embedded", "draw", (Parent(brief.parent.id, "parent"),), detail={"seed": brief.seed})

    monkeypatch.setattr(Scripted, "propose", fail)
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=1000)
    assert outcome.stopped_by.startswith("breaker")
    assert "always" in outcome.stopped_by
    assert outcome.evaluations < 200


def test_a_run_of_nothing_new_says_why_and_what_helps(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def same(self: Scripted, brief: Brief) -> Draft:
        return Draft("import [red]", "embedded", "draw", (Parent(brief.parent.id, "parent"),),
                     detail={"seed": brief.seed})  # fmt: skip

    monkeypatch.setattr(Scripted, "propose", same)
    monkeypatch.setattr(Breaker, "__init__", partialmethod(Breaker.__init__, nothing_new=20))
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=1000)
    stopped = next(line for line in printed(outcome, capsys) if line.startswith("stopped"))
    assert stopped.startswith("stopped  breaker: 20 programs in a row were rejected or known already, 20 of them: ")
    assert stopped.endswith("; what may help: a language model with --model, other --proposers")
    counts = [len(lineage(tmp_path / "runs" / "one"))]
    for _ in range(2):  # gone on with all the same, it counts from the beginning
        again = session.resume(tmp_path / "runs" / "one", Silent(), {})
        assert again.stopped_by.startswith("breaker: 20 programs in a row")
        counts.append(len(lineage(tmp_path / "runs" / "one")))
    assert [later - earlier for earlier, later in itertools.pairwise(counts)] == [20, 20]


def test_a_changed_evaluator_is_not_resumed(demo: Path, tmp_path: Path) -> None:
    outcome = run(demo, tmp_path / "runs", "one")
    evaluator = demo / "evaluator.py"
    evaluator.write_text(evaluator.read_text().replace("uniform(1, 10, jobs)", "uniform(1, 3, jobs)"))
    with pytest.raises(UserError, match="evaluator of demo has changed"):
        session.resume(outcome.path, Silent(), {})
