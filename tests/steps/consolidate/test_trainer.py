"""A training job makes the same adapter wherever its folder is done, and goes on where it was cut off."""

import shutil
import subprocess
import sys

import pytest

import steps.consolidate.training as training
from steps.consolidate.cohorts import learned
from steps.consolidate.job import ADAPTER, CHECKPOINT, Job, finished, read_job, write_job
from steps.consolidate.trainer import LocalTrainer
from steps.errors import SlumberError
from steps.workspace import file_sha256, write_text
from tests.steps.consolidate.test_objectives import LESSONS


def elsewhere(job):
    """Do a job in a process of its own, whose standard input has nothing to say, as of a job in a cluster."""
    command = [sys.executable, "-m", "steps.consolidate.trainer", str(job)]
    return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@pytest.fixture
def job(tiny_settings, tmp_path):
    """Return a function that writes a job on top of an adapter, or of the base."""

    def go(name, *, begun=None):
        folder = tmp_path / name
        write_job(folder, settings=tiny_settings, lessons=LESSONS, known=(), begun=begun, digest="d")
        return folder

    return go


def test_the_very_same_adapter_here_in_another_process_and_in_another_place(job, tmp_path):
    first = LocalTrainer().train(job("first"))
    here, there = (job(name, begun=first) for name in ("here", "there"))
    shutil.rmtree(tmp_path / "first")
    moved = there.rename(tmp_path / "moved")
    done = elsewhere(moved)
    assert done.returncode == 0, done.stderr
    adapters = [LocalTrainer().train(here), moved / ADAPTER]
    assert adapters[0] == here / ADAPTER
    one, other = ({path.name: file_sha256(path) for path in adapter.iterdir()} for adapter in adapters)
    assert one == other and "adapter_model.safetensors" in one


def test_what_was_cut_off_is_gone_on_with_in_another_process(job, monkeypatch, capfd):
    whole, cut = (job(name) for name in ("whole", "cut"))
    LocalTrainer().train(whole)
    store, stored = training._store, []

    def store_and_die(*given):
        store(*given)
        stored.append(given)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "_store", store_and_die)
    with pytest.raises(KeyboardInterrupt):
        LocalTrainer().train(cut)
    assert stored and (cut / CHECKPOINT).exists() and not (cut / ADAPTER).exists()
    done = elsewhere(cut)
    assert done.returncode == 0, done.stderr
    assert file_sha256(cut / ADAPTER) == file_sha256(whole / ADAPTER)


def test_a_job_cut_off_at_its_last_word_is_finished_where_it_lies(job):
    folder = job("job")
    first = file_sha256(LocalTrainer().train(folder))
    (folder / "learned.json").unlink()
    assert file_sha256(LocalTrainer().train(folder)) == first
    assert finished(folder, "d") is not None


@pytest.mark.parametrize("left", [b"", b"PK", None], ids=["empty", "not a file of torch", "half"])
def test_a_damaged_checkpoint_and_a_damaged_last_word_cost_time_and_nothing_else(job, left, capfd):
    folder = job("job")
    first = file_sha256(LocalTrainer().train(folder))
    checkpoint = folder / CHECKPOINT
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[: len(whole) // 2] if left is None else left)
    (folder / "learned.json").write_text('{"digest": "d"')
    assert finished(folder, "d") is None
    assert file_sha256(LocalTrainer().train(folder)) == first
    assert "is damaged: training starts from its beginning" in capfd.readouterr().err
    assert finished(folder, "d") is not None


def test_why_another_process_could_not_is_told(job, tiny_settings, tmp_path):
    other = job("other")
    changed = read_job(other)[0].model_copy(update={"base_sha256": "0"})
    write_text(other / "job.json", changed.model_dump_json())
    done = elsewhere(other)
    assert done.returncode == 2 and "for another base model" in done.stdout and "Traceback" not in done.stderr


def test_a_trainer_that_leaves_nothing_is_no_night(tiny_settings, tmp_path):
    class Idle:
        def train(self, job):
            return job

    needed = {"settings": tiny_settings, "lessons": LESSONS, "known": (), "begun": None}
    with pytest.raises(SlumberError, match="left no whole adapter"):
        learned(tmp_path / "job", Idle(), digest="d", **needed)
    assert Job.from_json((tmp_path / "job" / "job.json").read_text()).digest == "d"
