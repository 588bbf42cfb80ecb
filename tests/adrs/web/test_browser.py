"""The dashboard in a real browser: journeys by mouse and by keyboard, in both themes, wide and narrow.

Screenshots of all pages are kept in $ADRS_ARTIFACTS, else in pytest's temporary folder.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from adrs.lineage.said import notes
from adrs.store import Reader
from tests.adrs.web.conftest import Made, Server, served
from tests.adrs.web.made_run import MadeRun, demo

playwright = pytest.importorskip("playwright.sync_api", reason="the Python package playwright is not installed")

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine (apt-get install chromium)"),
]
MAPS_STYLE = "Applying inline style violates"
"""Plotly offers a style for maps when it is loaded, which the content security policy refuses."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.getuid() == 0 else []
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    kept = os.environ.get("ADRS_ARTIFACTS")
    folder = Path(kept) / "dashboard" if kept else tmp_path_factory.mktemp("dashboard")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


Opener = Callable[..., Any]


@pytest.fixture
def visit(browser: Any, server: Server) -> Iterator[Opener]:
    """Open a page in a fresh browser; in the end, nothing went wrong in it that it would only tell a developer."""
    wrong: list[str] = []
    contexts = []

    def visit(path: str, width: int = 1280, theme: str = "light", base: Server = server, token: bool = True) -> Any:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
        page.on("request", lambda request: wrong.append(request.url) if not request.url.startswith(base.base) else None)
        page.goto(base.base + path + (f"#token={base.token}" if token else ""))
        return page

    yield visit
    for context in contexts:
        context.close()
    assert [text for text in wrong if MAPS_STYLE not in text] == []


def drawn(page: Any, place: str = "#curve") -> None:
    page.wait_for_selector(f"{place}[data-drawn]", state="attached")


def eventually(page: Any, holds: str, argument: object = None) -> None:
    """Wait until an expression holds; the policy of the pages forbids Playwright's own way, which evaluates texts."""
    for _ in range(1200):
        if page.evaluate(holds, argument):
            return
        page.wait_for_timeout(50)
    raise AssertionError(holds)


def points(page: Any) -> int:
    """Points of the curve but for its end."""
    found: int = page.evaluate("document.querySelector('#curve').data.at(-1).x.length")
    return found - 1


def test_a_person_watches_a_run_and_reads_what_changed(visit: Opener, made: Made) -> None:
    page = visit("/runs/live")
    drawn(page)
    assert "#token" not in page.url
    before, earlier = points(page), best(made, "live")
    page.wait_for_selector("#preview article")
    page.wait_for_selector("#panels:not([aria-busy])")
    source = (made.live.folder.parent.parent / "demo" / "seed.py").read_text() + "BETTER = True\n"
    number = made.live.add(max(made.live.scores.values()) + 5, 1, source, "better & <b>bolder</b>")
    eventually(page, f"document.querySelector('#curve').data.at(-1).x.length - 1 === {before + 1}")
    page.wait_for_selector(f"#tree [data-key='{number}']")
    assert page.evaluate("""() => [...document.querySelectorAll("#tree [role=treeitem]")].every((row) => {
        const rails = row.querySelectorAll(".rail"), level = Number(row.ariaLevel);
        const hangs = row.querySelector(".twist")?.matches(".after") || rails[rails.length - 1]?.matches(".tee");
        return rails.length < level && Boolean(hangs) === level > 1;
    })""")  # each row has a line to the one that it hangs on
    # the parts of a page ask for themselves, each at its own pace
    eventually(page, "text => document.querySelector('#head .figures').innerText.includes(text)", f"program {number}")
    assert str(number) in page.inner_text("#said")  # said for those who do not see the chart

    eventually(page, "number => document.querySelector('#map').data?.[3].customdata.includes(number)", number)
    page.evaluate("document.querySelector('#map').scrollIntoView()")
    shown = page.locator(f"#preview article[data-program='{number}']")
    for _ in range(20):  # a chart that is drawn again just then hears no click
        place = page.evaluate("""number => {
            const map = document.querySelector("#map"), index = map.data[3].customdata.indexOf(number);
            const points = map.querySelectorAll(".scatterlayer .trace:last-child .point");
            const box = points[index].getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }""", number)  # fmt: skip
        page.mouse.click(*place)
        page.wait_for_timeout(1000)
        if shown.count():
            break
    assert shown.count() == 1
    preview = page.locator("#preview")
    assert "BETTER = True" in preview.locator("tr.added").last.inner_text()
    assert "better & <b>bolder</b>" in preview.inner_text()

    assert "best so far" in page.inner_text("[aria-labelledby=standing-title]")
    assert preview.locator("[title='the best so far']").count() == 1
    programs = made.live.count + 1
    made.live.add(0.0, number)  # which improves on nothing, and is folded
    eventually(page, "text => document.querySelector('#tree-note').innerText.includes(text)", f"of {programs} programs")
    assert page.get_attribute(f"#tree [data-key='{number}']", "aria-expanded") == "false"
    made.live.writer.event("chosen", {"winner": earlier, "of": [earlier, number]})  # validation prefers another one
    page.wait_for_selector(f"#tree [data-key='{earlier}'] [title='the winner']")
    assert page.locator("#tree .winner-mark").count() == 1
    eventually(page, "document.querySelectorAll('#preview .winner-mark').length === 0")
    assert page.inner_text("#leading") == "winner"
    eventually(page, "text => document.querySelector('#head .figures').innerText.includes(text)", f"program {earlier}")
    eventually(
        page, "number => document.querySelector('#panels').innerText.includes(`program ${number} winner`)", earlier
    )
    for program in (2, number):  # one that the tree has folded away, and one that it shows
        page.fill("#go input", str(program))
        page.get_by_role("button", name="Show").click()
        page.wait_for_selector(f"#preview article[data-program='{program}']")
    preview.get_by_role("link", name=f"Program {number}", exact=True).click()
    page.wait_for_url(f"**/runs/live/programs/{number}")
    drawn(page, "#bars")
    assert page.evaluate("document.querySelector('#bars').data.map(trace => trace.name)") == [
        "program 1",
        f"program {number}",
    ]


def best(made: Made, name: str) -> int:
    with Reader(made.folder / name) as reader:
        return reader.best(1)[0]


def test_the_difference_to_any_ancestor_and_two_programs_side_by_side(visit: Opener, made: Made) -> None:
    winner = best(made, "steady")
    page = visit(f"/runs/steady/programs/{winner}")
    before = page.inner_text("#diff")
    page.select_option("#ancestor", "1")
    eventually(page, "before => document.querySelector('#diff').innerText !== before", before)
    assert "# program 1:" in page.inner_text("#diff")
    page.fill("input[name=right]", "3")
    page.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare/programs?**")
    drawn(page, "#bars")
    assert page.inner_text("h1") == f"Programs {winner} and 3"
    assert page.locator("table.workloads tbody tr").count() == 5


def focused(page: Any) -> str:
    found: str = page.evaluate("document.activeElement.innerText || document.activeElement.id")
    return found


def test_a_keyboard_is_enough(visit: Opener, made: Made) -> None:
    page = visit("/", 390, "dark")
    press = page.keyboard.press
    press("Tab")
    assert focused(page) == "Skip to the content"
    press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    press("?")
    page.wait_for_selector("dialog#help[open]")
    press("Escape")
    page.wait_for_selector("dialog#help", state="hidden")
    while focused(page) != "steady":
        press("Tab")
        assert page.evaluate("document.activeElement !== document.body")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    press("Enter")
    page.wait_for_url("**/runs/steady")
    page.wait_for_selector("#preview article")
    press("t")
    press("Home")
    page.wait_for_selector("#preview article[data-program='1']")
    rows = page.locator("#tree [role=treeitem]")
    assert page.locator("#tree [tabindex='0']").count() == 1
    shown = rows.count()
    press("ArrowRight")  # the first page of what is folded below the seed program
    eventually(page, "count => document.querySelectorAll('#tree [role=treeitem]').length > count", shown)
    child = page.evaluate("document.activeElement.dataset.key")
    assert int(child) > 1
    assert page.evaluate("document.activeElement.getAttribute('aria-level')") == "2"
    press("c")
    press("ArrowLeft")
    press("ArrowLeft")
    assert page.evaluate("document.activeElement.dataset.key") == "1"
    press("ArrowLeft")
    eventually(page, "document.querySelectorAll('#tree [role=treeitem]').length === 1")
    assert page.evaluate("document.activeElement.getAttribute('aria-expanded')") == "false"
    press("ArrowRight")
    press("c")
    page.wait_for_url("**/compare/programs?**")
    assert page.inner_text("h1") == f"Programs {child} and 1"
    page.go_back()
    page.wait_for_selector("#preview article")
    press("t")
    press("Home")
    press("Enter")
    page.wait_for_url("**/runs/steady/programs/1")


def test_a_person_steers_and_leaves_a_note(visit: Opener, made: Made, server: Server) -> None:
    page = visit("/runs/live", token=False)
    assert page.get_by_role("button", name="Pause").is_disabled()
    eventually(page, "document.querySelector('#steer-note').innerText.includes('open the address that adrs serve')")

    page = visit("/runs/single/programs/1")
    page.fill("#note textarea", "the <b>seed</b>")
    page.get_by_role("button", name="Leave the note").click()
    eventually(page, "document.querySelector('#notes').innerText.includes('the <b>seed</b>')")
    eventually(page, "document.querySelector('#said').innerText.includes('recorded')")
    with Reader(made.folder / "single") as reader:
        assert [each.text for each in notes(reader, 1)] == ["the <b>seed</b>"]

    page.goto(server.base + "/runs/live")
    page.wait_for_selector("[data-do=pause]:not(:disabled)")
    made.live.writer.event("steered", {"do": "pause"})
    page.wait_for_selector(".state-paused")
    assert page.get_by_role("button", name="Pause").is_disabled()
    made.live.writer.event("steered", {"do": "continue"})
    page.wait_for_selector(".state-running")
    page.get_by_role("button", name="Stop…").click()
    page.wait_for_selector("#stop-sure[open]")
    page.get_by_role("button", name="Leave it").click()
    assert not (made.folder / "live" / "inbox").exists()


def test_the_theme_can_be_chosen_and_stays(visit: Opener) -> None:
    page = visit("/runs/single")
    colour = "getComputedStyle(document.documentElement).backgroundColor"
    light = page.evaluate(colour)
    page.click("#theme")
    page.click("#theme")
    assert page.evaluate(colour) != light
    page.goto(page.url.replace("/runs/single", "/"))
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    page.click("#theme")
    assert page.evaluate(colour) == light


PAGES = {
    "runs": "/",
    "run": "/runs/steady",
    "hostile-run": "/runs/hostile",
    "one-program": "/runs/single",
    "live": "/runs/live",
    "program": "/runs/hostile/programs/2",
    "failed": "/runs/hostile/programs/3",
    "runs-compared": "/compare?run=steady&run=other&run=hostile",
    "programs-compared": "/compare/programs?left_run=hostile&left=2&right_run=steady&right=9",
}
ORDINARY = {"run", "one-program", "live", "failed"}
"""Pages whose names are short enough for all numbers to be in view, however narrow the window."""
CHARTS = {"run", "hostile-run", "live", "program", "runs-compared", "programs-compared"}
WIDER = """() => [...document.querySelectorAll("body *")].filter(each => {
    const box = each.getBoundingClientRect();
    return box.width && box.right > innerWidth + 1 && !each.closest(".scroll, .code, .command, #tree, svg, .unseen");
}).map(each => each.tagName + " " + each.className)"""
CUT = """() => [...document.querySelectorAll(".scroll td")].filter(each =>
    !each.closest("details") &&
    each.getBoundingClientRect().right > each.closest(".scroll").getBoundingClientRect().right + 1
).map(each => each.innerText)"""
OVERLAPS = """() => {
    const boxes = [...document.querySelectorAll("main section.card")].map(each => each.getBoundingClientRect());
    return boxes.some((a, i) => boxes.slice(i + 1).some(b =>
        a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1));
}"""


@pytest.fixture(scope="module")
def window(browser: Any, server: Server) -> Iterator[Any]:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(server.address)
    yield page
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_pages_look_right(window: Any, server: Server, artifacts: Path, name: str) -> None:
    window.goto(server.base + PAGES[name])
    if name in CHARTS:
        window.wait_for_selector("[data-drawn]", state="attached")
    if window.locator("#panels").count():
        window.wait_for_selector("#panels:not([aria-busy])")
        window.wait_for_selector("#preview article")
    for width, theme in ((1280, "light"), (1280, "dark"), (1000, "light"), (390, "dark"), (390, "light")):
        window.set_viewport_size({"width": width, "height": 900})
        window.emulate_media(color_scheme=theme)
        for _ in range(100):  # charts follow the size of the window when they have the time
            window.wait_for_timeout(150)
            if window.evaluate(WIDER) == [] and not window.evaluate(OVERLAPS):
                break
        window.screenshot(path=str(artifacts / f"{name}-{theme}-{width}.png"), full_page=True)
        assert window.evaluate("document.documentElement.scrollWidth <= innerWidth"), window.evaluate(WIDER)
        assert window.evaluate(WIDER) == []
        assert name not in ORDINARY or window.evaluate(CUT) == []
        assert not window.evaluate(OVERLAPS)
    assert window.title() != "owned"
    assert window.locator("main img, main script").count() == 0
    if name == "program":  # a line of 300 characters scrolls in its own frame
        assert window.evaluate("document.querySelector('.source').scrollWidth > 600")


def test_others_sign_in_and_see_runs_appear(browser: Any, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    with served(tmp_path / "runs", "--host", "0.0.0.0", "--token", "a-secret-of-mine-2026") as server:
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.port}/")
        page.fill("input[name=token]", "not-the-secret-at-all")
        page.get_by_role("button", name="Sign in").click()
        eventually(page, "document.querySelector('#sign-in-said').innerText.includes('token')")
        page.goto(f"http://127.0.0.1:{server.port}/#token={server.token}")
        page.wait_for_selector("text=There are no runs")
        made = MadeRun(tmp_path / "runs" / "first", demo(tmp_path))
        page.wait_for_selector("text=running, process")
        made.finish()
        page.wait_for_selector("text=finished: all evaluations done")
        page.goto(f"http://127.0.0.1:{server.port}/runs/first")
        page.wait_for_selector("#preview article")
        server.process.terminate()
        server.process.wait(20)
        eventually(page, "document.querySelector('#said').innerText.includes('The server does not answer; this page')")
        page.close()
