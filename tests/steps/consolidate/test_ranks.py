"""One training over several processes: the losses and the adapter of one process, up to rounding."""

import json
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file

from steps.consolidate.examples import build_examples
from steps.consolidate.job import ADAPTER, CHECKPOINT, finished, write_job
from steps.consolidate.ranks import shares
from steps.consolidate.trainer import LocalTrainer
from steps.model.loading import load_base
from tests.steps.consolidate.test_objectives import LESSONS

LOSS = 2e-5  # relative: what two processes' losses may differ by from one's


@pytest.fixture
def job(tiny_settings, tmp_path):
    """Return a function that writes a job of every objective on top of an adapter, or of the base."""

    def go(name, *, begun=None):
        folder = tmp_path / name
        knobs = tiny_settings.consolidate.model_copy(update={"epochs": 6, "batch_tokens": 250})
        settings = tiny_settings.model_copy(update={"consolidate": knobs})
        write_job(folder, settings=settings, lessons=LESSONS, known=(), begun=begun, digest="d")
        return folder

    return go


def together(folder, *, count):
    """Train with torchrun; return the processes' exit status and what they said."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={count}"]
    done = subprocess.run(
        [*command, "-m", "steps.consolidate.trainer", str(folder)], capture_output=True, text=True, timeout=250
    )
    return done.returncode, done.stdout + done.stderr


def assert_alike(one, other):
    """The figures of two trainings and their adapters say the same."""
    first, second = (finished(folder, "d") for folder in (one, other))
    assert len(first["losses"]) > 3 and second["losses"] == pytest.approx(first["losses"], rel=LOSS)
    assert second["example_tokens"] == first["example_tokens"]
    before, after = (load_file(folder / ADAPTER / "adapter_model.safetensors") for folder in (one, other))
    assert before.keys() == after.keys()
    for name, weight in before.items():
        assert (weight - after[name]).norm() <= 1e-3 * weight.norm() + 1e-6, name


def test_two_processes_train_what_one_does(job):
    first = LocalTrainer().train(job("first"))
    alone, both = job("alone", begun=first), job("both", begun=first)
    LocalTrainer().train(alone)
    status, said = together(both, count=2)
    assert status == 0, said
    assert_alike(alone, both)
    assert json.loads((both / "learned.json").read_text())["figures"]["tokens"] >= finished(alone, "d")["tokens"]


def test_two_go_on_where_one_was_cut_off(job, monkeypatch):
    import steps.consolidate.training as training

    whole, cut = job("whole"), job("cut")
    LocalTrainer().train(whole)
    store = training._store

    def store_and_die(*given):
        store(*given)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "_store", store_and_die)
        with pytest.raises(KeyboardInterrupt):
            LocalTrainer().train(cut)
    assert (cut / CHECKPOINT).exists()
    status, said = together(cut, count=2)
    assert status == 0, said
    assert finished(cut, "d")["resumed_at"] > 0
    assert_alike(whole, cut)


def test_each_example_is_one_rank_s_and_a_pair_stays_together(tiny_settings):
    examples = build_examples(load_base(tiny_settings.model).tokenizer, LESSONS)
    row = list(range(len(examples)))
    pairs = [(n - 1, n) for n in row if examples[n].rejected]
    assert pairs
    for count in (1, 2, 3, 7, len(row) + 5):
        parts = shares(row, examples, count)
        assert len(parts) == count and sorted(n for part in parts for n in part) == row
        for better, worse in pairs:
            (part,) = (part for part in parts if better in part)
            assert part.index(worse) == part.index(better) + 1
    sizes = [sum(len(examples[n].sequence) for n in part) for part in shares(row, examples, 2)]
    assert max(sizes) < 0.7 * sum(sizes), "about as much to do for each"
    assert torch.tensor(sizes).min() > 0
