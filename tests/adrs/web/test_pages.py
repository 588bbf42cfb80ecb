"""What pages say, asked for without a server."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from adrs import problem as problems
from adrs.program import Draft, Evaluation, Parent
from adrs.web.guard import Access
from adrs.web.pages import Pages
from adrs.web.site import Site
from tests.adrs.web.made_run import MadeRun, demo


@pytest.fixture
def run(tmp_path: Path) -> MadeRun:
    return MadeRun(tmp_path / "runs" / "one", demo(tmp_path))


@pytest.fixture
def pages(run: MadeRun) -> Pages:
    return Pages(Site(run.folder.parent, Access("token", "127.0.0.1", 0)))


def text(page: Callable[[Request], Response], program: int = 1, query: str = "") -> str:
    """What one page of the run says, or a part of one."""
    scope = {
        "type": "http",
        "query_string": query.encode(),
        "headers": [],
        "path_params": {"run": "one", "number": program},
    }
    return bytes(page(Request(scope)).body).decode()


def test_what_was_proposed_last_is_not_pending_for_ever(run: MadeRun, pages: Pages) -> None:
    run.pending()
    run.writer.proposed(2, 2, 0, "0" * 64, Draft("x = 1\n", "embedded", "tune", (Parent(1, "parent"),)))
    views = (pages.panels, pages.preview, pages.program)
    assert all('title="not evaluated yet">pending<' in text(view, 2) for view in views)
    run.finish()
    assert all('title="the run ended before it was evaluated">not evaluated<' in text(view, 2) for view in views)
    assert not any("pending<" in text(view, 2) for view in views)


def test_where_it_stands_has_fresh_workloads_and_tells_of_a_score_where_there_is_one(tmp_path: Path) -> None:
    problem = demo(tmp_path)
    run = MadeRun(tmp_path / "runs" / "one", problem)
    pages = Pages(Site(run.folder.parent, Access("token", "127.0.0.1", 0)))
    assert "100 at the state-of-the-art baseline" in text(pages.panels)
    assert ">fresh<" not in text(pages.panels)
    metrics = {problem.objective.metric: 150.0}
    run.writer.evaluated(None, 1, Evaluation("fresh", "full", "ok", metrics=metrics, fitness=-150.0, score=50.0))
    assert ">fresh<" in text(pages.panels)
    run.writer.close()

    declared = (problem.folder / "problem.toml").read_text().splitlines(keepends=True)
    (problem.folder / "problem.toml").write_text("".join(line for line in declared if "state-of-the-art =" not in line))
    MadeRun(tmp_path / "other" / "one", problems.load(str(problem.folder))).writer.close()
    bare = text(Pages(Site(tmp_path / "other", Access("token", "127.0.0.1", 0))).panels)
    assert "there is no score" in bare
    assert "100 at" not in bare


def test_a_table_of_workloads_says_why_its_scores_do_not_add_up(run: MadeRun, pages: Pages) -> None:
    assert "not the mean of these scores" in text(pages.program)
    run.add(None, verdict="error")
    assert "not the mean of these scores" not in text(pages.program, 2)


def test_scores_have_the_digits_of_the_terminal(run: MadeRun, pages: Pages) -> None:
    run.add(12.344)
    assert ">12.34<" in text(pages.preview, 2)


def test_runs_that_are_too_many_to_compare_are_named(run: MadeRun, pages: Pages) -> None:
    for number in range(7):
        (run.folder.parent / f"run{number}").symlink_to(run.folder)
    ticked = "&".join(f"run=run{number}" for number in range(7)).encode()
    page = bytes(pages.compare(Request({"type": "http", "query_string": ticked, "headers": []})).body).decode()
    assert "6 runs are compared at a time; left out: run6." in page


def test_the_list_of_programs_can_be_narrowed_and_turned(run: MadeRun, pages: Pages) -> None:
    for _ in range(60):
        run.add(20.0, rationale="sort by <length>", operator="tune")
    run.add(None, verdict="error", reason="KeyError: 'no such key'")
    first = text(pages.programs, query="made_by=tune")
    assert "60 programs; 1 to 50" in first
    assert "sort by &lt;length&gt;" in first
    assert "order=best&amp;offset=50" in first
    assert 'programs/2"' in first
    assert "KeyError" not in first
    second = text(pages.programs, query="made_by=tune&offset=50")
    assert "60 programs; 51 to 60" in second
    assert "after →" not in second
    failed = text(pages.programs, query="verdict=error&text=SUCH")
    assert "KeyError" in failed
    assert "1 program " in failed
    assert "No program matches" in text(pages.programs, query="text=nowhere")
    with pytest.raises(HTTPException, match='verdict "eror"; did you mean "error"'):
        text(pages.programs, query="verdict=eror")
