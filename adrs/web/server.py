"""Listens on an address and serves a dashboard until it is interrupted."""

import contextlib
import errno
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

import uvicorn

from adrs.errors import UserError
from adrs.web.app import make_app
from adrs.web.guard import Access, is_loopback
from adrs.web.site import Site, run_path

USUAL_PORT = 8641
_LEAST_TOKEN = 16


def serve(
    runs_dir: Path, run: str | None, host: str, port: int | None, token: str | None, ready: Callable[[str], None]
) -> None:
    """Serve the runs of a folder. `ready` gets the address to open, which holds the token, before the first request.

    Raises UserError for an address that others can reach without a token, and where nothing can listen.
    """
    if not is_loopback(host) and token is None:
        raise UserError(f"{host} can be reached by others; give --token with a secret of yours, or leave out --host")
    if token is not None and len(token) < _LEAST_TOKEN:
        raise UserError(f"--token has {len(token)} characters; give at least {_LEAST_TOKEN}")
    if token is not None and not all(character.isalnum() or character in "-_.~" for character in token):
        raise UserError("--token may have letters, digits and -_.~ only, since it becomes part of an address")
    listening = _listen(host, port)
    port = listening.getsockname()[1]
    access = Access(token or secrets.token_urlsafe(24), host, port)
    app = make_app(Site(runs_dir, access))
    shown = f"[{host}]" if ":" in host else host
    ready(f"http://{shown}:{port}{run_path(run) if run else '/'}#token={access.token}")
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, ws="none", lifespan="off",
        timeout_graceful_shutdown=1,
    )  # fmt: skip
    with contextlib.suppress(KeyboardInterrupt):  # which uvicorn raises again after a clean end
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int | None) -> socket.socket:
    """On the port; without one on the usual one, or where that is taken, as by another dashboard, on any free one."""
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    wanted = USUAL_PORT if port is None else port
    try:
        try:
            listening.bind((host, wanted))
            listening.listen()
        except OSError as error:
            if port is not None or error.errno != errno.EADDRINUSE:
                raise
            listening.close()
            return _listen(host, 0)
    except OSError as error:
        listening.close()
        raise UserError(f"{host}:{wanted} cannot be listened on: {error.strerror}; choose another --port") from None
    return listening
