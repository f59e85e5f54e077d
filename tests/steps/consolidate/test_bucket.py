"""Checkpoints in a bucket: another host goes on where one died, and with nothing that a stranger put there."""

import time

import pytest

import steps.consolidate.training as training
from steps.consolidate import bucket
from steps.consolidate.bucket import TrainerWithBucket, clear_checkpoints
from steps.consolidate.job import CHECKPOINT, finished, write_job
from steps.consolidate.trainer import LocalTrainer
from steps.errors import SlumberError
from steps.workspace import file_sha256
from tests.steps.consolidate.test_objectives import LESSONS

KEY = b"k" * 32


@pytest.fixture
def job(tiny_settings, tmp_path, monkeypatch):
    """Return a function that writes the same job on a host of that name."""
    monkeypatch.setattr(bucket, "_EVERY", 0.05)

    def go(host):
        folder = tmp_path / host / "2026-11-21"
        write_job(folder, settings=tiny_settings, lessons=LESSONS, known=(), begun=None, digest="d")
        return folder

    return go


@pytest.fixture
def place(tmp_path):
    return f"file://{tmp_path}/bucket"


def objects(tmp_path):
    return sorted(path for path in (tmp_path / "bucket").rglob("*") if path.is_file())


@pytest.fixture
def cut_off(job, place, tmp_path, monkeypatch):
    """A host that died after its first checkpoint had arrived."""
    store, here = training._store, job("died")

    def store_and_die(path, *given):
        store(path, *given)
        until = time.monotonic() + 60
        while len(objects(tmp_path)) < 2 and time.monotonic() < until:
            time.sleep(0.02)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "_store", store_and_die)
        with pytest.raises(KeyboardInterrupt):
            TrainerWithBucket(LocalTrainer(), place, KEY).train(here)
    return here


def test_another_host_goes_on_and_the_bucket_is_empty_afterwards(job, place, tmp_path, cut_off, capfd):
    whole, there = LocalTrainer().train(job("whole")), job("other")
    strangers = tmp_path / "bucket" / "tenants" / "acme"
    strangers.mkdir(parents=True)
    (strangers / "theirs").touch()
    adapter = TrainerWithBucket(LocalTrainer(), place, KEY).train(there)
    assert "goes on from a checkpoint in file://" in " ".join(capfd.readouterr().err.split())
    assert finished(there, "d")["resumed_at"] > 0 and file_sha256(adapter) == file_sha256(whole)
    assert objects(tmp_path) == [strangers / "theirs"] and not (there / f"{CHECKPOINT}.sent").exists()


@pytest.mark.parametrize("how", ["another key", "another file", "a longer one", "no seal", "endless"])
def test_what_this_deployment_did_not_write_is_no_checkpoint(job, place, tmp_path, cut_off, how, capfd):
    file, newest = sorted(objects(tmp_path), key=lambda path: path.suffix == ".json")
    if how == "another file":
        file.write_bytes(file.read_bytes()[:-1] + b"!")
    elif how == "a longer one":
        file.write_bytes(file.read_bytes() + b"!")
    elif how == "endless":
        newest.write_text(" " * 10**6 + newest.read_text())
    elif how == "no seal":
        newest.write_text("{}")
    there = job("other")
    TrainerWithBucket(LocalTrainer(), place, b"x" * 32 if how == "another key" else KEY).train(there)
    assert finished(there, "d")["resumed_at"] == 0
    told = " ".join(capfd.readouterr().err.split())
    says = "was not written by this deployment" if how == "another key" else "cannot be used, and it starts anew"
    assert says in told


def test_a_checkpoint_of_another_job_goes(job, place, tmp_path, cut_off, tiny_settings):
    other = tmp_path / "later" / "2026-11-22"
    write_job(other, settings=tiny_settings, lessons=LESSONS, known=(), begun=None, digest="e")
    TrainerWithBucket(LocalTrainer(), place, KEY).train(other)
    assert finished(other, "e")["resumed_at"] == 0 and objects(tmp_path) == []


def test_the_second_training_of_a_night_goes_on_though_the_first_is_done_again(job, place, tmp_path, cut_off):
    """The one that died had finished the first, whose adapter no bucket keeps."""
    first = job("other")
    first = first.rename(first.with_name("2026-11-20"))
    TrainerWithBucket(LocalTrainer(), place, KEY).train(first)
    second = job("other")
    TrainerWithBucket(LocalTrainer(), place, KEY).train(second)
    assert finished(second, "d")["resumed_at"] > 0 and objects(tmp_path) == []


def test_a_bucket_that_is_away_stops_no_training(job, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    here, store, said = job("here"), training._store, []

    def store_and_wait(path, *given):
        store(path, *given)
        until = time.monotonic() + 60
        while not said and time.monotonic() < until:  # a tiny training ends before anybody looks
            time.sleep(0.02)

    monkeypatch.setattr(training, "_store", store_and_wait)
    monkeypatch.setattr(bucket, "say", said.append)
    TrainerWithBucket(LocalTrainer(), f"file://{tmp_path}/file/bucket", KEY).train(here)
    assert finished(here, "d") is not None
    assert len(said) == 1 and "cannot be kept in" in said[0]


def test_what_is_to_be_forgotten_stays_in_no_bucket(tiny_settings, place, tmp_path, cut_off):
    strangers = tmp_path / "bucket" / "tenants" / "acme"
    strangers.mkdir(parents=True)
    (strangers / "theirs").touch()
    compute = tiny_settings.compute.model_copy(update={"checkpoints": place})
    clear_checkpoints(tiny_settings)
    assert len(objects(tmp_path)) == 3
    clear_checkpoints(tiny_settings.model_copy(update={"compute": compute}))
    assert objects(tmp_path) == [strangers / "theirs"]
    (tmp_path / "file").touch()
    gone = compute.model_copy(update={"checkpoints": f"file://{tmp_path}/nowhere"})
    clear_checkpoints(tiny_settings.model_copy(update={"compute": gone}))


def test_a_bucket_that_cannot_be_cleared_is_told(tiny_settings, place, monkeypatch):
    def away(*_):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(bucket, "_opened", away)
    compute = tiny_settings.compute.model_copy(update={"checkpoints": place})
    with pytest.raises(SlumberError, match=r"compute\.checkpoints.*no route to host.*same command again"):
        clear_checkpoints(tiny_settings.model_copy(update={"compute": compute}))
