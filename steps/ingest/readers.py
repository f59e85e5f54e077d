"""Turn the files of an inbox into records: one per document, per line of a JSONL file, per file left or refused."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from steps.ingest.encodings import decoded
from steps.ingest.excerpts import excerpt
from steps.ingest.foreign import as_ours
from steps.ingest.inputs import ProbeInput, parse_input, unknown_keys
from steps.ingest.loading import TABLES, load_object, rows_of
from steps.ingest.naming import name_as_title
from steps.ingest.normalise import one_line
from steps.ingest.redact import redact
from steps.ingest.walking import BEING_WRITTEN, InboxEntry, read_bytes
from steps.kinds.entry import Entry, RecordRejected
from steps.kinds.kind import Kind, Reader
from steps.kinds.table import KINDS

LINES = (".jsonl", ".ndjson")
_NAMED = re.compile(r"(?:README|CHANGELOG|CHANGES|NEWS|HISTORY|FAQ|NOTES|TODO|CONTRIBUTING)", re.IGNORECASE)
# What cannot be read, and how it can be turned into what can.
_WAYS_OUT = (
    ((".pdf",), "convert it to text or Markdown first (pdftotext -layout FILE.pdf FILE.txt)"),
    ((".docx", ".doc", ".odt", ".rtf", ".epub", ".pptx"), "convert it to Markdown first (pandoc FILE -o FILE.md)"),
    ((".xlsx", ".xls", ".ods"), "export its sheets as CSV"),
    ((".ipynb",), "convert it to Markdown first (jupyter nbconvert --to markdown FILE.ipynb)"),
    ((".vtt", ".srt"), "save it as text, without the times"),
    ((".zip", ".gz", ".tar", ".tgz", ".7z", ".mbox"), "unpack it: save the files in it one by one"),
    ((".msg",), "save the mail as .eml or text"),
)


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


def read_found(found: InboxEntry, known: Known = lambda file, raw: (b"", None)) -> Iterator[ParsedRecord]:
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
    suffix = suffix_of(found.path)
    try:
        if suffix in LINES:
            yield from _lines(found.file, _checked(content, suffix), known)
        elif suffix in TABLES:
            yield from _rows(found.file, suffix, _checked(content, suffix), known)
        else:
            yield _unless_known(
                known, found.file, None, content, lambda: _whole(found, suffix, _checked(content, suffix))
            )
    except RecordRejected as refusal:
        rule, reason = refusal.args
        text = "" if rule in ("binary", "unsupported_type") else excerpt(_decoded(content[:8000]))
        yield ParsedRecord(found.file, None, rule=rule, reason=reason, excerpt=text)


def suffix_of(path: Path) -> str:
    """Return what a file's name ends with; of a README without an end, a plain text's."""
    suffix = path.suffix.lower()
    return suffix if suffix or not _NAMED.fullmatch(path.name) else ".txt"


def _checked(content: bytes, suffix: str) -> bytes:
    lines = suffix in LINES
    if not lines and suffix not in TABLES and suffix not in _readers():
        raise RecordRejected("unsupported_type", _way_out(suffix))
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise RecordRejected("empty", "the file is empty")
    # A torn write leaves NUL bytes in one line of a JSONL file: its other lines are still good.
    torn = lines and _some_line_reads(content)
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff")) and not lines
    if suffix != ".parquet" and not wide and (b"\0" in content and not torn):
        raise RecordRejected("binary", "the file is binary or not in UTF-8 (it has NUL bytes)")
    return content


def _way_out(suffix: str) -> str:
    how = next((how for suffixes, how in _WAYS_OUT if suffix in suffixes), None)
    known = f"files that end in {', '.join([*_readers(), *LINES, *TABLES])} are read"
    return f"{how}; {known}" if how else f"only {known}: convert it to one of them, or save it as Markdown"


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


def _whole(found: InboxEntry, suffix: str, content: bytes) -> ParsedRecord:
    # Bytes that show in the name only are cleaned in `file`: take title and suffix from there.
    kind, reader = _readers()[suffix]
    text, note = decoded(content)
    # Before it is read: then nobody sees any more what the column of a table was called.
    clean, redactions = redact(text, kinds=("secret",))
    page = reader(clean)
    if not page.text and not page.title:
        raise RecordRejected("empty", "the document has no readable text")
    entry = kind.of_file(page.title or name_as_title(PurePosixPath(found.file).stem), page)
    return ParsedRecord(found.file, None, entry=entry, redactions=redactions, note=note)


def _unless_known(
    known: Known, file: str, number: int | None, raw: bytes, read: Callable[[], ParsedRecord]
) -> ParsedRecord:
    hash_, repeats = known(file, raw)
    return replace(read(), hash=hash_) if repeats is None else ParsedRecord(file, number, repeats=repeats)


def _lines(file: str, content: bytes, known: Known) -> Iterator[ParsedRecord]:
    if _is_one_value(content):
        yield from _rows(file, ".json", content, known)
        return
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            yield _unless_known(known, file, number, line, partial(_line, file, number, line))


def _is_one_value(content: bytes) -> bool:
    """Whether a file that should hold a value a line holds one over several lines, or a list of them."""
    first = content.lstrip()[:1]
    if first not in (b"[", b"{") or (first == b"{" and content.lstrip().split(b"\n", 1)[0].rstrip().endswith(b"}")):
        return False
    try:
        return isinstance(json.loads(content), list | dict)
    except (ValueError, RecursionError):
        return False


def _rows(file: str, suffix: str, content: bytes, known: Known) -> Iterator[ParsedRecord]:
    """The records of a file that holds them as a table or a list; numbered from 1."""
    for number, value in enumerate(rows_of(suffix, content), start=1):
        raw = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")
        yield _unless_known(known, file, number, raw, partial(_row, file, number, value))


def _row(file: str, number: int, value: Any) -> ParsedRecord:
    try:
        if not isinstance(value, dict):
            raise RecordRejected("not_a_record", "it is not a JSON object")
        return _record(file, number, value)
    except RecordRejected as refusal:
        rule, reason = refusal.args
        if isinstance(value, dict) and "kind" not in value:
            reason += "; its form is not known here: write each record as one of these kinds"
        return ParsedRecord(file, number, rule=rule, reason=reason, excerpt=excerpt(json.dumps(value)))


def _line(file: str, number: int, line: bytes) -> ParsedRecord:
    text = ""
    try:
        if b"\0" in line:
            raise RecordRejected("binary", "the line has NUL bytes")
        text = _text(line)
        return _record(file, number, load_object(text))
    except RecordRejected as refusal:
        rule, reason = refusal.args
        text = text or _decoded(line[:8000])
        return ParsedRecord(file, number, rule=rule, reason=reason, excerpt=excerpt(text))


def _record(file: str, number: int, value: dict[str, Any]) -> ParsedRecord:
    redactions = Counter[str]()
    value = as_ours(value, name=name_as_title(PurePosixPath(file).stem))
    if isinstance(value.get("text"), str):
        value["text"], redactions = redact(value["text"], kinds=("secret",))
    try:
        entry = parse_input(value)
    except ValueError as error:
        raise RecordRejected("not_a_record", redact(str(error))[0]) from None
    if isinstance(entry, Entry):
        entry = KINDS[entry.kind].of_line(entry)
    return ParsedRecord(file, number, entry=entry, note=_left_out(unknown_keys(value, entry)), redactions=redactions)


def _left_out(keys: list[str]) -> str:
    names = redact(", ".join(f"'{one_line(key)[:40]}'" for key in keys[:5]))[0]
    return f"left out {len(keys)} unknown key{'s' if len(keys) > 1 else ''}: {names}" if keys else ""
