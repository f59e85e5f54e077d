"""Nights of bad days: ingest, validation and triage over an inbox and a told diary, and what would be taught."""

import json
from collections.abc import Iterable
from datetime import date, datetime
from zoneinfo import ZoneInfo

from steps.diary import Exchange, Window
from steps.dream.budget import candidates
from steps.dream.dreaming import persisted, taught_before
from steps.ingest.step import IngestStep
from steps.kinds.table import kind_of
from steps.night import Night
from steps.records import Triaged
from steps.triage.step import TriageStep
from steps.validate.step import ValidateStep
from steps.workspace import read_records

FIRST, SECOND, THIRD = "2026-03-02", "2026-03-03", "2026-03-04"


class Days:
    """A diary that a test tells, as the night is given it."""

    def __init__(self, *said: Exchange):
        self.said = list(said)

    def _within(self, window: Window) -> list[Exchange]:
        return [one for one in self.said if window.since <= one.began < window.until]

    def state(self, window: Window) -> list[tuple[str, int]]:
        return [(one.trace, max([one.began, *(r.at for r in one.remarks)])) for one in self._within(window)]

    def absent(self) -> list[str]:
        return []

    def exchanges(self, window: Window) -> Iterable[Exchange]:
        return iter(self._within(window))


class Sleeper:
    """Puts nights through ingest, validation and triage."""

    def __init__(self, settings, workspace, inbox, monkeypatch):
        from steps.validate.checking import Validation

        passed = Validation(broken={}, table=[], docs=workspace.state)
        monkeypatch.setattr("steps.validate.step.check_records", lambda **_: passed)  # Great Expectations takes seconds
        monkeypatch.setattr("steps.ingest.walking.YOUNG_SECONDS", 0)
        self.settings, self.workspace, self.inbox = settings, workspace, inbox
        inbox.mkdir(exist_ok=True)

    def at(self, night: str, minute: float = 12 * 60) -> int:
        """A moment of a day, in milliseconds since 1970."""
        zone, day = ZoneInfo(self.settings.schedule.timezone), date.fromisoformat(night)
        return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp() * 1000 + minute * 60_000)

    def sleep(self, night: str, *said: Exchange, diary=None, records=(), **triage) -> list[Triaged]:
        """Sleep one night on exchanges (or a diary of them) and records of the inbox; return the verdicts."""
        for number, record in enumerate(records):
            (self.inbox / f"{night}-{number}.jsonl").write_text(json.dumps(record))
        knobs = self.settings.triage.model_copy(update=triage)
        tonight = Night.of(
            self.settings.model_copy(update={"triage": knobs}),
            self.workspace,
            night,
            inbox=self.inbox,
            diary=diary or Days(*said),
        )
        self.ingested, *_ = [step.run(tonight) for step in (IngestStep(), ValidateStep(), TriageStep())]
        self.tonight = tonight
        return read_records(self.workspace.dataset("triage", night), Triaged)

    @property
    def taught(self) -> list[str]:
        """What of the last night would be taught: question and answer of each part."""
        night = self.tonight
        news = candidates(night, persisted(night.workspace, night.date), taught_before(night))
        parts = ((kind_of(one.passage.experience).parts(one.passage.experience), one.parts) for one in news)
        return sorted(" ".join(said[number]) for said, numbers in parts for number in numbers)


def exchange(trace: str, began: int, *texts: str, **more) -> Exchange:
    """An answer after so many turns, the user's first."""
    messages = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    return Exchange(trace, began, messages[:-1], messages[-1], **more)
