"""The records of a file that holds them by lines, elements or rows: each for itself, or as its family reads them."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from steps.ingest.encodings import for_excerpt, utf8
from steps.ingest.excerpts import excerpt
from steps.ingest.experience.family import Family
from steps.ingest.experience.fields import Found
from steps.ingest.experience.table import family_of
from steps.ingest.foreign import as_ours
from steps.ingest.inputs import parse_input, unknown_keys
from steps.ingest.loading import load_object, rows_of
from steps.ingest.naming import name_as_title
from steps.ingest.normalise import one_line
from steps.ingest.parsed import Known, ParsedRecord, put_off
from steps.ingest.redact import redact
from steps.ingest.tabular import as_table
from steps.kinds.entry import Entry, RecordRejected
from steps.kinds.table import KINDS

_EXCERPT = 8000
AsDocument = Callable[[str], ParsedRecord]
Joined = dict[Family, list[tuple[int, Found]]]
"""What of a file its families read together, each with its number."""


def read_lines(file: str, content: bytes, known: Known, *, as_document: AsDocument) -> Iterator[ParsedRecord]:
    """Yield the records of a file that holds one a line, numbered from 1."""
    if _is_one_value(content):
        yield from read_rows(file, ".json", content, known, as_document=as_document)
        return
    joined: Joined = {}
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            hash_, repeats = known(file, line)
            if repeats is not None:
                later = partial(_line_alone, file, number, line)
                yield ParsedRecord(file, number, hash=hash_, repeats=repeats, later=later)
            elif (record := _line(file, number, line, joined)) is not None:
                yield replace(record, hash=hash_)
    yield from _joined(file, joined, known)


def read_rows(
    file: str, suffix: str, content: bytes, known: Known, *, as_document: AsDocument
) -> Iterator[ParsedRecord]:
    """Yield the records of a table or a list, numbered from 1; of a table of facts one document."""
    rows = [*rows_of(suffix, content)]
    if not rows:
        raise RecordRejected("empty", "the file holds no records")
    one_object = suffix == ".json" and len(rows) == 1  # settings, a reply of a server: no table
    good = [row for row in rows if not isinstance(row, RecordRejected)]
    text = None if one_object or any(map(_is_record, good)) else as_table(good, headed=suffix != ".json")
    if text:
        yield put_off(known, file, None, content, partial(as_document, text))
    joined: Joined = {}
    for number, value in enumerate(rows, start=1):
        refused = isinstance(value, RecordRejected)
        if text and not refused:
            continue
        if family := family_of(value) if isinstance(value, dict) else None:
            joined.setdefault(family, []).append((number, value))
            continue
        raw = b"" if refused else _bytes(value)
        read = partial(_row, file, number, value)
        yield read() if refused else put_off(known, file, number, raw, read)
    yield from _joined(file, joined, known)


def holds_lines(content: bytes) -> bool:
    """Whether a file that should hold one value holds objects, one a line, as the collector of OpenTelemetry writes."""
    first, _, rest = content.strip().partition(b"\n")
    return first.startswith(b"{") and first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def _joined(file: str, joined: Joined, known: Known) -> Iterator[ParsedRecord]:
    """Yield what families make of what was theirs in a file; of a single object each record has a number of its own."""
    alone = sum(map(len, joined.values())) == 1
    for family, pieces in _gathered(joined).items():
        for count, (place, made) in enumerate(_made(family, [value for _, value in pieces]), start=1):
            number, value = pieces[place]
            number = count if alone else number
            if isinstance(made, RecordRejected):
                yield _refused(file, number, made, value, note=f" ({family.name})")
            else:
                yield put_off(known, file, number, _bytes(made), partial(_row_of, family.name, file, number, made))


def _gathered(joined: Joined) -> Joined:
    """What is read together, with the records that lie in a family's file and bear no sign of it."""
    taken = {other: family for family in joined for other in joined if other.name in family.also}
    gathered: Joined = {}
    for family, pieces in joined.items():
        gathered.setdefault(taken.get(family, family), []).extend(pieces)
    return {family: sorted(pieces, key=lambda one: one[0]) for family, pieces in gathered.items()}


def _made(family: Family, values: list[Found]) -> Iterator[tuple[int, Any]]:
    made = False
    try:
        for one in family.read(values):
            made = True
            yield one
        if not made:
            raise RecordRejected("no_messages", "it holds no messages")
    except RecordRejected as refusal:
        yield 0, refusal


def _bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "surrogatepass")


def _is_one_value(content: bytes) -> bool:
    """Whether a file that should hold a value a line holds one over several lines, or a list of them."""
    first = content.lstrip()[:1]
    if first not in (b"[", b"{") or (first == b"{" and content.lstrip().split(b"\n", 1)[0].rstrip().endswith(b"}")):
        return False
    try:
        return isinstance(json.loads(content), list | dict)
    except (ValueError, RecursionError):
        return False


def _row(file: str, number: int, value: Any) -> ParsedRecord:
    try:
        if isinstance(value, RecordRejected):
            raise value
        if not isinstance(value, dict):
            raise RecordRejected("not_a_record", "it is not a JSON object")
        return _record(file, number, value)
    except RecordRejected as refusal:
        return _refused(file, number, refusal, value, note=_unknown(value))


def _unknown(value: Any) -> str:
    unknown = isinstance(value, dict) and "kind" not in value
    return "; its form is not known here: write each record as one of these kinds" if unknown else ""


def _row_of(family: str, file: str, number: int, value: Any) -> ParsedRecord:
    record = _row(file, number, value)
    return replace(record, note=f"read as {family}") if record.entry else record


def _refused(file: str, number: int, refusal: RecordRejected, value: Any, *, note: str) -> ParsedRecord:
    rule, reason = refusal.args
    text = "" if isinstance(value, RecordRejected) else excerpt(json.dumps(value, default=str)[:_EXCERPT])
    return ParsedRecord(file, number, rule=rule, reason=f"{reason}{note}", excerpt=text)


def _is_record(row: Any) -> bool:
    return isinstance(row, dict) and (
        family_of(row) is not None or as_ours(row, name="").get("kind") in (*KINDS, "probe")
    )


def _line(file: str, number: int, line: bytes, joined: Joined) -> ParsedRecord | None:
    """Return the record of a line, to be read later, or None where its family reads it with others."""
    text = ""
    try:
        if b"\0" in line:
            raise RecordRejected("binary", "the line has NUL bytes")
        text = utf8(line)
        value = load_object(text)
        if family := family_of(value):
            joined.setdefault(family, []).append((number, value))
            return None
        return ParsedRecord(file, number, later=partial(_record_of_line, file, number, value, text))
    except RecordRejected as refusal:
        return _refused_line(file, number, refusal, text or for_excerpt(line[:_EXCERPT]))


def _record_of_line(file: str, number: int, value: dict[str, Any], text: str) -> ParsedRecord:
    try:
        return _record(file, number, value)
    except RecordRejected as refusal:
        return _refused_line(file, number, refusal, text, note=_unknown(value))


def _line_alone(file: str, number: int, line: bytes) -> ParsedRecord:
    """Read a line that was known, and holds no more; those that a family reads together are known by other bytes."""
    joined: Joined = {}
    record = _line(file, number, line, joined)
    return record.read() if record else next(_joined(file, joined, lambda file, raw: (b"", None))).read()


def _refused_line(file: str, number: int, refusal: RecordRejected, text: str, *, note: str = "") -> ParsedRecord:
    rule, reason = refusal.args
    return ParsedRecord(file, number, rule=rule, reason=f"{reason}{note}", excerpt=excerpt(text))


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
