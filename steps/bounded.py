"""Answers that end: neither their length nor how slowly they come is the server's to choose."""

import time
from typing import Any

import httpx

MOST_BYTES = 64 * 2**20


def answered(
    client: httpx.Client, method: str, path: str, *, within: float, most: int = MOST_BYTES, **what: Any
) -> httpx.Response:
    """Return the whole answer to a request.

    Args:
        within, most: see ``body_of``.
        what: as httpx takes it.

    Raises:
        httpx.HTTPError: as httpx, and for an answer that is longer or takes longer.
    """
    with client.stream(method, path, **what) as response:
        body = body_of(response, within=within, most=most)
        told = {key: value for key, value in response.headers.items() if key.lower() != "content-encoding"}
        return httpx.Response(response.status_code, headers=told, content=body, request=response.request)


def body_of(response: httpx.Response, *, within: float, most: int) -> bytes:
    """Return the body of an answer that has begun.

    Args:
        within: seconds for all of it; what passes without a byte is the client's own limit.
        most: its bytes.

    Raises:
        httpx.HTTPError: it breaks off, is longer or takes longer.
    """
    until, body = time.monotonic() + within, bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > most:
            raise httpx.ReadError(f"its answer has more than {most} bytes", request=response.request)
        if time.monotonic() > until:
            raise httpx.ReadTimeout(f"its answer took longer than {within:g} s", request=response.request)
    return bytes(body)
