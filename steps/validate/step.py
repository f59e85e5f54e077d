"""Validate: the night's corpus, probes, ledger and quarantine, of what ingest wrote and the suites let pass."""

from collections import Counter
from typing import Any

from steps.ingest.excerpts import excerpt
from steps.manifest import StepRecord, run_once, step_digest
from steps.records import Experience, LedgerEntry, Probe, Quarantined, content_id
from steps.settings import Settings
from steps.validate.checking import Validation, check_records
from steps.validate.suites import suite_rules
from steps.workspace import Workspace, check_night, read_records, write_records

DATASETS = ("corpus", "probes", "ledger", "quarantine")


def validate(*, settings: Settings, workspace: Workspace, night: str) -> StepRecord:
    """Check what ingest wrote and write the night's data. A refused record is quarantined with its expectation's name.

    Figures: ``experiences``, ``probes`` and ``quarantined`` (counts), ``refused`` here, ``outcomes`` of the ledger,
    ``expectations`` (rows by dataset) and ``docs``, the index page of Data Docs.

    Raises:
        SlumberError: ingest has not run.
        DataRefused: an expectation of critical severity failed; the night's data is left as it was.
    """
    check_night(night)
    folder = workspace.night(night) / "ingest"
    inputs = [folder / f"{name}.jsonl" for name in ("experiences", "probes", "ledger", "quarantine")]
    outputs = [workspace.dataset(name, night) for name in DATASETS]
    kinds = (Experience, Probe, LedgerEntry, Quarantined)

    def work() -> dict[str, Any]:
        experiences, probes, ledger, quarantine = (
            read_records(path, kind) for path, kind in zip(inputs, kinds, strict=True)
        )
        checked = {
            "experiences": check_records(dataset="experiences", records=experiences, night=night, workspace=workspace),
            "probes": check_records(dataset="probes", records=probes, night=night, workspace=workspace),
        }
        refused = _quarantined(checked, night)
        ledger = _updated(ledger, refused)
        quarantine = [*quarantine, *refused.values()]
        corpus = checked["experiences"].kept
        asked = _still_resolved(checked["probes"].kept, checked["experiences"])
        outcomes = Counter(entry.outcome for entry in ledger)
        if outcomes["quarantined"] != len(quarantine) or outcomes["accepted"] + outcomes["redacted"] != len(
            corpus
        ) + len(asked):
            raise AssertionError(f"the ledger counts {dict(outcomes)}, but {len(corpus)} + {len(asked)} are kept")
        for path, records in zip(outputs, (corpus, asked, ledger, quarantine), strict=True):
            write_records(path, records)
        return {
            "experiences": len(corpus),
            "probes": len(asked),
            "refused": len(refused),
            "quarantined": len(quarantine),
            "outcomes": dict(sorted(outcomes.items())),
            "kinds": dict(sorted(Counter(experience.kind for experience in corpus).items())),
            "expectations": {name: result.table for name, result in checked.items()},
            "docs": str(checked["probes"].docs),
        }

    rules = [suite_rules(dataset, night) for dataset in ("experiences", "probes")]
    digest = step_digest(parameters=[night, [str(rule) for rule in rules]], inputs=inputs)
    return run_once(workspace, night=night, step="validate", digest=digest, outputs=outputs, work=work)


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
