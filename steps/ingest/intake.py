"""What a night takes in: each record becomes an experience, a probe, a quarantined record or a line in the ledger."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import PurePosixPath
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from steps.deployment_key import key_path
from steps.diary import Exchange
from steps.ingest.days import FOLDER, Day, read_days
from steps.ingest.deduplicate import Met, twin_id
from steps.ingest.excerpts import excerpt
from steps.ingest.index_file import in_memory
from steps.ingest.inputs import ProbeInput
from steps.ingest.naming import names_of
from steps.ingest.parsed import ParsedRecord
from steps.ingest.prepare import Made, read_and_prepared
from steps.ingest.readers import found_records
from steps.ingest.redact import sentence
from steps.ingest.seen import Seen
from steps.ingest.tables import Asked, Tables, Version, folded
from steps.ingest.walking import InboxEntry
from steps.kinds.entry import RecordRejected
from steps.records import Experience, Forgotten, LedgerEntry, Outcome, Probe, Quarantined, content_id
from steps.settings import Settings
from steps.workspace import Workspace, read_records

_EVER = date.max.toordinal()


@dataclass
class Intake:
    """What the night has taken in so far; experiences, ledger and quarantine are written as they come."""

    settings: Settings
    workspace: Workspace
    night: str
    index: Tables
    experiences: TextIO
    ledger: TextIO
    quarantine: TextIO
    records: int = 0
    probes: list[Probe] = field(default_factory=list)

    def __post_init__(self):
        self.tonight, self.day = in_memory(), date.fromisoformat(self.night).toordinal()
        self.is_first = not self.workspace.dataset("corpus", self.night).exists()  # no night of that day was before
        self.met = Met(self.index, self.tonight, night=self.day)
        self.seen = Seen(self.index, key_path(self.settings, self.workspace), self.settings.ingest)
        self.redacted, self.outcomes, self.kinds = Counter[str](), Counter[str](), Counter[str]()
        self.questions, self.read = dict[str, Probe](), Day()
        gone = [self.workspace.dataset("forgotten", night) for night in self.workspace.nights("forgotten")]
        self.forgotten = {row.id for path in gone for row in read_records(path, Forgotten)}

    def take_file(self, item: InboxEntry) -> None:
        self._take_all(found_records(item, self._known))

    def take_days(self, exchanges: Iterable[Exchange], *, max_bytes: int) -> None:
        zone = ZoneInfo(self.settings.schedule.timezone)
        self._take_all(read_days(exchanges, self._known, max_bytes=max_bytes, zone=zone, day=self.read))

    def _take_all(self, records: Iterable[ParsedRecord]) -> None:
        for parsed, made in self._made(records):
            self.records += 1
            try:
                self._take(parsed, made)
            except RecordRejected as refusal:
                rule, reason = refusal.args
                self._refuse(parsed, rule, reason, excerpt(_said(parsed)))

    def _made(self, records: Iterable[ParsedRecord]) -> Iterator[tuple[ParsedRecord, Made]]:
        """Read and prepare records, here or on a cluster; what they repeat is asked again when their turn comes."""
        how: dict[str, Any] = {"night": self.night, "max_chars": self.settings.ingest.max_text_chars}
        if self.settings.compute.engine == "ray":
            from steps.compute.reading import made_on_cluster

            for record, made in made_on_cluster(records, self.settings.compute, **how):
                gone = record.repeats is not None and self._still(record.repeats.id) is None
                yield read_and_prepared(record, **how) if gone else (record, made)
            return
        for record in records:
            yield (record, None) if record.repeats is not None else read_and_prepared(record, **how)

    def _still(self, number: str) -> Version | Asked | None:
        """What has that id, if what it says holds still."""
        return self.met.repeated(number) or self.met.repeated_probe(number)

    def _known(self, file: str, raw: bytes) -> tuple[bytes, Version | Asked | None]:
        """The hash of a record, and what it repeats, if it came as it is before and what it says holds still."""
        hash_ = self.seen.hash_of(file, raw)
        number = self.seen.known(hash_) if hash_ else None
        if number is None or number in self.forgotten:
            return hash_, None
        if self.is_first and file.startswith(FOLDER) and (met := self.index.holding(number, before=_EVER)):
            return hash_, met  # by a night in days to come: the clock ran ahead, and is right again
        return hash_, self._still(number)

    def _take(self, parsed: ParsedRecord, made: Made) -> None:
        if parsed.repeats is not None:
            if isinstance(parsed.repeats, Version) and parsed.repeats.source != parsed.file:
                names = names_of(file=parsed.file, source=None, title="")
                self.tonight.name(names, night=self.day, means=parsed.repeats.id)
            self._repeat(parsed, parsed.repeats)
            return
        if parsed.rule == "ignored":
            self._enter(parsed, "ignored", parsed.reason)
            return
        if parsed.entry is None:
            self._refuse(parsed, parsed.rule, parsed.reason, parsed.excerpt)
            return
        if made is None or isinstance(made, RecordRejected):
            raise made or AssertionError(f"nothing was made of {parsed.file} {parsed.record}")
        record, counts = made
        if record.id in self.forgotten:
            self._enter(parsed, "ignored", "it was forgotten on request: remove it from the inbox")
        elif isinstance(record, Probe):
            self._take_probe(parsed, record, counts)
        else:
            self._take_experience(parsed, record, counts)

    def _take_experience(self, parsed: ParsedRecord, new: Experience, counts: Counter[str]) -> None:
        match = self.met.match(new)
        if match and match.relation == "older":
            when = datetime.fromtimestamp(match.original.written or 0, UTC).date()
            where = self._where(match.original.source, match.original)
            self._enter(parsed, "ignored", f"older than {where}, which is of {when}: it replaces nothing")
            return
        same = match.original if match and match.relation == "duplicate" else None
        twin = same is not None and same.night == self.day and same.source != new.source
        if same:
            self.tonight.name(new.names, night=self.day, means=same.id)
        if same and not (twin and self.met.repeated(twin_id(new)) is None):
            self._repeat(parsed, same)
            return
        remark = f"updates {match.original.id}" if match else ""
        if same:  # triage lets one of the two files teach
            new = new.model_copy(update={"id": twin_id(new), "same_as": same.id})
            remark = self._same_as(same)
        self.met.add(new)
        self.experiences.write(new.to_json() + "\n")
        self.kinds[new.kind] += 1
        if parsed.file.startswith(FOLDER):
            self.read.met(new.payload)
        self._accept(parsed, new.id, counts, remark)

    def _take_probe(self, parsed: ParsedRecord, new: Probe, counts: Counter[str]) -> None:
        if same := self.met.match_probe(new):
            self._repeat(parsed, same)
            return
        other = self.questions.setdefault(_asked(new), new)
        if other is not new and not set(map(str.casefold, other.answers)) & set(map(str.casefold, new.answers)):
            where = f"{other.file or 'a probe'}{f' line {other.record}' if other.record else ''} of tonight"
            raise RecordRejected(
                "contradicts", f"{where} asks the same question and wants other answers: both cannot be right"
            )
        self.met.ask(new)
        self.probes.append(new)
        self._accept(parsed, new.id, counts, "")

    def finish(self) -> None:
        """Let each probe name its experience, for it may come before its document, and see that nothing vanished.

        Raises:
            AssertionError: a record has not become exactly one line of the ledger, or is not where that says.
        """
        self.probes = [self._resolved(probe) for probe in self.probes]
        kept = self.kinds.total() + len(self.probes)
        if self.outcomes.total() != self.records or self.outcomes["accepted"] + self.outcomes["redacted"] != kept:
            raise AssertionError(f"{self.records} records in, but {dict(self.outcomes)} out and {kept} kept")
        self.seen.write()

    def _resolved(self, probe: Probe) -> Probe:
        names = (probe.source, PurePosixPath(probe.source.replace("\\", "/")).name) if probe.source else ()
        return probe.model_copy(update={"experience": self.met.resolve(names)})

    def _repeat(self, parsed: ParsedRecord, same: Version | Asked) -> None:
        if parsed.file.startswith(FOLDER):  # it is looked at again for some nights, and no record of this one
            self.records -= 1
            self.seen.add(parsed.hash, same.id)
            return
        self._enter(parsed, "duplicate", self._same_as(same), same.id)
        if parsed.repeats is None:
            self.seen.add(parsed.hash, same.id)

    def _accept(self, parsed: ParsedRecord, key: str, counts: Counter[str], remark: str) -> None:
        self.redacted += counts
        outcome: Outcome = "redacted" if counts else "accepted"
        details = [part for part in (sentence(counts), remark, parsed.note) if part]
        self._enter(parsed, outcome, f"{outcome}: {'; '.join(details)}" if details else outcome, key)
        self.seen.add(parsed.hash, key)

    def _refuse(self, parsed: ParsedRecord, rule: str, reason: str, text: str) -> None:
        key = content_id("quarantine", self.night, parsed.file, parsed.record, rule, self.outcomes["quarantined"])
        row = Quarantined(
            id=key,
            night=self.night,
            dataset="probes" if isinstance(parsed.entry, ProbeInput) else "experiences",
            file=parsed.file,
            record=parsed.record,
            rule=rule,
            reason=reason,
            excerpt=text,
        )
        self.quarantine.write(row.to_json() + "\n")
        self._enter(parsed, "quarantined", f"{rule}: {reason}", key)

    def _enter(self, parsed: ParsedRecord, outcome: Outcome, reason: str, key: str | None = None) -> None:
        row = LedgerEntry(file=parsed.file, record=parsed.record, outcome=outcome, reason=reason, id=key)
        self.ledger.write(row.to_json() + "\n")
        self.outcomes[outcome] += 1

    def _same_as(self, same: Version | Asked) -> str:
        return f"the same as {self._where(same.source if isinstance(same, Version) else same.file, same)}"

    def _where(self, file: str | None, met: Version | Asked) -> str:
        night = "tonight" if met.night == self.day else met.date
        return f"{file or 'a probe'}{f' line {met.record}' if met.record else ''} of {night}"


def _asked(probe: Probe) -> str:
    return f"{folded(probe.question)} ({(probe.source or '').casefold()})"


def _said(parsed: ParsedRecord) -> str:
    entry = parsed.entry
    return "" if entry is None else str(getattr(entry, "text", None) or getattr(entry, "question", None) or "")
