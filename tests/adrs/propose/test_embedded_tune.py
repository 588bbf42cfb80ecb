"""Sessions of the tuning of constants."""

import json
from dataclasses import replace

from adrs.problem import Objective
from adrs.program import Brief, Draft, Evaluation, Program
from adrs.propose.embedded.archive import Archive
from adrs.propose.embedded.tune import Tune

SOURCE = "def solve(x):\n    gain = 0.5\n    bias = 2.0\n    return gain * x + bias\n"
OBJECTIVE = Objective("cost", "minimize", "cost")


def program(number: int, source: str, fitness: float | None, draft: Draft | None = None) -> Program:
    evaluation = Evaluation("train", "full", "ok" if fitness is not None else "error", fitness=fitness)
    detail = draft.detail if draft else {}
    return Program(number, source, "", operator="tune", evaluation=evaluation, detail=detail)


class Session:
    """A tune operator alone, with its programs told at once or late."""

    def __init__(self, source: str = SOURCE) -> None:
        self.tune, self.archive = Tune({}, OBJECTIVE), Archive()
        self.parent = program(1, source, -9.0)
        self.archive.tell(self.parent)
        self.ticket = 1

    def propose(self) -> Draft | None:
        self.ticket += 1
        brief = Brief(self.ticket, 1000 + self.ticket, self.parent)
        idea = self.tune.think(brief, self.archive, __import__("random").Random(brief.seed))
        if idea is None:
            return None
        detail = json.loads(json.dumps(dict(idea.detail)))
        draft = Draft(idea.source, "embedded", "tune", idea.parents, idea.rationale, detail=detail)
        self.tune.commit(brief, draft, self.archive)
        return draft

    def tell(self, draft: Draft, fitness: float | None) -> None:
        told = program(self.ticket, draft.source, fitness, draft)
        self.tune.tell(told)
        self.archive.tell(told)


def gain(draft: Draft) -> float:
    return float(draft.source.split("gain = ")[1].split("\n")[0])


def bias(draft: Draft) -> float:
    return float(draft.source.split("bias = ")[1].split("\n")[0])


def test_finds_good_constants() -> None:
    session, best = Session(), -9.0
    for _ in range(150):
        draft = session.propose()
        if draft is None:
            break
        fitness = -((gain(draft) - 1.5) ** 2) - (bias(draft) - 0.25) ** 2
        best = max(best, fitness)
        session.tell(draft, fitness)
    assert best > -0.05


def test_a_generation_in_flight_is_waited_for() -> None:
    session = Session()
    drafts = []
    while (draft := session.propose()) is not None:
        drafts.append(draft)
    assert 4 <= len(drafts) <= 10
    assert {draft.detail["generation"] for draft in drafts} == {0}
    assert "constants of program 1: gain 0.5 -> " in drafts[0].rationale or "bias" in drafts[0].rationale
    for draft in drafts[:-1]:
        session.tell(draft, -1.0 / gain(draft))
    assert session.propose() is None
    session.tell(drafts[-1], None)
    following = session.propose()
    assert following is not None
    assert following.detail["generation"] == 1


def test_a_duplicate_counts_with_the_fitness_of_its_original() -> None:
    def run(as_duplicates: bool) -> list[str]:
        session, sources = Session(), []
        for _ in range(40):
            draft = session.propose()
            assert draft is not None
            sources.append(draft.source)
            value = (gain(draft) - 1.0) ** 2
            told = program(session.ticket, draft.source, -value, draft)
            if as_duplicates:
                assert told.evaluation is not None
                copied = replace(told.evaluation, verdict="rejected", fitness=None, metrics={"cost": value})
                told = replace(told, evaluation=copied, duplicate_of=1)
            session.tune.tell(told)
        return sources

    assert run(True) == run(False)


def test_a_session_ends_and_the_program_is_not_tuned_again() -> None:
    session = Session("def solve(x):\n    return 7 * x\n")
    count = 0
    while (draft := session.propose()) is not None:
        session.tell(draft, -float(abs(int(draft.source.split("return ")[1].split(" ")[0]) - 12)))
        count += 1
        assert count < 60
    assert session.archive.steps.best == 0.0
    assert session.propose() is None
    improved = program(99, "def solve(x):\n    return 12 * x + 3 * x\n", 5.0)
    session.archive.tell(improved)
    assert session.propose() is not None


def test_a_program_of_many_numbers_is_tuned_by_the_dozen_until_each_had_its_turn() -> None:
    names = [f"c{number}" for number in range(20)]
    session = Session("def solve(x):\n" + "".join(f"    {name} = 2.5\n" for name in names) + "    return x\n")
    tuned = []
    while (draft := session.propose()) is not None:
        session.tell(draft, -9.0)  # nothing helps
        if draft.detail["chosen"] not in tuned:
            tuned.append(draft.detail["chosen"])
    assert [len(chosen) for chosen in tuned] == [12, 12]
    assert set(tuned[0]) | set(tuned[1]) == set(range(20))


def test_a_session_in_which_everything_fails_ends() -> None:
    session = Session()
    drafts = []
    while (draft := session.propose()) is not None:
        drafts.append(draft)
    for draft in drafts:
        session.tell(draft, None)
    assert session.propose() is None


def test_a_record_of_a_session_that_would_not_open_now_is_left_out() -> None:
    session = Session()
    first, second = session.propose(), session.propose()
    assert first is not None
    assert second is not None
    known = replace(first, detail={**first.detail, "skeleton": "of an earlier version"})
    after = Session()
    for ticket, draft in ((2, known), (3, second)):
        after.tune.commit(Brief(ticket, 1000 + ticket, after.parent), draft, after.archive)
        after.tell(draft, -1.0)
    assert after.propose() is not None


def test_programs_that_read_something_else_are_tuned_beside_a_better_one() -> None:
    session = Session('def solve(x):\n    return 0.5 * x["old"]\n')
    session.archive = Archive(quantities=('x["old"]', 'x["new"]'))
    best, other = session.parent, program(2, "def solve(x):\n    return 3.0 * x['new']\n", -50.0)
    worse = program(3, 'def solve(x):\n    return 7.0 * x["new"]\n', -60.0)
    for each in (worse, best, other):
        session.archive.tell(each)
    assert [each.id for each in session.archive.readers] == [1, 2]
    tuned = set()
    for _ in range(200):
        draft = session.propose()
        if draft is None:
            break
        tuned |= {parent.id for parent in draft.parents}
        session.tell(draft, -100.0)
    assert {1, 2} <= tuned


def test_a_bounded_number_of_readings_is_remembered_the_best_of_each() -> None:
    names = [f'x["{number}"]' for number in range(100)]
    archive = Archive(quantities=names)
    for number, name in enumerate(names):
        archive.tell(program(number, f"def solve(x):\n    return {name}\n", float(number)))
    assert [each.id for each in archive.readers] == list(range(99, 83, -1))
    archive.tell(program(100, f"def solve(x):\n    return 2 * {names[90]}\n", 95.5))
    assert [each.id for each in archive.readers][:6] == [99, 98, 97, 96, 100, 95]
    assert archive.find(84) is not None
