"""Make an experience or a probe of an input: normalised, neutral, redacted, with its names and content id."""

import re
from collections import Counter
from pathlib import PurePosixPath

from steps.ingest.inputs import ProbeInput
from steps.ingest.naming import names_of
from steps.ingest.normalise import one_line
from steps.ingest.parsed import ParsedRecord
from steps.ingest.redact import PLACEHOLDER
from steps.kinds.cleaning import Cleaning
from steps.kinds.entry import RecordRejected
from steps.kinds.table import KINDS
from steps.marking import fits_anything
from steps.records import Experience, Probe, content_id

MAX_TITLE_CHARS = 300
MAX_PROBE_CHARS = 2000


Made = tuple[Experience | Probe, Counter[str]] | RecordRejected | None
"""What a record was made into, why it could not be, or None where there is nothing to make."""


def read_and_prepared(record: ParsedRecord, *, night: str, max_chars: int) -> tuple[ParsedRecord, Made]:
    """Return a record as it is when it has been read, and what is made of it: all that needs no other record."""
    parsed = record.read()
    if parsed.entry is None or parsed.rule == "ignored":
        return parsed, None
    try:
        return parsed, prepare(parsed, night=night, max_chars=max_chars)
    except RecordRejected as refusal:
        return parsed, refusal


def prepare(parsed: ParsedRecord, *, night: str, max_chars: int) -> tuple[Experience | Probe, Counter[str]]:
    """Return what ``parsed.entry`` says, and how many items of each kind were redacted.

    Raises:
        RecordRejected: it is too long, or nothing is left of it.
    """
    in_name = re.findall(r"\[(SECRET|EMAIL|IBAN|CARD)\]", parsed.file)
    cleaning, entry = Cleaning(max_chars, parsed.redactions + Counter(kind.lower() for kind in in_name)), parsed.entry
    assert entry is not None, "only what could be read is prepared"
    if isinstance(entry, ProbeInput):
        return _probe(parsed, entry, night, cleaning), cleaning.counts
    shown = KINDS[entry.kind].shown(entry, cleaning)
    title = shown.title or f"{entry.kind} {PurePosixPath(parsed.file).stem}:{parsed.record}"
    title = cleaning.redacted(one_line(title))
    if not shown.text or not title:
        what = "text" if title else "title"
        raise RecordRejected("empty", f"nothing is left of the {what} once it is normalised")
    if len(title) > MAX_TITLE_CHARS:
        raise RecordRejected("too_long", f"the title has {len(title)} characters, the limit is {MAX_TITLE_CHARS}")
    source = cleaning.redacted(one_line(entry.source)) if entry.source else None
    experience = Experience(
        id=content_id(entry.kind, title, shown.text),
        night=night,
        kind=entry.kind,
        source=parsed.file,
        record=parsed.record,
        title=title,
        text=cleaning.bounded(shown.text),
        names=names_of(file=parsed.file, source=source, title=title),
        payload=shown.payload,
        created_at=entry.created_at,
        redactions=dict(sorted(cleaning.counts.items())),
    )
    return experience, cleaning.counts


def _probe(parsed: ParsedRecord, entry: ProbeInput, night: str, cleaning: Cleaning) -> Probe:
    question = cleaning.redacted(one_line(entry.question))
    keys = [cleaning.reply(question, one_line(answer)) for answer in entry.answers]
    answers = tuple(dict.fromkeys(key for key in keys if not PLACEHOLDER.search(key)))
    if keys and not answers:
        raise RecordRejected("answer_redacted", "its answer is a secret or personal data, which no model is to learn")
    if not question or not all(answers):
        raise RecordRejected("empty", "nothing is left of the question or an answer once it is normalised")
    if empty := [answer for answer in answers if fits_anything(answer)]:
        reason = f"the answer {empty[0]!r} stands in almost any sentence, so that every reply would be right"
        raise RecordRejected("answer_fits_anything", f"{reason}: name what is asked for")
    if max(map(len, (question, *answers))) > MAX_PROBE_CHARS:
        raise RecordRejected("too_long", f"the question or an answer has more than {MAX_PROBE_CHARS} characters")
    optional = {
        name: cleaning.redacted(one_line(str(value))) if value is not None else None
        for name, value in (("source", entry.source), ("name", entry.id), ("type", entry.type))
    }
    return Probe(
        id=content_id("probe", question, answers),
        night=night,
        question=question,
        answers=answers,
        type=(optional["type"] or "recall") if answers else "unanswerable",  # whatever its owner calls it
        origin="owner",
        source=optional["source"] or None,
        experience=None,
        name=optional["name"] or None,
        record=parsed.record,
        file=parsed.file,
    )
