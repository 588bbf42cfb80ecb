"""Best-so-far curves: figures that can be checked by hand, and what must hold for any curve."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adrs.lineage import curves
from adrs.lineage.curve import Curve, Point, Scaling
from adrs.lineage.curves import Quartiles

CURVE = Curve((Point(1, 0.5, 0.0, -10.0), Point(3, 2.0, 0.1, 40.0), Point(7, 5.0, 0.4, 120.0)), 10, 9.0, 0.6, None)

steps = st.lists(st.tuples(st.integers(1, 20), st.floats(0.01, 50.0)), min_size=1, max_size=12)


def climbing(made: list[tuple[int, float]]) -> Curve:
    points, at, value = [], 0, -100.0
    for width, rise in made:
        at, value = at + width, value + rise
        points.append(Point(at, float(at), 0.0, value))
    return Curve(tuple(points), at + 5, at + 5.0, 0.0, Scaling(0.0, 1.0))


def test_best_so_far_holds_until_the_next_improvement() -> None:
    assert [CURVE.at(position) for position in (0, 1, 2, 3, 6, 7, 10, 99)] == [
        None, -10, -10, 40, 40, 120, 120, 120,
    ]  # fmt: skip
    assert CURVE.at(1.9, "seconds") == -10
    assert CURVE.at(0.1, "usd") == 40
    assert CURVE.best == 120


def test_where_a_level_is_reached_on_each_axis() -> None:
    assert (CURVE.first(0), CURVE.first(100), CURVE.first(121)) == (3, 7, None)
    assert CURVE.first(100, "seconds") == 5.0
    assert CURVE.first(100, "usd") == 0.4


def test_the_area_is_the_mean_of_the_best_so_far() -> None:
    assert CURVE.area(10) == pytest.approx((2 * -10 + 4 * 40 + 4 * 120) / 10)
    assert CURVE.area(2) == -10
    assert CURVE.area(0) is None
    assert Curve((), 0, 0.0, 0.0, None).area(5) is None


@given(steps, st.integers(1, 300))
def test_the_area_agrees_with_adding_up(made: list[tuple[int, float]], until: int) -> None:
    curve = climbing(made)
    values = [value for at in range(1, until + 1) if (value := curve.at(at)) is not None]
    area = curve.area(until)
    assert (area is None) == (not values)
    assert area is None or area == pytest.approx(sum(values) / len(values))


def test_figures_that_were_kept_before_points_had_scores_are_read_as_fitness() -> None:
    point = {"evaluations": 2, "seconds": 1.0, "usd": 0.0, "value": 7.0}
    older = {"points": [point], "evaluations": 3, "seconds": 2.0, "usd": 0.0, "scaling": None, "scaled": False}
    assert Curve.from_plain(older) == Curve((Point(2, 1.0, 0.0, 7.0),), 3, 2.0, 0.0, None)


@given(steps)
def test_a_curve_survives_its_file(made: list[tuple[int, float]]) -> None:
    assert Curve.from_plain(Curve.from_plain(climbing(made).plain()).plain()) == climbing(made)


def test_quartiles_of_figures_some_of_which_are_never_reached() -> None:
    assert curves.quartiles([1, 2, 3, 4]) == Quartiles(1.75, 2.5, 3.25)
    assert curves.quartiles([5.0]) == Quartiles(5, 5, 5)
    assert curves.quartiles([7, None, 3]) == Quartiles(5, 7, math.inf)
    assert curves.quartiles([]) is None


def test_a_band_begins_where_every_run_has_a_value() -> None:
    late = Curve((Point(2, 1.0, 0.0, 60.0),), 4, 4.0, 0.0, None)
    band = curves.band([CURVE, late], [1, 3, 7])
    assert band == [None, Quartiles(45, 50, 55), Quartiles(75, 90, 105)]


def test_a_sparkline_has_a_bar_for_each_value() -> None:
    assert curves.sparkline([None, 0, 50, 100], 0, 100) == " ▁▅█"
    assert curves.sparkline([3, 3], 3, 3) == "▁▁"
    assert curves.sparkline([-1e9, 0], 0, 100) == "▁▁"


def test_runs_whose_baselines_were_measured_differently_are_put_on_one_scale() -> None:
    def reached(fitness: float, scaling: Scaling | None) -> Curve:
        return Curve((Point(1, 0.0, 0.0, fitness),), 1, 0.0, 0.0, scaling)

    same = [reached(60.0, Scaling(10.0, 50.0)), reached(60.0, Scaling(10.0, 35.0)), reached(60.0, Scaling(10.0, 52.0))]
    scored = curves.on_one_scale(same)
    assert [curve.best for curve in scored] == [125.0] * 3
    assert all(curve.scaled for curve in scored)
    assert curves.on_one_scale([*same, reached(60.0, None)])[0].best == 60.0
    assert curves.on_one_scale([]) == []
