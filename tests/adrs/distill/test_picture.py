"""The picture holds every row that was measured, at a place that can be read."""

import re
from xml.etree import ElementTree

from adrs.distill.pareto import Entry
from adrs.distill.picture import picture
from tests.adrs.distill.test_pareto import ENTRIES, scores
from tests.adrs.hostile_text import MARKUP

PROGRAMS = [
    Entry("round-robin", "trivial", scores=scores(0.0)),
    Entry("greedy", "state-of-the-art", scores=scores(100.0)),
    Entry("original", "original", 470, None, scores(220.0)),
    Entry("minimal", "minimal", 200, None, scores(220.0)),
]
KEYS = [
    *PROGRAMS,
    Entry("line 9, expression of 1", "flat", 190, 0, scores(210.0)),
    Entry("line 9, expression of 5", "flat", 193, 2, scores(219.0), chosen=True),
]


def drawn(entries: list[Entry], **values: dict[str, float]) -> tuple[str, dict[str, tuple[float, float]]]:
    """The text of a picture, and where the points of its rows stand, by what they say first."""
    text = picture(entries, values.get("original"), values.get("chosen"))
    root = ElementTree.fromstring(text)
    places = {}
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        title, *_, mark = group
        found = re.match(r"translate\(([\d.]+) ([\d.]+)\)", mark.attrib["transform"])
        assert found is not None
        assert title.text is not None
        places[title.text.split(":")[0]] = (float(found[1]), float(found[2]))
    return text, places


def test_rows_of_no_operations_and_programs_stand_inside() -> None:
    text, places = drawn(KEYS)
    none, some = places["line 9, expression of 1"], places["line 9, expression of 5"]
    assert 0 < places["original"][0] < places["minimal"][0] < none[0] < some[0] < 640
    assert places["original"][1] < some[1] < none[1], "higher is better"
    assert ">programs<" in text
    assert ">0<" in text
    assert text.count('class="ring"') == 2, "about the chosen one, and in the legend"
    assert "below: round-robin (trivial) 0.0" in text, "so far off that the others would fall together"


def test_without_rules_programs_are_compared_by_their_nodes() -> None:
    text, places = drawn(PROGRAMS)
    assert places["minimal"][0] < places["original"][0]
    assert "nodes of the program" in text
    assert ">400<" in text


def test_workloads_stand_in_a_panel_of_their_own() -> None:
    text, _ = drawn(ENTRIES, original={"a": 0.5, "b": 0.7, "c": 0.1}, chosen={"a": 0.6, "b": 0.7})
    assert "a: 0.5 -&gt; 0.6" in text
    assert "c: 0.1" not in text
    assert "chosen, 2.9 ns" in text


def test_nothing_measured_and_hostile_names_make_a_picture_too() -> None:
    assert "<svg" in picture([])
    assert "<svg" in picture([Entry("original", "original", 20)])
    assert "<svg" in picture([Entry("original", "original", 20, None, scores(5.0))])
    text, _ = drawn([*ENTRIES, Entry("\x1b[31m" + MARKUP, MARKUP, 1, 1, scores(1.0))])
    assert "<img" not in text
    assert "\x1b" not in text
