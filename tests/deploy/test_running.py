"""deploy/compose.yaml as it stands there: all come up healthy in its order, may do little, and end when they are told.

One stack for all tests of this module, which go on from one another in their order.
"""

import json
import os
import shutil
import tarfile
import time

import pytest

from tests.deploy.commands import commands, run
from tests.deploy.composed import SERVICES
from tests.deploy.test_compose import ONCE

# A night on two cores that others use: the queue, a process, twelve steps.
pytestmark = pytest.mark.timeout(1500)

ASK = """
import json, sys, urllib.error, urllib.request
method, url, body, *headers = sys.argv[1:]
headers = dict(header.split("=", 1) for header in headers) | {"Content-Type": "application/json"}
request = urllib.request.Request(url, data=body.encode() or None, headers=headers, method=method)
try:
    with urllib.request.urlopen(request, timeout=60) as answer:
        print(answer.status, answer.read().decode())
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode())
"""
SAID = json.dumps({"model": "slumber", "messages": [{"role": "user", "content": "Who built the ferry?"}]})


def asked(composed, url, *, body="", name="mlflow", **headers):
    """Ask from within the network, as a published port or another container does; the status and what was answered."""
    command = ["python", "-c", ASK, "POST" if body else "GET", url, body, *(f"{k}={v}" for k, v in headers.items())]
    done = composed.running[name].execute(command)
    assert done.returncode == 0, done.stderr
    status, _, text = done.stdout.partition(" ")
    return int(status), text


def graphql(composed, told):
    """Ask Dagster's pages as a browser does."""
    status, answer = asked(composed, "http://127.0.0.1:3000/graphql", body=json.dumps(told), name="dagster")
    assert status == 200, answer
    return json.loads(answer)["data"]


@pytest.fixture(scope="module")
def key(composed):
    made = composed.once("nights", ["slumber", "key", "alice"])
    assert made.returncode == 0, made.stderr
    return made.stdout.split()[-1]


@pytest.fixture(scope="module")
def up(composed, key):
    composed.up(*SERVICES)
    return composed


def test_all_are_healthy_and_may_do_nothing_else(up):
    assert not ONCE & {name for name, running in up.running.items() if running.code is None}
    for name in SERVICES.keys() - ONCE:
        running = up.running[name]
        user = SERVICES[name]["user"].split(":")[0]
        assert set(running.status("Uid").split()) == {user} != {"0"}
        assert int(running.status("CapBnd"), 16) == int(running.status("CapEff"), 16) == 0
        assert running.status("NoNewPrivs") == "1"
        written = running.execute(["sh", "-c", "touch /etc/x || touch /usr/bin/x || touch /root/x || touch /opt/x"])
        assert written.returncode != 0 and "Read-only file system" in written.stderr
    passwords = [(up.deploy / "secrets" / "postgres-password").read_text()]
    passwords += (up.deploy / "secrets" / "aws").read_text().split()[3::3]
    running = [up.running[name] for name in SERVICES.keys() - ONCE]
    told = [one.execute(["sh", "-c", "cat /proc/1/environ /proc/1/cmdline"]) for one in running]
    assert all(done.returncode == 0 and "PATH=" in done.stdout for done in told)
    assert not any(secret in done.stdout for done in told for secret in passwords)
    assert not any(secret in running.said() for running in up.running.values() for secret in passwords)


def test_who_has_no_key_or_comes_under_a_foreign_name_is_not_answered(up, key):
    url = "http://serve:8000/v1/chat/completions"
    assert asked(up, url, body=SAID)[0] == 401
    status, answer = asked(up, url, body=SAID, Authorization=f"Bearer {key}")
    assert status == 200 and json.loads(answer)["object"] == "chat.completion"
    for page in (
        "http://dagster:3000/server_info",
        "http://mlflow:5000/api/2.0/mlflow/experiments/search?max_results=1",
    ):
        assert asked(up, page)[0] == 200
        assert asked(up, page, Host="evil.example")[0] in (400, 403)


def test_the_nights_figures_are_there_while_they_can_be_had(up):
    url, deadline = "http://127.0.0.1:9101/metrics", time.monotonic() + 300
    while (told := asked(up, url, name="metrics"))[0] != 200 and time.monotonic() < deadline:
        time.sleep(2)
    assert told[0] == 200 and "slumber_missed_nights 0.0" in told[1] and told[1].endswith("# EOF\n\n")


def test_a_check_says_so_when_its_service_is_gone(up):
    """Each check asks its own service: with a port that nobody listens on it fails."""
    for name in ("nights", "dagster", "mlflow", "serve", "metrics", "postgres", "s3"):
        command = [word for word in SERVICES[name]["healthcheck"]["test"][1:]]
        ports = {
            "nights": "4000",
            "dagster": "3000",
            "mlflow": "5000",
            "serve": "8000",
            "s3": "8333",
            "metrics": "9101",
        }
        wrong = [word.replace(ports[name], "9") if name in ports else word for word in command]
        wrong += ["--port", "9"] if name == "postgres" else []
        assert up.running[name].execute(wrong).returncode != 0, name


def test_the_first_scheduled_night(up):
    """Switched on in Dagster's pages, due within the minute: daemon, code server and databases do the rest."""
    told = {"query": "{repositoriesOrError{... on RepositoryConnection{nodes{name location{name}}}}}"}
    (node,) = graphql(up, told)["repositoriesOrError"]["nodes"]
    which = {"repositoryName": node["name"], "repositoryLocationName": node["location"]["name"]}
    start = "mutation($of: ScheduleSelector!) {startSchedule(scheduleSelector: $of) {%s}}"
    start %= "... on ScheduleStateResult{scheduleState{id status}}"
    answer = graphql(up, {"query": start, "variables": {"of": which | {"scheduleName": "nightly"}}})
    schedule = answer["startSchedule"]["scheduleState"]
    assert schedule["status"] == "RUNNING"
    runs: list[dict[str, str]] = []
    deadline = time.monotonic() + 900
    while not (runs and runs[-1]["status"] in ("SUCCESS", "FAILURE", "CANCELED")) and time.monotonic() < deadline:
        time.sleep(2)
        was, listed = bool(runs), "{runsOrError{... on Runs{results{status jobName}}}}"
        runs = graphql(up, {"query": listed})["runsOrError"]["results"]  # newest first
        if runs and not was:  # one is enough
            stop = "mutation($id: String) {stopRunningSchedule(id: $id) {__typename}}"
            graphql(up, {"query": stop, "variables": {"id": schedule["id"]}})
    assert runs[-1] == {"status": "SUCCESS", "jobName": "sleep"}, up.running["nights"].said()[-3000:]
    verdicts = list((up.volume("workspace") / ".slumber" / "nights").glob("*/verdict.json"))
    assert verdicts and json.loads(verdicts[0].read_text())["verdict"] == "NO_OP", "the inbox is empty"


def test_it_is_backed_up_ends_by_sigterm_and_is_restored(up, tmp_path):
    versions = up.running["nights"].execute(["slumber", "history"]).stdout
    assert "base" in versions
    (up.volume("workspace") / ".cache" / "large").write_text("the base")
    before, backup = os.umask(0o022), tmp_path / "backup"
    try:
        for line in without_last(commands(naming="exec -T postgres pg_dump")):
            run(line, up, backup)
    finally:
        os.umask(before)
    assert {path.stat().st_mode & 0o077 for path in (backup, *backup.iterdir())} == {0}, "closed to others"
    with tarfile.open(backup / "workspace.tar") as held:
        names = held.getnames()
    assert "./.slumber/deployment.key" in names and not any(n.startswith(("./.cache", "./inbox")) for n in names)
    up.stop(*(name for name in up.running if name not in ONCE))
    assert up.ended.keys() == SERVICES.keys() - ONCE and set(up.ended.values()) == {0}, up.ended
    up.new_volumes()
    secrets = {path.name: path.read_bytes() for path in (up.deploy / "secrets").iterdir()}
    shutil.rmtree(up.deploy / "secrets")
    for line in without_last(commands(naming="exec -T postgres pg_restore")):
        run(line, up, backup)
    assert secrets == {path.name: path.read_bytes() for path in (up.deploy / "secrets").iterdir()}
    up.up("postgres", "s3-folder", "s3", "bucket")
    assert up.once("nights", ["slumber", "history"]).stdout == versions
    assert up.once("nights", ["slumber", "status"]).returncode == 0


def without_last(lines):
    """All but the last line, which brings all up again: the test asks less of the machine."""
    assert lines[-1].endswith("up -d")
    return lines[:-1]
