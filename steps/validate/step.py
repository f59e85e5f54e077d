"""Validate: the night's corpus, probes, ledger and quarantine, of what ingest wrote and the suites let pass."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from steps.ingest.excerpts import excerpt
from steps.ingest.index import update_index
from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.records import Experience, LedgerEntry, Probe, Quarantined, Record, content_id
from steps.step import Step
from steps.validate.checking import Validation, check_records
from steps.validate.suites import Rule, suite_rules
from steps.workspace import atomic_path, each_record, read_records

R = TypeVar("R", bound=Record)

DATASETS = ("corpus", "probes", "ledger", "quarantine")
REMARKS = 12
INGESTED: dict[str, type[Any]] = {
    "experiences": Experience,
    "probes": Probe,
    "ledger": LedgerEntry,
    "quarantine": Quarantined,
}


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
        same: dict[str, Any] = {"night": night.date, "workspace": night.workspace}
        checked = {
            name: check_records(dataset=name, records=_records(read[name], INGESTED[name]), **same)
            for name in ("experiences", "probes")
        }
        refused = [
            _quarantined(name, record, rule, night.date)
            for name, validation in checked.items()
            if validation.broken
            for record, rule in _broken(_records(read[name], INGESTED[name]), validation)
        ]
        gone = {record.id for _, record in refused}
        by = {(record.id, row.file, row.record): row for row, record in refused}
        kinds, outcomes = Counter[str](), Counter[str]()
        quarantined = [*read_records(read["quarantine"], Quarantined), *by.values()]
        with ExitStack() as stack:  # none is in its place before all are written
            corpus, probes, ledger, quarantine = (stack.enter_context(atomic_path(p)) for p in self.outputs(night))
            passed = _kept(_records(read["experiences"], Experience), checked["experiences"])
            _write(corpus, _counted(passed, kinds))
            asked = _write(probes, _still_resolved(_kept(_records(read["probes"], Probe), checked["probes"]), gone))
            _write(ledger, _updated(_records(read["ledger"], LedgerEntry), by, outcomes))
            _write(quarantine, quarantined)
            kept = outcomes["accepted"] + outcomes["redacted"]
            if outcomes["quarantined"] != len(quarantined) or kept != kinds.total() + asked:
                raise AssertionError(f"the ledger counts {dict(outcomes)}, but {kinds.total()} + {asked} are kept")
        update_index(night.workspace, until=night.date)
        return ValidateFigures(
            experiences=kinds.total(),
            probes=asked,
            refused=len(by),
            quarantined=len(quarantined),
            outcomes=dict(sorted(outcomes.items())),
            kinds=dict(sorted(kinds.items())),
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


def _records(path: Path, kind: type[R]) -> Iterator[R]:
    return (record for _, record in each_record(path, kind))


def _kept(records: Iterable[R], checked: Validation) -> Iterator[R]:
    return (record for place, record in enumerate(records) if place not in checked.broken)


def _broken(records: Iterable[R], checked: Validation) -> Iterator[tuple[R, Rule]]:
    return ((record, checked.broken[place]) for place, record in enumerate(records) if place in checked.broken)


def _counted(records: Iterable[Experience], kinds: Counter[str]) -> Iterator[Experience]:
    for record in records:
        kinds[record.kind] += 1
        yield record


def _write(path: Path, rows: Iterable[Record]) -> int:
    """Write a dataset into a file that is not in its place yet; return how many rows it has."""
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for count, row in enumerate(rows, start=1):  # noqa: B007
            stream.write(row.to_json() + "\n")
    return count


def _quarantined(name: str, record: Any, rule: Rule, night: str) -> tuple[Quarantined, Any]:
    """Return a refused record's line in the quarantine, and the record."""
    file = record.source if isinstance(record, Experience) else record.file or ""
    text = record.text if isinstance(record, Experience) else record.question
    row = Quarantined(
        id=content_id("quarantine", night, file, record.record, rule.name, record.id),
        night=night,
        dataset=name,
        file=file,
        record=record.record,
        rule=rule.name,
        reason=rule.says,
        excerpt=excerpt(text),
    )
    return row, record


def _updated(
    ledger: Iterable[LedgerEntry], refused: dict[tuple[str, str, int | None], Quarantined], outcomes: Counter[str]
) -> Iterator[LedgerEntry]:
    """Yield the ledger with what was refused here; ``refused`` by id, file and record; counts the ``outcomes``."""
    for entry in ledger:
        row = refused.get((entry.id or "", entry.file, entry.record)) if refused else None
        if row is not None and entry.outcome in ("accepted", "redacted"):
            reason = f"{row.rule}: {row.reason}"
            entry = LedgerEntry(file=entry.file, record=entry.record, outcome="quarantined", reason=reason, id=row.id)
        outcomes[entry.outcome] += 1
        yield entry


def _still_resolved(probes: Iterable[Probe], gone: set[str]) -> Iterator[Probe]:
    """Yield ``probes`` of which none names an experience that was refused."""
    return (p.model_copy(update={"experience": None}) if p.experience in gone else p for p in probes)
