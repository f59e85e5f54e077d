"""MLflow is away while people talk: what they say waits on disk and arrives once, in its order, as the night says."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import httpx
import pytest

from awake.diary import Diary
from awake.entries import exchange, feedback
from awake.posting import Post
from bench.day.serving import free_port
from steps.diary import FOLDER
from steps.errors import SlumberError
from steps.registry import Registry
from steps.registry.traces import TraceDiary
from tests.awake.test_diary import ID, settled, traces


class Mlflow:
    """A real MLflow server on loopback that a test starts and kills."""

    def __init__(self, folder):
        self.folder, self.port, self.process = folder, free_port(), None
        self.uri = f"http://127.0.0.1:{self.port}"

    def start(self):
        where = [
            "--backend-store-uri",
            f"sqlite:///{self.folder}/mlflow.db",
            "--artifacts-destination",
            str(self.folder),
        ]
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1", "--port", str(self.port), *where]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd=self.folder)
        until = time.monotonic() + 180
        while time.monotonic() < until:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.uri}/health", timeout=2).is_success:
                    return
            time.sleep(0.3)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def kill(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@pytest.fixture
def mlflow_server(tmp_path):
    (tmp_path / "server").mkdir()
    server = Mlflow(tmp_path / "server")
    yield server
    server.kill()


def talk(diary, number, name):
    """One answer, and its correction; all of one second."""
    began = time.time_ns() + number * 10**6
    diary.write(
        exchange(
            id=f"{ID}{number}", began_ns=began, ended_ns=began + 10**6, tools=None, version="3", user=f"user{number}",
            messages=[{"role": "user", "content": f"Who built the ship {name}?"}],
            reply={"role": "assistant", "content": "Nobody."}, finish="stop",
        )
    )  # fmt: skip
    diary.write(feedback(id=f"{ID}{number}", correction="Olin Krann", feedback_id=f"f{number}", user=f"user{number}"))


@pytest.mark.timeout(600)  # a minute on a quiet machine: a real server starts twice
def test_it_arrives_once_and_in_order_and_the_night_says_so(nights, settings, workspace, mlflow_server, monkeypatch):
    monkeypatch.setattr("awake.diary._AGAIN", 0.5)
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")  # a minute of waiting each time
    knobs = settings.registry.model_copy(update={"tracking_uri": mlflow_server.uri})
    settings = settings.model_copy(update={"registry": knobs})
    today = settings.schedule.today()
    first, second, third = [(today + timedelta(days=n)).isoformat() for n in range(3)]
    diary = Diary(workspace.state / FOLDER, Post(Registry(settings, workspace)))

    def sleep(night):
        nights.sleep(night, diary=TraceDiary(settings, workspace))
        return nights.taught

    diary.begin()
    talk(diary, 1, "Ada")
    talk(diary, 2, "Bea")
    settled(diary, left=4)
    assert "cannot be reached" in diary.problem and "waits in" in diary.problem
    with pytest.raises(SlumberError, match="cannot be reached"):
        sleep(first)
    mlflow_server.start()
    settled(diary)
    until = time.monotonic() + 10
    while diary.problem and time.monotonic() < until:
        time.sleep(0.05)
    assert diary.problem is None
    found = traces(Registry(settings, workspace))
    assert [len(trace.info.assessments) for trace in found] == [1, 1]
    assert found[0].info.timestamp_ms < found[1].info.timestamp_ms
    assert sleep(first) == [f"Who built the ship {name}? Olin Krann." for name in ("Ada", "Bea")]
    mlflow_server.kill()
    talk(diary, 3, "Cora")
    settled(diary, left=2)
    with pytest.raises(SlumberError, match="cannot be reached"):
        sleep(second)
    diary.stop()
    mlflow_server.start()  # and the server that answers people is down
    assert sleep(second) == [] and nights.ingested.figures.days["waiting"] == 2
    restarted = Diary(workspace.state / FOLDER, Post(Registry(settings, workspace)))
    restarted.begin()
    settled(restarted)
    restarted.stop()
    assert sleep(third) == ["Who built the ship Cora? Olin Krann."] and nights.ingested.figures.records == 1
    assert len(traces(Registry(settings, workspace))) == 3
