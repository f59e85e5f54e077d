"""Addresses of the pages that show a night, once `slumber ui` serves them."""

from steps.addresses import no_password
from steps.registry import Registry, Version, tracking_uri
from steps.registry.connection import translate_errors
from steps.registry.traces import days_of
from steps.settings import Settings
from steps.workspace import Workspace


def ui_host(settings: Settings) -> str:
    """Where this machine finds the pages: on loopback, unless they listen on one other address alone."""
    host = settings.ui.host
    return "127.0.0.1" if host in ("0.0.0.0", "::", "localhost") else host


def dagster_url(settings: Settings) -> str:
    """Address of the Dagster UI."""
    return f"http://{ui_host(settings)}:{settings.ui.dagster_port}"


def mlflow_url(settings: Settings, workspace: Workspace) -> str:
    """Address of the MLflow UI: the tracking server's own without a password, or the one that `slumber ui` starts."""
    uri = no_password(tracking_uri(settings, workspace))
    return uri.rstrip("/") if uri.startswith("http") else f"http://{ui_host(settings)}:{settings.ui.mlflow_port}"


def night_links(
    *, settings: Settings, workspace: Workspace, run_id: str | None, version: Version | None
) -> dict[str, str]:
    """Where to look, by name of the place. What the night does not have is left out."""
    links = {}
    if run_id:
        links["Dagster run"] = f"{dagster_url(settings)}/runs/{run_id}"
    if version:
        model = f"#/models/{settings.registry.model_name}/versions/{version.version}"
        links["MLflow version"] = f"{mlflow_url(settings, workspace)}/{model}"
    return links


def trace_pages(registry: Registry, *, inside: bool = False) -> str | None:
    """Return what a trace's id is added to for the address of its page; None where no day was kept yet.

    It shows traces of other experiments as well. ``inside``: as MLflow's own pages link it, wherever they are served.

    Raises:
        RegistryUnreachable: MLflow is away.
    """
    with translate_errors(registry.uri, outcome="traces are not linked"):
        found = registry.client.get_experiment_by_name(days_of(registry))
    if found is None:
        return None
    at = "" if inside else f"{mlflow_url(registry.settings, registry.workspace)}/"
    return f"{at}#/experiments/{found.experiment_id}/traces/"
