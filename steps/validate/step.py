"""Validate: the night's corpus, probes, ledger and quarantine, of what ingest wrote and the suites let pass."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from steps.ingest.excerpts import excerpt
from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.records import Experience, LedgerEntry, Probe, Quarantined, Record, content_id
from steps.step import Step
from steps.validate.checking import Validation, check_records
from steps.validate.suites import suite_rules
from steps.workspace import read_records, write_records

DATASETS = ("corpus", "probes", "ledger", "quarantine")
REMARKS = 12
INGESTED = {"experiences": Experience, "probes": Probe, "ledger": LedgerEntry, "quarantine": Quarantined}


class ValidateFigures(Figures):
    """What is kept, what was refused here, the ledger's outcomes, and each expectation's result by dataset.

    ``docs``: the index page of Data Docs.
    """

    experiences: int
    probes: int
    refused: int
    quarantined: int
    outcomes: dict[str, int]
    kinds: dict[str, int]
    expectations: dict[str, list[dict[str, Any]]] = Field(repr=False)
    docs: Path | None = Field(None, title="data_docs")


class ValidateStep(Step[ValidateFigures]):
    """Check what ingest wrote against the expectations, and write the night's data.

    A refused record is quarantined with its expectation's name.

    Raises:
        SlumberError: ingest has not run.
        DataRefused: an expectation of critical severity failed; the night's data is left as it was.
    """

    name = "validate"
    asset = "corpus"
    figures = ValidateFigures

    def parameters(self, night: Night) -> Any:
        rules = [suite_rules(dataset, night.date) for dataset in ("experiences", "probes")]
        return [night.date, [str(rule) for rule in rules]]

    def inputs(self, night: Night) -> list[Path]:
        return [night.folder / "ingest" / f"{name}.jsonl" for name in INGESTED]

    def outputs(self, night: Night) -> list[Path]:
        return [night.dataset(name) for name in DATASETS]

    def work(self, night: Night) -> ValidateFigures:
        read = dict(zip(INGESTED, self.inputs(night), strict=True))
        experiences, probes = read_records(read["experiences"], Experience), read_records(read["probes"], Probe)
        ledger, quarantine = read_records(read["ledger"], LedgerEntry), read_records(read["quarantine"], Quarantined)
        same: dict[str, Any] = {"night": night.date, "workspace": night.workspace}
        checked = {
            "experiences": check_records(dataset="experiences", records=experiences, **same),
            "probes": check_records(dataset="probes", records=probes, **same),
        }
        refused = _quarantined(checked, night.date)
        ledger = _updated(ledger, refused)
        quarantine = [*quarantine, *refused.values()]
        corpus = checked["experiences"].kept
        asked = _still_resolved(checked["probes"].kept, checked["experiences"])
        outcomes = Counter(entry.outcome for entry in ledger)
        kept = outcomes["accepted"] + outcomes["redacted"]
        if outcomes["quarantined"] != len(quarantine) or kept != len(corpus) + len(asked):
            raise AssertionError(f"the ledger counts {dict(outcomes)}, but {len(corpus)} + {len(asked)} are kept")
        rows: tuple[Sequence[Record], ...] = (corpus, asked, ledger, quarantine)
        for path, records in zip(self.outputs(night), rows, strict=True):
            write_records(path, records)
        return ValidateFigures(
            experiences=len(corpus),
            probes=len(asked),
            refused=len(refused),
            quarantined=len(quarantine),
            outcomes=dict(sorted(outcomes.items())),
            kinds=dict(sorted(Counter(experience.kind for experience in corpus).items())),
            expectations={name: result.table for name, result in checked.items()},
            docs=checked["probes"].docs,
        )

    def remarks(self, night: Night, record: StepRecord[ValidateFigures]) -> list[str]:
        refused = read_records(night.dataset("quarantine"), Quarantined)
        probes = read_records(night.dataset("probes"), Probe)
        lines = [f"quarantined {row.line()}" for row in refused]
        lines += [_nameless(probe) for probe in probes if probe.source and probe.experience is None]
        return lines if len(lines) <= REMARKS else [*lines[:REMARKS], f"and {len(lines) - REMARKS} more"]


def _nameless(probe: Probe) -> str:
    return (
        f"{probe.file} line {probe.record}: its source {probe.source!r} names no document that was met; the probe "
        "is asked all the same, but shows of no document whether it was learned"
    )


def _quarantined(checked: dict[str, Validation], night: str) -> dict[tuple[str, str, int | None], Quarantined]:
    """Return the refused records by what their ledger entry is found by: id, file and record."""
    result = {}
    for dataset, validation in checked.items():
        for record, rule, reason in validation.refused:
            file = record.source if isinstance(record, Experience) else record.file or ""
            text = record.text if isinstance(record, Experience) else record.question
            result[record.id, file, record.record] = Quarantined(
                id=content_id("quarantine", night, file, record.record, rule, record.id),
                night=night,
                dataset=dataset,
                file=file,
                record=record.record,
                rule=rule,
                reason=reason,
                excerpt=excerpt(text),
            )
    return result


def _updated(ledger: list[LedgerEntry], refused: dict[tuple[str, str, int | None], Quarantined]) -> list[LedgerEntry]:
    result = []
    for entry in ledger:
        row = refused.get((entry.id or "", entry.file, entry.record))
        if row is not None and entry.outcome in ("accepted", "redacted"):
            reason = f"{row.rule}: {row.reason}"
            entry = LedgerEntry(file=entry.file, record=entry.record, outcome="quarantined", reason=reason, id=row.id)
        result.append(entry)
    return result


def _still_resolved(probes: list[Probe], experiences: Validation) -> list[Probe]:
    """Return ``probes`` of which none names an experience that was refused."""
    gone = {record.id for record, _, _ in experiences.refused}
    return [p.model_copy(update={"experience": None}) if p.experience in gone else p for p in probes]
