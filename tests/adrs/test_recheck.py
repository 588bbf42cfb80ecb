"""The winner on fresh workloads: drawn late, the same again for the same programs, and never in the way of a budget."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adrs import fresh, problem, session
from adrs.choose import Choice, Chooser
from adrs.program import SPLITS, Evaluation, Job
from adrs.store import Reader
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


def test_heuristic_baselines_are_in_the_final_table(demo: Path, tmp_path: Path) -> None:
    declaration = demo / "problem.toml"
    text = declaration.read_text()
    declaration.write_text(text.replace("state-of-the-art =", 'heuristics = ["seed.py"]\nstate-of-the-art ='))
    outcome = run(demo, tmp_path / "runs", "one", max_evaluations=12)
    assert outcome.plain()["baselines"]["seed"]["role"] == "heuristic"
    assert set(outcome.plain()["baselines"]["seed"]["score"]) == {"train", "validation", "test"}
    resumed = session.resume(outcome.path, Silent(), {})
    assert resumed.plain()["baselines"] == outcome.plain()["baselines"]


def _fresh(reader: Reader, number: int) -> Any:
    found = reader.evaluation(number, "fresh")
    assert found is not None
    return found
