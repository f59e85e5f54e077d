"""A whole night with MLflow behind a login: its password and the webhook's stay out of all that is kept and said."""

import base64
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dvc.repo  # noqa: F401  # before any capture: its log keeps the stdout that it finds when it is imported
import httpx
import pytest

from orchestration.night import run_night
from steps.registry import Registry, reading
from steps.settings import NotifySettings
from tests.orchestration.test_night import FERRY, FIRST

USER, PASSWORD, TOKEN = "night-owl", "pa55-of-the-registry", "t0ken-of-the-hook"
CREDENTIALS = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


class Login(BaseHTTPRequestHandler):
    """What a proxy before MLflow does: whoever has no password gets a 401, all else goes through."""

    behind = ""

    def _pass_on(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Authorization") != CREDENTIALS:
            status, content, kind = 401, b"who are you?", "text/plain"
        else:
            kept = {k: v for k, v in self.headers.items() if k.lower() in ("content-type", "accept")}
            answer = httpx.request(self.command, self.behind + self.path, content=body, headers=kept, timeout=60)
            status, content, kind = answer.status_code, answer.content, answer.headers.get("content-type", "")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass_on

    def log_message(self, *_):
        pass


@pytest.fixture
def guarded(tmp_path, migrated):
    """Yield the address, without a password, of a real MLflow server behind a login, and the folder of its files."""
    folder = tmp_path / "server"
    folder.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    where = ["--backend-store-uri", f"sqlite:///{folder}/mlflow.db", "--artifacts-destination", str(folder / "files")]
    command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([*command, *where], stdout=log, stderr=log, start_new_session=True, cwd=folder)
    Login.behind = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{Login.behind}/health", timeout=2).is_success:
                break
        time.sleep(0.3)
    with ThreadingHTTPServer(("127.0.0.1", 0), Login) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{proxy.server_port}", folder
        proxy.shutdown()
    os.killpg(server.pid, signal.SIGKILL)
    server.wait()


def test_a_night_with_mlflow_behind_a_login_keeps_no_password(tiny_settings, workspace, tmp_path, guarded, capfd):
    address, folder = guarded
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    (inbox / "ferry.md").write_text(FERRY)
    knobs = tiny_settings.registry.model_copy(update={"tracking_uri": f"http://{USER}:{PASSWORD}@{address}"})
    hook = NotifySettings(webhook=f"http://{USER}:{PASSWORD}@127.0.0.1:9/{TOKEN}", timeout_seconds=1)
    asked = tiny_settings.dream.model_copy(update={"endpoint": f"https://{USER}:{PASSWORD}@models/v1?api_key={TOKEN}"})
    settings = tiny_settings.model_copy(update={"registry": knobs, "notify": hook, "dream": asked})
    outcome = run_night(settings=settings, workspace=workspace, night=FIRST, inbox=inbox)
    assert outcome.verdict.verdict in ("REJECT", "INCONCLUSIVE"), "a random model learns nothing"
    assert [version.night for version in reading.history(Registry(settings, workspace))] == [FIRST, "0"]
    assert address in outcome.report.read_text(), "links lead to the server"

    kept = [path for top in (workspace.root, folder) for path in top.rglob("*") if path.is_file()]
    assert len(kept) > 50
    secrets = [secret.encode() for secret in (PASSWORD, TOKEN, CREDENTIALS.split()[1])]
    assert [path for path in kept if any(secret in path.read_bytes() for secret in secrets)] == []
    databases = [path for path in kept if path.suffix == ".db"]
    for path in databases:
        with contextlib.closing(sqlite3.connect(path)) as database:
            told = "\n".join(database.iterdump())
        assert not any(secret.decode() in told for secret in secrets), path
    assert len(databases) > 2
    said = "".join(capfd.readouterr())
    assert said and not any(secret.decode() in said for secret in secrets)


def test_a_wrong_password_is_said_without_it(tiny_settings, workspace, tmp_path, guarded):
    address, _ = guarded
    wrong = tiny_settings.registry.model_copy(update={"tracking_uri": f"http://{USER}:wrong-{TOKEN}@{address}"})
    registry = Registry(tiny_settings.model_copy(update={"registry": wrong}), workspace)
    with pytest.raises(Exception, match=r"cannot be reached or used.*401") as raised:
        reading.history(registry)
    assert TOKEN not in str(raised.value) and address in str(raised.value)
