"""Runs come and go while somebody looks at them: files vanish between a listing and a look."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request

from adrs import folders
from adrs.store import Reader
from adrs.web.guard import Access
from adrs.web.pages import Pages
from adrs.web.site import Site
from tests.adrs.web.conftest import served
from tests.adrs.web.made_run import MadeRun, demo

GONE = "gone"


class Late(Site):
    """Lists a run that is not there any more."""

    def names(self) -> list[str]:
        """Its name beside the others."""
        return [GONE, *super().names()]


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    for name in ("first", "second"):
        MadeRun(tmp_path / "runs" / name, demo(tmp_path)).finish()
    return tmp_path / "runs"


def test_what_vanishes_after_a_listing_ends_nothing(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs / "first" / "run.db-wal").symlink_to(runs / "nowhere")  # a listing shows it, and a look finds nothing
    found = folders.list_runs(runs)
    monkeypatch.setattr(folders, "list_runs", lambda runs_dir: [runs / GONE, *found])
    assert Site(runs, Access("token", "127.0.0.1", 0)).names() == ["second", "first", GONE]
    assert folders.find_run("last", runs).name == "second"


def test_a_look_at_a_run_does_not_change_when_it_changed(runs: Path) -> None:
    before = {name: folders.changed(runs / name) for name in ("first", "second")}
    with Reader(runs / "first") as reader:
        assert reader.count()
        assert before == {name: folders.changed(runs / name) for name in before}


def test_a_run_that_is_gone_by_now_is_left_out_of_the_list(runs: Path) -> None:
    pages = Pages(Late(runs, Access("token", "127.0.0.1", 0)))
    page = bytes(pages.list_of_runs(Request({"type": "http"})).body).decode()
    assert 'href="/runs/first"' in page
    assert GONE not in page


def test_a_page_hears_that_its_run_is_gone_and_that_it_is_back(runs: Path) -> None:
    def first_is_there(news: Iterator[dict[str, Any]], there: bool) -> bool:
        return any(("first" in each) is there for each in news)

    with served(runs) as server, server.listen("/runs/first/events") as news, server.listen("/events") as list_news:
        assert next(news)["programs"] == 1
        assert first_is_there(list_news, True)
        (runs / "first").rename(runs.parent / "elsewhere")
        assert any("there is no run first" in each.get("error", "") for each in news)
        assert first_is_there(list_news, False)
        (runs.parent / "elsewhere").rename(runs / "first")
        assert any(each.get("programs") == 1 for each in news)
        assert first_is_there(list_news, True)
        assert server.get("/").status == 200
