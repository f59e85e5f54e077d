"""deploy/metrics.sh: figures that cannot be had are not there; it ends when it is told, or when nobody serves them."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from tests.deploy.composed import DEPLOY
from tests.remote.servers import free_port

SLUMBER = """#!/bin/sh
[ "$1 $2" = "metrics --out" ] && [ ! -e "$(dirname "$0")/away" ] || exit 2
echo "slumber_alerts 0" >"$3.part"
mv "$3.part" "$3"
"""


@pytest.fixture
def port():
    return free_port()


@pytest.fixture
def script(tmp_path, port):
    program = tmp_path / "slumber"
    program.write_text(SLUMBER)
    program.chmod(0o755)
    (copy := tmp_path / "metrics.sh").write_text((DEPLOY / "metrics.sh").read_text().replace("9101", str(port)))
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    process = subprocess.Popen(["sh", copy, "1"], env=environment, start_new_session=True, stderr=subprocess.DEVNULL)
    yield process
    with contextlib.suppress(ProcessLookupError):  # all have ended
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def asked(port, *, until):
    deadline, told = time.monotonic() + 90, (0, "")
    while told[0] != until and time.monotonic() < deadline:
        time.sleep(0.2)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
                told = answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            told = error.code, ""
        except OSError:
            told = 0, ""
    return told


def test_old_figures_are_not_shown(script, port, tmp_path):
    assert asked(port, until=200) == (200, "slumber_alerts 0\n")
    (tmp_path / "away").touch()
    assert asked(port, until=404)[0] == 404
    (tmp_path / "away").unlink()
    assert asked(port, until=200)[0] == 200
    script.send_signal(signal.SIGTERM)
    assert script.wait(60) == 0


def test_it_ends_when_nobody_serves_them(script, port):
    assert asked(port, until=200)[0] == 200
    children = subprocess.run(["pgrep", "-P", str(script.pid), "-f", "http.server"], capture_output=True, text=True)
    os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
    assert script.wait(60) == 1
