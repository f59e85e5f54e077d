"""Ingest: every record of the inbox becomes an experience, a probe, a quarantined record or a line in the ledger."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

from pydantic import Field

from steps.diary import FOLDER, astray, waiting_entries
from steps.ingest import office
from steps.ingest.days import last_day, window
from steps.ingest.index import met_before
from steps.ingest.index_file import opened_index
from steps.ingest.intake import Intake
from steps.ingest.walking import InboxEntry, look_at_inbox
from steps.manifest import Figures, StepRecord
from steps.night import Night
from steps.progress import progress
from steps.records import LedgerEntry
from steps.step import Step
from steps.workspace import atomic_path, read_records, write_records

_OF_DAYS = {"traces", "experiments", "trace_days"}
WAITING, ASTRAY = "waiting", "astray"
FILES = ("experiences", "probes", "ledger", "quarantine")


class IngestFigures(Figures):
    """Records read, what became of them, what was accepted, by kind, and what was redacted, by kind.

    ``day``: what was read of what was said by day; ``experiments``: how many exchanges each MLflow experiment holds.
    ``days``: of what was said by day, what is not there: entries that wait for MLflow, and feedback, since the day of
    the last night, on answers that are not in the diary. ``absent``: experiments that are named and are not there.
    """

    records: int
    outcomes: dict[str, int]
    kinds: dict[str, int]
    probes: int
    redactions: dict[str, int] = Field({})
    days: dict[str, int] = Field({}, title="not_in_the_diary")
    absent: list[str] = Field([], title="experiments_that_are_not_there")
    day: dict[str, int] | None = Field(None, title="said_by_day")
    experiments: dict[str, int] | None = Field(None, title="exchanges_from")


class IngestStep(Step[IngestFigures]):
    """Read the inbox and validate what it held. With --json, FILE holds `ledger`, one object per input record.

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
        met = met_before(night.workspace, night.date, "corpus", "probes")
        # Once the extra that reads them is there, they are read.
        waiting = {item.path.suffix.lower() for item in found} & {s for s in office.NEEDS if not office.installed(s)}
        return [
            night.settings.ingest.model_dump(mode="json", exclude=set() if night.diary else _OF_DAYS),
            night.date,
            seen,
            met,
            *([sorted(waiting)] if waiting else []),
            *([night.diary.state(window(night))] if night.diary else []),
        ]

    def inputs(self, night: Night) -> list[Path]:
        return [night.workspace.dataset("forgotten", any_night) for any_night in night.workspace.nights("forgotten")]

    def outputs(self, night: Night) -> list[Path]:
        return [night.folder / "ingest" / f"{name}.jsonl" for name in FILES]

    def work(self, night: Night) -> IngestFigures:
        experiences, probes, ledger, quarantine = self.outputs(night)
        with opened_index(night.workspace) as index, _written(experiences, ledger, quarantine) as (new, told, refused):
            intake = Intake(
                night.settings,
                night.workspace,
                night.date,
                index=index,
                experiences=new,
                ledger=told,
                quarantine=refused,
            )
            found = _found(night)
            with progress("reading files of the inbox", len(found)) as meter:
                for item in found:
                    intake.take_file(item)
                    meter.advance()
            if night.diary:
                days = night.diary.exchanges(window(night))
                intake.take_days(days, max_bytes=night.settings.ingest.max_file_bytes)
            intake.finish()
        write_records(probes, intake.probes)
        return IngestFigures(
            records=intake.records,
            outcomes=dict(sorted(intake.outcomes.items())),
            kinds=dict(sorted(intake.kinds.items())),
            probes=len(intake.probes),
            redactions=dict(sorted(intake.redacted.items())),
            days=_missing(night) if night.diary else {},
            absent=night.diary.absent() if night.diary else [],
            day=intake.read.told(),
            experiments=dict(intake.read.experiments) or None,
        )

    def remarks(self, night: Night, record: StepRecord[IngestFigures]) -> list[str]:
        says = {
            WAITING: "{} of what was said by day waits for MLflow, to which `slumber serve` brings it: the next night "
            "meets it",
            ASTRAY: "{} times somebody said something of an answer that is not in the diary (any more)",
        }
        absent = record.figures.absent
        lines = [f"MLflow has no experiment {name!r} (ingest.experiments): nothing was read there" for name in absent]
        return lines + [says[name].format(count) for name, count in record.figures.days.items() if count]

    def result(self, night: Night, record: StepRecord) -> dict[str, Any]:
        ledger = read_records(night.dataset("ledger"), LedgerEntry)
        return {"night": night.date, "ledger": [entry.model_dump(mode="json") for entry in ledger]}


def _missing(night: Night) -> dict[str, int]:
    waiting = len(waiting_entries(night.workspace.state / FOLDER))
    return {WAITING: waiting, ASTRAY: len(astray(night.workspace, since=last_day(night)))}


@contextmanager
def _written(*paths: Path) -> Iterator[list[TextIO]]:
    """Yield streams that replace files if the block succeeds."""
    with ExitStack() as stack:
        yield [stack.enter_context(stack.enter_context(atomic_path(p)).open("w", encoding="utf-8")) for p in paths]


def _found(night: Night) -> list[InboxEntry]:
    inbox = night.inbox or night.settings.inbox
    return look_at_inbox(inbox, max_bytes=night.settings.ingest.max_file_bytes)
