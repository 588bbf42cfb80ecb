"""Who may ask for what: checks before any route, and headers after it.

Any page that a person visits can make their browser ask a server on this machine. So the name that was asked for is
checked (against DNS rebinding), routes that write want a header that no other site can send, and pages forbid to be
framed, to run foreign or inline scripts and to send anything elsewhere.
"""

import hashlib
import hmac
import ipaddress
import socket
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

TOKEN_HEADER = "X-Adrs-Token"
SIGN_IN = "/sign-in"
_EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
"""Plotly makes an empty style element, which it fills over the object model; this is the digest of its emptiness.

It also offers styles for maps, which no page here draws: those are refused, as the browser's console says."""
POLICY = (
    f"default-src 'none'; script-src 'self'; style-src 'self' {_EMPTY_STYLE}; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_OPEN = ("/static/", SIGN_IN)
"""Paths that say nothing of any run."""


@dataclass(frozen=True)
class Access:
    """Who may do what."""

    token: str
    host: str
    """The address that is listened on."""
    port: int

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server; then reading needs no token."""
        return is_loopback(self.host)

    @property
    def cookie(self) -> str:
        """Name of the cookie that lets read; browsers send cookies to all ports of a host, hence the port."""
        return f"adrs-read-{self.port}"

    @property
    def pass_word(self) -> str:
        """Value of that cookie. It does not tell the token, so whoever gets hold of it cannot write."""
        return hmac.new(self.token.encode(), b"read", hashlib.sha256).hexdigest()

    def knows(self, name: str) -> bool:
        """Whether a name that a browser asked for is one of this server's."""
        name = name.lower()
        if self.loopback:
            return name in ("localhost", "127.0.0.1", "[::1]", self.host.lower(), f"[{self.host.lower()}]")
        if name in (self.host.lower(), socket.gethostname().lower(), "localhost"):
            return True
        return _is_address(name.strip("[]"))

    def may_write(self, headers: Headers) -> bool:
        """Whether a request has the token."""
        return _same(headers.get(TOKEN_HEADER, ""), self.token)

    def may_read(self, headers: Headers) -> bool:
        """Whether a request may read."""
        return self.loopback or self.may_write(headers) or _same(_cookie(headers, self.cookie), self.pass_word)


class Guard:
    """Stands before the application."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self._app = app
        self._access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self._app)(scope, receive, guarded)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path, method = Headers(scope=scope), scope["path"], scope["method"]
        if not self._access.knows(_name(headers.get("host", ""))):
            return _says(421, "this server does not answer to that name; open the address that adrs serve printed")
        if method in ("GET", "HEAD"):
            if path.startswith(_OPEN) or self._access.may_read(headers):
                return None
            if "text/html" in headers.get("accept", ""):
                return RedirectResponse(SIGN_IN, 303)
            return _says(401, f"reading needs the token that adrs serve printed, in the header {TOKEN_HEADER}")
        if method != "POST":
            return _says(405, "only GET and POST are answered here")
        if not _own_site(headers):
            return _says(403, "this was asked for by another site")
        if not self._access.may_write(headers):
            return _says(403, "this needs the token; open the address that adrs serve printed, to its last character")
        return None


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _own_site(headers: Headers) -> bool:
    """Whether a page of this server asks, or something that is no browser."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def _name(host: str) -> str:
    """The name in a Host header, without the port."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]


def _cookie(headers: Headers, name: str) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return found.value if found else ""


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _says(status: int, text: str) -> Response:
    return JSONResponse({"error": text}, status)
