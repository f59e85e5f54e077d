"""`slumber ui`: Dagster and MLflow over the state of one workspace, until Ctrl-C; all of it, or one part alone."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx

from orchestration.environment import Deployment
from orchestration.freeing import free_queue, kept_free
from orchestration.instance import dagster_home
from orchestration.storage import check_storage
from orchestration.ui_commands import PARTS, daemon_command, dagster_command, mlflow_command, part_environment
from steps.errors import SlumberError
from steps.registry import Registry, tracking_uri
from steps.registry.links import dagster_url, mlflow_url, ui_host
from steps.stores import check_stores

START_SECONDS, STOP_SECONDS = 180.0, 15.0


def serve(found: Deployment, *, say: Callable[[str], None]) -> None:
    """Start both servers, print their addresses once they answer, and stop both with everything they started.

    Raises:
        SlumberError: a port is in use, the registry cannot be used, or a server stops by itself.
    """
    remote = tracking_uri(found.settings, found.workspace).startswith(("http://", "https://"))
    ports = {"ui.dagster_port": found.settings.ui.dagster_port}
    ports |= {} if remote else {"ui.mlflow_port": found.settings.ui.mlflow_port}
    for setting, port in ports.items():
        check_port(port, setting=setting, host=ui_host(found.settings))
    free_queue(found, began_before=time.time())
    addresses = {"Dagster": dagster_url(found.settings), "MLflow": mlflow_url(found.settings, found.workspace)}
    with _interrupted_by_signals(), contextlib.ExitStack() as running:
        running.enter_context(kept_free(found))
        servers = {
            "Dagster": running.enter_context(_server(found, "dagster", dagster_command(found))),
            "Daemon": running.enter_context(_server(found, "daemon", daemon_command(found))),
        }
        if not remote:
            _ = Registry(found.settings, found.workspace).client  # makes the database, whole, before a server opens it
            servers["MLflow"] = running.enter_context(_server(found, "mlflow", mlflow_command(found)))
        say("Starting; this takes up to a minute on a small machine ...")
        try:
            for name in [name for name in servers if name in addresses]:
                _wait_until_it_answers(name, servers[name], addresses[name], found)
            for name, address in addresses.items():
                say(f"{name}: {address}")
            say("Ctrl-C stops both." if not remote else "Ctrl-C stops Dagster.")
            while all(server.poll() is None for server in servers.values()):
                time.sleep(0.5)
        except KeyboardInterrupt:
            say("Stopping ...")
            return
        stopped = next(name for name, server in servers.items() if server.poll() is not None)
        raise SlumberError(f"{stopped} stopped by itself: see {_log(found, stopped.lower())}.")


def check_port(port: int, *, setting: str, host: str = "127.0.0.1") -> None:
    """Raise SlumberError if something listens on ``port`` of this machine already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port just left is free
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SlumberError(
                f"Port {port} cannot be used ({error.strerror}): set {setting} in params.yaml to another one."
            ) from None


def serve_part(found: Deployment, part: str, *, say: Callable[[str], None]) -> None:
    """Run one of ``PARTS`` until it is told to stop, as a container does; what it says goes where this process's does.

    Raises:
        SlumberError: there is no such part, a database cannot be used, or it stops by itself.
    """
    if part not in PARTS:
        raise SlumberError(f"--only {part!r} is none of {', '.join(PARTS)}.")
    if part == "mlflow":
        check_stores(found.settings, found.workspace)
        _ = Registry(found.settings, found.workspace).client  # makes the database, whole, before a server opens it
    else:
        check_storage(found.workspace)
    freeing = kept_free(found) if part == "nights" else contextlib.nullcontext()
    with _interrupted_by_signals(), freeing, _server(found, part, PARTS[part](found), to_file=False) as server:
        try:
            code = server.wait()
        except KeyboardInterrupt:
            say("Stopping ...")
            return
    raise SlumberError(f"{part} stopped by itself (exit code {code}).")


@contextlib.contextmanager
def _server(found: Deployment, name: str, command: list[str], *, to_file: bool = True) -> Iterator[subprocess.Popen]:
    """Run a server in a process group of its own, and stop the whole group at the end."""
    environment = os.environ | found.environment() | {"DAGSTER_HOME": str(dagster_home(found.workspace).absolute())}
    environment |= part_environment(found, name)
    with contextlib.ExitStack() as opened:
        stream = None
        if to_file:
            log = _log(found, name)
            log.parent.mkdir(parents=True, exist_ok=True)
            stream = opened.enter_context(log.open("wb"))
        server = subprocess.Popen(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=found.workspace.state,
            env=environment,
            start_new_session=True,
        )
    try:
        yield server
    finally:
        _stop_group(server)


def _stop_group(server: subprocess.Popen) -> None:
    deadline = time.monotonic() + STOP_SECONDS
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        # The group, since the servers have children that outlive them otherwise; it is gone when signalling it fails.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(server.pid, signal_number)
            while time.monotonic() < deadline:
                server.poll()  # reaps the leader, without which the group would never be empty
                os.killpg(server.pid, 0)
                time.sleep(0.1)
            deadline = time.monotonic() + 3.0
    server.wait()


def _wait_until_it_answers(name: str, server: subprocess.Popen, address: str, found: Deployment) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise SlumberError(f"{name} did not start: see {_log(found, name.lower())}.")
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(address, timeout=5.0).status_code < 500:
                return
        time.sleep(0.5)
    raise SlumberError(
        f"{name} did not answer at {address} within {START_SECONDS:.0f} s: see {_log(found, name.lower())}."
    )


def _log(found: Deployment, name: str) -> Path:
    return found.workspace.state / "ui" / f"{name}.log"


@contextlib.contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the servers as Ctrl-C does: a closed terminal leaves no process behind."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
