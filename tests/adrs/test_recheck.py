"""The winner on fresh workloads: drawn late, the same again for the same programs, and never in the way of a budget."""

import asyncio
import contextlib
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import fresh, problem, report, session
from adrs.calibrate import remembered
from adrs.choose import Choice, Chooser
from adrs.program import SPLITS, Evaluation, Job
from adrs.settings import Settings
from adrs.store import Reader, Writer
from adrs.testing.executor import InProcessExecutor
from tests.adrs.test_run import Silent, in_process, run  # noqa: F401 - the fixture keeps runs in this process

LOADED = [problem.load(name) for name in problem.shipped()]


@given(st.text("0123456789abcdef", min_size=1, max_size=8))
@settings(max_examples=25)
def test_fresh_workloads_are_like_those_of_train_and_known_to_nobody(key: str) -> None:
    for loaded in LOADED:
        drawn = fresh.draw(loaded, key)
        train = [spec for spec in loaded.workloads["train"] if spec.seed is not None]
        declared = {(spec.family, spec.seed) for split in SPLITS for spec in loaded.workloads[split]}
        assert [(spec.family, spec.parameters) for spec in drawn] == [(spec.family, spec.parameters) for spec in train]
        assert declared.isdisjoint((spec.family, spec.seed) for spec in drawn)
        assert len({spec.name for spec in drawn}) == len(drawn)
        assert drawn == fresh.draw(loaded, key)


def test_fresh_seeds_follow_from_the_run_and_the_programs_that_are_checked(demo: Path) -> None:
    loaded = problem.load(str(demo))
    keys = [fresh.key(1, ["a", "b"]), fresh.key(1, ["a", "c"]), fresh.key(2, ["a", "b"])]
    assert len({tuple(spec.seed for spec in fresh.draw(loaded, key)) for key in keys}) == 3
    assert fresh.key(1, ["a", "b"]) == keys[0]


def test_what_is_not_drawn_cannot_be_drawn_again() -> None:
    published = problem.load("model-placement", "published")
    assert "fixed" in fresh.why_not(published)
    shared = problem.load(str(Path(__file__).parent / "openevolve_folders" / "valley"))
    assert "its own workloads" in fresh.why_not(shared)


def test_a_run_ends_with_the_best_few_on_fresh_workloads(demo: Path, tmp_path: Path) -> None:
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=12)
    plain = outcome.plain()
    assert plain["rechecked"][0]["id"] == plain["winner"]["id"]
    assert len(plain["rechecked"]) == 3
    assert all(each["score"]["fresh"] is not None for each in plain["rechecked"])
    assert plain["winner"]["why_not"] == {}
    with Reader(outcome.path) as reader:
        names = {result.name for result in _fresh(reader, plain["winner"]["id"]).workloads}
        assert names.isdisjoint(spec.name for split in SPLITS for spec in outcome.problem.workloads[split])
        assert reader.rows("SELECT COUNT(*) FROM evaluation WHERE split = 'test' AND program != 1") == [(1,)]


def test_a_winner_that_knows_the_workloads_of_train_is_told_from_one_that_does_not(demo: Path, tmp_path: Path) -> None:
    honest, knowing = demo / "baselines" / "longest_first.py", tmp_path / "knowing.py"
    known = {spec.policy_seed for spec in problem.load(str(demo)).workloads["train"]}
    knowing.write_text(
        honest.read_text().replace(
            "    length =", f"    if instance['seed'] not in {known}:\n"
            "        return np.arange(len(instance['length'])) % instance['machines']\n    length =",
        )
    )  # fmt: skip
    outcomes = [run(demo, tmp_path / "runs", program.stem, max_evaluations=1, start=str(program))
                for program in (knowing, honest)]  # fmt: skip
    said = [[text for text in outcome.warnings if "knows them" in text] for outcome in outcomes]
    assert [len(texts) for texts in said] == [1, 0]
    assert said[0][0].startswith("on the workloads of train the winner scores 100 on average")
    with Reader(outcomes[0].path) as reader:
        assert "it is fitted to those of train, or knows them" in report.render(reader)


def test_a_replay_draws_the_same_and_a_resumed_run_measures_nothing_twice(demo: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    first = run(demo, runs, "one", max_evaluations=12).plain()
    again = session.replay(runs / "one", runs, "again", Silent(), {}).plain()
    assert again["rechecked"] == first["rechecked"]
    assert again["identical"] is True
    resumed = session.resume(runs / "one", Silent(), {}).plain()
    assert resumed["rechecked"] == first["rechecked"]
    with Reader(runs / "one") as reader:
        assert reader.rows("SELECT COUNT(*) FROM evaluation WHERE split = 'fresh'") == [(3,)]


def test_what_validation_knows_stays_in_the_choice(demo: Path, tmp_path: Path) -> None:
    """Though a resumed run has found five others that are better on train."""
    runs = tmp_path / "runs"
    run(demo, runs, "one", max_evaluations=12)
    with Reader(runs / "one") as reader:
        last = [number for number in reader.best(100)[5:] if number != 1][-1]
    with contextlib.closing(Writer.open(runs / "one")) as writer:
        writer.evaluated(None, last, Evaluation("validation", "full", "ok", metrics={"makespan": 0.1}, fitness=-0.1))
    outcome = session.resume(runs / "one", Silent(), {"max_evaluations": 14})
    assert outcome.choice.winner == last
    assert outcome.choice.of(last, "test") is not None


def test_other_programs_get_other_workloads(demo: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    run(demo, runs, "one", max_evaluations=6)
    with Reader(runs / "one") as reader:
        before = {row[0] for row in reader.rows("SELECT workload FROM workload_result")}
    outcome = session.resume(runs / "one", Silent(), {"max_evaluations": 30})
    with Reader(runs / "one") as reader:
        after = {result.name for result in _fresh(reader, outcome.choice.rechecked[0]).workloads}
    assert outcome.choice.rechecked
    assert after.isdisjoint(before)


class Late(Chooser):
    """Has no time left for anything."""

    async def choose(self, deadline: float | None) -> Choice:
        return await super().choose(0.0)

    async def recheck(self, choice: Choice, deadline: float | None) -> None:
        await super().recheck(choice, 0.0)


def test_what_there_was_no_time_for_is_said(demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate = InProcessExecutor.evaluate

    async def slow(self: InProcessExecutor, job: Job) -> Evaluation:
        if job.split != "train" and job.scale is not None:  # baselines are measured before the run
            await asyncio.sleep(60)
        return await evaluate(self, job)

    monkeypatch.setattr(InProcessExecutor, "evaluate", slow)
    monkeypatch.setattr(session, "Chooser", Late)
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=10)
    winner = outcome.plain()["winner"]
    assert winner["score"]["train"] is not None
    assert winner["score"]["test"] is None
    assert {split: "time" in reason for split, reason in winner["why_not"].items()} == {
        "validation": True, "test": True, "fresh": True,
    }  # fmt: skip
    assert outcome.plain()["rechecked"] == []


@pytest.fixture
def with_heuristic(demo: Path) -> Path:
    """The demo problem with its seed program as a heuristic baseline too."""
    declaration = demo / "problem.toml"
    text = declaration.read_text()
    declaration.write_text(text.replace("state-of-the-art =", 'heuristics = ["seed.py"]\nstate-of-the-art ='))
    return demo


class Noting(Silent):
    """Remembers what a run says of what it is doing."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def test_heuristic_baselines_are_in_the_final_table(
    with_heuristic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADRS_CACHE", str(tmp_path / "cache"))
    noting = Noting()
    made = Settings(str(with_heuristic), seed=3, max_evaluations=12)
    outcome = session.start(made, tmp_path / "runs", "one", noting)
    assert outcome.plain()["baselines"]["seed"]["role"] == "heuristic"
    assert set(outcome.plain()["baselines"]["seed"]["score"]) == {"train", "validation", "test"}
    chosen = [note for note in noting.notes if note.startswith("choosing the winner: validation")]
    assert chosen[-1] == f"choosing the winner: validation, {len(chosen)} of {len(chosen)} done"
    assert [note for note in noting.notes if note.startswith("heuristic baselines")] == [
        "heuristic baselines: 1 of 3, seed on train",
        "heuristic baselines: 2 of 3, seed on validation",
        "heuristic baselines: 3 of 3, seed on test",
    ]
    resumed = session.resume(outcome.path, Silent(), {})
    assert resumed.plain()["baselines"] == outcome.plain()["baselines"]
    ends = [outcome.calibration.evaluations[name, "train"] for name in ("round-robin", "longest-first")]
    assert outcome.calibration.ends_of_scale("train") == ends, "what steers a run is known before it begins"


def test_what_the_evaluator_failed_at_is_measured_when_a_run_is_gone_on_with(
    with_heuristic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADRS_CACHE", str(tmp_path / "cache"))
    evaluate, broken = InProcessExecutor.evaluate, [True]

    async def failing(self: InProcessExecutor, job: Job) -> Evaluation:
        heuristic = job.thorough and job.source == (with_heuristic / "seed.py").read_text() and not job.scale
        if broken[0] and (heuristic or (job.split != "train" and not job.thorough)):
            return Evaluation(job.split, "start", "infrastructure", "the evaluator is broken")
        return await evaluate(self, job)

    monkeypatch.setattr(InProcessExecutor, "evaluate", failing)
    before = run(with_heuristic, tmp_path / "runs", "one", max_evaluations=12)
    assert before.plain()["winner"]["score"]["validation"] is None
    assert before.plain()["baselines"]["seed"]["score"]["validation"] is None
    broken[0] = False
    resumed = session.resume(before.path, Silent(), {})
    whole = run(with_heuristic, tmp_path / "runs", "undisturbed", max_evaluations=12).plain()
    assert resumed.plain()["winner"]["score"] == whole["winner"]["score"]
    assert resumed.plain()["rechecked"] == whole["rechecked"] != []
    assert resumed.plain()["baselines"]["seed"]["score"] == whole["baselines"]["seed"]["score"]


def test_building_blocks_may_change_without_baselines_being_measured_again(
    with_heuristic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ADRS_CACHE", str(tmp_path / "cache"))
    run(with_heuristic, tmp_path / "runs", "one", max_evaluations=2)
    monkeypatch.setattr(InProcessExecutor, "evaluate", None)
    known = remembered(problem.load(str(with_heuristic)))
    assert len(known.evaluations) == 9
    block = next((with_heuristic / "blocks").glob("*.py"))
    block.write_text(block.read_text() + "\n# another\n")
    assert remembered(problem.load(str(with_heuristic))).evaluations == known.evaluations


def test_an_interrupt_leaves_out_the_heuristic_baselines_and_nothing_else(
    with_heuristic: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while the last of them is measured; resuming does the rest."""
    monkeypatch.setenv("ADRS_CACHE", str(tmp_path / "cache"))
    evaluate, hang = InProcessExecutor.evaluate, [True]

    async def interrupted(self: InProcessExecutor, job: Job) -> Evaluation:
        if hang[0] and seed_alone(job):
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.sleep(600)
        return await evaluate(self, job)

    source = (with_heuristic / "seed.py").read_text()

    def seed_alone(job: Job) -> bool:
        """Whether it is measured as a baseline on test, not as the seed program, which has a scale."""
        return job.source == source and job.split == "test" and job.thorough

    monkeypatch.setattr(InProcessExecutor, "evaluate", interrupted)
    outcome = run(with_heuristic, tmp_path / "runs", "one", max_evaluations=6)
    plain = outcome.plain()
    assert (plain["stopped_by"], plain["rechecked"] != []) == ("evaluations", True)
    assert Path(plain["winner"]["file"]).is_file()
    assert plain["baselines"]["seed"]["score"]["validation"] is not None
    assert plain["baselines"]["seed"]["score"]["test"] is None
    assert plain["warnings"] == [f"not all baselines were measured; `adrs resume {outcome.path}` measures the rest"]
    hang[0] = False
    resumed = session.resume(outcome.path, Silent(), {}).plain()
    assert resumed["baselines"]["seed"]["score"]["test"] is not None
    assert (resumed["evaluations"], resumed["warnings"]) == (plain["evaluations"], [])


def _fresh(reader: Reader, number: int) -> Any:
    found = reader.evaluation(number, "fresh")
    assert found is not None
    return found
