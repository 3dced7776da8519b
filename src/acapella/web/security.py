"""Who may ask: the host that is asked for, the site a request comes from, the token; and the headers of every answer.

A page of another site must neither read nor change anything here. By DNS rebinding it can give this server a name of
its own, so the name that is asked for must be one of ours; by forms and scripts it can send requests, so those that
change something must come from our own page.
"""

import hashlib
import hmac
import ipaddress
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from acapella.web.settings import LOOPBACK, ServerSettings

API = "/api/v1"
OPEN = frozenset((f"{API}/session", f"{API}/health"))  # asks for the token itself; tells nothing
COOKIE = "acapella_session"
SAFE_METHODS = frozenset(("GET", "HEAD", "OPTIONS"))
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "media-src 'self' blob:; font-src 'none'; worker-src 'self'; manifest-src 'self'; form-action 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
WILDCARDS = ("0.0.0.0", "::")  # addresses that stand for all of the machine's


class Guard:
    """Refuses requests that must not come through, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, settings: ServerSettings) -> None:
        self._app = app
        self._token = settings.token
        self._hosts = {host.lower() for host in (*LOOPBACK, settings.host, *settings.allowed_hosts)}
        self._any_address = settings.host in WILDCARDS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers.setdefault("Cache-Control", "no-store" if scope["path"].startswith(API) else "no-cache")
            await send(message)

        answer: ASGIApp = self._refusal(scope["method"], scope["path"], Headers(scope=scope)) or self._app
        await answer(scope, receive, send_guarded)

    def _refusal(self, method: str, path: str, headers: Headers) -> JSONResponse | None:
        """The answer to a request that must not come through; None for the others."""
        if not self._is_our_host(headers.get("host", "")):
            return _refuse(400, "This server is not called by that name; --allow-host lets it be.")
        if _is_from_elsewhere(headers, safe=method in SAFE_METHODS):
            return _refuse(403, "The request comes from another site.")
        if path.startswith(API) and path not in OPEN and not self._is_known(headers):
            return _refuse(401, "The token is missing or wrong.", {"WWW-Authenticate": "Bearer"})
        return None

    def _is_our_host(self, host: str) -> bool:
        name = _host_name(host)
        if name in self._hosts:
            return True
        return self._any_address and _is_address(name)  # an address cannot be rebound

    def _is_known(self, headers: Headers) -> bool:
        """Whether the request has the token, or the cookie of one who had it."""
        if self._token is None:
            return True
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return same_secret(given.strip(), self._token)
        cookie = _cookie(headers)
        return cookie is not None and same_secret(cookie, session_of(self._token))


def same_secret(given: str, secret: str) -> bool:
    """Whether two texts are the same, in a time that does not depend on where they differ."""
    digests = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in (given, secret)]
    return hmac.compare_digest(*digests)


def session_of(token: str) -> str:
    """What the cookie says of one who knows the token: not the token itself, and nothing that must be remembered."""
    return hmac.new(token.encode("utf-8", "replace"), b"acapella session", hashlib.sha256).hexdigest()


def _refuse(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"detail": detail}, status, headers)


def _is_from_elsewhere(headers: Headers, *, safe: bool) -> bool:
    """Whether a browser says that a page of another origin has made the request."""
    site = headers.get("sec-fetch-site", "none")
    if safe:
        return site == "cross-site" and headers.get("sec-fetch-mode") != "navigate"  # but a link may lead here
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower():
        return True
    return site not in ("same-origin", "none")


def _host_name(host: str) -> str:
    """The name in a Host header, without port and brackets; "" where it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower() if "@" not in host and "/" not in host else ""
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _cookie(headers: Headers) -> str | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return None
    return found.value if found else None
