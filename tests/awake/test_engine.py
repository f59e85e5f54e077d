"""Many requests at once are answered as each would be alone, by one version from beginning to end."""

import threading
import time

import pytest

from awake.asking import Ask, NotAnswered
from awake.engine import BASE, Engine
from steps.consolidate.adapter import WEIGHTS, load_adapter
from steps.errors import SlumberError
from steps.model.chat import prompt_tokens
from steps.model.loading import load_base
from steps.model.local import LocalModel
from tests.awake.adapters import adapter_in

QUESTIONS = ["Who built the ferry?", "What colour is its hull?", "Why?", "When was the mill burnt down, and by whom?"]


@pytest.fixture
def engine(tiny_settings):
    made = Engine(load_base(tiny_settings.model), together=3, waiting=8)
    yield made
    made.stop()


def ask(engine, question, **how):
    prompt = tuple(prompt_tokens(engine.base.tokenizer, question))
    return engine.ask(Ask(prompt, **{"max_new_tokens": 12, **how}))


def said(answer):
    return "".join(answer.pieces(seconds=30))


def alone(settings, question, adapter=None):
    base = load_base(settings.model)
    if adapter:
        load_adapter(base.model, adapter).eval()
    (reply,) = LocalModel(base, 2048).generate("alone", [[{"role": "user", "content": question}]], max_new_tokens=12)
    return reply.text


def test_many_at_once_are_answered_as_each_alone(engine, tiny_settings):
    answers = [ask(engine, question) for question in QUESTIONS * 2]
    assert [said(a).strip() for a in answers] == [alone(tiny_settings, q) for q in QUESTIONS] * 2
    assert all(a.reason in ("stop", "length") and a.version == BASE for a in answers)
    assert engine.load == (0, 0)


def test_running_requests_are_finished_by_the_version_that_began_them(engine, tiny_settings, tmp_path):
    first, second = (adapter_in(tmp_path / name, tiny_settings, seed=n) for n, name in enumerate(("one", "two")))
    engine.load_version("1", first)
    assert engine.version == BASE, "loaded is not yet serving"
    engine.switch("1")
    before = [ask(engine, question, max_new_tokens=40) for question in QUESTIONS[:2]]
    pieces = before[0].pieces(seconds=30)
    begun = next(pieces)
    engine.load_version("2", second)
    engine.switch("2")
    after = ask(engine, QUESTIONS[2])
    assert said(after).strip() == alone(tiny_settings, QUESTIONS[2], second) and after.version == "2"
    whole = begun + "".join(pieces)
    assert before[0].version == before[1].version == "1" and said(before[1])
    assert whole.strip().startswith(alone(tiny_settings, QUESTIONS[0], first)[:5])
    assert said(ask(engine, QUESTIONS[0])).strip() == alone(tiny_settings, QUESTIONS[0], second)
    assert set(engine._versions) == {BASE, "2"}, "the old one is unloaded"


def test_an_adapter_that_does_not_load_changes_nothing(engine, tiny_settings, tmp_path):
    broken = adapter_in(tmp_path / "broken", tiny_settings, seed=1)
    (broken / WEIGHTS).write_bytes(b"no weights")
    with pytest.raises(SlumberError, match="version 7 cannot be loaded"):
        engine.load_version("7", broken)
    assert said(ask(engine, QUESTIONS[0])).strip() == alone(tiny_settings, QUESTIONS[0])
    good = adapter_in(tmp_path / "good", tiny_settings, seed=2)
    engine.load_version("8", good)
    engine.switch("8")
    assert said(ask(engine, QUESTIONS[0])).strip() == alone(tiny_settings, QUESTIONS[0], good)


def test_an_adapter_whose_place_is_closed_leaves_even_if_it_is_the_last(engine, tiny_settings, tmp_path):
    """A tenant who is added again under a removed one's name begins to count his versions anew."""
    first, second = (adapter_in(tmp_path / name, tiny_settings, seed=n) for n, name in enumerate(("one", "two")))

    def answer():
        prompt = tuple(prompt_tokens(engine.base.tokenizer, QUESTIONS[0]))
        return said(engine.ask(Ask(prompt, max_new_tokens=12), place="acme")).strip()

    for adapter in (first, second):
        engine.load_version("acme/2", adapter, place="acme")
        engine.switch("acme/2", place="acme")
        assert answer() == alone(tiny_settings, QUESTIONS[0], adapter)
        engine.close("acme")
        deadline = time.monotonic() + 30
        while engine.adapters and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not engine.adapters and not engine.keep("acme/2")
        assert said(ask(engine, QUESTIONS[0])).strip() == alone(tiny_settings, QUESTIONS[0])


def test_a_stop_word_ends_an_answer_and_is_not_said(engine, tiny_settings):
    whole = alone(tiny_settings, QUESTIONS[0])
    stop = whole[3:5]
    answer = ask(engine, QUESTIONS[0], stop=(stop,))
    assert said(answer).strip() == whole[: whole.index(stop)].strip() and answer.reason == "stop"


def test_draws_are_told_by_their_seed(engine):
    drawn = [said(ask(engine, QUESTIONS[0], temperature=1.5, seed=seed)) for seed in (1, 1, 2)]
    assert drawn[0] == drawn[1] != drawn[2]
    greedy = said(ask(engine, QUESTIONS[0]))
    assert said(ask(engine, QUESTIONS[0], temperature=1.5, top_p=1e-6)) == greedy


def test_a_full_queue_says_so_and_who_leaves_is_not_written_for(engine):
    running = [ask(engine, "Go on?", max_new_tokens=400) for _ in range(3)]
    while engine.load != (3, 0):
        assert not running[0].reason
    waiting = [ask(engine, "Go on?", max_new_tokens=400) for _ in range(8)]
    with pytest.raises(NotAnswered, match=r"serve\.queue") as refused:
        ask(engine, "One more?")
    assert refused.value.status == 429
    for answer in [*running, *waiting]:
        answer.cancelled.set()
    assert said(ask(engine, QUESTIONS[0])) is not None


def test_what_fails_ends_its_own_requests_alone(engine, monkeypatch, tiny_settings):
    bad = engine.ask(Ask((10**9,), 5))
    with pytest.raises(NotAnswered, match="model failed"):
        said(bad)
    assert said(ask(engine, QUESTIONS[0])).strip() == alone(tiny_settings, QUESTIONS[0])


def test_a_stopped_engine_finishes_what_runs(tiny_settings):
    engine = Engine(load_base(tiny_settings.model), together=1, waiting=4)
    running, waiting = ask(engine, QUESTIONS[0], max_new_tokens=30), ask(engine, QUESTIONS[1])
    pieces = running.pieces(seconds=30)
    next(pieces)
    threading.Thread(target=engine.stop).start()
    assert "".join(pieces) and running.reason
    with pytest.raises(NotAnswered, match="stopping"):
        said(waiting)
    with pytest.raises(NotAnswered, match="stopping"):
        ask(engine, QUESTIONS[0])


def test_an_engine_that_ends_unforeseen_says_so_and_leaves_nobody_waiting(engine, monkeypatch):
    def broken():
        raise RuntimeError("out of luck")

    monkeypatch.setattr(engine, "_admitted", broken)
    with pytest.raises(NotAnswered, match=r"out of luck.*start the server again"):
        said(ask(engine, QUESTIONS[0]))
    with pytest.raises(NotAnswered, match="start the server again"):
        ask(engine, QUESTIONS[1])
    assert "out of luck" in engine.problem
