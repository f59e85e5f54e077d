"""`slumber ui` starts both servers, and leaves neither them nor their children behind."""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import dagster as dg
import pytest
from dagster._core.events import DagsterEvent

from orchestration import freeing, ui
from orchestration.environment import Deployment
from orchestration.instance import opened_instance
from orchestration.ui_commands import PARTS
from steps.errors import NightRunning, SlumberError

# Like Dagster and MLflow, a server with a child that would outlive it.
SERVER = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
open("children", "a").write(f"{child.pid}\\n")
import http.server
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def deployment(settings, workspace, tmp_path, monkeypatch, migrated):
    ports = settings.ui.model_copy(update={"dagster_port": free_port(), "mlflow_port": free_port()})
    found = Deployment(settings=settings.model_copy(update={"ui": ports}), workspace=workspace, inbox=tmp_path)
    monkeypatch.setattr(
        ui, "dagster_command", lambda f: [sys.executable, "-c", SERVER, str(f.settings.ui.dagster_port)]
    )
    monkeypatch.setattr(ui, "daemon_command", lambda f: [sys.executable, "-c", "import time; time.sleep(600)"])
    monkeypatch.setattr(ui, "mlflow_command", lambda f: [sys.executable, "-c", SERVER, str(f.settings.ui.mlflow_port)])
    return found


def alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def interruptible():
    """A shell starts what it runs in the background with SIGINT ignored, the test suite, for instance."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_both_start_and_both_stop(deployment, number, interruptible):
    said: list[str] = []

    def stop_when_up():
        while not any("stops both" in line for line in said):
            time.sleep(0.05)
        os.kill(os.getpid(), number)

    threading.Thread(target=stop_when_up, daemon=True).start()
    ui.serve(deployment, say=said.append)
    for port in (deployment.settings.ui.dagster_port, deployment.settings.ui.mlflow_port):
        assert any(f"127.0.0.1:{port}" in line for line in said)
        ui.check_port(port, setting="free again")
    children = [int(pid) for pid in (deployment.workspace.state / "children").read_text().split()]
    assert len(children) == 2 and not any(alive(pid) for pid in children)


def test_a_server_that_does_not_start_is_named(deployment, monkeypatch):
    monkeypatch.setattr(ui, "mlflow_command", lambda f: [sys.executable, "-c", "raise SystemExit('no')"])
    with pytest.raises(SlumberError, match=r"MLflow did not start: see .*mlflow\.log"):
        ui.serve(deployment, say=lambda line: None)
    ui.check_port(deployment.settings.ui.dagster_port, setting="free again")


def test_a_remote_registry_is_not_served(deployment, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://mlflow.example:5000")
    monkeypatch.setattr(ui, "dagster_command", lambda f: [sys.executable, "-c", "raise SystemExit('no')"])
    with pytest.raises(SlumberError, match="Dagster did not start"):
        ui.serve(deployment, say=lambda line: None)  # though the registry is away, and with it who runs a night
    assert not (deployment.workspace.state / "ui" / "mlflow.log").exists()


def test_dagsters_pages_answer_under_the_names_of_this_machine_and_of_the_settings_alone(monkeypatch, tmp_path):
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    from orchestration import webserver

    page = Route("/", lambda request: PlainTextResponse("here"))
    monkeypatch.setattr(webserver, "_create", lambda: Starlette(routes=[page]))
    client = TestClient(webserver.guarded_app(), base_url="http://127.0.0.1:3000")
    assert client.get("/").text == "here"
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400
    (tmp_path / "params.yaml").write_text("ui: {hosts: [pages.example]}\n")
    monkeypatch.setenv("SLUMBER_WORKSPACE", str(tmp_path))
    client = TestClient(webserver.guarded_app(), base_url="http://pages.example")
    assert client.get("/").text == "here"
    assert client.get("/", headers={"Host": "evil.example"}).status_code == 400


def test_one_part_runs_alone_and_ends_when_told(deployment, monkeypatch, interruptible):
    server = [sys.executable, "-c", SERVER, str(deployment.settings.ui.mlflow_port)]
    monkeypatch.setitem(ui.PARTS, "mlflow", lambda found: server)

    def stop_when_up():
        while not (deployment.workspace.state / "children").exists():
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=stop_when_up, daemon=True).start()
    ui.serve_part(deployment, "mlflow", say=lambda line: None)
    (child,) = (deployment.workspace.state / "children").read_text().split()
    assert not alive(int(child)) and not (deployment.workspace.state / "ui").exists(), "its log goes where it is run"
    monkeypatch.setitem(ui.PARTS, "mlflow", lambda found: [sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(SlumberError, match=r"mlflow stopped by itself \(exit code 3\)"):
        ui.serve_part(deployment, "mlflow", say=lambda line: None)
    with pytest.raises(SlumberError, match="none of nights, daemon, dagster, mlflow"):
        ui.serve_part(deployment, "webserver", say=lambda line: None)


def began(deployment, ago):
    """A run whose process is dead, and that claims to be under way since so many seconds."""

    @dg.job
    def killed():
        pass

    with opened_instance(deployment.workspace) as instance:
        run = instance.create_run_for_job(killed)
        event = DagsterEvent(dg.DagsterEventType.RUN_START.value, "killed")
        instance.run_storage.handle_run_event(run.run_id, event, datetime.fromtimestamp(time.time() - ago, UTC))
    return run.run_id


def is_closed(deployment, run_id):
    with opened_instance(deployment.workspace) as instance:
        return instance.get_run_by_id(run_id).status == dg.DagsterRunStatus.FAILURE


def test_a_run_that_is_killed_while_the_pages_are_up_does_not_block_the_queue(deployment, monkeypatch):
    """The looks go on after one that found nothing, and beside a night that is running."""
    looks = threading.Semaphore(0)
    looked = freeing.free_queue

    def look(*arguments, **named):
        try:
            looked(*arguments, **named)
        finally:
            looks.release()

    monkeypatch.setattr(freeing, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(freeing, "free_queue", look)

    def wait():
        for _ in range(2):  # one may have been at it already
            assert looks.acquire(timeout=60)

    with freeing.kept_free(deployment):
        wait()
        dead, fresh = began(deployment, 3600), began(deployment, -5)
        wait()
        assert is_closed(deployment, dead) and not is_closed(deployment, fresh), "it may be about to take the lock"
        with deployment.workspace.lock("2026-11-22"):
            dead = began(deployment, 3600)
            while looks.acquire(blocking=False):
                pass
            wait()
            assert not is_closed(deployment, dead), "a night is running"
        while looks.acquire(blocking=False):
            pass
        wait()
        assert is_closed(deployment, dead)


def test_the_queue_is_freed_as_soon_as_a_dead_nights_claim_ends(deployment, monkeypatch):
    """A container that was killed holds the registry's lease for minutes after its end."""
    asked: list[str] = []

    @contextlib.contextmanager
    def lock(self, what):
        asked.append(what)
        if len(asked) < 3:
            raise NightRunning("held")
        yield

    monkeypatch.setattr(Deployment, "lock", lock)
    dead = began(deployment, 60)
    for closed in (False, False, True, True):
        freeing.free_queue(deployment, began_before=time.time())
        assert is_closed(deployment, dead) == closed
    assert asked == ["ui"] * 3, "nobody is kept out where there is nothing to free"


def test_addresses_and_names_are_this_machines_own_unless_said_otherwise(deployment):
    for command in PARTS.values():
        assert not {"0.0.0.0", "--grpc-host", "--cors-allowed-origins"} & set(command(deployment))
    knobs = deployment.settings.ui.model_copy(update={"host": "0.0.0.0", "hosts": ["pages"], "nights": "other:4001"})
    found = replace(deployment, settings=deployment.settings.model_copy(update={"ui": knobs}))
    said = {name: " ".join(PARTS[name](found)) for name in PARTS}
    assert "-h 0.0.0.0 -p 4001 -m orchestration.definitions" in said["nights"]
    for name in ("daemon", "dagster"):
        assert said[name].endswith("--grpc-host other --grpc-port 4001")
    assert "sqlite:" not in said["mlflow"], "an address may hold a password, which every account would see"
    port = knobs.mlflow_port
    assert f"--allowed-hosts 127.0.0.1:{port},localhost:{port},[::1]:{port},pages:{port},pages " in said["mlflow"]
    assert said["mlflow"].endswith("--cors-allowed-origins https://pages")
