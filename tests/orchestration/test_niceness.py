"""A night stands back behind the server: its process, whatever starts it, and all threads that it makes."""

import os
import subprocess
import sys

import pytest
import yaml

from steps.settings import REPOSITORY

SHOWN = """
import os, sys
from bench.load.sampling import threads_nice
from orchestration.niceness import be_nice
be_nice(int(sys.argv[1]))
import torch
torch.set_num_threads(2)
torch.randn(600, 600) @ torch.randn(600, 600)
group = open("/proc/self/autogroup").read() if os.path.exists("/proc/self/autogroup") else ""
print(len(threads_nice(os.getpid())) > 1, *set(threads_nice(os.getpid())), *(group.split()[-1:] or ["None"]))
"""


def shown(nice, *, session):
    """Whether several threads run, their niceness, and that of the session's group ("None" outside of any)."""
    told = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", SHOWN, str(nice)]
    done = subprocess.run(command, env=told, capture_output=True, text=True, check=True, start_new_session=session)
    return done.stdout.split()


def test_every_thread_of_a_night_is_nice():
    several, *nice, _ = shown(12, session=False)
    assert (several, nice) == ("True", ["12"])


def test_so_is_a_session_of_its_own_and_nobody_elses():
    own, others = shown(12, session=True)[-1], shown(13, session=False)[-1]
    assert own in ("12", "None") and others != "13"


def test_a_night_that_was_started_nicer_stays_so():
    done = subprocess.run(
        [sys.executable, "-c", "import os; from orchestration.niceness import be_nice; os.nice(15); be_nice(5); "
         "print(os.getpriority(os.PRIO_PROCESS, 0))"],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "15"


@pytest.mark.parametrize("command", ["night", "ingest"])
def test_nights_and_single_steps_are(command, tmp_path, tiny_model):
    (tmp_path / "inbox").mkdir()
    (tmp_path / "params.yaml").write_text(yaml.safe_dump({"model": {"base": str(tiny_model)}, "night": {"nice": 1}}))
    code = (
        "import atexit, os, sys; from orchestration.cli import main; "
        "atexit.register(lambda: print('nice', os.getpriority(os.PRIO_PROCESS, 0))); main()"
    )
    where = ["--workspace", str(tmp_path), "--inbox", str(tmp_path / "inbox"), "--night", "2026-11-22"]
    done = subprocess.run(
        [sys.executable, "-c", code, command, *where],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.splitlines()[-1] == "nice 1", done.stderr
