"""Turn the files of an inbox into records: one per document, per line of a JSONL file, per file left or refused."""

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from steps.ingest.excerpts import excerpt
from steps.ingest.inputs import ProbeInput, parse_input, unknown_keys
from steps.ingest.normalise import one_line
from steps.ingest.redact import redact
from steps.ingest.walking import BEING_WRITTEN, InboxEntry, look_at_inbox, read_bytes
from steps.kinds.entry import Entry, RecordRejected
from steps.kinds.kind import Kind, Reader
from steps.kinds.table import KINDS

MAX_DEPTH = 50
MAX_INT_DIGITS = 30


@dataclass(frozen=True)
class ParsedRecord:
    """One record as it lies in the inbox: an ``entry``, or a ``rule`` and ``reason`` why there is none.

    ``rule`` is "ignored" for what is left alone, and else what quarantines the record. ``note`` goes into the ledger.
    ``redactions``: what was replaced before the text was read, by kind.
    """

    file: str
    record: int | None
    entry: Entry | ProbeInput | None = None
    rule: str = ""
    reason: str = ""
    excerpt: str = ""
    note: str = ""
    redactions: Counter[str] = field(default_factory=Counter)


def read_inbox(inbox: Path, *, max_bytes: int) -> Iterator[ParsedRecord]:
    """Yield every record below ``inbox``, by path and line. See ``look_at_inbox`` for what is raised."""
    for found in look_at_inbox(inbox, max_bytes=max_bytes):
        yield from read_found(found)


def read_found(found: InboxEntry) -> Iterator[ParsedRecord]:
    """Yield the records of one entry of the inbox; whatever is wrong with it becomes a record, never an exception."""
    if found.fate != "read":
        yield ParsedRecord(found.file, None, rule=found.rule or "ignored", reason=found.reason)
        return
    try:
        content = read_bytes(found)
    except OSError as error:
        yield ParsedRecord(found.file, None, rule="unreadable", reason=f"the file cannot be read ({error.strerror})")
        return
    if content is None:
        yield ParsedRecord(found.file, None, rule="ignored", reason=BEING_WRITTEN)
        return
    suffix = found.path.suffix.lower()
    try:
        if suffix == ".jsonl":
            yield from _lines(found.file, _checked(content, suffix, lines=True))
        else:
            yield _whole(found, _checked(content, suffix))
    except RecordRejected as refusal:
        rule, reason = refusal.args
        text = "" if rule in ("binary", "unsupported_type") else excerpt(_decoded(content[:8000]))
        yield ParsedRecord(found.file, None, rule=rule, reason=reason, excerpt=text)


def _checked(content: bytes, suffix: str, *, lines: bool = False) -> bytes:
    if suffix in (".pdf", ".docx"):
        raise RecordRejected(
            "unsupported_type", f"{suffix} files are not read: save the document as Markdown, text or HTML"
        )
    if not lines and suffix not in _readers():
        raise RecordRejected("unsupported_type", f"only {', '.join(_readers())} and .jsonl files are read")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise RecordRejected("empty", "the file is empty")
    # A torn write leaves NUL bytes in one line of a JSONL file: its other lines are still good.
    torn = lines and _some_line_reads(content)
    if content.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\0" in content and not torn):
        raise RecordRejected("binary", "the file is binary or not in UTF-8 (it has NUL bytes)")
    return content


def _some_line_reads(content: bytes) -> bool:
    return any(line.lstrip().startswith(b"{") and b"\0" not in line for line in content.split(b"\n"))


def _decoded(content: bytes) -> str:
    """Decode what is no UTF-8, or was cut, for an excerpt: a lost letter would hide what a word says."""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        return content.decode("utf-8" if error.start >= len(content) - 4 else "latin-1", "ignore")


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecordRejected("not_utf8", f"byte {error.start + 1} is not UTF-8") from None


def _readers() -> dict[str, tuple[Kind, Reader]]:
    """Return who reads whole files, by their suffix."""
    return {suffix: (kind, reader) for kind in KINDS.values() for suffix, reader in kind.files.items()}


def _whole(found: InboxEntry, content: bytes) -> ParsedRecord:
    # Bytes that show in the name only are cleaned in `file`: take title and suffix from there.
    kind, reader = _readers()[found.path.suffix.lower()]
    # Before it is read: then nobody sees any more what the column of a table was called.
    clean, redactions = redact(_text(content), kinds=("secret",))
    title, text = reader(clean)
    if not text:
        raise RecordRejected("empty", "the document has no readable text")
    entry = kind.of_file(title or PurePosixPath(found.file).stem, text)
    return ParsedRecord(found.file, None, entry=entry, redactions=redactions)


def _lines(file: str, content: bytes) -> Iterator[ParsedRecord]:
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield _line(file, number, line)


def _line(file: str, number: int, line: bytes) -> ParsedRecord:
    text, redactions = "", Counter[str]()
    try:
        if b"\0" in line:
            raise RecordRejected("binary", "the line has NUL bytes")
        text = _text(line)
        value = load_object(text)
        if isinstance(value.get("text"), str):
            value["text"], redactions = redact(value["text"], kinds=("secret",))
        try:
            entry = parse_input(value)
        except ValueError as error:
            raise RecordRejected("not_a_record", redact(str(error))[0]) from None
        if isinstance(entry, Entry):
            entry = KINDS[entry.kind].of_line(entry)
        note = _left_out(unknown_keys(value, entry))
        return ParsedRecord(file, number, entry=entry, note=note, redactions=redactions)
    except RecordRejected as refusal:
        rule, reason = refusal.args
        text = text or _decoded(line[:8000])
        return ParsedRecord(file, number, rule=rule, reason=reason, excerpt=excerpt(text))


def load_object(line: str) -> dict[str, Any]:
    """Return the JSON object on a line.

    Raises:
        RecordRejected: it is not JSON, no object, nested too deeply, names a key twice, or holds NaN or a huge number.
    """
    try:
        value = json.loads(line, object_pairs_hook=_pairs, parse_int=_int, parse_float=_float, parse_constant=_constant)
    except RecursionError:
        raise RecordRejected("too_deep", f"the JSON is nested more than {MAX_DEPTH} levels deep") from None
    except json.JSONDecodeError as error:
        raise RecordRejected("not_json", f"the line is not JSON: {error.msg.lower()} at column {error.colno}") from None
    except ValueError as error:
        raise RecordRejected("not_json", f"the line is not plain JSON: {error}") from None
    if not isinstance(value, dict):
        raise RecordRejected("not_a_record", "the line is not a JSON object")
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        inner = (item.values() if isinstance(item, dict) else item for item in level)
        level = [item for items in inner for item in items if isinstance(item, dict | list)]
        if not level:
            return value
    raise RecordRejected("too_deep", f"the JSON is nested more than {MAX_DEPTH} levels deep")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("an object names the same key twice")
    # Lone surrogates (\ud800) cannot be written as UTF-8.
    return {_writable(key): _writable(value) for key, value in pairs}


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode()
    return [_writable(item) for item in value] if isinstance(value, list) else value


def _int(digits: str) -> int:
    if len(digits) > MAX_INT_DIGITS:
        raise ValueError(f"a number has more than {MAX_INT_DIGITS} digits")
    return int(digits)


def _float(digits: str) -> float:
    if not math.isfinite(value := float(digits)):
        raise ValueError("a number is too large")
    return value


def _constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _left_out(keys: list[str]) -> str:
    names = redact(", ".join(f"'{one_line(key)[:40]}'" for key in keys[:5]))[0]
    return f"left out {len(keys)} unknown key{'s' if len(keys) > 1 else ''}: {names}" if keys else ""
