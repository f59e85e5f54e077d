"""Web pages of other hosts are refused: a browser would send what they say to this machine's own server.

A page needs no leave to send text anywhere; it only may not read the answer. What it sent would stand in the diary, and
be learned.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from awake.form import error


class OwnPages:
    """Passes requests on that no web page sends, or one of ``hosts`` (as ``TrustedHostMiddleware`` takes them)."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]):
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = Headers(scope=scope).get("origin") if scope["type"] == "http" else None
        if origin is None or self._is_own(origin):
            await self._app(scope, receive, send)
            return
        message = f"Web pages of {origin!r} may not ask here: name their host in serve.hosts if they are yours."
        await JSONResponse(error(403, message, code="foreign_origin"), 403)(scope, receive, send)

    def _is_own(self, origin: str) -> bool:
        try:
            host = urlsplit(origin).hostname or ""
        except ValueError:
            return False
        host = f"[{host}]" if ":" in host else host
        return bool(host) and any(
            known in ("*", host) or (known.startswith("*.") and host.endswith(known[1:])) for known in self._hosts
        )
