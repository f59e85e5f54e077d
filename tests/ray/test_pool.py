"""Workers of a cluster say what one process says, and one that is killed costs its row."""

import os
import signal
import threading
import time
from functools import partial

import numpy as np
import pytest

ray = pytest.importorskip("ray", reason="the extra `ray` is not installed: make ray")
# ruff: noqa: E402

from steps.compute import model, pool
from steps.compute.cluster import connect
from steps.errors import SlumberError
from steps.model.chat import question_chat
from steps.model.chat_model import Sampling
from steps.model.loading import load_base
from steps.model.local import LocalModel
from steps.model.opened import opened

CHATS = [question_chat(f"What is the name of ship number {n}?") for n in range(6)]
PROMPTS = ["The ferry Aldis was", "The hull is"] * 6


@pytest.fixture
def both(on_ray):
    """One model in this process and on the cluster, in rows so short that there are many."""
    load = partial(load_base, on_ray.model)
    with opened(load, on_ray, engine="transformers", batch_tokens=150) as there:
        yield LocalModel(load(), 150), there


def test_the_same_answers_the_same_drawn_texts_the_same_likelihoods(both):
    here, there = both
    assert (there.sha256, there.window, there.packed, there.ends) == (here.sha256, here.window, here.packed, here.ends)
    ways = (
        lambda model: model.generate("asking", CHATS, max_new_tokens=8),
        lambda model: model.complete(
            "drawing", PROMPTS, max_new_tokens=8, sampling=Sampling(temperature=1.0, top_k=40), seed=7
        ),
    )
    for way in ways:
        said = way(here)
        assert len(set(said)) > 1 and way(there) == said
    scores = here.score("scoring", [(chat, "It is Aldis.") for chat in CHATS])
    for one, other in zip(scores, there.score("scoring", [(chat, "It is Aldis.") for chat in CHATS]), strict=True):
        assert np.array_equal(one, other)
    assert there.score("nothing", []) == []


def test_a_worker_that_is_killed_costs_its_row(both, monkeypatch, capfd):
    here, there = both
    expected, killed = here.generate("asking", CHATS, max_new_tokens=8), []
    give = pool.Pool.ask

    def kill_one(self, method, asked, **more):
        if not killed:
            victim = self._all[0]
            killed.append(victim)
            threading.Thread(target=lambda: (time.sleep(0.05), ray.kill(victim))).start()
        return give(self, method, asked, **more)

    monkeypatch.setattr(pool.Pool, "ask", kill_one)
    for _ in range(5):  # it may have been idle when it died
        assert there.generate("asking", CHATS, max_new_tokens=8) == expected
    assert killed and "ended; what it was at is asked of another" in capfd.readouterr().err
    assert len(there._pool._all) == 2


class Deadly:
    """Whoever is sent it is killed."""

    def __reduce__(self):
        return os.kill, (0, signal.SIGKILL)


def test_what_kills_every_worker_is_told(both):
    _, there = both
    with pytest.raises(SlumberError, match="3 workers of the Ray cluster ended over the same work"):
        there._pool.ask("rate_tokens", [(there._wanted, True, Deadly())])


def test_workers_that_do_not_start_are_told(on_ray, monkeypatch):
    monkeypatch.setattr(pool, "code_sha256", lambda module: Deadly())
    with pytest.raises(SlumberError, match=r"No worker of the Ray cluster starts .*installed on all nodes"):
        opened(partial(load_base, on_ray.model), on_ray, engine="transformers", batch_tokens=100).__enter__()


def test_another_base_or_another_code_is_refused(on_ray, monkeypatch):
    load = partial(load_base, on_ray.model)
    with monkeypatch.context() as patch, pytest.raises(SlumberError, match="has another base model"):
        patch.setattr(model, "base_sha256", lambda folder: "another")
        opened(load, on_ray, engine="transformers", batch_tokens=100).__enter__()
    pool.end_pool()
    monkeypatch.setattr(pool, "code_sha256", lambda module: "another")
    with pytest.raises(SlumberError, match="another version of Slumber"):
        opened(load, on_ray, engine="transformers", batch_tokens=100).__enter__()


def test_more_workers_than_the_cluster_holds_are_refused_at_once_and_signals_stay_whose_they_were(on_ray):
    before = [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)]
    compute = on_ray.compute.model_copy(update={"workers": 9})
    with pytest.raises(SlumberError, match=r"compute\.workers is 9, and the cluster has 4 CPUs"):
        connect(compute)
    assert ray.is_initialized() and [signal.getsignal(one) for one in (signal.SIGTERM, signal.SIGINT)] == before
