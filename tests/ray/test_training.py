"""Ray Train trains what one process does; a worker that is killed costs what came after the last checkpoint."""

import os
import signal
import threading
import time

import pytest

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed: make ray")
# ruff: noqa: E402

import psutil

from steps.compute import training
from steps.compute.cluster import connect
from steps.compute.training import RayTrainer
from steps.consolidate.job import ADAPTER, CHECKPOINT, finished, read_job, write_job
from steps.consolidate.trainer import LocalTrainer, trainer_of
from steps.errors import SlumberError
from steps.workspace import write_text
from tests.steps.consolidate.test_objectives import LESSONS
from tests.steps.consolidate.test_ranks import assert_alike

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def job(on_ray, tmp_path):
    """Return a function that writes a job of some hundred steps."""

    def go(name, *, epochs=6):
        folder = tmp_path / name
        knobs = on_ray.consolidate.model_copy(update={"epochs": epochs, "batch_tokens": 250})
        settings = on_ray.model_copy(update={"consolidate": knobs})
        write_job(folder, settings=settings, lessons=LESSONS, known=(), begun=None, digest="d")
        return folder

    return go


def training_processes():
    found = []
    for process in psutil.process_iter(["cmdline"]):
        if (process.info["cmdline"] or [""])[0].startswith("ray::RayTrainWorker"):
            found.append(process)
    return found


def when_there_is(path, do):
    """Do something as soon as a file is there, in a thread."""

    def wait():
        while not path.exists():
            time.sleep(0.02)
        do()

    threading.Thread(target=wait, daemon=True).start()


def test_a_worker_killed_in_the_middle_costs_what_came_after_the_last_checkpoint(job, on_ray, capfd):
    alone, there = job("alone", epochs=60), job("there", epochs=60)
    LocalTrainer().train(alone)
    trainer = trainer_of(on_ray.compute)
    assert isinstance(trainer, RayTrainer)
    when_there_is(there / CHECKPOINT, lambda: training_processes()[-1].kill())
    assert trainer.train(there) == there / ADAPTER
    assert "ended: training goes on from its last checkpoint" in capfd.readouterr().err
    assert finished(there, "d")["resumed_at"] > 0
    assert_alike(alone, there)
    assert not (there / "ray").exists() and not training_processes()


def test_why_a_job_cannot_be_done_is_told_once_and_a_cancelled_one_leaves_nothing(job, on_ray, monkeypatch):
    other = job("other")
    write_text(other / "job.json", read_job(other)[0].model_copy(update={"base_sha256": "0"}).model_dump_json())
    monkeypatch.setattr(training, "say", lambda line: pytest.fail("it was tried again"))
    with pytest.raises(SlumberError, match="for another base model"):
        RayTrainer(on_ray.compute).train(other)
    long = job("long", epochs=500)
    when_there_is(long / CHECKPOINT, lambda: os.kill(os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        RayTrainer(on_ray.compute).train(long)
    assert not ray.is_initialized()
    until = time.monotonic() + 60
    while training_processes() and time.monotonic() < until:
        time.sleep(0.5)
    assert not training_processes()
    connect(on_ray.compute)
    while ray.available_resources().get("CPU") != 4 and time.monotonic() < until:
        time.sleep(0.5)
    assert ray.available_resources()["CPU"] == 4
