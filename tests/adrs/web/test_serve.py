"""Routes of the dashboard over a real server: what they show, what they refuse, and what hostile texts become."""

import http.client
import json
import signal
import socket
from html.parser import HTMLParser
from pathlib import Path

import pytest

from adrs.cli import serve as cli
from adrs.errors import UserError
from adrs.lineage.said import notes
from adrs.store import Reader
from adrs.web.server import _listen
from tests.adrs.cli_tools import adrs
from tests.adrs.web.conftest import Made, Server, served
from tests.adrs.web.made_run import MadeRun, demo

HTML = [
    "/",
    "/list",
    "/compare",
    "/compare?run=hostile&run=steady&run=live",
    "/compare/programs?left_run=hostile&left=2&right_run=steady&right=9",
    "/runs/hostile",
    "/runs/hostile/head",
    "/runs/hostile/panels",
    *(f"/runs/hostile/programs/{number}" for number in (1, 2, 3, 4)),
    "/runs/hostile/programs/2?against=1",
    "/runs/hostile/programs/4/preview",
    "/runs/hostile/programs/4/diff?against=1",
    "/runs/single",
    "/runs/live",
]
JSON = [
    "/runs/hostile/curve.json",
    "/runs/hostile/tree.json",
    "/runs/hostile/cloud.json",
    "/runs/hostile/control.json",
    "/runs/hostile/programs/1/children.json?offset=0",
]


class Tags(HTMLParser):
    """Elements and attributes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


@pytest.mark.parametrize("path", HTML)
def test_nothing_of_a_candidate_becomes_markup(server: Server, path: str) -> None:
    answer = server.get(path)
    assert answer.status == 200, answer.text
    for tag, attributes in Tags(answer.text).found:
        assert tag not in ("img", "iframe", "object", "style", "base")
        if tag == "script":
            assert str(attributes.get("src", "")).startswith("/static/")
        assert not [name for name in attributes if name.startswith("on") or name == "style"], (tag, attributes)
        for name in ("href", "src", "action"):
            assert str(attributes.get(name) or "/").startswith(("/", "#")), (tag, attributes)
    for text in ("\x1b", "\u202e", "\u2066", "<script>document", "<b>bold", "<script>alert"):
        assert text not in answer.text


def test_hostile_texts_are_shown_as_what_they_are(server: Server) -> None:
    page = server.get("/runs/hostile/programs/2").text
    assert "&lt;/script&gt;&lt;script&gt;document" in page
    assert "\\u202eevil" in page
    assert "\\x1b[31m" in page
    assert "6 characters do not print" in page
    for path in JSON:
        text = server.get(path, Accept="application/json").text
        assert "\\u202e" not in text.replace("\\\\u202e", "")
        assert json.loads(text) is None or isinstance(json.loads(text), dict)


@pytest.mark.parametrize(
    "path", ["/", "/runs/hostile/tree.json", "/runs/none", "/static/run.js", "/static/plotly.min.js"]
)
def test_every_answer_has_strict_headers(server: Server, path: str) -> None:
    headers = server.get(path).headers
    policy = dict(part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_the_first_page_is_small_and_plotly_is_the_package_s_own(server: Server) -> None:
    import plotly

    page = server.get("/runs/steady").text
    files = [str(attributes.get("src") or attributes.get("href")) for tag, attributes in Tags(page).found
             if tag in ("script", "link")]  # fmt: skip
    modules = [f"/static/{path.name}" for path in (Path(__file__).parents[3] / "adrs/web/static").glob("*.js")]
    size = len(page.encode()) + sum(len(server.get(path).text.encode()) for path in {*files, *modules})
    assert size < 300_000
    shipped = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
    assert server.get("/static/plotly.min.js").text == shipped.read_text()


@pytest.mark.parametrize(("host", "status"), [
    ("evil.example", 421), ("127.0.0.1.evil.example", 421), ("localhost.evil.example:80", 421), ("", 421),
    ("localhost", 200), ("127.0.0.1:1", 200), ("[::1]", 200),
])  # fmt: skip
def test_only_its_own_names_are_answered(server: Server, host: str, status: int) -> None:
    assert server.get("/", Host=host).status == status


@pytest.mark.parametrize(("status", "changes"), [
    (403, {"X_Adrs_Token": ""}),
    (403, {"X_Adrs_Token": "wrong-token-of-some-length"}),
    (403, {"Origin": "http://evil.example"}),
    (403, {"Origin": "null"}),
    (403, {"Sec_Fetch_Site": "cross-site"}),
    (403, {"Sec_Fetch_Site": "same-site"}),
    (415, {"Content_Type": "application/x-www-form-urlencoded"}),
    (415, {"Content_Type": "text/plain"}),
    (421, {"Host": "evil.example"}),
])  # fmt: skip
def test_writing_needs_the_token_and_the_own_page(
    server: Server, made: Made, status: int, changes: dict[str, str]
) -> None:
    for path in ("/runs/steady/programs/3/notes", "/runs/steady/steer", "/sign-in"):
        if (status, path) != (415, "/sign-in"):
            assert server.post(path, {"text": "no", "do": "hint"}, **changes).status == status
    with Reader(made.folder / "steady") as reader:
        assert notes(reader, 3) == []


def test_what_cannot_be_written_is_refused_with_a_sentence(server: Server) -> None:
    note = "/runs/steady/programs/3/notes"
    assert server.post(note, {"text": 7}).json()["error"] == "text must be a string"
    assert server.post(note, []).status == 400
    assert server.post(note, {"text": "x" * 40_000}).status == 413
    assert "1 to 2000 characters" in server.post(note, {"text": " "}).json()["error"]
    assert server.post("/runs/steady/programs/999/notes", {"text": "x"}).status == 409
    assert server.post("/runs/none/steer", {"do": "pause"}).status == 404
    assert server.post("/runs/steady/steer", {"do": "note"}).status == 400
    refused = server.post("/runs/steady/steer", {"do": "pause"})
    assert (refused.status, refused.json()["error"].split(",")[0]) == (409, "nobody works on run steady")
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        assert server.get(note, method, X_Adrs_Token=server.token).status == 405
    assert server.get(note).status == 405


def test_a_note_is_recorded_and_shown(server: Server, made: Made) -> None:
    answer = server.post("/runs/other/programs/4/notes", {"text": "look <i>here</i>"}, Origin=server.base)
    assert answer.json() == {"recorded": True, "answer": "recorded"}
    assert "look &lt;i&gt;here&lt;/i&gt;" in server.get("/runs/other/programs/4").text
    assert "look &lt;i&gt;here" in server.get("/runs/other/panels").text
    hint = server.post("/runs/other/steer", {"do": "hint", "text": "sort"})
    assert "embedded proposer of this run reads no hints" in hint.json()["answer"]
    with Reader(made.folder / "other") as reader:
        assert [each.text for each in notes(reader, 4)] == ["look <i>here</i>"]


@pytest.mark.parametrize(("path", "status"), [
    ("/runs/none", 404), ("/runs/..%2f..%2fetc", 404), ("/runs/%2e%2e", 404), ("/runs/steady/programs/0", 404),
    ("/runs/steady/programs/99999999999999999999", 404), ("/runs/steady/programs/x", 404), ("/nothing", 404),
    (f"/runs/steady/programs/{'9' * 5000}", 404), ("/runs/steady/programs/999999999999999999", 404),
    ("/runs/steady/programs/99999999999999999999/children.json", 404),
    (f"/runs/steady/programs/{'9' * 5000}/preview", 404),
    ("/runs/steady/programs/3?against=x", 400), ("/runs/steady/programs/3?against=-1", 400),
    ("/runs/steady/programs/3?against=999", 404), ("/runs/steady/programs/1/children.json?offset=-1", 400),
    ("/compare/programs?left_run=steady", 404), ("/compare?run=none", 404), ("/static/../app.py", 404),
])  # fmt: skip
def test_what_is_not_there_is_said(server: Server, path: str, status: int) -> None:
    answer = server.get(path)
    assert answer.status == status
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("number", ["999", "9" * 18, "9" * 20, "9" * 5000])
def test_a_note_on_a_program_that_is_not_there_is_refused(server: Server, number: str) -> None:
    answer = server.post(f"/runs/other/programs/{number}/notes", {"text": "lost"})
    assert answer.status in (404, 409)
    assert answer.json()["error"]


def test_pages_say_what_the_log_says(server: Server) -> None:
    runs = server.get("/").text
    for name in ("hostile", "steady", "other", "single", "live"):
        assert f'href="/runs/{name}"' in runs
    assert "running, process" in server.get("/runs/live/head").text
    assert "finished: all evaluations done" in server.get("/runs/steady").text
    tree = server.get("/runs/steady/tree.json").json()
    assert tree["programs"] == 154
    assert tree["nodes"][0]["id"] == 1
    first = tree["nodes"][0]
    children = server.get("/runs/steady/programs/1/children.json").json()["nodes"]
    assert len(children) == first["hidden"] + sum(node["parent"] == 1 for node in tree["nodes"])
    curve = server.get("/runs/steady/curve.json").json()
    assert [line["value"] for line in curve["baselines"]] == [0, 100]
    assert curve["points"][-1][0] == tree["winner"]


def test_a_page_hears_of_a_new_program(server: Server, made: Made) -> None:
    with server.listen("/runs/live/events") as news:
        assert next(news)["programs"] == made.live.count
        made.live.add(made.live.scores[1] + 1, 1)
        assert next(news)["programs"] == made.live.count


def test_an_interrupt_ends_it_quietly_though_pages_listen(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    MadeRun(tmp_path / "runs" / "one", demo(tmp_path)).finish()
    with served(tmp_path / "runs") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("GET", "/runs/one/events")
        assert connection.getresponse().readline().startswith(b"event: changed")
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(20) == 0
        connection.close()
    assert capfd.readouterr().err == ""


def test_others_are_let_in_with_the_token_alone(made: Made) -> None:
    token = "a-secret-of-mine-2026"
    with served(made.folder, "--host", "0.0.0.0", "--token", token) as server:
        assert server.token == token
        outside = server.get("/runs/steady")
        assert (outside.status, outside.headers["location"]) == (303, "/sign-in")
        assert "steady" not in server.get("/sign-in").text
        for path in ("/runs/steady/curve.json", "/runs/steady/events", "/events"):
            assert server.get(path, Accept="*/*").status == 401
        assert server.get("/runs/steady", X_Adrs_Token=token).status == 200
        signed = server.post("/sign-in", {})
        cookie = signed.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "samesite=strict" in cookie.lower()
        assert token not in cookie
        seen = cookie.partition(";")[0]
        assert server.get("/runs/steady", Cookie=seen).status == 200
        assert server.get("/runs/steady", Cookie=f"{seen}x").status == 303
        assert (
            server.post("/runs/steady/steer", {"do": "hint", "text": "x"}, Cookie=seen, X_Adrs_Token="").status == 403
        )
        assert server.get("/", Host="evil.example", X_Adrs_Token=token).status == 421


def test_an_open_door_is_refused_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    refused = adrs("serve", "--host", "0.0.0.0", cwd=tmp_path, code=1)
    assert refused.stderr == (
        "adrs: 0.0.0.0 can be reached by others; give --token with a secret of yours, or leave out --host\n"
    )
    with pytest.raises(UserError, match="give at least 16"):
        cli.serve(None, 0, "0.0.0.0", "short", tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match="choose another --port"):
            cli.serve(None, port, "127.0.0.1", None, tmp_path)
    with pytest.raises(UserError, match="there is no folder"):
        cli.serve(None, 0, "127.0.0.1", None, tmp_path / "elsewhere")


def test_a_second_dashboard_finds_a_port_and_a_port_that_is_asked_for_is_meant() -> None:
    with _listen("127.0.0.1", None) as first, _listen("127.0.0.1", None) as second:
        assert first.getsockname() != second.getsockname()
        taken = first.getsockname()[1]
        with pytest.raises(UserError, match=f"127.0.0.1:{taken} cannot be listened on: Address already in use"):
            _listen("127.0.0.1", taken)


def test_a_damaged_run_does_not_hide_the_others(tmp_path: Path) -> None:
    MadeRun(tmp_path / "runs" / "good", demo(tmp_path)).finish()
    bad = tmp_path / "runs" / "bad"
    bad.mkdir()
    (bad / "run.db").write_bytes(b"this is no database" * 100)
    with served(tmp_path / "runs") as server:
        page = server.get("/").text
        assert 'href="/runs/good"' in page
        assert "cannot be read" in page
        assert server.get("/runs/bad").status == 409


def test_running_runs_come_first_and_then_the_newest(tmp_path: Path) -> None:
    runs = {name: MadeRun(tmp_path / "runs" / name, demo(tmp_path)) for name in ("c-oldest", "b-live", "a", "d-newest")}
    for name, run in runs.items():
        if name != "b-live":
            run.finish()
    (tmp_path / "runs" / "e-bad").mkdir()
    (tmp_path / "runs" / "e-bad" / "run.db").write_bytes(b"this is no database" * 100)
    with served(tmp_path / "runs") as server:
        for _ in range(2):  # a look at the logs changes nothing
            page = server.get("/list").text
            places = [
                page.index(f'scope="row"><a href="/runs/{name}"') for name in ("b-live", "d-newest", "a", "c-oldest")
            ]
            assert places == sorted(places)
            assert page.index("cannot be read") > places[-1]
    runs["b-live"].finish()


def test_notes_and_steering_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = tmp_path / "runs"
    MadeRun(runs / "one", demo(tmp_path)).finish()
    assert adrs("note", "one", "1", "the seed", cwd=tmp_path).stdout == "recorded\n"
    cli.steer("one", "hint", "sort", runs, True)
    assert json.loads(capsys.readouterr().out)["recorded"] is True
    with Reader(runs / "one") as reader:
        assert [each.text for each in notes(reader, 1)] == ["the seed"]
    for do, said in (("pause", "nobody works on run one"), ("stpo", 'did you mean "stop"'), ("hint", "text with hint")):
        with pytest.raises(UserError, match=said):
            cli.steer("one", do, "", runs, False)
