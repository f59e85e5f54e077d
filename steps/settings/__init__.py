"""Settings of a night: the sections of ``params.yaml`` as frozen, strict models. Every knob has its default here."""

from pathlib import Path

from pydantic import Field

from steps.settings.judging import ExamineSettings, GateSettings, SuiteSettings
from steps.settings.learning import (
    ConsolidateSettings,
    DreamSettings,
    IngestSettings,
    ModelSettings,
    TriageSettings,
)
from steps.settings.running import (
    ComputeSettings,
    DatasetSettings,
    DeepSettings,
    MemorySettings,
    NightSettings,
    NotifySettings,
    RegistrySettings,
    ScheduleSettings,
    ServeSettings,
    TenantSettings,
    UiSettings,
    WatchSettings,
)
from steps.settings.section import Count, Section
from steps.shipped import shipped

__all__ = [
    "REPOSITORY",
    "ComputeSettings",
    "ConsolidateSettings",
    "DatasetSettings",
    "DeepSettings",
    "DreamSettings",
    "ExamineSettings",
    "GateSettings",
    "IngestSettings",
    "MemorySettings",
    "ModelSettings",
    "NightSettings",
    "NotifySettings",
    "RegistrySettings",
    "ScheduleSettings",
    "ServeSettings",
    "Settings",
    "SuiteSettings",
    "TenantSettings",
    "TriageSettings",
    "UiSettings",
    "WatchSettings",
]

REPOSITORY = Path(__file__).resolve().parents[2]
"""The folder that holds the packages: the root of the checkout, if there is one (``steps.shipped.CHECKOUT``)."""


class Settings(Section):
    """Everything a night can be told. ``folder`` is where ``params.yaml`` lies: relative paths start there."""

    seed: Count = Field(20261122, description="of everything that is drawn at random")
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    night: NightSettings = Field(default_factory=NightSettings)
    deep: DeepSettings = Field(default_factory=DeepSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    ingest: IngestSettings = Field(default_factory=IngestSettings)
    triage: TriageSettings = Field(default_factory=TriageSettings)
    dream: DreamSettings = Field(default_factory=DreamSettings)
    consolidate: ConsolidateSettings = Field(default_factory=ConsolidateSettings)
    examine: ExamineSettings = Field(default_factory=ExamineSettings)
    gate: GateSettings = Field(default_factory=GateSettings)
    registry: RegistrySettings = Field(default_factory=RegistrySettings)
    datasets: DatasetSettings = Field(default_factory=DatasetSettings)
    serve: ServeSettings = Field(default_factory=ServeSettings)
    memory: MemorySettings = Field(default_factory=MemorySettings)
    watch: WatchSettings = Field(default_factory=WatchSettings)
    tenants: TenantSettings = Field(default_factory=TenantSettings)
    ui: UiSettings = Field(default_factory=UiSettings)
    # Excluded from every dump, and so from every digest: where it is computed decides nothing.
    compute: ComputeSettings = Field(default_factory=ComputeSettings, exclude=True)
    # Likewise: it decides nothing, and an address may hold a token that no registry must show.
    notify: NotifySettings = Field(default_factory=NotifySettings, exclude=True)
    folder: Path = Field(REPOSITORY, exclude=True)

    def model_post_init(self, _context: object) -> None:
        self.model._folder = self.folder

    @property
    def inbox(self) -> Path:
        return self._beside(self.schedule.inbox)

    @property
    def keys(self) -> Path | None:
        return self._beside(self.serve.keys) if self.serve.keys else None

    @property
    def anchors(self) -> Path:
        return self._suite("anchors", self.examine.anchors)

    @property
    def canaries(self) -> Path:
        return self._suite("canaries", self.examine.canaries)

    @property
    def key_file(self) -> Path | None:
        return self._beside(self.registry.key_file) if self.registry.key_file else None

    @property
    def notify_command(self) -> tuple[str, ...]:
        """``notify.command``; a program that is named by its path is sought beside params.yaml, too."""
        if not self.notify.command:
            return ()
        program, *arguments = self.notify.command
        return (str(self._beside(Path(program))) if "/" in program else program, *arguments)

    def _suite(self, name: str, given: Path | None) -> Path:
        """The folder that is named; the shipped one if none is, or in a copy of the checkout's params.yaml."""
        own = self._beside(given) if given else None
        return shipped(name) if own is None or (given == Path("data", name) and not own.exists()) else own

    def _beside(self, path: Path) -> Path:
        return self.folder / path.expanduser()
