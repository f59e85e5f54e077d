"""Settings of a night: the sections of ``params.yaml`` as frozen, strict models."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter
from pydantic import BaseModel, ConfigDict, Field, field_validator

REPOSITORY = Path(__file__).resolve().parents[1]

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    # Not `strict=True`: YAML has no float literal for `1`, so an int must be accepted where a float is meant.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_silent_conversion(cls, value, info):
        """Refuse ``"3"`` for 3, ``3.0`` for 3 and ``true`` for 1: pydantic's lax mode would convert them."""
        numeric = _numeric_kind(cls.model_fields[info.field_name].annotation)
        if numeric and (isinstance(value, bool | str) or (numeric is int and isinstance(value, float))):
            raise ValueError(f"must be {'a whole number' if numeric is int else 'a number'}, not {value!r}")
        return value


def _numeric_kind(annotation) -> type | None:
    return annotation if annotation in (int, float) else None


class NightSettings(Section):
    """When nights run and where the day's material lies."""

    cron: str = Field(description="when a night starts, in cron syntax")
    timezone: str = Field(description="IANA time zone of the schedule")
    inbox: Path = Field(description="folder of the day's material, relative to this file")

    @field_validator("cron")
    @classmethod
    def _cron(cls, value: str) -> str:
        if not croniter.is_valid(value):
            raise ValueError(f"{value!r} is not a cron expression such as '0 3 * * *'")
        return value

    @field_validator("timezone")
    @classmethod
    def _timezone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not an IANA time zone such as 'Europe/Berlin'")
        ZoneInfo(value)
        return value


class ModelSettings(Section):
    """The base model: frozen for ever; only adapters are trained."""

    base: str = Field(min_length=1, description="'embedded', a local folder or a hub id of a causal LM")
    device: Literal["auto", "cpu", "cuda"] = "auto"
    dtype: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    threads: Count = Field(0, description="torch threads; 0 leaves torch's own choice")


class IngestSettings(Section):
    """What is read and what counts as the same."""

    max_file_bytes: Positive
    max_text_chars: Positive
    near_duplicate: Share = Field(description="Jaccard similarity of word shingles from which two texts are the same")


class TriageSettings(Section):
    """What stays out of the weights."""

    volatile_days: Count = Field(description="material valid for at most so many days is kept as temporary memory")
    known_containment: Share = Field(
        description="share of a text's shingles seen on earlier nights that makes it known"
    )


class DreamSettings(Section):
    """Who dreams, how much, and what is kept."""

    engine: Literal["transformers", "openai"] = "transformers"
    endpoint: str | None = Field(None, description="base URL of an OpenAI-compatible server, for engine 'openai'")
    endpoint_model: str | None = Field(None, description="model name to ask that server for")
    api_key_env: str = Field("OPENAI_API_KEY", description="environment variable that holds the server's key")
    facts_per_sentence: Count = Field(description="facts of a sentence that are asked for, numbers and names first")
    wordings_per_fact: Count = Field(description="other wordings that the model writes of a fact's questions")
    kept_per_fact: Positive = Field(description="verified questions kept about one fact")
    unknown_per_document: Count = Field(description="questions that a document leaves open: lessons in not knowing")
    rehearsals: Count = Field(description="self-synthesised general examples")
    temperature: Annotated[float, Field(gt=0.0, le=2.0)]
    top_k: Positive
    min_support: float = Field(description="nats per token by which the document must make an answer likelier")
    batch_tokens: Positive = Field(description="tokens in flight at once while dreaming")
    holdout_share: Share = Field(description="share of question dreams held out as probes where the owner gave none")


class ConsolidateSettings(Section):
    """The adapter and how it is trained."""

    rank: Positive = Field(description="of one night; nights are added to each other")
    max_rank: Positive = Field(description="of the whole adapter: what was learned before makes room for tonight")
    alpha: Positive
    dropout: Share = 0.0
    first_layer: Share = Field(description="share of the lower layers that stays frozen")
    learning_rate: Annotated[float, Field(gt=0.0, lt=1.0)]
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0
    warmup: Share
    epochs: Positive
    wordings_per_epoch: Positive = Field(description="questions asked about one fact in one epoch; they take turns")
    mix_share: Share = Field(gt=0.0, description="share of the rehearsal that one epoch holds")
    replay: Annotated[float, Field(ge=0.0)] = Field(description="examples of earlier nights for each one of tonight")
    batch_tokens: Positive = Field(description="tokens per optimiser step")
    contrast: Annotated[float, Field(ge=0.0)] = Field(
        description="evenness of what the adapter's inputs are chosen against; 0: drawn at random and trained, too"
    )
    top_k: Positive = Field(description="teacher probabilities kept per position")
    hard_label: Share = Field(description="weight of the written token where the base would say another")
    rehearsal_weight: Annotated[float, Field(gt=0.0)] = Field(description="weight of the KL to the base on rehearsal")
    checkpoint_steps: Positive


class SuiteSettings(Section):
    """A suite of the owner's: a task of lm-evaluation-harness."""

    task: str = Field(min_length=1, description="its name, or a folder of task YAML files, relative to this file")
    limit: Positive | None = Field(None, description="first items of each task; null: all")
    chat: bool = Field(True, description="ask in the model's chat template")


class ExamineSettings(Section):
    """The examination."""

    anchors: Path = Field(description="folder of the anchor suite, relative to this file")
    canaries: Path = Field(description="folder of what must not surface, relative to this file")
    max_new_tokens: Positive
    batch_tokens: Positive
    suites: tuple[SuiteSettings, ...] = Field((), description="tasks of lm-evaluation-harness, examined offline")
    suite_seconds: Positive = Field(600, description="of one suite with one model; later items count as wrong")

    @field_validator("suites", mode="before")
    @classmethod
    def _names(cls, value):
        """Accept a bare name or folder for a suite without more to say."""
        return [{"task": item} if isinstance(item, str) else item for item in value] if value else ()

    @field_validator("suites")
    @classmethod
    def _judged_apart(cls, value: tuple[SuiteSettings, ...]) -> tuple[SuiteSettings, ...]:
        if value and find_spec("lm_eval") is None:
            raise ValueError("needs lm-evaluation-harness: pip install lm_eval, or leave the list empty")
        names = [suite.task for suite in value]
        if len(set(names)) < len(names):
            raise ValueError("names a task twice")
        return value


class GateSettings(Section):
    """When a candidate may serve."""

    confidence: Annotated[float, Field(gt=0.5, lt=1.0)]
    power: Annotated[float, Field(gt=0.0, lt=1.0)]
    min_gain: Share = Field(description="accuracy by which tonight's probes must be better than without the update")
    epsilon_anchors: Annotated[float, Field(gt=0.0, le=1.0)] = Field(description="tolerated loss of general abilities")
    epsilon_night_zero: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        description="tolerated loss of general abilities against night 0, of all nights together"
    )
    epsilon_cohorts: Annotated[float, Field(gt=0.0, le=1.0)] = Field(description="tolerated loss on earlier cohorts")
    epsilon_suites: Annotated[float, Field(gt=0.0, le=1.0)] = Field(
        description="tolerated loss on each of examine.suites"
    )
    min_probes: Positive
    min_anchors: Positive
    rescue_scales: tuple[Share, ...] = Field(
        (), description="shares of tonight's change that are tried where only forgetting refuses it; none: none"
    )


class RegistrySettings(Section):
    """MLflow."""

    model_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
    experiment: str
    tracking_uri: str | None = Field(None, description="null: SQLite in the workspace, or MLFLOW_TRACKING_URI")
    approval: Literal["auto", "manual"] = Field("auto", description="manual: what passed the gate waits for a person")
    override_days: Positive = Field(7, description="days that a candidate may serve which the gate refused")
    keep_versions: Count = Field(0, description="former champions whose adapters outlive a promotion; 0: delete none")


class DatasetSettings(Section):
    """DVC."""

    remote: str | None = Field(None, description="any DVC remote URL; null: a folder in the workspace's state")


class UiSettings(Section):
    """Where the pages are served, on loopback."""

    dagster_port: Annotated[int, Field(ge=1, le=65535)]
    mlflow_port: Annotated[int, Field(ge=1, le=65535)]


class NotifySettings(Section):
    """Who is told of a night that was refused or failed; nobody by default."""

    command: tuple[str, ...] = Field((), description="program and arguments, run without a shell; JSON on its stdin")
    webhook: str | None = Field(None, pattern=r"^https?://\S+$", description="URL that the same JSON is posted to")
    timeout_seconds: Positive = Field(10, description="after which either of them is given up")


class Settings(Section):
    """Everything a night can be told. ``folder`` is where ``params.yaml`` lies: relative paths start there."""

    seed: Count
    night: NightSettings
    model: ModelSettings
    ingest: IngestSettings
    triage: TriageSettings
    dream: DreamSettings
    consolidate: ConsolidateSettings
    examine: ExamineSettings
    gate: GateSettings
    registry: RegistrySettings
    datasets: DatasetSettings
    ui: UiSettings
    # Excluded from every dump: it decides nothing, and an address may hold a token that no registry must show.
    notify: NotifySettings = Field(NotifySettings(), exclude=True)
    folder: Path = Field(REPOSITORY, exclude=True)

    @property
    def inbox(self) -> Path:
        return self.folder / self.night.inbox

    @property
    def anchors(self) -> Path:
        return self.folder / self.examine.anchors

    @property
    def canaries(self) -> Path:
        return self.folder / self.examine.canaries
