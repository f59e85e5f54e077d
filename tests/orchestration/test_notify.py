"""A real command and a real server on loopback are told of a refused or failed night; a broken hook changes nothing."""

import contextlib
import json
import re
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import dagster as dg
import pytest

from orchestration.definitions import build
from orchestration.environment import Deployment
from orchestration.night import run_night
from orchestration.notify import notify
from orchestration.sensors import night_failed, night_refused
from steps.errors import SlumberError
from steps.params import load_settings
from steps.records import Check, Verdict
from steps.settings import REPOSITORY, NotifySettings
from steps.workspace import DEEP, NIGHTS, write_text
from tests.orchestration.test_failures import sensor_context

NIGHT = "2026-11-22"
WRITES = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.stdin.read())"


@pytest.fixture
def server():
    """Yield (address, received): the server keeps what is posted, and answers with the status that the path names."""
    received = []

    class Keeps(BaseHTTPRequestHandler):
        def do_POST(self):
            received.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if self.path == "/slow":
                time.sleep(2)
            if self.path == "/drips":  # a line of its head at a time, each of them in time
                with contextlib.suppress(OSError):
                    for number in range(8):
                        self.wfile.write(f"HTTP/1.1 200 OK\r\nX-{number}: 1\r\n"[17 * bool(number) :].encode())
                        time.sleep(0.5)
                return
            self.send_response(500 if self.path == "/broken" else 204)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Keeps) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{found.server_port}", received
        found.shutdown()


def hooked(settings, **hooks):
    return settings.model_copy(update={"notify": NotifySettings(**hooks)})


def left_verdict(workspace, word):
    path = workspace.night_dir(NIGHT) / "verdict.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    said = (("kept", "PASS", "all"), ("learned", "FAIL", "too little"))
    checks = tuple(Check(name=name, status=status, reason=reason) for name, status, reason in said)
    reasons = tuple(f"{check.name}: {check.reason}" for check in checks)
    path.write_text(Verdict(night=NIGHT, verdict=word, reasons=reasons, checks=checks).model_dump_json())


def tell(settings, workspace):
    return notify(settings, workspace, event="REJECT", night=NIGHT, run_id="r", reasons=["forgot, “much”"])


def test_command_and_webhook_get_the_same_message(settings, workspace, tmp_path, server):
    address, received = server
    path = tmp_path / "a file; touch evil"
    knobs = hooked(settings, command=(sys.executable, "-c", WRITES, str(path)), webhook=f"{address}/ok")
    write_text(workspace.night_dir(NIGHT) / "report.html", "as it went")
    assert tell(knobs, workspace) == []
    (posted,) = received
    assert json.loads(path.read_text()) == posted
    assert (posted["event"], posted["night"], posted["reasons"]) == ("REJECT", NIGHT, ["forgot, “much”"])
    assert posted["report"].endswith("report.html") and posted["dagster_run_id"] == "r"
    assert posted["host"] == socket.gethostname() and posted["time"].endswith("+00:00")
    assert not (tmp_path / "evil").exists(), "no shell"


def test_an_address_is_in_no_dump_that_a_registry_could_show(settings):
    knobs = hooked(settings, webhook="https://hooks.example/token-xyz")
    assert "token-xyz" not in str(knobs.model_dump()) and "token-xyz" not in knobs.model_dump_json()


def test_without_hooks_nothing_happens(settings, workspace):
    assert tell(settings, workspace) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("no-such-command-anywhere",), "No such file or directory"),
        ((sys.executable, "-c", "import sys; sys.exit('no mail')"), r"code 1 \(no mail\)"),
        ((sys.executable, "-c", "import time; time.sleep(20)"), "took longer than 1 s"),
    ],
)
def test_a_broken_command_is_one_line(settings, workspace, command, said):
    (line,) = tell(hooked(settings, command=command, timeout_seconds=1), workspace)
    assert "notify.command" in line and "\n" not in line and re.search(said, line)


@pytest.mark.parametrize(
    ("path", "said"),
    [("/broken", "it answered 500"), ("/slow", "took longer than 1 s"), ("/drips", "took longer than 1 s")],
)
def test_a_broken_webhook_is_one_line(settings, workspace, server, path, said):
    (line,) = tell(hooked(settings, webhook=server[0] + path, timeout_seconds=1), workspace)
    assert "notify.webhook" in line and said in line


def test_a_proxy_that_needs_what_is_not_installed_is_one_line(settings, workspace, server, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    (line,) = tell(hooked(settings, webhook=f"{server[0]}/ok"), workspace)
    assert "notify.webhook" in line and "\n" not in line


def test_a_webhook_that_is_not_there_is_one_line_without_its_address(settings, workspace):
    (line,) = tell(hooked(settings, webhook="http://127.0.0.1:9/token-xyz"), workspace)
    assert "notify.webhook" in line and "token-xyz" not in line


def test_a_failed_night_by_hand_tells_and_stays_failed(settings, workspace, tmp_path, server):
    address, received = server
    knobs = hooked(settings, webhook=f"{address}/broken")
    with pytest.raises(SlumberError, match="inbox"):
        run_night(settings=knobs, workspace=workspace, night=NIGHT, inbox=tmp_path / "gone")
    (posted,) = received
    assert posted["event"] == "FAILED" and "inbox" in posted["reasons"][0] and posted["report"] is None


@pytest.mark.parametrize("word", ["REJECT", "INCONCLUSIVE", "PROMOTE", "NO_OP"])
def test_a_night_by_hand_tells_of_a_refusal_only(settings, workspace, tmp_path, server, monkeypatch, word):
    address, received = server

    def decided(deployment, night):
        left_verdict(workspace, word)
        return "run"

    monkeypatch.setattr("orchestration.night.execute", decided)
    knobs = hooked(settings, webhook=f"{address}/broken")
    outcome = run_night(settings=knobs, workspace=workspace, night=NIGHT, inbox=tmp_path)
    assert outcome.verdict.verdict == word, "a failing hook changes no verdict"
    assert [p["event"] for p in received] == ([word] if word in ("REJECT", "INCONCLUSIVE") else [])
    assert all(p["reasons"] == ["✗ learned: too little"] and p["report"] is None for p in received)


def test_the_sensor_tells_of_a_scheduled_night(settings, workspace, tmp_path, server):
    address, received = server
    knobs = hooked(settings, webhook=f"{address}/ok")
    deployment = Deployment(settings=knobs, workspace=workspace, inbox=tmp_path / "gone")
    with dg.instance_for_test() as instance:
        job = build(deployment, nights=(NIGHT,)).resolve_job_def("sleep")
        result = job.execute_in_process(instance=instance, partition_key=NIGHT, raise_on_error=False)
        night_failed(knobs, workspace)(sensor_context(instance, result.run_id))
    (posted,) = received
    assert (posted["event"], posted["night"], posted["dagster_run_id"]) == ("FAILED", NIGHT, result.run_id)


@pytest.mark.parametrize(
    ("word", "work"),
    [(word, NIGHTS) for word in ("REJECT", "INCONCLUSIVE", "PROMOTE", "NO_OP", None)]
    + [("REJECT", DEEP), ("PROMOTE", DEEP)],
)
def test_the_sensor_tells_of_a_scheduled_night_that_was_refused(settings, workspace, server, word, work):
    """Its run is a success; a verdict that is gone by then (the night runs again) is told by that run."""
    address, received = server
    if word:
        left_verdict(workspace.of(work), word)

    @dg.job(name={NIGHTS: "sleep", DEEP: "deep"}[work])
    def job():
        pass

    with dg.instance_for_test() as instance:
        result = job.execute_in_process(instance=instance, tags={"dagster/partition": NIGHT})
        entries = instance.all_logs(result.run_id)
        success = next(e.dagster_event for e in entries if e.dagster_event and e.dagster_event.is_job_success)
        run = instance.get_run_by_id(result.run_id)
        context = dg.build_run_status_sensor_context("night_refused", success, instance, run)
        night_refused(hooked(settings, webhook=f"{address}/ok"), workspace)(context)
    refused = word in ("REJECT", "INCONCLUSIVE")
    expected = [(word, NIGHT, ["✗ learned: too little"], result.run_id)] if refused else []
    assert [(p["event"], p["night"], p["reasons"], p["dagster_run_id"]) for p in received] == expected


@pytest.mark.parametrize(
    ("line", "key"),
    [("webhook: ftp://x", "notify.webhook"), ("command: mail", "notify.command"), ("mail: x", "notify.mail")],
)
def test_impossible_hooks_are_refused(tmp_path, line, key):
    shipped = (REPOSITORY / "params.yaml").read_text()
    start = shipped.index("notify:")
    (tmp_path / "params.yaml").write_text(shipped[:start] + f"notify:\n  {line}\n")
    with pytest.raises(SlumberError, match=key):
        load_settings(tmp_path / "params.yaml")
