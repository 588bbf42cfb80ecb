"""The server that everything else is tested against."""

import asyncio
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
from typing import Any

import pytest

from adrs.testing.openai_server import Answer, Fault, Request, Server, vary


def post(server: Server, content: str = "hello", model: str = "stub") -> tuple[int, Any]:
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": content}]}).encode()
    return fetch(f"{server.url}/chat/completions", body)


def fetch(url: str, body: bytes | None = None) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def text(server: Server, content: str = "hello") -> str:
    answer: str = post(server, content)[1]["choices"][0]["message"]["content"]
    return answer


def test_a_list_is_served_in_turn_and_from_its_start_again() -> None:
    with Server(["a", Answer("b", 7, 9), "c"]) as server:
        assert [text(server) for _ in range(4)] == ["a", "b", "c", "a"]
        assert post(server)[1]["usage"] == {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16}


def test_a_function_sees_the_request() -> None:
    def answer(request: Request) -> str | Fault:
        return Fault(404) if request.model == "none" else f"{request.number} {request.prompt}"

    with Server(answer) as server:
        assert text(server, "hi") == "1 hi"
        assert post(server, model="none")[0] == 404


def test_a_fault_uses_up_no_scripted_answer() -> None:
    with Server(["a", "b"], [Fault(500, on={1, 3})]) as server:
        assert [post(server)[0] for _ in range(4)] == [500, 200, 500, 200]
        assert server.counts["answers"] == server.counts["faults"] == 2


def test_faults_strike_with_their_probability_and_repeat_with_the_seed() -> None:
    def outcomes(seed: int) -> list[int]:
        with Server("a", [Fault(503, probability=0.3)], seed=seed) as server:
            return [post(server)[0] for _ in range(60)]

    first = outcomes(1)
    assert 5 < first.count(503) < 35
    assert first == outcomes(1) != outcomes(2)


def test_answers_and_repeats_are_counted() -> None:
    with Server("a", [Fault(500, on={1})]) as server:
        for content in ("x", "x", "y", "x"):
            post(server, content)
        assert fetch(server.url.replace("/v1", "/stats"))[1]["answers"] == 3
    assert server.counts["requests"] == 4
    assert server.paid_twice == 1


def test_models_are_listed_and_looked_up() -> None:
    with Server(models=["a/b", "c"]) as server:
        assert [entry["id"] for entry in fetch(f"{server.url}/models")[1]["data"]] == ["a/b", "c"]
        assert fetch(f"{server.url}/models/a%2Fb")[0] == 200
        assert fetch(f"{server.url}/models/d")[0] == 404
        assert fetch(f"{server.url}/elsewhere")[0] == 404


def test_a_script_that_fails_is_not_hidden() -> None:
    def answer(request: Request) -> str:
        raise RuntimeError("a mistake in a test")

    server = Server(answer).start()
    with pytest.raises((OSError, urllib.error.URLError)):
        post(server)
    with pytest.raises(RuntimeError, match="a mistake in a test"):
        server.stop()


def test_a_port_that_is_taken_is_said() -> None:
    with Server() as server:
        port = int(server.url.rsplit(":", 1)[1].split("/")[0])
        with pytest.raises(OSError, match="in use"):
            Server(port=port).start()


def test_the_default_answer_is_a_new_program_each_time() -> None:
    messages = ({"role": "user", "content": "Improve.\n```python\ndef f():\n    return 1\n```\nDo it."},)
    answers = [vary(Request(number, "m", messages, {}, {})) for number in (1, 2)]
    first, second = (re.findall(r"```python\n(.*)```", answer, re.DOTALL) for answer in answers)
    assert first != second
    for program in (*first, *second):
        compile(program, "program", "exec")


def test_many_connections_at_once() -> None:
    async def one(port: int) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        body = b'{"model": "m", "messages": []}'
        head = f"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        for _ in range(5):
            writer.write(head + body)
            await reader.readuntil(b"\r\n\r\n")
            answer = await reader.readuntil(b"}}")
        writer.close()
        return answer

    async def all_of_them(port: int) -> list[bytes]:
        return await asyncio.gather(*(one(port) for _ in range(50)))

    with Server("a") as server:
        port = int(server.url.rsplit(":", 1)[1].split("/")[0])
        answers = asyncio.run(all_of_them(port))
    assert all(b'"content": "a"' in answer for answer in answers)
    assert server.counts["answers"] == 250


def test_as_a_program() -> None:
    command = [sys.executable, "-m", "adrs.testing.openai_server", "--instant", "--model", "m", "--fault", "429:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert fetch(f"{url}/models")[1]["data"][0]["id"] == "m"
        process.terminate()
        counts = json.loads(process.stdout.read())
    assert process.returncode == 0
    assert counts["status 200"] == 1


def test_an_unknown_fault_is_refused() -> None:
    command = [sys.executable, "-m", "adrs.testing.openai_server", "--fault", "fire"]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 2
    assert "fire" in finished.stderr
