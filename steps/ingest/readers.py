"""Turn the files of an inbox into records: one per document, per line of a JSONL file, per file left or refused."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from steps.ingest import office
from steps.ingest.converting import CONVERTED, to_markdown
from steps.ingest.encodings import WIDE, decoded
from steps.ingest.excerpts import excerpt
from steps.ingest.foreign import as_ours
from steps.ingest.inputs import ProbeInput, parse_input, unknown_keys
from steps.ingest.loading import TABLES, load_object, rows_of
from steps.ingest.mails import SUFFIXES as MAILS
from steps.ingest.mails import Mail, mail_of, mails_of
from steps.ingest.markup import counted
from steps.ingest.naming import name_as_title
from steps.ingest.normalise import one_line
from steps.ingest.redact import redact
from steps.ingest.refusals import way_out
from steps.ingest.tabular import as_table
from steps.ingest.walking import BEING_WRITTEN, InboxEntry, read_bytes
from steps.kinds.document.plain import read_mail
from steps.kinds.entry import Entry, RecordRejected
from steps.kinds.kind import Kind, Reader
from steps.kinds.table import KINDS

LINES = (".jsonl", ".ndjson")
_OTHERS = {b"%PDF-": "a PDF", b"PK\x03\x04": "an Office, EPUB or ZIP file", b"PAR1": "a Parquet file"}  # how they begin
_NAMED = re.compile(r"(?:README|CHANGELOG|CHANGES|NEWS|HISTORY|FAQ|NOTES|TODO|CONTRIBUTING)", re.IGNORECASE)


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
        yield from _records(found, suffix, content, known)
    except RecordRejected as refusal:
        rule, reason = refusal.args
        text = (
            ""
            if rule in ("binary", "unsupported_type") or suffix in office.NEEDS
            else excerpt(_decoded(content[:8000]))
        )
        yield ParsedRecord(found.file, None, rule=rule, reason=reason, excerpt=text)


def _records(found: InboxEntry, suffix: str, content: bytes, known: Known) -> Iterator[ParsedRecord]:
    file = found.file
    if suffix in LINES:
        yield from _lines(file, _checked(content, suffix), known)
    elif suffix in TABLES:
        yield from _rows(file, suffix, _checked(content, suffix), known)
    elif suffix in MAILS:
        yield from _mails(file, suffix, _checked(content, suffix), known)
    else:
        yield _unless_known(known, file, None, content, partial(_page, file, suffix, content))


def _page(file: str, suffix: str, content: bytes) -> ParsedRecord:
    content = _checked(content, suffix)
    if suffix in CONVERTED:
        return _whole(file, ".md", *to_markdown(suffix, content))
    return _whole(file, suffix, *decoded(content))


def suffix_of(path: Path) -> str:
    """Return what a file's name ends with; of a README without an end, a plain text's."""
    suffix = path.suffix.lower()
    return suffix if suffix or not _NAMED.fullmatch(path.name) else ".txt"


def known_suffixes() -> list[str]:
    """Return what the names of files end in that are read."""
    return [*_readers(), *MAILS, *CONVERTED, *LINES, *TABLES]


def _checked(content: bytes, suffix: str) -> bytes:
    """Return the content of a file that may be read by its suffix, without a mark of its encoding."""
    if suffix not in known_suffixes():
        raise RecordRejected("unsupported_type", way_out(suffix))
    if not content.strip():
        raise RecordRejected("empty", "the file is empty")
    if suffix in (*office.NEEDS, *MAILS, ".parquet"):
        return content
    for mark, what in _OTHERS.items():
        if content.startswith(mark):
            raise RecordRejected("unsupported_type", f"it is {what}, not a {suffix} file: give it its own ending")
    content = content.removeprefix(b"\xef\xbb\xbf")
    if suffix in LINES and content.startswith(WIDE):
        content = decoded(content)[0].encode()
    # A torn write leaves NUL bytes in one line of a JSONL file: its other lines are still good.
    torn = suffix in LINES and _some_line_reads(content)
    if b"\0" in content and not torn and not content.startswith(WIDE):
        raise RecordRejected(
            "binary", "the file is no text, or in another encoding (it has NUL bytes): save it as UTF-8"
        )
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


def _whole(file: str, suffix: str, text: str, note: str = "") -> ParsedRecord:
    # Bytes that show in the name only are cleaned in `file`: take title and suffix from there.
    kind, reader = _readers()[suffix]
    # Before it is read: then nobody sees any more what the column of a table was called.
    clean, redactions = redact(text, kinds=("secret",))
    page = reader(clean)
    if not page.text and not page.title:
        raise RecordRejected("empty", "the document has no readable text")
    entry = kind.of_file(page.title or name_as_title(PurePosixPath(file).stem), page)
    return ParsedRecord(file, None, entry=entry, redactions=redactions, note=note)


def _mails(file: str, suffix: str, content: bytes, known: Known) -> Iterator[ParsedRecord]:
    """The mails of a file; those of a mailbox are numbered from 1."""
    for number, raw in enumerate(mails_of(content, suffix), start=1):
        place = None if suffix == ".eml" else number
        yield _unless_known(known, file, place, raw, partial(_mail_or_refusal, file, place, raw))


def _mail_or_refusal(file: str, place: int | None, raw: bytes) -> ParsedRecord:
    try:
        return _mail(file, place, mail_of(raw))
    except RecordRejected as refusal:
        rule, reason = refusal.args
        return ParsedRecord(file, place, rule=rule, reason=reason, excerpt=excerpt(_decoded(raw[:8000])))


def _mail(file: str, place: int | None, mail: Mail) -> ParsedRecord:
    body, redactions = redact(mail.body, kinds=("secret",))
    page = read_mail(replace(mail, body=body))
    if not page.text and not page.title:
        raise RecordRejected("empty", "the mail has no readable text")
    entry = KINDS["document"].of_file(page.title or name_as_title(PurePosixPath(file).stem), page)
    note = counted(mail.attached, "attachment") if mail.attached else ""
    return ParsedRecord(file, place, entry=entry, redactions=redactions, note=note)


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
    """The records of a file that holds them as a table or a list, numbered from 1; of other tables one document."""
    rows = [*rows_of(suffix, content)]
    if not rows:
        raise RecordRejected("empty", "the file holds no records")
    one_object = suffix == ".json" and len(rows) == 1  # settings, a reply of a server: no table
    good = [row for row in rows if not isinstance(row, RecordRejected)]
    text = None if one_object or any(map(_is_record, good)) else as_table(good, headed=suffix != ".json")
    if text:
        yield _unless_known(known, file, None, content, partial(_whole, file, ".md", text))
    for number, value in enumerate(rows, start=1):
        refused = isinstance(value, RecordRejected)
        if text and not refused:
            continue
        raw = b"" if refused else json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")
        read = partial(_row, file, number, value)
        yield read() if refused else _unless_known(known, file, number, raw, read)


def _row(file: str, number: int, value: Any) -> ParsedRecord:
    try:
        if isinstance(value, RecordRejected):
            raise value
        if not isinstance(value, dict):
            raise RecordRejected("not_a_record", "it is not a JSON object")
        return _record(file, number, value)
    except RecordRejected as refusal:
        rule, reason = refusal.args
        if isinstance(value, dict) and "kind" not in value:
            reason += "; its form is not known here: write each record as one of these kinds"
        text = "" if isinstance(value, RecordRejected) else excerpt(json.dumps(value))
        return ParsedRecord(file, number, rule=rule, reason=reason, excerpt=text)


def _is_record(row: Any) -> bool:
    return isinstance(row, dict) and as_ours(row, name="").get("kind") in (*KINDS, "probe")


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
