"""The pages on proposers and strategies name all that these are given and give."""

import dataclasses
import re
from pathlib import Path

import pytest

from adrs.program import Brief, Draft, Program, Selection
from adrs.propose import Context

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("kind", [Context, Brief, Program, Draft], ids=lambda kind: kind.__name__)
def test_the_page_on_proposers_names_every_field(kind: type) -> None:
    row = re.search(rf"^\| `{kind.__name__}` \|.*$", (DOCS / "proposer.md").read_text(), re.MULTILINE)
    assert row is not None
    assert {field.name for field in dataclasses.fields(kind)} <= set(re.findall(r"`(\w+)`", row[0]))


def test_the_page_on_strategies_names_every_field_of_a_selection() -> None:
    page = (DOCS / "search-strategy.md").read_text()
    table = page[page.index("| field of `Selection` |") :].partition("\n\n")[0]
    assert {field.name for field in dataclasses.fields(Selection)} <= set(re.findall(r"`(\w+)`", table))
