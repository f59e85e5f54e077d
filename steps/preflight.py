"""What can be known before a night begins: whether all that its settings name is there. Nothing heavy is imported."""

import os
import shutil
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from steps.addresses import server_address
from steps.compute.checking import check_cluster
from steps.errors import SlumberError
from steps.model.folder import check_model_folder
from steps.settings import Settings
from steps.stores import check_stores
from steps.workspace import NIGHT_BYTES, Workspace, check_space, home_folder

if TYPE_CHECKING:
    import httpx

_SERVER_SECONDS = 5.0


def check_settings(settings: Settings, *, workspace: Workspace, inbox: Path | None) -> None:
    """Check what a night would otherwise stumble upon after minutes.

    Args:
        inbox: the day's material; None for a run that reads none.

    Raises:
        SlumberError: something that the settings name is missing, or the workspace cannot take a night.
    """
    home_folder()
    if inbox is not None and not inbox.is_dir():
        told = f"The inbox {inbox} is a file" if inbox.exists() else f"There is no inbox {inbox}"
        raise SlumberError(f"{told}: name a folder with --inbox, or set schedule.inbox.")
    for name, setting, folder in (
        ("anchor", "examine.anchors", settings.anchors),
        ("canary", "examine.canaries", settings.canaries),
    ):
        if not any(folder.glob("*.jsonl")):
            raise SlumberError(
                f"There is no {name} suite in {folder}: set {setting} to a folder of *.jsonl, "
                "or remove it to use the shipped suite."
            )
    for suite in settings.examine.suites:
        if ("/" in suite.task or suite.task.startswith((".", "~"))) and not (settings.folder / suite.task).is_dir():
            raise SlumberError(
                f"There is no folder {settings.folder / suite.task}: examine.suites takes folders of task YAML files, "
                "relative to params.yaml, and names of tasks."
            )
    check_stores(settings, workspace)
    check_cluster(settings.compute)
    if (local := settings.model.local) is not None:
        check_model_folder(local)
    if settings.key_file is not None and not settings.key_file.is_file():
        raise SlumberError(
            f"registry.key_file names {settings.key_file}, which does not exist: copy the deployment's key there, or "
            "remove the setting to have one made in the workspace."
        )
    for name, engine in (("dream.engine", settings.dream.engine), ("examine.engine", settings.examine.engine)):
        if engine == "vllm" and find_spec("vllm") is None:
            raise SlumberError(
                f"{name} is 'vllm', and vLLM is not installed: pip install vllm on a machine with a GPU that it "
                "supports, or set it to 'transformers'."
            )
    if (server := settings.dream.server) is not None:
        address = server_address(server[0])
        if inbox is not None:
            _check_server(address)
    if settings.notify_command and shutil.which(settings.notify_command[0]) is None:
        raise SlumberError(
            f"The program {settings.notify_command[0]!r} of notify.command is not found or not executable: "
            "correct it in params.yaml."
        )
    for place in (workspace.root, workspace.state, workspace.data):
        if not os.access(_existing(place), os.W_OK | os.X_OK):
            raise SlumberError(f"{place} cannot be written: name a folder that can be with --workspace.")
    check_space(workspace.state, needed_bytes=NIGHT_BYTES)


def _check_server(address: "httpx.URL") -> None:
    """See that somebody listens there, unless another machine is asked on our behalf; what it answers is seen later."""
    if os.environ.keys() & {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"}:
        return
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        socket.create_connection((address.host, port), timeout=_SERVER_SECONDS).close()
    except OSError as error:
        raise SlumberError(
            f"Nobody answers at {address.host}:{port} ({error.strerror or error}): start the server of dream.endpoint, "
            "or set dream.engine to transformers."
        ) from None


def _existing(path: Path) -> Path:
    """The folder itself, or the next one above it that is there."""
    return next(folder for folder in (path, *path.parents) if folder.exists())
