"""Addresses: this machine's own, and others as they may be shown and kept, without what opens a door."""

import re
from typing import TYPE_CHECKING

from steps.errors import SlumberError

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""The names under which this machine's own servers answer; under a foreign one a web page would ask them."""
_LOGIN = re.compile(r"//[^/\s]+@")
_GIVEN = re.compile(r"([?&][^=&\s]*(?:key|token|secret|password|passwd|pwd|sig|auth)[^=&\s]*=)[^&\s]+", re.IGNORECASE)

if TYPE_CHECKING:
    import httpx


def server_address(text: str) -> "httpx.URL":
    """Return the address of a model's server.

    Raises:
        SlumberError: it is none.
    """
    import httpx

    try:
        address = httpx.URL(text.rstrip("/"))
    except httpx.InvalidURL:
        address = httpx.URL("")
    if address.scheme not in ("http", "https") or not address.host:
        raise SlumberError(f"{no_password(text)} is no address of a server: set dream.endpoint to http://HOST:PORT/v1.")
    return address


def no_password(text: str) -> str:
    """Return ``text`` without the names and passwords, and without the keys and tokens, in its addresses."""
    return _GIVEN.sub(r"\1...", _LOGIN.sub("//", text))
