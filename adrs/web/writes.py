"""The routes that write: a note on a program, and what steers a run. `adrs.web.guard` has checked the token before."""

import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from adrs import steering
from adrs.errors import UserError
from adrs.store import Reader
from adrs.store.inbox import Kind
from adrs.web.site import Site

_MOST_BYTES = 32 << 10
_STEERS: tuple[Kind, ...] = (*steering.CONTROLS, "hint")


def routes(site: Site) -> list[Route]:
    """All of them."""

    async def note(request: Request) -> Response:
        data = await _body(request)
        return await _said(site, request, "note", _text(data), request.path_params["number"])

    async def steer(request: Request) -> Response:
        data = await _body(request)
        kind = next((each for each in _STEERS if each == data.get("do")), None)
        if kind is None:
            raise HTTPException(400, "do must be pause, continue, stop or hint")
        return await _said(site, request, kind, _text(data) if kind == "hint" else "")

    async def sign_in(request: Request) -> Response:
        response = JSONResponse({"ok": True})
        response.set_cookie(
            site.access.cookie, site.access.pass_word, httponly=True, samesite="strict", path="/", max_age=None
        )
        return response

    return [
        Route("/runs/{run}/programs/{number:program}/notes", note, methods=["POST"]),
        Route("/runs/{run}/steer", steer, methods=["POST"]),
        Route("/sign-in", sign_in, methods=["POST"]),
        Route("/sign-in", lambda request: site.page("signin")),
    ]


async def _said(site: Site, request: Request, kind: Kind, words: str, program: int | None = None) -> Response:
    folder = await run_in_threadpool(site.folder, request.path_params["run"])
    try:
        recorded = await run_in_threadpool(steering.send, folder, kind, words, program)
        heard = await run_in_threadpool(_heard, folder) if kind == "hint" else True
    except UserError as error:
        return JSONResponse({"error": str(error)}, 409)
    answer = "recorded" if recorded else "it waits until the process that works on the run looks at it"
    if not heard:
        answer += "; the embedded proposer of this run reads no hints, but adrs ask passes them on"
    return JSONResponse({"recorded": recorded, "answer": answer})


def _heard(folder: Any) -> bool:
    with Reader(folder) as reader:
        return steering.reads_hints(reader)


async def _body(request: Request) -> dict[str, Any]:
    """A small JSON object."""
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "the body must be JSON")
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BYTES:
            raise HTTPException(413, "the body is too large")
    try:
        data = json.loads(body)
    except ValueError:
        raise HTTPException(400, "the body is not JSON") from None
    if not isinstance(data, dict):
        raise HTTPException(400, "the body must be a JSON object")
    return data


def _text(data: dict[str, Any]) -> str:
    text = data.get("text")
    if not isinstance(text, str):
        raise HTTPException(400, "text must be a string")
    return text
