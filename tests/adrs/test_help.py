"""What `adrs --help` and the README say of all verbs alike."""

import re
from pathlib import Path

from typer.main import get_command
from typer.testing import CliRunner

from adrs.breaker import Breaker
from adrs.cli import app

README = (Path(__file__).parents[2] / "README.md").read_text()


def test_the_readme_says_after_how_many_a_run_is_ended_early() -> None:
    said = README[README.index("## When a run ends by itself") : README.index("| exit code |")].replace(",", "")
    breaker = Breaker()
    assert {int(number) for number in re.findall(r"\d+", said)} == {
        breaker.same_failure, breaker.same_score, breaker.nothing_new, breaker.nothing_new_by_models,
        breaker.evaluator_fails,
    }  # fmt: skip


def test_exit_codes_are_said_where_the_verbs_are() -> None:
    said = CliRunner().invoke(app, ["--help"]).output
    documented = re.findall(r"^\| (\d+) \|", README, re.MULTILINE)
    assert documented == re.findall(r"(?:: |; )(\d+) ", " ".join(said[said.index("Exit codes") :].split()))


def test_every_verb_stands_in_a_group_with_a_line_that_is_not_cut() -> None:
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "80"}).output
    groups = said[said.index("\nEvolve:") : said.index("Exit codes")]
    listed = re.findall(r"^  (\w+)  +\S", groups, re.MULTILINE)
    assert sorted(listed) == sorted(get_command(app).commands)
    assert "..." not in groups
