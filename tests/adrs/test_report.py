"""The report: one file that holds what it shows, believes no text of others, and fits every kind of run."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from adrs import report
from adrs.errors import UserError
from adrs.program import Draft, Parent, Program, Selection
from adrs.report.chart import Frame, Series, chart, ticks
from adrs.store import Reader
from tests.adrs.hostile_text import EVERYTHING, MARKUP, RAW
from tests.adrs.lineage.conftest import story  # noqa: F401 - the run that is reported
from tests.adrs.lineage_tools import Log

VOID = {"meta", "br", "line", "circle", "path", "img", "link", "input"}


class Page(HTMLParser):
    """Tags, attributes and text, and whether all that was opened is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self._found: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.text = "".join(self._found)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self._found.append(data)


def rendered(folder: Path) -> Page:
    with Reader(folder) as reader:
        text = report.render(reader)
    page = Page(text)
    assert page.open == []
    assert not {"script", "iframe", "object", "link", "img"} & set(page.tags)
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name != "src"
        assert name != "href" or (value or "").startswith("#")
    assert not re.search(r"url\(|@import", text)
    assert not [mark for mark in RAW if mark in text]
    return page


def test_a_run_with_everything(story: Path) -> None:  # noqa: F811
    page = rendered(story)
    words = " ".join(page.text.split())
    assert "Program 6 is the winner, chosen on validation. It scores 90.0 on train and 75.0 on test" in words
    assert "From train to test it loses" in words
    assert "`" not in page.text
    assert "of its own split. Beside the best baseline it is 10.00 points behind longest-first on train, 25.00" in words
    assert "longest-first is the state-of-the-art baseline" in page.text
    assert "1.1 to 1.3, 3 times" in page.text
    assert "ZeroDivisionError" in page.text
    by_model = words[words.index("By model") :]
    assert "gpt" in by_model
    assert "+60.0" in by_model[: by_model.index("Gained:")]
    assert "--seed 7" in page.text
    assert page.tags.count("svg") == 4  # evaluations, seconds, dollars, tree
    ids = {value for name, value in page.attributes if name == "id"}
    assert {value[1:] for name, value in page.attributes if name == "href" and value} <= ids
    assert "+    return 2" in page.text.replace("x", "") or "@@" in page.text


def test_a_run_that_was_gone_on_with_is_repeated_by_what_it_did(tmp_path: Path) -> None:
    log = Log(tmp_path, seed=7, max_seconds=20.0)
    log.program(None, 0.0)
    assert "--max-time 20s" in rendered(log.folder).text
    log.writer.event("stopped", {"by": "time"})
    log.writer.event("started", {"sandbox": "process"})
    for _ in range(3):
        log.program(1, 1.0)
    words = " ".join(rendered(log.folder).text.split())
    assert "--max-evaluations 4" in words
    assert "--max-time 20s" not in words
    assert "The run was gone on with: it did 4 evaluations in 2 sessions" in words
    log.close()


def test_nothing_is_pending_in_a_run_that_ended(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.writer.asked(2, Selection(Program(1, "", "")))
    log.writer.proposed(2, 2, 0, "digest 2", Draft("x = 2\n", "embedded", "tune", (Parent(1, "parent"),)))
    assert "1 pending" in rendered(log.folder).text
    log.writer.event("stopped", {"by": "time"})
    words = rendered(log.close()).text
    assert "1 not evaluated before the run ended" in words
    assert "1 pending" not in words


def test_what_people_said_is_told_in_order(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    assert "What people said" not in rendered(log.folder).text
    log.writer.event("note", {"text": f"why {MARKUP}", "program": 1})
    log.writer.event("hint", {"text": "try annealing", "ticket": 4})
    log.writer.event("steered", {"do": "pause"})
    words = " ".join(rendered(log.close()).text.split())
    assert words.index("note on program 1") < words.index("hint from ticket 4 on") < words.index("pause")
    assert f"why {MARKUP}" in words


def test_the_control_is_drawn_where_it_lies_beside_the_run(tmp_path: Path) -> None:
    control = Log(tmp_path, "the-control", search="best-of-n")
    control.program(None, 0.0)
    control.program(1, 3.0)
    control.close()
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 5.0)
    page = rendered(log.close())
    assert "the control, best-of-n, in run the-control" in page.text
    assert ("class", "control") in page.attributes


def test_text_of_programs_and_models_stays_text(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0, source=EVERYTHING, rationale=EVERYTHING, output=EVERYTHING)
    log.program(1, 1.0, source=f"{EVERYTHING}\nx = 1", rationale=EVERYTHING, operator=EVERYTHING, model=EVERYTHING,
                workloads={MARKUP: 1.0}, feedback=EVERYTHING)  # fmt: skip
    log.program(2, None, verdict="error", reason=EVERYTHING)
    log.chosen(2)
    page = rendered(log.close())
    assert "<script>alert(1)</script>" in page.text
    assert "\\u202eevil" in page.text
    assert "\\x1b[2J" in page.text


@pytest.mark.parametrize("programs", [0, 1, 2])
def test_runs_at_their_beginning(tmp_path: Path, programs: int) -> None:
    """Still going: no winner was chosen, nothing was measured but on train."""
    log = Log(tmp_path)
    for number in range(programs):
        log.program(number or None, float(number) if number < 2 else None)
    page = rendered(log.folder)
    assert "still going" in page.text
    assert ("No program works yet." in page.text) == (programs == 0)
    log.close()


def test_long_lines_and_long_lines_of_descent(tmp_path: Path) -> None:
    log = Log(tmp_path)
    with log.writer.together():
        log.program(None, 0.0)
        for number in range(2, 1200):  # deeper than Python's stack
            log.program(number - 1, float(number), source=f"x = {number}  # {'long ' * 60}\n", rationale="w" * 300)
    page = rendered(log.close())
    assert "earlier improvements are left out" in page.text
    assert "earlier steps are left out" in page.text


def test_a_scale_that_is_missing_shows_the_metric(tmp_path: Path) -> None:
    log = Log(tmp_path, trust="shared")
    log.program(None, None)
    page = rendered(log.close())
    assert "shared trust" in page.text


def test_without_a_scale_axes_and_columns_are_named_by_the_metric(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 20.0, scaled=False)
    log.program(1, 60.0, scaled=False)
    words = " ".join(rendered(log.close()).text.split())
    assert "-makespan on train, higher is better" in words
    assert "Dashed: baselines. There is no" in words
    assert "the -makespan, and what it gained over the parent" in words
    assert "after-makespanover the best beforeoperator" in words


def test_a_report_that_cannot_be_written_is_one_sentence(story: Path, tmp_path: Path) -> None:  # noqa: F811
    with Reader(story) as reader, pytest.raises(UserError, match="cannot be written"):
        report.write(reader, tmp_path / "no" / "folder.html")


def test_a_close_up_begins_where_the_line_enters() -> None:
    steps = [(1.0, 0.0), (10.0, 90.0), (50.0, 98.0), (80.0, 100.0)]
    whole, near = (chart(Frame("x", "y", low=low), [Series("run", steps, 100.0)]) for low in (None, 98.0))
    starts = [float(found[1]) for drawn in (whole, near) if (found := re.search(r'd="M([0-9.]+) ', drawn))]
    assert starts[0] < 60 < starts[1]
    assert (whole.count("<circle"), near.count("<circle")) == (4, 2)


def test_ticks_are_round_and_within() -> None:
    assert ticks(0.0, 60.0) == [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    for low, high in ((-3.2, 7.9), (122.9, 123.1), (0.0, 1e-9), (5.0, 5.0)):
        found = ticks(low, high)
        assert all(low <= tick <= high or low == high for tick in found)
        assert len(found) <= 8
