"""A server that is killed with SIGKILL, and MLflow's database with it, loses nothing that somebody knows of."""

import json
import shutil
import sqlite3
import subprocess
import sys

import pytest

from steps.registry import Registry, reading
from steps.registry.stored import stored_model
from steps.settings import REPOSITORY
from steps.workspace import Workspace

MOMENTS = 3  # 30 by hand: python -m tests.awake.bad_days.killing FOLDER --moments 30


def program(name, *arguments):
    told = subprocess.run(
        [sys.executable, "-m", f"tests.awake.bad_days.{name}", *map(str, arguments)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert told.returncode == 0, told.stderr[-3000:]
    return [json.loads(line) for line in told.stdout.splitlines() if line.startswith("{")]


@pytest.mark.timeout(1500)  # a minute and a half on a quiet machine
def test_a_server_killed_at_random_moments_of_a_day(tmp_path):
    (found,) = program("killing", tmp_path, "--moments", MOMENTS)
    assert found["killed"] == MOMENTS and found["answered"] > 0 and found["acknowledged"] > 0, found
    faults = ("lost", "twice", "otherwise", "feedback_lost", "feedback_twice", "lessons_twice", "met_again")
    assert not any(found[fault] for fault in faults), json.dumps(found)
    kept = found["lessons"] + found["lessons_refused"]
    assert 0 < found["corrected"] <= kept + found["lessons_elsewhere"] and kept <= found["corrections_sent"], (
        json.dumps(found)
    )


@pytest.mark.timeout(900)  # half a minute on a quiet machine
def test_whoever_brings_it_killed_before_every_commit(tmp_path):
    points = program("bringing", tmp_path)
    assert len(points) == points[0]["of"] >= 8 and all(point["killed"] for point in points)
    for point in points:
        assert point["Who built ship 1?"] == [["Edda Krann."]], point
        assert point["Who built ship 2?"] == [["Edda Krann.", "-1", "Olin Krann."]], point


@pytest.mark.parametrize("look", [lambda found: found.client.search_registered_models(), stored_model])
def test_a_commit_that_was_killed_is_taken_back_by_whoever_looks_next(registry, tmp_path, look):
    """SQLite leaves a journal then, which a connection that may only read refuses to take back."""
    database = registry.workspace.state / "mlflow" / "mlflow.db"
    copied = Workspace(tmp_path / "copied")
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA cache_size = 5")
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE junk (x)")
    connection.executemany("INSERT INTO junk VALUES (?)", [(b"x" * 4000,)] * 300)  # more than is cached: it spills
    shutil.copytree(database.parent, copied.state / "mlflow")
    connection.execute("ROLLBACK")
    connection.close()
    journal = copied.state / "mlflow" / "mlflow.db-journal"
    assert journal.stat().st_size > 0
    assert look(Registry(registry.settings, copied))
    assert not journal.exists() and reading.champion(Registry(registry.settings, copied)).is_night_zero
