"""A night killed, or out of disk, anywhere from examination to promotion leaves somebody serving; the next recovers."""

import json
import subprocess
import sys

import pytest

from steps.settings import REPOSITORY

pytestmark = pytest.mark.timeout(1500)  # two minutes on a quiet machine

POINTS, FULL = 20, 6
BEFORE, AFTER = "2026-01-01", "2026-01-02"


@pytest.fixture(scope="module")
def survived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    told = subprocess.run(
        [sys.executable, "-m", "tests.orchestration.kill_points", str(folder), str(POINTS), str(FULL)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    return [json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")]


def test_it_was_killed_at_many_points_of_examination_verdict_and_promotion(survived):
    killed = [point for point in survived if "killed" in point]
    assert len(killed) >= 20 and all(point["killed"] for point in killed)
    assert killed[0]["point"] == 1 and killed[-1]["point"] == killed[-1]["of"]


def test_a_full_disk_fails_the_night_at_every_point(survived):
    said = [point["full"] for point in survived if "full" in point]
    assert len(said) == FULL and "nothing" not in said
    assert not [text for text in said if "full" not in text or text.startswith("no sentence")], said


def test_somebody_serves_all_the_time(survived):
    for point in survived:
        assert point["meanwhile"]["night"] in (BEFORE, AFTER), point
        assert point["meanwhile"]["intact"] and point["meanwhile"]["champions"] == 1, point
    assert survived[0]["meanwhile"]["night"] == BEFORE, "nothing moves before the verdict"


def test_the_next_run_recovers(survived):
    for point in survived:
        assert point["after"] == {"night": AFTER, "intact": True, "champions": 1}, point
