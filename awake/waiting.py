"""Waiting for a client's body, and for words that are still to be written, as long as there is a client."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from awake.asking import Answer
from awake.diary import Diary
from awake.faults import Fault


async def body_of(request: Request, kind: type[BaseModel], *, limit: int) -> Any:
    """Read and check the body; one that is too long is not read to its end."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > limit:
                raise Fault(413, f"The request is longer than {limit} bytes (serve.max_body_bytes).")
    except ClientDisconnect:
        raise Fault(499, "The client has left.") from None
    try:
        return kind.model_validate_json(bytes(body))
    except ValidationError as error:
        fault = error.errors()[0]
        where, said = ".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")
        raise Fault(400, f"{where}: {said}" if where else said, param=where or None) from None


async def unless_gone(request: Request, answer: Answer, waiting: CapacityLimiter, *, seconds: float) -> str:
    """The whole answer; nothing more is written for a client that has left."""

    def read() -> str:
        return "".join(answer.pieces(seconds=seconds))

    reading = asyncio.ensure_future(to_thread.run_sync(read, limiter=waiting))
    while not reading.done():
        await asyncio.wait([reading], timeout=1.0)
        if not reading.done() and await request.is_disconnected():
            answer.leave()
    return await reading


async def until_gone(
    events: Iterator[str],
    answer: Answer,
    diary: Diary,
    waiting: CapacityLimiter,
    *,
    then: Callable[[], None] = lambda: None,
) -> AsyncIterator[str]:
    """Pass events on; a client that leaves ends the writing, and the waiting for a word that is to come.

    From the first event on feedback may be given. ``then``: is called at the end, whichever that is.
    """
    diary.opened(answer.id)
    try:
        while True:
            coming = asyncio.ensure_future(to_thread.run_sync(next, events, None, limiter=waiting))
            event = await asyncio.shield(coming)  # a thread cannot be cancelled: it ends when the answer does
            if event is None:
                return
            yield event
    finally:
        answer.leave()
        diary.closed(answer.id)
        then()
