"""What the log is asked, and what it answers."""

import subprocess
import sys
from pathlib import Path

import pytest

from adrs import lineage, problem
from adrs.errors import UserError
from adrs.lineage.declared import declared
from adrs.settings import Settings
from adrs.store import Reader, Writer
from tests.adrs.lineage_tools import Log


def test_the_curve_has_a_point_for_each_improvement_with_what_was_spent(story: Path) -> None:
    with Reader(story) as reader:
        found = lineage.curve(reader)
    assert [(point.program, point.evaluations, point.score, point.usd) for point in found.points] == [
        (1, 1, 0.0, 0.0), (2, 2, 20.0, 0.75), (3, 3, 60.0, 0.75), (6, 5, 90.0, 0.75), (7, 6, 95.0, 0.75)
    ]  # fmt: skip
    assert (found.evaluations, found.usd) == (6, 0.75)
    seconds = [point.seconds for point in found.points]
    assert seconds == sorted(seconds)
    assert found.seconds >= seconds[-1] >= 0


def test_breaks_between_sessions_are_no_work(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.writer._connection.execute("UPDATE event SET time = time - 1000")
    log.writer.event("started", {})
    log.program(1, 1.0)
    with Reader(log.close()) as reader:
        found = lineage.curve(reader)
        assert found.points[1].seconds < 500
        assert found.seconds < 500


def test_what_was_made_of_its_programs_afterwards_is_no_work_on_a_run_either(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.writer._connection.execute("UPDATE event SET time = time - 1000")
    log.distilled(1)
    log.writer.event("started", {})
    log.program(1, 1.0)
    with Reader(log.close()) as reader:
        for found in (lineage.curve(reader), lineage.told(reader)):
            assert [(point.program, point.score) for point in found.points] == [(1, 0.0), (3, 1.0)]
            assert found.points[1].seconds < 500
            assert found.seconds < 500


def test_the_chosen_program_is_the_winner_until_something_is_told(story: Path, tmp_path: Path) -> None:
    with Reader(story) as reader:
        assert lineage.winner(reader) == 6
        assert lineage.line(reader, 6) == [1, 2, 3, 6]
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.chosen(1)
    log.program(1, verdict="rejected")
    with Reader(log.folder) as reader:
        assert lineage.winner(reader) == 1
    log.program(1, 5.0)
    with Reader(log.close()) as reader:
        assert lineage.winner(reader) == 3


def test_the_ancestry_says_what_each_step_changed_and_gained(story: Path) -> None:
    with Reader(story) as reader:
        steps = lineage.ancestry(reader, 6)
        assert [(step.program.id, step.gain) for step in steps] == [(1, None), (2, 20.0), (3, 40.0), (6, 30.0)]
        assert (steps[1].added, steps[1].removed) == (1, 1)
        assert "-    return 1" in steps[1].diff()
        with pytest.raises(UserError, match="no program 99"):
            lineage.ancestry(reader, 99)


def test_standing_scores_everything_on_one_scale_with_the_median_of_several(story: Path) -> None:
    with Reader(story) as reader:
        found = lineage.standing(reader)
        other = lineage.contender(reader, 7)
    rows = {row.role: row for row in found.contenders}
    assert list(rows) == ["seed", "trivial", "state-of-the-art", "winner"]
    assert found.splits == ("train", "validation", "test")
    assert rows["trivial"].measured["test"].score == 0.0
    assert rows["state-of-the-art"].measured["test"].score == 100.0
    validation = rows["winner"].measured["validation"]
    assert (validation.value, validation.low, validation.high, validation.times) == (1.2, 1.1, 1.3, 3)
    assert validation.score == pytest.approx(80.0)
    assert rows["winner"].measured["test"].score == pytest.approx(75.0)
    assert found.gap == pytest.approx(75.0 - rows["winner"].measured["train"].score)
    assert (other.role, set(other.measured)) == ("program", {"train"})
    leads = [(lead.baseline, lead.points, lead.value) for lead in found.leads.values()]
    assert leads == [("longest-first", pytest.approx(-10.0), pytest.approx(-0.1)),
                     ("longest-first", pytest.approx(-25.0), pytest.approx(-0.25))]  # fmt: skip
    assert list(found.leads) == ["train", "test"]


@pytest.mark.parametrize("name", problem.shipped())
def test_baselines_have_the_roles_and_names_that_the_problem_gives_them(name: str, tmp_path: Path) -> None:
    loaded = problem.load(name)
    Writer.create(tmp_path / "run", loaded, 0, vars(Settings(name))).close()
    with Reader(tmp_path / "run") as reader:
        assert declared(reader).roles == {baseline.name: baseline.role for baseline in loaded.baselines}


def test_failures_are_counted_by_reason_but_for_the_numbers_in_it(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    for line in (3, 40, 5):
        log.program(1, None, verdict="error", reason=f"uniform: ValueError (line {line})")
    log.program(1, None, verdict="timeout", reason="uniform: solve took longer than 10 s")
    log.writer.proposed(9, 9, 0, "", _draft())
    with Reader(log.close()) as reader:
        first, second = lineage.failures(reader)
        assert (first.verdict, first.count, first.latest) == ("error", 3, 4)
        assert first.reason == "uniform: ValueError (line …)"
        assert second.count == 1
        assert lineage.verdicts(reader) == {"error": 3, "ok": 1, "timeout": 1, "pending": 1}


def test_a_reason_shows_the_numbers_that_all_share(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    for original in (1, 7, 7):
        log.program(1, 0.0, verdict="rejected", reason=f"duplicate of program {original}", duplicate_of=1)
    for case, held in ((0, -81.5), (3, 82), (0, -81.5)):
        log.program(1, None, verdict="invalid", reason=f"memory: small-1000: case {case}: GPU 2 holds {held} GB")
    with Reader(log.close()) as reader:
        reasons = {each.reason: each.count for each in lineage.failures(reader)}
    assert reasons == {"duplicate of program …": 3, "memory: small-1000: case …: GPU 2 holds … GB": 3}


def test_a_duplicate_gained_nothing(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 60.0)
    again = log.program(1, 60.0, verdict="rejected", reason="duplicate of program 2", duplicate_of=2)
    with Reader(log.close()) as reader:
        assert lineage.detail(reader, again).gain is None
        assert {node.program.id: node.gain for node in lineage.tree(reader, True).nodes} == {1: None, 2: 60.0, 3: None}


def _draft():
    from adrs.program import Draft

    return Draft("x", "embedded", "tune", ())


def test_costs_by_model_and_operator_add_up(story: Path) -> None:
    with Reader(story) as reader:
        found = lineage.costs(reader)
    assert [(row.model, row.calls, row.usd, row.programs) for row in found.by_model] == [("gpt", 2, 0.75, 2)]
    assert sum(row.programs for row in found.by_operator) == 7
    assert sum(row.evaluations for row in found.by_operator) == 6
    assert sum(row.usd for row in found.by_operator) == found.usd == 0.75
    assert (found.calls, found.input_tokens, found.output_tokens) == (2, 200, 20)


def test_gains_by_operator_add_up_to_the_best(story: Path) -> None:
    with Reader(story) as reader:
        found, models = lineage.gains(reader), lineage.model_gains(reader)
    assert models == [lineage.ModelGain("gpt", 2, 2, 2, 2, 60.0, 0.75)]
    assert sum(row.gained for row in found) == 95.0
    assert sum(row.gained_in_winner for row in found) == 90.0
    tune = next(row for row in found if row.operator == "tune")
    assert (tune.programs, tune.working, tune.better_than_parent, tune.improvements, tune.in_winner) == (4, 2, 2, 2, 1)


def test_one_program_with_all_about_it(story: Path) -> None:
    with Reader(story) as reader:
        found = lineage.detail(reader, 3)
    assert [child.id for child in found.children] == [7, 6, 4, 5]
    assert found.child_count == 4
    assert found.duplicates == (5,)
    assert {each.name: each.gain for each in found.workloads} == {"uniform": 30.0, "skewed": 50.0}
    assert found.calls[0].answer == "answer 3"
    assert [message.content for message in found.calls[0].messages][1] == "Improve program 3 <b>"
    assert found.calls[0].messages[0].role == "system"


def test_what_models_were_asked_takes_little_room(story: Path) -> None:
    with Reader(story) as reader:
        sizes = [size for (size,) in reader.rows("SELECT length(messages) FROM request ORDER BY base != ''")]
    assert len(sizes) == 2
    assert sizes[1] < sizes[0]


def test_configuration_gives_the_command_that_repeats_the_run(story: Path) -> None:
    with Reader(story) as reader:
        found = lineage.configuration(reader)
    assert found.command.startswith(f"adrs run {found.settings['problem']} --seed 7")
    assert "problem.toml" in found.files
    assert len(found.problem_digest) == 64


def test_the_control_is_a_best_of_n_run_of_the_same_problem(tmp_path: Path) -> None:
    mine = Log(tmp_path, "mine")
    mine.program(None, 0.0)
    Log(tmp_path, "control", search="best-of-n").close()
    Log(tmp_path, "other", search="best-of-n", workloads="published").close()
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "run.db").write_bytes(b"no log")
    with Reader(mine.close()) as reader:
        assert [path.name for path in lineage.controls(reader, tmp_path / "runs")] == ["control"]


def test_plain_records_are_json(story: Path) -> None:
    import json

    with Reader(story) as reader:
        for question in (lineage.tree, lineage.curve, lineage.standing, lineage.costs, lineage.gains, lineage.overview,
                         lineage.configuration, lineage.failures):  # fmt: skip
            json.dumps(lineage.plain(question(reader)), allow_nan=False)


def test_a_look_at_a_run_loads_nothing_heavy() -> None:
    code = (
        "import sys, adrs.lineage, adrs.cli.inspect, adrs.cli.lineage_view, adrs.cli.program_view\n"
        "print(sorted({'numpy', 'asyncio', 'pydantic', 'numba', 'plotly'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.parametrize(("sought", "numbers"), [
    (lineage.Sought(), [7, 6, 3, 2, 1, 4, 5]),
    (lineage.Sought(order="latest"), [7, 6, 5, 4, 3, 2, 1]),
    (lineage.Sought(verdict="error"), [4]),
    (lineage.Sought(made_by="tune", order="first"), [4, 5, 6, 7]),
    (lineage.Sought(made_by="gpt"), [3, 2]),
    (lineage.Sought(text="zerodivision"), [4]),
    (lineage.Sought(text="100%"), []),
    (lineage.Sought(verdict="ok", made_by="gpt", text="nothing says this"), []),
])  # fmt: skip
def test_programs_that_match_all_that_is_asked_for(story: Path, sought: lineage.Sought, numbers: list[int]) -> None:
    with Reader(story) as reader:
        found = lineage.matching(reader, sought)
        assert [each.program.id for each in found.programs] == numbers
        assert found.count == len(numbers)
        some = lineage.matching(reader, sought, 2, 1)
        assert ([each.program.id for each in some.programs], some.count) == (numbers[1:3], len(numbers))


def test_programs_come_with_their_gain_and_what_no_program_has_is_said(story: Path) -> None:
    with Reader(story) as reader:
        gains = {each.program.id: each.gain for each in lineage.matching(reader, lineage.Sought()).programs}
        assert gains == {1: None, 2: 20.0, 3: 40.0, 4: None, 5: None, 6: 30.0, 7: 35.0}
        with pytest.raises(UserError, match='maker "tone"; did you mean "tune"'):
            lineage.matching(reader, lineage.Sought(made_by="tone"))
        with pytest.raises(UserError, match='verdict "memory"; known: error, ok, rejected'):
            lineage.matching(reader, lineage.Sought(verdict="memory"))
