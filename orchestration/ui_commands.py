"""The commands of `slumber ui`: Dagster's web server and daemon, the server that runs nights for both, and MLflow's."""

import sys
from collections.abc import Callable

from orchestration.environment import Deployment
from steps.addresses import LOOPBACK
from steps.registry import tracking_uri
from steps.settings import REPOSITORY
from steps.stores import artifact_location

_MODULE = ["-m", "orchestration.definitions", "-d", str(REPOSITORY)]
_PYTHON = [sys.executable, "-W", "ignore"]


def dagster_command(found: Deployment) -> list[str]:
    """The web server, which answers under the names of this machine and those of ui.hosts alone."""
    where = ["-h", found.settings.ui.host, "-p", str(found.settings.ui.dagster_port)]
    return [*_PYTHON, "-m", "orchestration.webserver", *where, *_definitions(found)]


def daemon_command(found: Deployment) -> list[str]:
    """What runs schedules, sensors and the queue."""
    return [*_PYTHON, "-m", "dagster._daemon", "run", *_definitions(found)]


def nights_command(found: Deployment) -> list[str]:
    """Dagster's code server, in whose process group nights run; asked by the other two, wherever they are."""
    _, port = _nights(found) or ("", "4000")
    return [*_PYTHON, "-m", "dagster", "api", "grpc", "-h", found.settings.ui.host, "-p", port, *_MODULE]


def mlflow_command(found: Deployment) -> list[str]:
    """The tracking server, on the very database that nights write to (``part_environment``)."""
    uri, ui = tracking_uri(found.settings, found.workspace), found.settings.ui
    artifacts = artifact_location(uri, found.settings, found.workspace) or ""
    where = ["--artifacts-destination", artifacts]
    names = [f"{name}:{ui.mlflow_port}" for name in (*LOOPBACK, *ui.hosts)] + ui.hosts
    where += ["--host", ui.host, "--port", str(ui.mlflow_port), "--allowed-hosts", ",".join(names)]
    if ui.hosts:  # a proxy with a certificate before it: what its pages send has that origin
        where += ["--cors-allowed-origins", ",".join(f"https://{name}" for name in ui.hosts)]
    return [sys.executable, "-m", "mlflow", "server", "--workers", "1", *where]


PARTS: dict[str, Callable[[Deployment], list[str]]] = {
    "nights": nights_command,
    "daemon": daemon_command,
    "dagster": dagster_command,
    "mlflow": mlflow_command,
}
"""What `slumber ui --only` can run by itself."""


def part_environment(found: Deployment, part: str) -> dict[str, str]:
    """What a part is told besides its command, which every account of the machine sees."""
    return {"MLFLOW_BACKEND_STORE_URI": tracking_uri(found.settings, found.workspace)} if part == "mlflow" else {}


def _definitions(found: Deployment) -> list[str]:
    nights = _nights(found)
    return ["--grpc-host", nights[0], "--grpc-port", nights[1]] if nights else _MODULE


def _nights(found: Deployment) -> tuple[str, str] | None:
    """Host and port of ui.nights."""
    if found.settings.ui.nights is None:
        return None
    host, _, port = found.settings.ui.nights.rpartition(":")
    return host, port
