"""A night killed anywhere between examination and promotion leaves somebody serving, and the next run recovers."""

import json
import subprocess
import sys

import pytest

from steps.settings import REPOSITORY

pytestmark = pytest.mark.timeout(1500)  # two minutes on a quiet machine

POINTS = 20
BEFORE, AFTER = "2026-01-01", "2026-01-02"


@pytest.fixture(scope="module")
def survived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("killed")
    told = subprocess.run(
        [sys.executable, "-m", "tests.orchestration.kill_points", str(folder), str(POINTS)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-2000:]
    return [json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")]


def test_it_was_killed_at_many_points_of_examination_verdict_and_promotion(survived):
    assert len(survived) >= 20 and all(point["killed"] for point in survived)
    assert survived[0]["point"] == 1 and survived[-1]["point"] == survived[-1]["of"]


def test_somebody_serves_all_the_time(survived):
    for point in survived:
        assert point["meanwhile"]["night"] in (BEFORE, AFTER), point
        assert point["meanwhile"]["intact"] and point["meanwhile"]["champions"] == 1, point
    assert survived[0]["meanwhile"]["night"] == BEFORE, "nothing moves before the verdict"


def test_the_next_run_recovers(survived):
    for point in survived:
        assert point["after"] == {"night": AFTER, "intact": True, "champions": 1}, point
