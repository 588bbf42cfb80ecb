"""The table says what is chosen, what is dominated and what is not to be trusted."""

import csv
import io

import pytest
from rich.console import Console

from adrs.cli.pareto_view import legend, pareto_table
from adrs.distill.export.cost import cost
from adrs.distill.pareto import Entry, csv_text, dominated, front, markdown, plain
from tests.adrs.distill.rules import EVERYTHING, THREE_TERMS
from tests.adrs.hostile_text import MARKUP


def scores(validation: float) -> dict[str, float]:
    return {"train": validation + 1.0, "validation": validation, "test": validation - 1.0}


ENTRIES = [
    Entry("constant-rate", "trivial", scores=scores(0.0)),
    Entry("teacher", "teacher", 1537, 3024, scores(98.0), nanoseconds={"c": 965.0, "numpy": 3238.0}),
    Entry("minimal", "minimal", 75, None, scores(99.0)),
    Entry("cart", "cart", 29, 12, scores(78.0), 0.149, 0.908),
    Entry("flat, round 3, rounded", "flat", 13, 18, scores(104.0), 0.479, 0.9, {"c": 2.9, "python": 269.0}, True),
    Entry("flat, twin", "flat", 13, 18, scores(104.0)),
    Entry("branched", "branched", 122, 29, scores(102.0), 0.44, 0.957),
    Entry("wrong", "flat", 3, 2, scores(120.0), eligible=False),
]  # fmt: skip


def test_dominated_rows_are_those_that_another_beats_and_costs_no_more() -> None:
    beaten = {entry.name for entry, worse in zip(ENTRIES, dominated(ENTRIES), strict=True) if worse}
    assert beaten == {"teacher", "branched"}
    assert [entry.name for entry in front(ENTRIES)] == ["cart", "flat, round 3, rounded", "flat, twin"]


@pytest.mark.parametrize("width", [80, 160])
def test_the_table_fits_the_screen(width: int) -> None:
    hostile = [*ENTRIES, Entry("[red]\x1b[31m" + MARKUP, "flat", 1, 1, scores(1.0))]
    console = Console(width=width, file=io.StringIO(), color_system=None)
    console.print(pareto_table(hostile, width, styled=False))
    for sentence in legend(hostile, width, styled=False):
        console.print(sentence)
    said = console.file.getvalue()  # type: ignore[attr-defined]
    assert "\x1b" not in said
    assert "* flat, round 3, rounded" in said
    assert "! wrong" in said
    assert "- branched" in said
    assert "\n- another row is no worse" in said
    assert ("Python ns" in said) == (width == 160)
    assert len(next(line for line in said.splitlines() if "! wrong" in line)) <= width
    assert sum("flat, round 3" in line for line in said.splitlines()) == 1


def test_the_legend_says_what_is_there_and_nothing_else() -> None:
    assert any(sentence.startswith("alike: to the teacher, R2") for sentence in legend(ENTRIES, 80))
    program = [Entry("original", "original", 20), Entry("flat", "flat", 13, 18, scores(50.0), None, 0.9)]
    said = legend(program, 80)
    assert any(sentence.startswith("alike: to the original program, R2") for sentence in said)
    assert not any(word in " ".join(said) for word in ("chosen", "dim", "worst", "nanoseconds", "failed"))
    assert any(sentence.startswith("dim: ") for sentence in legend(ENTRIES, 80))


def test_files_hold_the_same_rows() -> None:
    rows = list(csv.DictReader(io.StringIO(csv_text(ENTRIES))))
    assert [row["name"] for row in rows] == [row["name"] for row in plain(ENTRIES)] == [each.name for each in ENTRIES]
    assert [row["chosen"] for row in rows].count("True") == 1
    assert rows[4]["ns_c"] == "2.9"
    assert csv_text([Entry("=1+1", "flat")]).splitlines()[1].startswith("'=1+1")
    text = "\n".join(markdown([*ENTRIES, Entry("a|b\n<i>", "flat")]))
    assert "**flat, round 3, rounded, chosen**" in text
    assert "*teacher*" in text
    assert "wrong (unverified)" in text
    assert "a\\|b \\<i>" in text


def test_cost_counts_the_longest_path_and_names_calls() -> None:
    small, large = cost(THREE_TERMS), cost(EVERYTHING)
    # two transforms of 4, three products, three sums, two comparisons of the cut
    assert (small.nodes, small.operations, small.calls) == (13, 16, ())
    assert large.operations > 40
    assert dict(large.calls) == {"sqrt": 3, "tanh": 1}
