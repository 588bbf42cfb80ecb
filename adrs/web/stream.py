"""Server-sent events: a page hears within a second that its run has gone on, and asks for what it shows."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from adrs import folders, lineage
from adrs.errors import UserError
from adrs.lineage.state import state
from adrs.store import Summary
from adrs.store.lock import holder
from adrs.text import metric
from adrs.web.site import Site, state_text
from adrs.web.text import score

_LOOK_SECONDS = 0.5
_PING_SECONDS = 15


class _Stream(EventSourceResponse):
    """Ends its answer where the server is interrupted, which otherwise complains in the terminal of one cut short."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ended = False

        async def watched(message: Message) -> None:
            nonlocal ended
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)
            await send(message)

        await super().__call__(scope, receive, watched)
        if not ended:
            await send({"type": "http.response.body", "body": b"", "more_body": False})


def routes(site: Site) -> list[Route]:
    """One stream a run, and one for the list of runs."""

    async def run(request: Request) -> Response:
        name = request.path_params["run"]
        await run_in_threadpool(site.folder, name)
        return _stream(lambda: _news(site, name))

    async def runs(request: Request) -> Response:
        return _stream(lambda: _runs(site))

    return [Route("/runs/{run}/events", run), Route("/events", runs)]


def _stream(look: Callable[[], dict[str, Any]]) -> Response:
    """Says what `look` finds whenever it finds something else."""

    async def changes() -> AsyncIterator[ServerSentEvent]:
        before: dict[str, Any] | None = None
        while True:
            found = await run_in_threadpool(look)
            if found != before:
                yield ServerSentEvent(json.dumps(found), event="changed")
                before = found
            await asyncio.sleep(_LOOK_SECONDS)

    return _Stream(changes(), ping=_PING_SECONDS)


def _news(site: Site, name: str) -> dict[str, Any]:
    """How far a run is."""
    try:
        with site.reader(name) as reader:
            found, now = lineage.overview(reader), state(reader)
            leading = reader.summaries([found.winner.id])[0] if found.winner.id is not None else None
            event = reader.last_event()
    except UserError as error:
        return {"error": str(error)}
    except HTTPException as gone:
        return {"error": gone.detail}
    return {
        "event": event, "state": now.name, "state_text": state_text(now), "live": now.live, "best": found.best,
        "score": _value(found), "shown": _value(leading), "evaluations": found.evaluations, "programs": found.programs,
    }  # fmt: skip


def _value(found: lineage.Overview | Summary | None) -> str:
    """The score of a program, or where there is no scale its fitness."""
    if found is None:
        return metric(None)
    return metric(found.fitness) if found.score is None else score(found.score)


def _runs(site: Site) -> dict[str, Any]:
    """Which runs there are, when their logs were written last, and who works on them: cheap to look at often."""
    return {each.name: [folders.changed(each), holder(each)] for each in folders.list_runs(site.runs_dir)}
