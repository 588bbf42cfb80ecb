"""Figures show what the log says."""

from pathlib import Path

import pytest

from adrs.errors import UserError
from adrs.store import Reader
from tests.adrs.hostile_text import MARKUP
from tests.adrs.lineage.conftest import story  # noqa: F401 - the run that is drawn
from tests.adrs.lineage_tools import Log

pytest.importorskip("plotly", reason="plotly is not installed: pip install 'adrs[plots]'")

from adrs import plots

EXAMPLE = Path(__file__).parents[2] / "runs" / "example-placement"


def traces(figure):
    return {trace.name: trace for trace in figure.data}


def test_best_so_far_is_a_median_with_a_band_over_several_runs(story: Path, tmp_path: Path) -> None:  # noqa: F811
    log = Log(tmp_path, "other")
    log.program(None, 0.0)
    log.program(1, 40.0)
    with Reader(story) as one, Reader(log.close()) as two:
        figure = plots.best_so_far({"both": [one, two], "one": [one]})
        spent = plots.best_so_far({"one": [one]}, "usd")
    drawn = traces(figure)
    assert list(drawn["one"].y) == [0.0, 20.0, 60.0, 90.0, 95.0]
    assert list(drawn["both (2 runs)"].x)[:2] == [1.0, 2.0]
    assert list(drawn["both (2 runs)"].y)[:2] == [0.0, 30.0]
    assert {shape.y0 for shape in figure.layout.shapes} == {0.0, 100.0}
    assert max(spent.data[0].x) == 0.75


def test_a_band_ends_where_a_run_ends(story: Path, tmp_path: Path) -> None:  # noqa: F811
    log = Log(tmp_path, "other")
    log.program(None, 0.0)
    log.program(1, 40.0)
    with Reader(story) as one, Reader(log.close()) as two:
        drawn = traces(plots.best_so_far({"both": [one, two], "one": one}))
    both, alone = drawn["both (2 runs)"], drawn["one"]
    assert list(both.x)[:4] == [1.0, 2.0, 2.0, 3.0]
    assert list(both.y)[2:] == list(alone.y)[1:]


def test_what_cannot_be_drawn_together_is_one_sentence(story: Path, tmp_path: Path) -> None:  # noqa: F811
    with Reader(story) as reader:
        with pytest.raises(UserError, match='no axis "hours"'):
            plots.best_so_far({"one": reader}, "hours")
        other = Reader(EXAMPLE)
        with pytest.raises(UserError, match="runs of one problem can be drawn together"):
            plots.best_so_far({"one": reader, "other": other})
        other.close()


def test_the_tree_joins_programs_to_their_parents(story: Path) -> None:  # noqa: F811
    with Reader(story) as reader:
        drawn = traces(plots.lineage_tree(reader))
    assert list(drawn["programs"].x) == [1, 2, 3, 6, 7]
    assert list(drawn["the winner's line"].x) == [1, 2, None, 2, 3, None, 3, 6, None]


def test_gains_costs_and_gaps(story: Path) -> None:  # noqa: F811
    with Reader(story) as reader:
        gains = traces(plots.operator_gains(reader))
        cost = plots.cost_against_score({"story": reader}).data[0]
        both = traces(plots.train_against_test(reader, "validation"))
    assert sum(gains["added to the best so far"].y) == 95.0
    assert (cost.x[0], cost.y[0]) == (0.75, 75.0)
    assert "the same score, each on the scale of its split" in both
    baselines, winner = both["baselines"], both["winner"]
    assert list(zip(baselines.x, baselines.y, strict=True)) == [(0.0, 0.0), (100.0, 100.0)]
    assert list(winner.y) == [pytest.approx(80.0)]
    assert len({*baselines.textposition, *winner.textposition}) == 3


def test_the_pareto_front_holds_what_nothing_beats(tmp_path: Path) -> None:
    assert plots._front([(1, 5, 1), (2, 2, 2), (3, 3, 3), (4, 1, 4), (1, 6, 5)], 1, 1) == [
        (1, 5, 1),
        (2, 2, 2),
        (4, 1, 4),
    ]
    assert plots._front([(1, 5, 1), (2, 2, 2), (3, 3, 3)], -1, -1) == [(3, 3, 3), (1, 5, 1)]
    log = Log(tmp_path)
    log.program(None, 0.0)
    with Reader(log.close()) as reader:
        assert len(plots.pareto_front(reader, "makespan", "makespan").data) == 2
        with pytest.raises(UserError, match='no program of run run has a metric "cost"; there are: makespan'):
            plots.pareto_front(reader, "makespan", "cost")


def test_text_of_programs_is_no_markup(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 0.0)
    log.program(1, 1.0, operator=MARKUP, rationale=MARKUP)
    with Reader(log.close()) as reader:
        for figure in (plots.lineage_tree(reader), plots.operator_gains(reader), plots.best_so_far({MARKUP: [reader]})):
            assert "<img" not in str(figure.to_dict())


def test_files(story: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    import sys

    with Reader(story) as reader:
        figure = plots.operator_gains(reader)
    assert "Plotly" in plots.save(figure, str(tmp_path / "gains.html")).read_text()
    with pytest.raises(UserError, match=r"\.html"):
        plots.save(figure, tmp_path / "gains.docx")
    monkeypatch.setitem(sys.modules, "kaleido", None)
    with pytest.raises(UserError, match="kaleido and Chrome"):
        plots.save(figure, tmp_path / "gains.png")


def test_without_a_scale_axes_are_named_by_the_metric(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.program(None, 20.0, scaled=False)
    log.program(1, 60.0, scaled=False)
    with Reader(log.close()) as reader:
        figures = plots.best_so_far({"one": reader}), plots.lineage_tree(reader), plots.operator_gains(reader)
    names = [figure.layout.yaxis.title.text for figure in figures]
    assert names == ["best -makespan on train", "-makespan on train", "-makespan"]
