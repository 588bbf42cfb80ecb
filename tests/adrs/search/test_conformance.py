"""Every registered strategy keeps the promises of `adrs.search.Search`; the suite notices those that do not."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from adrs import plugins
from adrs.problem import Feature
from adrs.program import Program, Selection
from adrs.search import Search
from adrs.search.map_elites import MapElites
from adrs.testing import search

NAMES = plugins.names("search")


@pytest.mark.parametrize("check", search.CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", NAMES)
def test_conformance(name: str, check: Callable[[search.Make], None]) -> None:
    make = plugins.load("search", name)
    check(lambda: make(seed=3))


@pytest.mark.parametrize("check", search.CHECKS[:4], ids=lambda check: check.__name__)
def test_conformance_with_the_features_of_a_problem(check: Callable[[search.Make], None]) -> None:
    check(lambda: MapElites(seed=3, features=[Feature("value", -5.0, 50.0, 10)]))


class Plain:
    """The first program for ever."""

    def __init__(self) -> None:
        self.told: list[Program] = []

    def ask(self) -> Selection:
        return Selection(self.told[0])

    def tell(self, program: Program) -> None:
        self.told.append(program)


class DrawsGlobally(Plain):
    def ask(self) -> Selection:
        return Selection(self.told[0], island=random.randrange(2))


class ReturnsFailures(Plain):
    def ask(self) -> Selection:
        return Selection(self.told[-1])


class MakesPrograms(Plain):
    def ask(self) -> Selection:
        return Selection(replace(self.told[0], id=77))


class ReturnsNothing(Plain):
    def ask(self) -> Any:
        return None


class Deaf:
    def ask(self) -> Any:
        return None


class TradesPrograms(Plain):
    def ask(self) -> Selection:
        return Selection(replace(self.told[0], source="x = 1"))


class InventsInspirations(Plain):
    def ask(self) -> Selection:
        return Selection(self.told[0], (replace(self.told[0], id=78),))


class InventsStages(Plain):
    def ask(self) -> Selection:
        return Selection(self.told[0], until="smoke")


class NamesStages(Plain):
    def ask(self) -> Selection:
        return Selection(self.told[0], until=search.STAGES[0])


class ChangesItsMind(Plain):
    def ask(self) -> Selection:
        return Selection(self.told[0], refuse=lambda program: str(len(self.told)) if len(self.told) > 9 else "")


class ScansEverything(Plain):
    def ask(self) -> Selection:
        return Selection(max(self.told, key=lambda program: -program.id))


@pytest.mark.parametrize(
    ("strategy", "check", "said"),
    [
        (DrawsGlobally, search.repeats, "global random"),
        (ReturnsFailures, search.returns_only_what_was_told, "has no fitness"),
        (ReturnsFailures, search.survives_a_run_of_failures, "has failed"),
        (MakesPrograms, search.returns_only_what_was_told, "program 77, which it was never told of"),
        (InventsInspirations, search.returns_only_what_was_told, "as inspiration program 78"),
        *((ReturnsNothing, check, "returns NoneType") for check in search.CHECKS),
        *((Deaf, check, "has no method `tell`") for check in search.CHECKS),
        (TradesPrograms, search.returns_only_what_was_told, "not the one that was told"),
        (InventsStages, search.returns_only_what_was_told, 'stage "smoke"'),
        (InventsStages, search.repeats, 'stage "smoke"'),
        (ChangesItsMind, search.repeats, "must not change"),
        (Plain, search.keeps_its_size, "bytes"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_the_suite_notices(strategy: type[Search], check: Callable[[Any], None], said: str) -> None:
    with pytest.raises(AssertionError, match=said):
        check(strategy)


def test_a_strategy_may_name_the_stages_of_the_suite() -> None:
    search.returns_only_what_was_told(NamesStages)


def test_the_suite_notices_calls_that_get_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MANY", 3_000)
    monkeypatch.setattr(search, "FEW", 100)
    monkeypatch.setattr(search, "_ATTEMPTS", 1)
    with pytest.raises(AssertionError, match="times as long"):
        search.keeps_its_pace(ScansEverything)
