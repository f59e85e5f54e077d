"""Turn the files of an inbox into records: one per document, per line of a JSONL file, per file left or refused."""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from steps.ingest import office
from steps.ingest.converting import CONVERTED, to_markdown
from steps.ingest.encodings import WIDE, decoded, for_excerpt
from steps.ingest.excerpts import excerpt
from steps.ingest.loading import TABLES
from steps.ingest.mails import SUFFIXES as MAILS
from steps.ingest.mails import Mail, mail_of, mails_of
from steps.ingest.markup import counted
from steps.ingest.naming import name_as_title
from steps.ingest.parsed import Known, ParsedRecord, put_off
from steps.ingest.record_files import holds_lines, read_lines, read_rows
from steps.ingest.redact import redact
from steps.ingest.refusals import way_out
from steps.ingest.walking import BEING_WRITTEN, InboxEntry, read_bytes
from steps.kinds.document.plain import read_mail
from steps.kinds.entry import RecordRejected
from steps.kinds.kind import Kind, Reader
from steps.kinds.table import KINDS

LINES = (".jsonl", ".ndjson")
_OTHERS = {b"%PDF-": "a PDF", b"PK\x03\x04": "an Office, EPUB or ZIP file", b"PAR1": "a Parquet file"}  # how they begin
_SAME = {".traj": ".json"}  # a trajectory of SWE-agent
_NAMED = re.compile(r"(?:README|CHANGELOG|CHANGES|NEWS|HISTORY|FAQ|NOTES|TODO|CONTRIBUTING)", re.IGNORECASE)


def read_found(found: InboxEntry) -> Iterator[ParsedRecord]:
    """Yield the records of one entry of the inbox, read."""
    return (record.read() for record in found_records(found, lambda file, raw: (b"", None)))


def found_records(found: InboxEntry, known: Known) -> Iterator[ParsedRecord]:
    """Yield the records of one entry of the inbox, to be read; whatever is wrong with it becomes a record, too."""
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
        yield _refused(found.file, suffix, content, refusal)


def _refused(file: str, suffix: str, content: bytes, refusal: RecordRejected) -> ParsedRecord:
    rule, reason = refusal.args
    shown = rule not in ("binary", "unsupported_type") and suffix not in office.NEEDS
    text = excerpt(for_excerpt(content[:8000])) if shown else ""
    return ParsedRecord(file, None, rule=rule, reason=reason, excerpt=text)


def _records(found: InboxEntry, suffix: str, content: bytes, known: Known) -> Iterator[ParsedRecord]:
    file = found.file
    as_document = partial(_table_or_refusal, file, suffix, content)
    if suffix in LINES or (suffix == ".json" and holds_lines(content)):
        yield from read_lines(file, _checked(content, suffix), known, as_document=as_document)
    elif suffix in TABLES:
        yield from read_rows(file, suffix, _checked(content, suffix), known, as_document=as_document)
    elif suffix in MAILS:
        yield from _mails(file, suffix, _checked(content, suffix), known)
    else:
        yield put_off(known, file, None, content, partial(_page_or_refusal, file, suffix, content))


def _page_or_refusal(file: str, suffix: str, content: bytes) -> ParsedRecord:
    try:
        return _page(file, suffix, content)
    except RecordRejected as refusal:
        return _refused(file, suffix, content, refusal)


def _table_or_refusal(file: str, suffix: str, content: bytes, text: str) -> ParsedRecord:
    try:
        return _whole(file, ".md", text)
    except RecordRejected as refusal:
        return _refused(file, suffix, content, refusal)


def _page(file: str, suffix: str, content: bytes) -> ParsedRecord:
    content = _checked(content, suffix)
    if suffix in CONVERTED:
        return _whole(file, ".md", *to_markdown(suffix, content))
    return _whole(file, suffix, *decoded(content))


def suffix_of(path: Path) -> str:
    """Return what a file's name ends with; of a README without an end, a plain text's."""
    suffix = _SAME.get(path.suffix.lower(), path.suffix.lower())
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
        yield put_off(known, file, place, raw, partial(_mail_or_refusal, file, place, raw))


def _mail_or_refusal(file: str, place: int | None, raw: bytes) -> ParsedRecord:
    try:
        return _mail(file, place, mail_of(raw))
    except RecordRejected as refusal:
        rule, reason = refusal.args
        return ParsedRecord(file, place, rule=rule, reason=reason, excerpt=excerpt(for_excerpt(raw[:8000])))


def _mail(file: str, place: int | None, mail: Mail) -> ParsedRecord:
    body, redactions = redact(mail.body, kinds=("secret",))
    page = read_mail(replace(mail, body=body))
    if not page.text and not page.title:
        raise RecordRejected("empty", "the mail has no readable text")
    entry = KINDS["document"].of_file(page.title or name_as_title(PurePosixPath(file).stem), page)
    note = counted(mail.attached, "attachment") if mail.attached else ""
    return ParsedRecord(file, place, entry=entry, redactions=redactions, note=note)
