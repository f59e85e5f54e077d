"""Ingest: every record of the inbox becomes an experience, a probe, a quarantined record or a line in the ledger."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.ingest import office
from steps.ingest.deduplicate import Match, Met, probe_key
from steps.ingest.excerpts import excerpt
from steps.ingest.inputs import ProbeInput
from steps.ingest.naming import Names
from steps.ingest.prepare import prepare
from steps.ingest.readers import ParsedRecord, read_found
from steps.ingest.redact import sentence
from steps.ingest.walking import InboxEntry, look_at_inbox
from steps.kinds.entry import RecordRejected
from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.records import Experience, Forgotten, LedgerEntry, Outcome, Probe, Quarantined, Record, content_id
from steps.settings import Settings
from steps.step import Step
from steps.workspace import Workspace, read_records, write_records

FILES = ("experiences", "probes", "ledger", "quarantine")


class IngestFigures(Figures):
    """Records read, what became of them, what was accepted, by kind, and what was redacted, by kind."""

    records: int
    outcomes: dict[str, int]
    kinds: dict[str, int]
    probes: int
    redactions: dict[str, int] = Field({})


class IngestStep(Step[IngestFigures]):
    """Read the inbox and validate what it held. FILE then holds `ledger`, one object per input record.

    Experiences, probes, ledger and quarantine go into the night's ``ingest`` folder.

    Raises:
        SlumberError: the inbox is missing or is no folder. A bad file or line is quarantined and stops nothing.
    """

    name = "ingest"
    asset = "corpus"
    figures = IngestFigures
    kinds = ("python", "jsonl")
    runs_with = ("validate",)

    def parameters(self, night: Night) -> Any:
        found = _found(night)
        seen = [(item.file, item.fate, item.rule, item.reason, item.sha256) for item in found]
        # Once the extra that reads them is there, they are read.
        waiting = {item.path.suffix.lower() for item in found} & {s for s in office.NEEDS if not office.installed(s)}
        return [
            night.settings.ingest.model_dump(mode="json"),
            night.date,
            seen,
            *([sorted(waiting)] if waiting else []),
        ]

    def inputs(self, night: Night) -> list[Path]:
        gone = [night.workspace.dataset("forgotten", any_night) for any_night in night.workspace.nights("forgotten")]
        return [*night.datasets("corpus", tonight=False), *night.datasets("probes", tonight=False), *gone]

    def outputs(self, night: Night) -> list[Path]:
        return [night.folder / "ingest" / f"{name}.jsonl" for name in FILES]

    def work(self, night: Night) -> IngestFigures:
        intake = _Intake(night.settings, night.workspace, night.date)
        for item in _found(night):
            intake.take_file(item)
        intake.resolve_probes()
        intake.check_counts()
        rows: tuple[Sequence[Record], ...] = (intake.experiences, intake.probes, intake.ledger, intake.quarantine)
        for path, records in zip(self.outputs(night), rows, strict=True):
            write_records(path, records)
        return intake.figures()

    def result(self, night: Night, record: StepRecord) -> dict[str, Any]:
        ledger = read_records(night.dataset("ledger"), LedgerEntry)
        return {"night": night.date, "ledger": [entry.model_dump(mode="json") for entry in ledger]}


def _found(night: Night) -> list[InboxEntry]:
    inbox = night.inbox or night.settings.inbox
    return look_at_inbox(inbox, max_bytes=night.settings.ingest.max_file_bytes)


@dataclass
class _Intake:
    """What the night has taken in so far."""

    settings: Settings
    workspace: Workspace
    night: str
    records: int = 0
    experiences: list[Experience] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    ledger: list[LedgerEntry] = field(default_factory=list)
    quarantine: list[Quarantined] = field(default_factory=list)

    def __post_init__(self):
        self.met = Met(near_duplicate=self.settings.ingest.near_duplicate)
        self.names, self.asked, self.redacted = Names(), dict[str, Probe](), Counter[str]()
        self.questions = dict[tuple[str, str], Probe]()
        gone = [self.workspace.dataset("forgotten", night) for night in self.workspace.nights("forgotten")]
        self.forgotten = {row.id for path in gone for row in read_records(path, Forgotten)}
        for earlier in self.workspace.nights("corpus", before=self.night):
            for experience in read_records(self.workspace.dataset("corpus", earlier), Experience):
                self.met.add(experience)
                self.names.add_experience(experience)
        for earlier in self.workspace.nights("probes", before=self.night):
            for probe in read_records(self.workspace.dataset("probes", earlier), Probe):
                self.asked.setdefault(probe_key(probe), probe)

    def take_file(self, item: InboxEntry) -> None:
        for parsed in read_found(item):
            self.records += 1
            try:
                self.take(parsed)
            except RecordRejected as refusal:
                rule, reason = refusal.args
                self._refuse(parsed, rule, reason, excerpt(_said(parsed)))

    def take(self, parsed: ParsedRecord) -> None:
        if parsed.rule == "ignored":
            self._enter(parsed, "ignored", parsed.reason)
            return
        if parsed.entry is None:
            self._refuse(parsed, parsed.rule, parsed.reason, parsed.excerpt)
            return
        record, counts = prepare(parsed, night=self.night, max_chars=self.settings.ingest.max_text_chars)
        if record.id in self.forgotten:
            self._enter(parsed, "ignored", "it was forgotten on request: remove it from the inbox")
        elif isinstance(record, Probe):
            self._take_probe(parsed, record, counts)
        else:
            self._take_experience(parsed, record, counts)

    def _take_experience(self, parsed: ParsedRecord, new: Experience, counts: Counter[str]) -> None:
        match = self.met.match(new)
        tonight = match and match.relation == "duplicate" and match.original.night == self.night
        if match and tonight and match.original.source != new.source:  # triage lets one of the two files teach
            self._keep_twin(parsed, new, match, counts)
            return
        if match and match.relation == "duplicate":
            self.names.add(new.names, night=self.night, experience=match.original.id)
            self._enter(parsed, "duplicate", _duplicates(match, self.night), match.original.id)
            return
        if match and match.relation == "older":
            met, when = match.original, str(match.original.created_at)[:10]
            reason = f"older than {_where(met.source, met.record, met.night, self.night)}, which is of {when}"
            self._enter(parsed, "ignored", f"{reason}: it replaces nothing")
            return
        self.met.add(new)
        self.names.add_experience(new)
        self.experiences.append(new)
        self._accept(parsed, new.id, counts, f"updates {match.original.id}" if match else "")

    def _keep_twin(self, parsed: ParsedRecord, new: Experience, match: Match, counts: Counter[str]) -> None:
        twin = new.model_copy(update={"id": content_id(new.id, new.source, new.record), "same_as": match.original.id})
        if any(kept.id == twin.id for kept in self.experiences):
            self._enter(parsed, "duplicate", _duplicates(match, self.night), match.original.id)
            return
        self.names.add(twin.names, night=self.night, experience=match.original.id)
        self.experiences.append(twin)
        self._accept(parsed, twin.id, counts, _duplicates(match, self.night))

    def _take_probe(self, parsed: ParsedRecord, new: Probe, counts: Counter[str]) -> None:
        same = self.asked.setdefault(probe_key(new), new)
        if same is not new:
            where = _where(same.file or "a probe", same.record, same.night, self.night)
            self._enter(parsed, "duplicate", f"the same as {where}", same.id)
            return
        other = self.questions.setdefault((_asked(new), self.night), new)
        if other is not new and not set(map(str.casefold, other.answers)) & set(map(str.casefold, new.answers)):
            raise RecordRejected(
                "contradicts",
                f"{_where(other.file or 'a probe', other.record, other.night, self.night)} asks the same question and "
                "wants other answers: both cannot be right",
            )
        self.probes.append(new)
        self._accept(parsed, new.id, counts, "")

    def resolve_probes(self) -> None:
        """Let each probe name its experience; after all records, for a probe may come before its document."""
        self.probes = [
            probe.model_copy(update={"experience": self.names.resolve(probe.source)}) for probe in self.probes
        ]

    def check_counts(self) -> None:
        """Raise AssertionError unless each record has become exactly one line of the ledger, and is where it says."""
        outcomes = Counter(entry.outcome for entry in self.ledger)
        kept = len(self.experiences) + len(self.probes)
        if (
            len(self.ledger) != self.records
            or outcomes["accepted"] + outcomes["redacted"] != kept
            or outcomes["quarantined"] != len(self.quarantine)
        ):
            raise AssertionError(f"{self.records} records in, but {dict(outcomes)} out and {kept} kept")

    def figures(self) -> IngestFigures:
        return IngestFigures(
            records=self.records,
            outcomes=dict(sorted(Counter(entry.outcome for entry in self.ledger).items())),
            kinds=dict(sorted(Counter(experience.kind for experience in self.experiences).items())),
            probes=len(self.probes),
            redactions=dict(sorted(self.redacted.items())),
        )

    def _accept(self, parsed: ParsedRecord, key: str, counts: Counter[str], remark: str) -> None:
        self.redacted += counts
        outcome: Outcome = "redacted" if counts else "accepted"
        details = [part for part in (sentence(counts), remark, parsed.note) if part]
        self._enter(parsed, outcome, f"{outcome}: {'; '.join(details)}" if details else outcome, key)

    def _refuse(self, parsed: ParsedRecord, rule: str, reason: str, text: str) -> None:
        key = content_id("quarantine", self.night, parsed.file, parsed.record, rule, len(self.quarantine))
        self.quarantine.append(
            Quarantined(
                id=key,
                night=self.night,
                dataset="probes" if isinstance(parsed.entry, ProbeInput) else "experiences",
                file=parsed.file,
                record=parsed.record,
                rule=rule,
                reason=reason,
                excerpt=text,
            )
        )
        self._enter(parsed, "quarantined", f"{rule}: {reason}", key)

    def _enter(self, parsed: ParsedRecord, outcome: Outcome, reason: str, key: str | None = None) -> None:
        self.ledger.append(LedgerEntry(file=parsed.file, record=parsed.record, outcome=outcome, reason=reason, id=key))


def _asked(probe: Probe) -> str:
    return " ".join(probe.question.split()).strip(" .?").casefold() + f" ({(probe.source or '').casefold()})"


def _said(parsed: ParsedRecord) -> str:
    entry = parsed.entry
    return "" if entry is None else str(getattr(entry, "text", None) or getattr(entry, "question", None) or "")


def _duplicates(match: Match, night: str) -> str:
    old = match.original
    how = "the same as" if match.similarity == 1.0 else f"nearly the same (similarity {match.similarity:.2f}) as"
    return f"{how} {_where(old.source, old.record, old.night, night)}"


def _where(file: str, record: int | None, night: str, tonight: str) -> str:
    return f"{file}{f' line {record}' if record else ''} of {'tonight' if night == tonight else night}"
