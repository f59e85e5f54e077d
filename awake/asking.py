"""One request to the engine, and the answer as it grows."""

import queue
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from steps.errors import SlumberError


@dataclass(frozen=True)
class Ask:
    """What is asked: tokens up to where the assistant begins, and how it is to be answered.

    ``temperature`` 0 is greedy; ``top_p``: only the likeliest tokens that make up this share are drawn from. ``stop``:
    texts before which the answer ends.
    """

    prompt: tuple[int, ...]
    max_new_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    stop: tuple[str, ...] = ()


class NotAnswered(SlumberError):
    """The engine could not answer; ``status``: as HTTP says it."""

    def __init__(self, message: str, *, status: int = 500):
        super().__init__(message)
        self.status = status


class NotNow(SlumberError):
    """A version could not be tried, for a reason that lies elsewhere: it is tried again."""


@dataclass
class Answer:
    """Text as it is written, by one version of the model. ``reason``: "stop" or "length" once it has ended.

    ``notes``: what of memory was put before the question, as the client learns it. ``first_at``: when its first word
    came, by the monotonic clock. ``place``: whose versions answer, everybody's or a tenant's. ``asker``: the tenant who
    asks.
    """

    ask: Ask
    place: str = ""
    asker: str | None = None
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    version: str | None = None
    reason: str | None = None
    notes: list[dict[str, Any]] = field(default_factory=list)
    tokens: list[int] = field(default_factory=list)
    first_at: float | None = None
    cancelled: threading.Event = field(default_factory=threading.Event)
    _pieces: "queue.SimpleQueue[str | Exception | None]" = field(default_factory=queue.SimpleQueue)

    def __post_init__(self):
        self.random = np.random.default_rng(self.ask.seed)

    def pieces(self, *, seconds: float) -> Iterator[str]:
        """Yield the text piece by piece until it ends.

        Raises:
            NotAnswered: it cannot be answered, or nothing came for so many ``seconds``.
        """
        while True:
            try:
                piece = self._pieces.get(timeout=seconds)
            except queue.Empty:
                self.cancelled.set()
                raise NotAnswered(
                    f"Nothing came for {seconds:g} seconds: the server is overloaded.", status=503
                ) from None
            if isinstance(piece, Exception):
                raise piece
            if piece is None:
                return
            yield piece

    def say(self, piece: str) -> None:
        if piece:
            self.first_at = self.first_at or time.monotonic()
            self._pieces.put(piece)

    def end(self, reason: str) -> None:
        self.reason = reason
        self._pieces.put(None)

    def fail(self, error: Exception) -> None:
        self._pieces.put(error)

    def leave(self) -> None:
        """Nobody wants it any more: it is not written further, and whoever reads it learns so at once."""
        self.cancelled.set()
        self.fail(NotAnswered("The client has left.", status=499))
