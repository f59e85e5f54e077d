"""Which talk an exchange belongs to, and which of two versions answers it while a fresh champion is watched."""

import hashlib
from collections.abc import Sequence
from typing import Any


def talk_of(*, session: str | None, user: str | None, tenant: str | None, messages: Sequence[dict[str, Any]]) -> str:
    """Digest of the talk: its session, else its user, else the key that it came with, else its first words.

    ``messages``: as the client sent them; a talk without a name is sent whole each time, from its first words on.
    """
    first = next((str(said.get("content")) for said in messages if said.get("role") == "user"), "")
    named = (("session", session), ("user", user), ("key", tenant), ("words", first))
    kind, name = next((pair for pair in named if pair[1]), ("words", ""))
    return hashlib.sha256(repr((tenant, kind, name)).encode()).hexdigest()[:16]


def is_drawn(talk: str, *, version: str, share: float) -> bool:
    """Whether ``talk`` is among the share that the fresh ``version`` answers: always the same, others for each one."""
    drawn = int.from_bytes(hashlib.sha256(f"{version}:{talk}".encode()).digest()[:8])
    return drawn < share * 2**64
