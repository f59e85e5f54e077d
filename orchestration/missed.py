"""Nights that were due and did not run: the machine was off, or nothing kept the schedule.

What Dagster's daemon knows of the schedule, whether it is on and since when, is noted in ``.slumber/schedule.json``: so
`slumber status` and `slumber metrics` can tell without Dagster, and while its daemon is dead. What a missed night would
have read lies in inbox and diary still, and the next night reads all of it: the newest one stands for those before it.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from croniter import croniter
from pydantic import BaseModel, ConfigDict, ValidationError

from orchestration.alerts import MISSED, open_alerts
from steps.settings import ScheduleSettings
from steps.workspace import Workspace, write_text

LATE = timedelta(hours=1)
"""A night that begins within so long of its time was not missed: Dagster's queue and a short restart are no alarm."""
_LONGEST = timedelta(days=31)  # looked back


class Noted(BaseModel):
    """The schedule as the daemon last saw it, on. Times are seconds since 1970.

    ``started``: when it was switched on, as Dagster says; ``since``: from when on nights count, which is later where
    cron or time zone were changed. ``told``: the last missed night that the owner was told of. ``found``: the newest
    missed one, and when it was first seen.
    """

    model_config = ConfigDict(frozen=True)

    started: float
    since: float
    cron: str
    timezone: str
    told: str = ""
    found: tuple[str, float] | None = None

    def is_of(self, settings: ScheduleSettings) -> bool:
        return (self.cron, self.timezone) == (settings.cron, settings.timezone)


def _path(workspace: Workspace) -> Path:
    return workspace.state / "schedule.json"


def read_noted(workspace: Workspace) -> Noted | None:
    """Return what was noted of the schedule; None where it is off, or no daemon has looked yet."""
    try:
        return Noted.model_validate_json(_path(workspace).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def note_schedule(
    settings: ScheduleSettings, workspace: Workspace, *, started: float | None, now: datetime
) -> Noted | None:
    """Note since when the schedule is on (``started``), or that it is off (None); return what is noted."""
    before = read_noted(workspace)
    if started is None:
        _path(workspace).unlink(missing_ok=True)
        return None
    if before and before.started == started and before.is_of(settings):
        return before
    # Of another cron than today's nobody knows which nights it asked for: what it missed is not told.
    since = now.timestamp() if before and not before.is_of(settings) else started
    told = before.told if before else ""
    noted = Noted(started=started, since=since, cron=settings.cron, timezone=settings.timezone, told=told)
    _write(workspace, noted)
    return noted


def since_found(workspace: Workspace, noted: Noted, night: str, *, now: datetime) -> timedelta:
    """Return for how long it is known that this night was missed; from now on, if it was not."""
    if noted.found is None or noted.found[0] != night:
        noted = noted.model_copy(update={"found": (night, now.timestamp())})
        _write(workspace, noted)
    return timedelta(seconds=now.timestamp() - (noted.found or ("", now.timestamp()))[1])


def note_told(workspace: Workspace, noted: Noted, night: str) -> None:
    """Note that the owner was told of all missed nights up to this one."""
    _write(workspace, noted.model_copy(update={"told": night}))


def _write(workspace: Workspace, noted: Noted) -> None:
    write_text(_path(workspace), noted.model_dump_json() + "\n")


def missed(settings: ScheduleSettings, workspace: Workspace, *, now: datetime | None = None) -> list[str]:
    """Return the nights that were due, oldest first, did not run, and were not made up for by a later one."""
    noted, now = read_noted(workspace), now or datetime.now(UTC)
    if noted is None or not noted.is_of(settings):
        return []
    due = list(_due(settings, datetime.fromtimestamp(noted.since, UTC), now - LATE))
    if not due:
        return []
    today = now.astimezone(ZoneInfo(settings.timezone)).date().isoformat()
    begun = {path.name for path in (workspace.state / "nights").glob("????-??-??")}
    failed = [alert for alert in open_alerts(workspace) if alert.get("event") != MISSED]
    begun |= {alert.get("night") or "" for alert in failed}
    last = max((night for night in begun if night <= today), default="")
    return [night for night in due if night > last]


def missed_told(settings: ScheduleSettings, nights: Sequence[str]) -> str:
    """Say which nights were missed, and what to do."""
    which = f"Night {nights[0]} was" if len(nights) == 1 else f"Nights {', '.join(nights)} were"
    return (
        f"{which} due ({settings.cron}, {settings.timezone}) and did not run: the machine was off, or nothing kept the "
        "schedule (`slumber ui` does). The next night reads all of it; `slumber night` runs one now."
    )


def is_late(due: datetime, *, now: datetime | None = None) -> bool:
    """Whether a night that was due then is a missed one by now."""
    return (now or datetime.now(UTC)) - due > LATE


def _due(settings: ScheduleSettings, since: datetime, until: datetime) -> Iterable[str]:
    """The nights, by their dates, that the schedule asks for in that time."""
    zone = ZoneInfo(settings.timezone)
    at = max(since, until - _LONGEST).astimezone(zone)
    while (tick := croniter(settings.cron, at).get_next(datetime)) <= until:
        yield tick.date().isoformat()
        at = datetime.combine(tick.date() + timedelta(days=1), time.min, zone) - timedelta(seconds=1)
