"""docs/reading-a-run.md: what it shows is what the recorded run prints, and its operators are those of the code."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adrs import problem
from adrs.cli import app
from adrs.distill.minimise import stage as minimise
from adrs.distill.priority import stage as priority
from adrs.distill.session import PROPOSER as DISTILL
from adrs.distill.symbolic import stage as symbolic
from adrs.program import Split
from adrs.propose import Context, agent
from adrs.propose.embedded.proposer import Embedded
from adrs.propose.model import plan
from adrs.propose.model import proposer as model
from adrs.store import Reader
from adrs.text import metric

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "runs" / "example-placement"
PAGE = (ROOT / "docs" / "reading-a-run.md").read_text()
SHOWN = re.findall(r"^```console\n\$ adrs ([^\n]*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)

pytestmark = pytest.mark.skipif(not EXAMPLE.is_dir(), reason="the example lies in checkouts only")


@pytest.mark.parametrize(("command", "output"), SHOWN, ids=[command for command, _ in SHOWN])
def test_what_the_page_shows_is_what_the_run_prints(command: str, output: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    done = CliRunner().invoke(app, [*command.split(), "--runs-dir", str(EXAMPLE.parent)])
    assert done.exit_code == 0, done.output
    printed = iter(line.rstrip() for line in done.stdout.splitlines())
    for line in output.splitlines():
        assert line == "…" or line.rstrip() in printed, line  # in this order


def test_the_end_of_the_run_has_the_numbers_of_its_log() -> None:
    end = PAGE.partition("<!-- end -->")[2].partition("\n```\n")[0]
    row = r"^  program (\d+) (?:\(winner\))? +(.*)$"
    rows = re.findall(row, end, re.MULTILINE)
    winner = re.search(r"winner: program (\d+) (.*)", end)
    assert winner is not None
    assert len(rows) == 3
    with Reader(EXAMPLE) as reader:

        def cells(number: int, *splits: Split) -> list[str]:
            found = [each for split in splits if (each := reader.evaluation(number, split)) is not None]
            return [text for each in found for text in (f"{each.score:.1f}", metric(each.metrics["kvpr"]))]

        assert winner[2].split() == cells(int(winner[1]), "train", "validation", "test")
        for number, shown in rows:
            assert shown.split() == cells(int(number), "train", "validation", "fresh")


def test_the_operators_of_the_page_are_those_of_the_code() -> None:
    table = PAGE.partition("| operator | what it does |")[2].partition("\n\n")[0]
    first_cells = " ".join(line.split("|")[1] for line in table.splitlines() if line)
    embedded = Embedded(Context(problem.load("model-placement"), seed=0))
    assert set(re.findall(r"`(\w+/\w+)`", first_cells)) == {
        *(f"{embedded.name}/{name}" for name in embedded._operators),
        *(f"{model.NAME}/{kind}" for kind in plan.WEIGHTS),
        *(f"{agent.NAME}/{kind}" for kind in ("improve", "cross")),
        *(f"{DISTILL}/{stage.OPERATOR}" for stage in (minimise, priority, symbolic)),
        *(f"seed/{name}" for name in ("seed", "start")),
    }
