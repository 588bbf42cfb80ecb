"""A server on loopback that speaks the chat-completions API: scripted answers, faults on purpose, and a count of both.

It is a real HTTP server, so that clients are tested over real sockets, and fast enough to measure an engine with.

    with Server(answers=["first", "second"], faults=[Fault(429, retry_after=0.1, on={1})]) as server:
        ...  # ask "any-name@" + server.url
    assert server.counts["answers"] == 2

    python -m adrs.testing.openai_server --port 8000 --instant
"""

import argparse
import asyncio
import json
import random
import re
import signal
import sys
import threading
from collections import Counter, deque
from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote

_CHARACTERS_PER_TOKEN = 4
_KEPT_REQUESTS = 10_000
_ANY_MODEL = "stub"
_FENCE = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_REASONS = {
    200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 408: "Request Timeout",
    409: "Conflict", 429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One request for a completion, as it arrived."""

    number: int
    """From 1, in order of arrival."""
    model: str
    messages: tuple[Mapping[str, Any], ...]
    headers: Mapping[str, str] = field(repr=False)
    """By name in lower case."""
    body: Mapping[str, Any] = field(repr=False)

    @property
    def key(self) -> str:
        """What the client authorised itself with; empty if it did not."""
        return self.headers.get("authorization", "").removeprefix("Bearer ")

    @property
    def prompt(self) -> str:
        """Contents of all messages."""
        return "\n".join(str(message.get("content", "")) for message in self.messages)


@dataclass(frozen=True)
class Answer:
    """A completion."""

    text: str
    input_tokens: int | None = None
    """None: a quarter of the characters."""
    output_tokens: int | None = None
    finish_reason: str = "stop"
    refusal: str | None = None
    delay: float = 0.0
    """Seconds before it is sent."""
    usage: bool = True
    """Whether the answer says how many tokens it took, as some servers do not."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong, and when: at the request numbers `on` (all if None), each with `probability`."""

    kind: int | Literal["hang", "cut", "malformed", "empty", "refusal"]
    """A status from 400, or: never answer, close the connection midway, broken JSON, no text, a refusal."""
    probability: float = 1.0
    on: Container[int] | None = None
    retry_after: float | str | None = None
    """Sent as the header Retry-After."""
    message: str = "a fault on purpose"
    code: str | None = None
    inside: bool = False
    """Whether the status is told in the body alone, as some gateways do; the header says 200."""


Script = Callable[[Request], str | Answer | Fault]


def vary(request: Request) -> str:
    """The longest program of the prompt with one more constant, so that every answer is a new program."""
    programs = _FENCE.findall(request.prompt)
    if not programs:
        return "There is no program in the request."
    return f"One more constant.\n\n```python\n{max(programs, key=len).rstrip()}\n\nVARIANT = {request.number}\n```\n"


class Server:
    """Serves from a thread of its own between `start` and `stop`, or as a context manager.

    answers: a text for all requests; a list that is served in turn, and from its start again; or a function of the
    request, called in the server's thread. A function that raises closes the connection, and `stop` raises its error.
    models: the names that are known; None: any. key: what clients must show; None: anything.
    """

    def __init__(
        self,
        answers: str | Sequence[str | Answer | Fault] | Script = vary,
        faults: Sequence[Fault] = (),
        *,
        models: Sequence[str] | None = None,
        key: str | None = None,
        delay: float = 0.0,
        seed: int = 0,
        port: int = 0,
    ) -> None:
        self.counts: Counter[str] = Counter()
        """`requests` for completions, `answers` sent, `faults` made, and `status N` for each status sent."""
        self.answered: Counter[str] = Counter()
        """How many answers each request got, by the digest of its model and messages."""
        self.requests: deque[Request] = deque(maxlen=_KEPT_REQUESTS)
        """The latest ones."""
        self.in_flight = self.most_in_flight = 0
        self._answers: Sequence[str | Answer | Fault] | Script = [answers] if isinstance(answers, str) else answers
        self._faults = faults
        self._models = models
        self._key = key
        self._delay = delay
        self._taken = 0
        self._random = random.Random(seed)
        self._port = port
        self._started = threading.Event()
        self._errors: list[BaseException] = []
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Base URL, to put after the `@` of a model."""
        return f"http://127.0.0.1:{self._port}/v1"

    @property
    def paid_twice(self) -> int:
        """How many answers repeated one that was sent before for the same request."""
        return sum(self.answered.values()) - len(self.answered)

    def start(self) -> "Server":
        """Serve; returns once requests are accepted. Raises OSError if the port is taken."""
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve()), name="openai-server", daemon=True)
        self._thread.start()
        self._started.wait()
        if self._errors:
            raise self._errors.pop()
        return self

    def stop(self) -> None:
        """Close all connections and end the thread. Raises the first error of a scripted function."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()
        if self._errors:
            raise self._errors[0]

    def __enter__(self) -> "Server":
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def serve(self) -> None:
        """Serve on the running loop until `end`."""
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        try:
            listener = await asyncio.start_server(self._accept, "127.0.0.1", self._port, backlog=1024)
        except OSError as error:
            self._errors.append(error)
            self._started.set()
            return
        self._port = listener.sockets[0].getsockname()[1]
        self._started.set()
        await self._ended.wait()
        listener.close()
        for task in self._connections:
            task.cancel()
        results = await asyncio.gather(*self._connections, return_exceptions=True)
        self._errors += [result for result in results if isinstance(result, Exception)]

    def end(self) -> None:
        """End `serve`; to be called on its loop."""
        self._ended.set()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._hang_up)

    def _hang_up(self, task: asyncio.Task[None]) -> None:
        self._connections.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._errors.append(error)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection until either side closes it."""
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                method, path, _ = head[0].split(" ", 2)
                fields = (line.partition(":") for line in head[1:] if line)
                headers = {name.lower(): value.strip() for name, _, value in fields}
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                if not await self._respond(writer, method, path, headers, body):
                    return
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.transport.abort()

    async def _respond(
        self, writer: asyncio.StreamWriter, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> bool:
        """Answer one request; False ends the connection."""
        key = headers.get("authorization", "").removeprefix("Bearer ")
        if path == "/stats":
            self._send(writer, 200, {**self.counts, "paid_twice": self.paid_twice, "most": self.most_in_flight})
        elif self._key is not None and key != self._key:
            self._fail(writer, Fault(401, message="Incorrect API key provided", code="invalid_api_key"))
        elif method == "GET" and path.startswith("/v1/models"):
            self._list(writer, unquote(path.removeprefix("/v1/models").removeprefix("/")))
        elif method == "POST" and path == "/v1/chat/completions":
            self.in_flight += 1
            self.most_in_flight = max(self.in_flight, self.most_in_flight)
            try:
                return await self._complete(writer, headers, json.loads(body))
            finally:
                self.in_flight -= 1
        else:
            self._fail(writer, Fault(404, message=f"no such path: {path}"))
        return True

    def _list(self, writer: asyncio.StreamWriter, name: str) -> None:
        known = self._models if self._models is not None else [name or _ANY_MODEL]
        models = [{"id": model, "object": "model", "created": 0, "owned_by": "adrs"} for model in known]
        if not name:
            self._send(writer, 200, {"object": "list", "data": models})
        elif name in known:
            self._send(writer, 200, models[list(known).index(name)])
        else:
            self._fail(writer, Fault(404, message=f"The model `{name}` does not exist", code="model_not_found"))

    async def _complete(
        self, writer: asyncio.StreamWriter, headers: Mapping[str, str], body: Mapping[str, Any]
    ) -> bool:
        self.counts["requests"] += 1
        model, messages = body["model"], tuple(body["messages"])
        request = Request(self.counts["requests"], model, messages, headers, body)
        self.requests.append(request)
        if self._models is not None and model not in self._models:
            self._fail(writer, Fault(404, message=f"The model `{model}` does not exist", code="model_not_found"))
            return True
        outcome: str | Answer | Fault
        striking = next((fault for fault in self._faults if self._strikes(fault, request)), None)
        if striking is not None:
            outcome = striking
        else:
            outcome = self._answers(request) if callable(self._answers) else self._next(self._answers)
        if isinstance(outcome, Fault):
            broken = await self._break(writer, outcome)
            if isinstance(broken, bool):
                return broken
            outcome = broken
        answer = Answer(outcome) if isinstance(outcome, str) else outcome
        if self._delay + answer.delay:
            await asyncio.sleep(self._delay + answer.delay)
        self.counts["answers"] += 1
        self.answered[sha256(json.dumps([model, messages]).encode()).hexdigest()] += 1
        self._send(writer, 200, _completion(request, answer))
        return True

    def _next(self, answers: Sequence[str | Answer | Fault]) -> str | Answer | Fault:
        self._taken += 1
        return answers[(self._taken - 1) % len(answers)]

    def _strikes(self, fault: Fault, request: Request) -> bool:
        if fault.on is not None and request.number not in fault.on:
            return False
        return fault.probability >= 1.0 or self._random.random() < fault.probability

    async def _break(self, writer: asyncio.StreamWriter, fault: Fault) -> Answer | bool:
        """Do what a fault says. Returns an answer that is yet to be sent, or whether the connection goes on."""
        self.counts["faults"] += 1
        if fault.kind == "hang":
            await self._ended.wait()
            return False
        if fault.kind == "cut":
            writer.write(
                b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 999\r\n\r\n{"choices": ['
            )
            return False
        if fault.kind == "malformed":
            self._send(writer, 200, b'{"choices": [{"message": {"role": "assistant", "cont')
            return True
        if fault.kind == "empty":
            return Answer("")
        if fault.kind == "refusal":
            return Answer("", refusal="I cannot help with that.")
        self._fail(writer, fault)
        return True

    def _fail(self, writer: asyncio.StreamWriter, fault: Fault) -> None:
        assert isinstance(fault.kind, int)
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        code = fault.kind if fault.inside else fault.code
        error = {"message": fault.message, "type": "invalid_request_error", "param": None, "code": code}
        self._send(writer, 200 if fault.inside else fault.kind, {"error": error}, headers)

    def _send(
        self,
        writer: asyncio.StreamWriter,
        status: int,
        content: Mapping[str, Any] | bytes,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.counts[f"status {status}"] += 1
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        lines = [
            f"HTTP/1.1 {status} {_REASONS.get(status, 'Error')}",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in (headers or {}).items()),
        ]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)


def _completion(request: Request, answer: Answer) -> dict[str, Any]:
    read = len(request.prompt) // _CHARACTERS_PER_TOKEN if answer.input_tokens is None else answer.input_tokens
    written = len(answer.text) // _CHARACTERS_PER_TOKEN if answer.output_tokens is None else answer.output_tokens
    message: dict[str, Any] = {"role": "assistant", "content": answer.text if answer.refusal is None else None}
    if answer.refusal is not None:
        message["refusal"] = answer.refusal
    completion: dict[str, Any] = {
        "id": f"chatcmpl-{request.number}", "object": "chat.completion", "created": 0, "model": request.model,
        "choices": [{"index": 0, "message": message, "finish_reason": answer.finish_reason}],
    }  # fmt: skip
    if answer.usage:
        completion["usage"] = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return completion


def _parse_fault(text: str) -> Fault:
    """`429:0.1`: a kind and its probability."""
    kind, _, probability = text.partition(":")
    known = ("hang", "cut", "malformed", "empty", "refusal")
    if kind not in known and not (kind.isdigit() and 400 <= int(kind) <= 599):
        raise argparse.ArgumentTypeError(f"{kind} is neither a status from 400 to 599 nor one of {', '.join(known)}")
    return Fault(int(kind) if kind.isdigit() else kind, float(probability or 1), retry_after=1)  # type: ignore[arg-type]


async def _serve_until_signalled(server: Server) -> None:
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(server._started.wait)
    if not server._errors:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, server.end)
        print(server.url, flush=True)
    await serving


def serve(server: Server) -> None:
    """Print the URL, serve until the process is interrupted, print the counts. Leaves with 1 where it cannot serve."""
    asyncio.run(_serve_until_signalled(server))
    if server._errors:
        sys.exit(str(server._errors[0]))
    print(json.dumps({**server.counts, "paid_twice": server.paid_twice}))


def main() -> None:
    """Serve until interrupted; the URL is printed first, counts are served at /stats and printed at the end."""
    parser = argparse.ArgumentParser(description="A local server that speaks the chat-completions API.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("--instant", action="store_true", help="answer without delay")
    parser.add_argument("--delay", type=float, default=1.0, metavar="SECONDS", help="before each answer; default 1")
    parser.add_argument("--answers", type=Path, metavar="FILE", help="a JSON list of texts, served in turn")
    parser.add_argument("--model", action="append", metavar="NAME", help="a name that is known; default: any name")
    parser.add_argument("--fault", action="append", type=_parse_fault, default=[], metavar="KIND:PROBABILITY")
    parser.add_argument("--seed", type=int, default=0, help="of the faults")
    options = parser.parse_args()
    answers = json.loads(options.answers.read_text()) if options.answers else vary
    delay = 0.0 if options.instant else options.delay
    server = Server(
        answers, options.fault, models=options.model, delay=delay, seed=options.seed, port=options.port
    )  # fmt: skip
    serve(server)


if __name__ == "__main__":
    main()
