"""Some made runs, and a server that shows them: a process of its own, as a user starts it."""

import contextlib
import http.client
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.adrs.cli_tools import ADRS, environment
from tests.adrs.web.made_run import HOSTILE, HOSTILE_TEXT, MadeRun, demo


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Server:
    """A dashboard that is being served."""

    host: str
    port: int
    token: str
    address: str
    process: "subprocess.Popen[str]"

    @property
    def base(self) -> str:
        return f"http://{self.host}:{self.port}"

    def get(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Answer:
        """Ask with headers whose names have `_` for `-`."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, {"Accept": "text/html", **sent})
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()},
                          response.read().decode())  # fmt: skip

    @contextlib.contextmanager
    def listen(self, path: str) -> Iterator[Iterator[dict[str, Any]]]:
        """What a stream says, message by message."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            assert response.headers["Content-Type"].startswith("text/event-stream")
            yield (json.loads(line[5:]) for line in response if line.startswith(b"data:"))

    def post(self, path: str, data: object, **headers: str) -> Answer:
        """Write as the pages do, unless headers say otherwise."""
        given = {"Content_Type": "application/json", "X_Adrs_Token": self.token, "Accept": "*/*", **headers}
        return self.get(path, "POST", json.dumps(data).encode(), **given)


@contextlib.contextmanager
def served(runs: Path, *options: str) -> Iterator[Server]:
    """`adrs serve` on a free port."""
    command = [*ADRS, "serve", "--runs-dir", str(runs), "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        found = urlsplit(address)
        assert found.hostname is not None, address
        assert found.port is not None, address
        yield Server(found.hostname, found.port, found.fragment.removeprefix("token="), address, process)
    finally:
        process.terminate()
        process.wait(20)


@dataclass(frozen=True)
class Made:
    """The runs."""

    folder: Path
    live: MadeRun


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """A run that was hard to show, some usual ones, and one whose writer is still open."""
    tmp = tmp_path_factory.mktemp("web")
    runs, problem = tmp / "runs", demo(tmp)
    hostile = MadeRun(runs / "hostile", problem, models=("gpt-5",))
    first = hostile.add(40.0, 1, HOSTILE, HOSTILE_TEXT, output=HOSTILE_TEXT, answer=HOSTILE_TEXT,
                        feedback=HOSTILE_TEXT, operator="rewrite")  # fmt: skip
    hostile.add(None, first, HOSTILE, HOSTILE_TEXT, "error", HOSTILE_TEXT)
    hostile.add(55.0, first, HOSTILE + "\nX = 1\n", HOSTILE_TEXT, operator="<b>tune</b>")
    hostile.writer.event("note", {"message": "0", "program": 2, "text": HOSTILE_TEXT})
    hostile.writer.event("hint", {"message": "1", "ticket": 5, "text": HOSTILE_TEXT})
    hostile.finish("<script>alert(1)</script>")
    for name, programs in (("steady", 150), ("other", 60)):
        run = MadeRun(runs / name, problem, seed=programs)
        run.grow(programs)
        for _ in range(3):
            best = max(run.scores, key=lambda each: run.scores[each])
            run.add(run.scores[best] + 4, best, rationale="a step further", operator="tune")
        run.finish()
    MadeRun(runs / "single", problem).finish()
    live = MadeRun(runs / "live", problem, seed=9)
    live.grow(20)
    live.pending()
    yield Made(runs, live)
    live.writer.close()


@pytest.fixture(scope="module")
def server(made: Made) -> Iterator[Server]:
    """A dashboard of them."""
    with served(made.folder) as server:
        yield server
