"""A record of the inbox as it was read, before it is made into an experience."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from steps.ingest.inputs import ProbeInput
from steps.kinds.entry import Entry


@dataclass(frozen=True)
class ParsedRecord:
    """One record as it lies in the inbox: an ``entry``, or a ``rule`` and ``reason`` why there is none.

    ``rule`` is "ignored" for what is left alone, and else what quarantines the record. ``note`` goes into the ledger.
    ``redactions``: what was replaced before the text was read, by kind. ``hash`` and ``repeats``: see ``Known``.
    """

    file: str
    record: int | None
    entry: Entry | ProbeInput | None = None
    rule: str = ""
    reason: str = ""
    excerpt: str = ""
    note: str = ""
    redactions: Counter[str] = field(default_factory=Counter)
    hash: bytes = b""
    repeats: Any = None


Known = Callable[[str, bytes], tuple[bytes, Any]]
"""Given a file's name and the bytes of a record, returns its hash and what it repeats; then it need not be read."""


def unless_known(
    known: Known, file: str, number: int | None, raw: bytes, read: Callable[[], ParsedRecord]
) -> ParsedRecord:
    """Return what ``read`` makes of the bytes of a record, which is not asked where they are known."""
    hash_, repeats = known(file, raw)
    return replace(read(), hash=hash_) if repeats is None else ParsedRecord(file, number, repeats=repeats)
