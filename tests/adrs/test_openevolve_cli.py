"""Folders of OpenEvolve's form on the command line: they run as they are, and shared trust is said with every score."""

from pathlib import Path

import pytest

from tests.adrs.cli_tools import adrs, adrs_json
from tests.adrs.openevolve_tools import folder, write

MARK = "shared trust"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unmodified folder of theirs, and one run of it."""
    place = tmp_path_factory.mktemp("workspace")
    theirs = folder("valley", place)
    (place / "program.py").write_text((theirs / "initial_program.py").read_text())
    done = adrs("run", "valley", "--name", "first", cwd=place)
    (place / "stdout").write_text(done.stdout)
    (place / "stderr").write_text(done.stderr)
    return place


def test_the_configuration_is_used_and_the_rest_is_named(workspace: Path) -> None:
    said = (workspace / "stderr").read_text()
    assert "valley: max_iterations: used as --max-evaluations 12\n" in said
    assert "valley: database.num_islands: not used; the search strategy is chosen with --search\n" in said
    assert "12 evaluations" in (workspace / "stdout").read_text()
    assert not (workspace / "valley" / "problem.toml").exists()
    assert {path.name for path in (workspace / "valley").iterdir()} == {
        "config.yaml", "data", "evaluator.py", "initial_program.py", "landscape.py",
    }  # fmt: skip


def test_the_table_ends_in_native_units_and_is_marked(workspace: Path) -> None:
    table = (workspace / "stdout").read_text()
    assert "combined_score  shared trust" in table
    assert "could have made up its score" in table
    assert "state-of-the-art" not in table
    assert "validation not measured: " in table


def test_the_winner_is_better_and_keeps_what_must_stay(workspace: Path) -> None:
    from adrs.evolve_blocks import fixed_parts, violation

    wanted = fixed_parts((workspace / "valley" / "initial_program.py").read_text())
    assert wanted is not None
    assert violation(wanted, (workspace / "runs" / "first" / "winner.py").read_text()) == ""
    rows = adrs_json("lineage", "first", cwd=workspace)
    best = adrs_json("best", "first", cwd=workspace)
    assert best["fitness"] > rows[0]["fitness"]


def test_scores_are_marked_wherever_they_are_shown(workspace: Path) -> None:
    for verb in (
        ("runs",), ("lineage", "first"), ("lineage", "first", "2"), ("show", "first", "1"), ("diff", "first", "1", "2"),
        ("problem", "./valley"), ("evaluate", "./valley", "program.py"),
    ):  # fmt: skip
        assert MARK in adrs(*verb, cwd=workspace).stdout, verb
    assert adrs_json("runs", cwd=workspace)[0]["trust"] == "shared"
    assert {row["trust"] for row in adrs_json("lineage", "first", cwd=workspace)} == {"shared"}
    assert adrs_json("problem", "./valley", cwd=workspace)["trust"] == "shared"
    answer = adrs_json("evaluate", "./valley", "program.py", cwd=workspace)
    assert (answer["trust"], answer["verdict"], answer["score"]) == ("shared", "ok", None)
    assert answer["metrics"]["combined_score"] > 0
    assert adrs_json("check", "./valley", cwd=workspace)["ok"] is True


def test_the_outcome_is_marked_and_the_command_line_wins(workspace: Path) -> None:
    options = ("--max-evaluations", "5", "--seed", "3", "--name", "second")
    answer = adrs_json("run", "valley", *options, cwd=workspace)
    assert (answer["trust"], answer["evaluations"], answer["seed"]) == ("shared", 5, 3)
    assert answer["winner"]["score"] == {"train": None, "validation": None, "test": None}
    assert answer["winner"]["metrics"]["train"]["combined_score"] > 0
    assert answer["baselines"]["initial-program"]["role"] == "trivial"
    assert adrs("run", "valley", *options[:-1], "third", "--quiet", cwd=workspace).stderr == ""


def test_a_run_goes_on_and_can_be_replayed(workspace: Path) -> None:
    more = adrs_json("resume", "first", "--max-evaluations", "15", cwd=workspace)
    assert (more["evaluations"], more["trust"]) == (15, "shared")
    again = adrs_json("replay", "first", "--name", "again", cwd=workspace)
    assert again["identical"] is True


def test_a_measured_time_beside_the_score_makes_no_other_replay(tmp_path: Path) -> None:
    timed = "import runpy, time\ndef evaluate(path):\n    score = runpy.run_path(path)['run']()\n"
    write(tmp_path / "timed", timed + "    return {'combined_score': score, 'eval_time': time.time()}\n")
    adrs("run", "timed", "--max-evaluations", "3", "--name", "one", "--quiet", cwd=tmp_path)
    again = adrs_json("replay", "one", "--quiet", cwd=tmp_path)
    assert (again["identical"], again["metrics_that_differ"]) == (True, {"eval_time": 3})
    said = adrs("replay", "one", "--quiet", cwd=tmp_path).stdout
    assert "metrics that decided nothing differ, in so many programs: eval_time (3)\n" in said


def test_a_changed_evaluator_makes_another_problem(workspace: Path, tmp_path: Path) -> None:
    theirs = folder("valley", tmp_path)
    adrs("run", str(theirs), "--max-evaluations", "2", "--name", "old", "--quiet", cwd=tmp_path)
    (theirs / "landscape.py").write_text((theirs / "landscape.py").read_text() + "\n")
    assert "has changed since run old began" in adrs("resume", "old", cwd=tmp_path, code=1).stderr


def test_an_imported_problem_runs(workspace: Path) -> None:
    made = adrs_json("new", "mine", "--from-openevolve", "valley", cwd=workspace)
    assert "max_iterations: used as --max-evaluations 12" in made["notes"]
    assert "mine/openevolve/evaluator.py" in made["files"]
    said = adrs("new", "other", "--from-openevolve", "valley", cwd=workspace).stdout
    assert "colour: not used; it is unknown here" in said
    assert "adrs run ./other --config other/run.toml" in said
    answer = adrs_json("run", "./mine", "--config", "mine/run.toml", "--max-evaluations", "4", cwd=workspace)
    assert (answer["problem"], answer["trust"], answer["seed"]) == ("mine", "shared", 7)


def test_a_program_in_a_process_of_its_own(tmp_path: Path) -> None:
    folder("circles", tmp_path)
    answer = adrs_json("run", "./circles", cwd=tmp_path)
    assert answer["evaluations"] == 6
    assert answer["winner"]["metrics"]["train"]["sum_of_radii"] >= 1.08
    assert answer["verdicts"].get("infrastructure", 0) == 0


def test_mistakes_are_one_sentence(workspace: Path, tmp_path: Path) -> None:
    theirs = write(tmp_path / "theirs", "def evaluate(path):\n    return {'a': 1}\n")
    (theirs / "initial_program.py").rename(theirs / "initial_program.rs")
    cases = [
        (("run", str(theirs)), "written in rust, which only language models can change here"),
        (("run", "./valley", "--sandbox", "landlock"), "need a sandbox that counts them"),
        (("run", "./valley", "--workloads", "published"), "no published workloads"),
        (("evaluate", "./valley", "program.py", "--split", "test"), "has no test workloads"),
        (("new", "x", "--from-openevolve", "."), "holds no evaluator.py with an initial_program beside it"),
        (("run", "."), "nor the evaluator.py and initial_program of OpenEvolve"),
    ]
    for arguments, expected in cases:
        done = adrs(*arguments, "--quiet" if arguments[0] == "run" else "--json", cwd=workspace, code=1)
        assert done.stdout == ""
        assert expected in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
