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
    ``later``: what reads it, where that is not done yet; it can be pickled, and refuses what it cannot read.
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
    later: "Callable[[], ParsedRecord] | None" = None

    def read(self) -> "ParsedRecord":
        """Return it as it is when it has been read."""
        return self if self.later is None else replace(self.later(), hash=self.hash)


Known = Callable[[str, bytes], tuple[bytes, Any]]
"""Given a file's name and the bytes of a record, returns its hash and what it repeats; then it need not be read."""


def put_off(known: Known, file: str, number: int | None, raw: bytes, read: Callable[[], ParsedRecord]) -> ParsedRecord:
    """Return a record that is read later, if it must be: not where its bytes are known."""
    hash_, repeats = known(file, raw)
    return ParsedRecord(file, number, hash=hash_, repeats=repeats, later=read)
