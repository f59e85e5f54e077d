"""Settings of what is around a night: when it starts, where it is recorded, who is told."""

from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from pydantic import Field, field_validator

from steps.settings.section import Count, Positive, Section, Share


def checked_cron(value: str) -> str:
    """Return a cron expression.

    Raises:
        ValueError: it is none.
    """
    try:
        if len(value.split()) != 5:  # seconds, and words such as @daily: Dagster takes none
            raise ValueError
        croniter(value).get_next()  # never, as on 30 February
    except (ValueError, KeyError):
        raise ValueError(f"{value!r} is not a cron expression of five fields such as '0 3 * * *'") from None
    return value


class ScheduleSettings(Section):
    """When nights run and where the day's material lies."""

    cron: str = Field("0 3 * * *", description="when a night starts by itself, once its schedule is switched on")
    timezone: str = Field("Europe/Berlin", description="IANA time zone of the schedule and of a night's date")
    missed: Literal["catch_up", "report"] = Field(
        "catch_up",
        description="a night that was due while the machine was off: catch_up runs the newest of them once, report "
        "only tells `notify` and `slumber status`",
    )
    inbox: Path = Field(Path("data/inbox"), description="folder of the day's material, relative to this file")

    _check = field_validator("cron")(checked_cron)

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        zones = available_timezones()
        if value not in zones:
            (nearest,) = get_close_matches(value, sorted(zones), n=1) or ["Europe/Berlin"]
            raise ValueError(f"{value!r} is not an IANA time zone such as {nearest!r}")
        return value

    def today(self) -> date:
        """Today's date where the schedule is, which is that of a night that starts now; not the machine's."""
        return datetime.now(ZoneInfo(self.timezone)).date()


class NightSettings(Section):
    """How long a night may take, and what is no night."""

    minutes: float | None = Field(
        None,
        gt=0,
        description="what does not fit waits for the next nights; null: as long as it takes",
    )
    wait: bool = Field(
        True,
        description="what is too little for the gate to judge (gate.min_probes) waits for the next nights",
    )
    nice: Annotated[int, Field(ge=0, le=19)] = Field(
        10, description="niceness of a night: the server of the day goes first; 0: none"
    )


class ComputeSettings(Section):
    """Where a night's heavy work is done, with the same outcome: in this process or on Ray (docs/scale.md)."""

    engine: Literal["local", "ray"] = Field("local", description="ray: with the extra `ray`, on every node")
    address: str | None = Field(
        None,
        pattern=r"^(auto|[\w.-]+:\d+|\[[\da-fA-F:.]+\]:\d+)$",
        description="HOST:PORT of its head; null: RAY_ADDRESS if that is set, else the one on this machine",
    )
    workers: Positive | None = Field(
        None, description="models asked at once, and processes that train together; null: one a GPU, else one a node"
    )
    checkpoints: str | None = Field(
        None,
        pattern=r"^\w+://\S+$",
        description="where checkpoints of a training are kept, too, such as s3://BUCKET/FOLDER, so that another host "
        "goes on with it; null: nowhere",
    )


class DeepSettings(Section):
    """Deep sleep: all that still holds is learned again from the start, smaller, and serves if nothing is worse.

    It is due when one of three shares is used up.
    """

    cron: str = Field("0 12 * * 0", description="when it is looked whether one is due, if its schedule is on")
    rank: Positive = Field(64, description="of the adapter afterwards, so that nights have room again")
    full: Share = Field(0.9, description="due from this share of consolidate.max_rank on")
    drift: Share = Field(0.75, description="due from this share of the loss that gate.epsilon_night_zero allows")
    stale: Share = Field(0.25, description="due from this share of taught facts that hold no more")

    _check = field_validator("cron")(checked_cron)


class ServeSettings(Section):
    """The server that answers by day."""

    host: str = Field("127.0.0.1", description="address it listens on; anything but this machine's own asks for keys")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(8000, description="port it listens on")
    hosts: list[str] = Field([], description="names it answers under, besides this machine's own")
    keys: Path | None = Field(None, description="file of API keys, hashed (`slumber key NAME`), relative to this file")
    vllm: str | None = Field(
        None,
        pattern=r"^https?://\S+$",
        description="address of a vLLM server on this machine that answers in this process's place; null: none",
    )
    together: Positive = Field(8, description="requests that are answered at once")
    queue: Count = Field(64, description="requests that may wait; further ones are told to come later (429)")
    adapters: Positive = Field(
        32, description="tenants whose adapters are loaded at once; who was asked longest ago makes way"
    )
    max_new_tokens: Positive = Field(512, description="longest answer, in tokens")
    max_prompt_tokens: Positive = Field(4096, description="longest prompt, in tokens")
    max_body_bytes: Positive = Field(1_000_000, description="longest request, in bytes")
    seconds: Annotated[float, Field(gt=0)] = Field(300.0, description="without a word after which a request has failed")
    poll_seconds: Annotated[float, Field(gt=0)] = Field(5.0, description="how often it looks who is champion")
    canary_share: Annotated[Share, Field(gt=0)] = Field(
        1.0, description="share of the sessions that a fresh champion answers while it is watched; 1: all"
    )


class WatchSettings(Section):
    """The morning watch over a fresh champion: whether it serves people worse than the version before it."""

    hours: Annotated[float, Field(ge=0)] = Field(24.0, description="of serving under watch; 0: nothing is watched")
    min_sessions: Positive = Field(20, description="rated sessions of both versions below which nothing is decided")
    allowed_loss: Share = Field(0.05, description="lower mean of sessions that is let pass")
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(
        0.95, description="with which an equal champion is left serving, however often one looks"
    )
    max_per_user: Positive = Field(5, description="sessions of one user that count, for each of the two versions")
    every_seconds: Annotated[float, Field(gt=0)] = Field(60.0, description="how often the feedback is read")


class MemorySettings(Section):
    """What is looked up before the server answers: what expires, is one user's own, or is not in the weights."""

    enabled: bool = Field(True, description="whether nights write notes and the server looks them up")
    persisted: bool = Field(True, description="also look up what the weights have learned")
    notes: Positive = Field(3, description="most notes that are put before one question")
    tokens: Positive = Field(400, description="most tokens of these notes")
    min_score: Share = Field(0.4, description="least likeness (cosine) of a note to the question")


class RegistrySettings(Section):
    """MLflow."""

    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")] = Field(
        "slumber", description="under which the versions are registered"
    )
    experiment: str = Field("slumber-nights", description="which the runs of the nights belong to")
    tracking_uri: str | None = Field(
        None, description="null: MLFLOW_TRACKING_URI if that is set, else SQLite in the workspace"
    )
    artifacts: str | None = Field(
        None,
        pattern=r"^\w+://\S+$",
        description="where files of new versions lie if tracking_uri is a database, such as s3://BUCKET/FOLDER; null: "
        "in the workspace",
    )
    approval: Literal["auto", "manual"] = Field(
        "auto", description="manual: a candidate that passed the gate waits for `slumber approve`"
    )
    override_days: Positive = Field(
        7, description="so long may a candidate serve that the gate refused and a person let through"
    )
    key_file: Path | None = Field(
        None,
        description="which signs what was judged here, relative to this file; null: made in the workspace",
    )
    keep_versions: Count = Field(
        0, description="after a promotion, keep the adapters of so many former champions (0: delete none)"
    )


class TenantSettings(Section):
    """The nights of tenants (`slumber tenants`), each after the others' and none before its turn."""

    at_once: Positive = Field(1, description="nights of tenants that run at once")
    minutes: float | None = Field(
        None, gt=0, description="after which no more are begun; who waits is first the next time; null: all are"
    )
    night_minutes: Annotated[float, Field(gt=0)] = Field(
        240.0, description="after which a tenant's night is ended, so that the others come to theirs"
    )


class DatasetSettings(Section):
    """DVC."""

    remote: str | None = Field(None, description="any DVC remote URL; null: a folder in the workspace's state")


class UiSettings(Section):
    """Where the pages are served. They ask nobody who he is."""

    host: str = Field("127.0.0.1", description="address they listen on; in a container, 0.0.0.0")
    hosts: list[str] = Field([], description="names they answer under, besides this machine's own")
    dagster_port: Annotated[int, Field(ge=1, le=65535)] = Field(3000, description="of the nights, step by step")
    mlflow_port: Annotated[int, Field(ge=1, le=65535)] = Field(5000, description="of the versions and their figures")
    nights: str | None = Field(
        None,
        pattern=r"^[\w.-]+:\d{1,5}$",
        description="HOST:PORT of the `slumber ui --only nights` that all share; null: each has its own",
    )


class NotifySettings(Section):
    """Who is told of a night that was refused, inconclusive, failed or missed, and of a champion that was withdrawn."""

    command: tuple[str, ...] = Field(
        (), description="program and arguments, run without a shell; it gets JSON on its standard input"
    )
    webhook: str | None = Field(None, pattern=r"^https?://\S+$", description="URL that the same JSON is posted to")
    timeout_seconds: Positive = Field(10, description="after which either of them is given up")
