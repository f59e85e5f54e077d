"""Which deployment this process works on, and what the libraries must know before they are imported."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from steps.errors import SlumberError
from steps.night import Night
from steps.params import checkout_params, load_settings
from steps.settings import Settings
from steps.shipped import CHECKOUT
from steps.stores import is_shared
from steps.tenants import tenant_of, tenant_settings, tenant_workspace
from steps.workspace import Workspace

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DVC_NO_ANALYTICS": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "TOKENIZERS_PARALLELISM": "false",
    "TQDM_DISABLE": "1",  # steps show their progress themselves
    # What MLflow's pages could start, judges for instance: nine processes that nothing here uses (docs/log.md).
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # How long GNU OpenMP's threads spin before they sleep. Its own default is five to ten times slower when others want
    # the same two cores; not to spin at all costs a tenth of the speed when nobody does (docs/log.md).
    "GOMP_SPINCOUNT": "20000",
    # Those of numpy and scipy spin without end: beside other work an eigendecomposition took 14 s instead of 0.2, and
    # alone a second thread saves nothing.
    "OPENBLAS_NUM_THREADS": "1",
    # Seconds to wait for a Postgres that is not there; libpq by itself waits for the kernel's two minutes.
    "PGCONNECT_TIMEOUT": "10",
}

OTLP_HIDDEN = "SLUMBER_"
"""Before the names of the variables that ``hide_from_mlflow`` takes away."""


@dataclass(frozen=True)
class Deployment:
    """Settings, workspace and inbox of one deployment; ``params`` is the file that the settings were read from.

    ``tenant``: whose it is, "" is everybody's. ``shared``: of a tenant's, the deployment that he is one of.
    """

    settings: Settings
    workspace: Workspace
    inbox: Path
    params: Path | None = None
    tenant: str = ""
    shared: Self | None = None

    @classmethod
    def find(
        cls,
        *,
        workspace: Path | None = None,
        params: Path | None = None,
        inbox: Path | None = None,
        tenant: str | None = None,
    ) -> Self:
        """Return the deployment of a workspace folder (``default_workspace``), its own params.yaml and inbox first.

        Without a params.yaml of its own it takes the checkout's, if the code runs from one, and else the defaults.

        Raises:
            SlumberError: there is no such folder, settings file or tenant, or a setting is impossible.
        """
        root = (workspace or default_workspace()).expanduser().absolute()
        if root.exists() and not root.is_dir():
            raise SlumberError(f"{root} is not a folder: name another workspace with --workspace.")
        if whose := tenant_of(Workspace(root)):
            raise SlumberError(
                f"{root} is the workspace of a tenant: name him with --workspace {whose[0].root} --tenant {whose[1]}."
            )
        own = root / "params.yaml"
        params = params or (own if own.is_file() else checkout_params())
        if params is not None:
            params = params.expanduser().absolute()
        settings = load_settings(params, folder=root)
        inbox = inbox.expanduser().absolute() if inbox else None
        found = cls(settings=settings, workspace=Workspace(root), inbox=inbox or settings.inbox, params=params)
        return found.of_tenant(tenant, inbox=inbox) if tenant else found

    def of_tenant(self, name: str, *, inbox: Path | None = None) -> Self:
        """Return the deployment of one of the tenants.

        Raises:
            SlumberError: there is none of that name.
        """
        workspace = tenant_workspace(self.workspace, name)
        settings = tenant_settings(self.settings, self.workspace, name)
        return replace(
            self,
            settings=settings,
            workspace=workspace,
            inbox=inbox or settings.inbox,
            tenant=name,
            shared=self,
        )

    @classmethod
    def from_environment(cls) -> Self:
        """Return the deployment that SLUMBER_WORKSPACE, _PARAMS, _INBOX and _TENANT name, or the default one."""
        named = {key: os.environ.get(f"SLUMBER_{key.upper()}") for key in ("workspace", "params", "inbox")}
        places = {key: Path(value) for key, value in named.items() if value}
        return cls.find(**places, tenant=os.environ.get("SLUMBER_TENANT"))

    def environment(self) -> dict[str, str]:
        """Return the variables by which another process finds this deployment."""
        root = (self.shared or self).workspace.root
        named = {"WORKSPACE": root, "INBOX": self.inbox, "PARAMS": self.params, "TENANT": self.tenant}
        return {f"SLUMBER_{key}": str(value) for key, value in named.items() if value}

    def night(self, date: str, *, run_id: str | None = None) -> Night:
        """Return the night of that date, whose lineage the registry knows.

        Raises:
            SlumberError: it is no date.
        """
        from orchestration.lineage import RegistryLineage
        from steps.registry.traces import TraceDiary

        diary = TraceDiary(self.settings, self.workspace) if self.settings.ingest.traces else None
        lineage = RegistryLineage((self.shared.settings, self.shared.workspace) if self.shared else None)
        where: dict[str, Any] = {"inbox": self.inbox, "lineage": lineage, "diary": diary, "run_id": run_id}
        return Night.of(self.settings, self.workspace, date, tenant=self.tenant, **where)

    @contextmanager
    def lock(self, what: str) -> Iterator[Callable[[], None] | None]:
        """Hold the deployment for ``what``, on all machines that share its registry.

        Yields a check that it is still held, which raises NightRunning; None where there is but this machine.

        Raises:
            NightRunning: another process holds it.
        """
        with self.workspace.lock(what):
            if not is_shared(self.settings, self.workspace):
                yield None
                return
            from steps.registry import Registry
            from steps.registry.night_lease import leased

            with leased(Registry(self.settings, self.workspace), what) as check:
                yield check

    def tonight(self) -> str:
        """Return today's date in the time zone of the schedule."""
        return self.settings.schedule.today().isoformat()


def default_workspace() -> Path:
    """Return the current folder if it holds a params.yaml or a .slumber; else the checkout, or here without one."""
    here = Path.cwd()
    if (here / "params.yaml").is_file() or (here / ".slumber").is_dir():
        return here
    return CHECKOUT or here


def prepare_libraries(settings: Settings | None = None) -> None:
    """Silence telemetry and choose threading; keep a model that is on this disk from asking the hub for anything."""
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    hide_from_mlflow()
    try:
        getpass.getuser()
    except (OSError, KeyError):  # no entry in /etc/passwd, as in many containers: DVC wants a name all the same
        os.environ["LOGNAME"] = f"uid-{os.getuid()}"
    if settings is None:
        return
    if settings.model.base == "embedded" or settings.model.local is not None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")


def hide_from_mlflow() -> None:
    """Rename the variables that say where OpenTelemetry is to go; processes that are started from here find them so.

    MLflow takes them for its own: its traces, which are what people said by day, would go there and not into its store,
    and its metrics, which bear the traces' tags and users. ``orchestration.tracing`` reads them.
    """
    for signal in ("", "TRACES_", "METRICS_"):
        name = f"OTEL_EXPORTER_OTLP_{signal}ENDPOINT"
        if name in os.environ:
            os.environ[f"{OTLP_HIDDEN}{name}"] = os.environ.pop(name)
