"""The application: routes, static files, what is said when something is wrong."""

from importlib import resources
from pathlib import Path

import plotly
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from adrs.errors import UserError
from adrs.web import data, pages, stream, writes
from adrs.web.guard import Guard
from adrs.web.site import Site

_PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def make_app(site: Site) -> Starlette:
    """A dashboard of a site's runs."""

    def wrong(request: Request, error: Exception) -> Response:
        status = error.status_code if isinstance(error, HTTPException) else 409
        text = error.detail if isinstance(error, HTTPException) else str(error)
        if "text/html" in request.headers.get("accept", ""):
            return site.page("wrong", status, text=text)
        return JSONResponse({"error": text}, status)

    site.warm()
    static = StaticFiles(directory=str(resources.files("adrs.web") / "static"))
    return Starlette(
        routes=[
            Route("/static/plotly.min.js", _plotly),
            Mount("/static", static),
            *pages.routes(site),
            *data.routes(site),
            *stream.routes(site),
            *writes.routes(site),
        ],
        middleware=[Middleware(Guard, access=site.access), Middleware(GZipMiddleware, minimum_size=2000)],
        exception_handlers={HTTPException: wrong, UserError: wrong},
    )


def _plotly(request: Request) -> Response:
    """Plotly.js as the installed package has it."""
    return FileResponse(_PLOTLY, media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})
