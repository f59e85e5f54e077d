"""What a model answers depends on the model and the item alone, and is asked once."""

import json

import pytest

from steps.anchors import read_anchors
from steps.canaries import read_canaries
from steps.examine import eval_set
from steps.examine.eval_set import EvalSet, ask_all
from steps.examine.examination import examine_base
from steps.examine.items import ProbeItem
from steps.examine.reading import marked_anchors
from steps.records import Probe
from steps.workspace import Workspace


def probes():
    """Questions of several lengths, with a text to read."""
    texts = ["What is the name of the captain?", "What do you know about the ferry and the village?", "Why?"]
    known = {"night": "2026-11-22", "answers": ("x",), "origin": "owner", "source": None, "experience": None}
    document = "The ferry was built in 1938 by the shipwright Edda Krann."
    return [ProbeItem(Probe(id=text, question=text, **known), document, None) for text in texts]


@pytest.fixture
def ask(tiny_settings, tmp_path):
    """Return a function that asks the base with rows of so many tokens, in this order or the other way round."""

    def go(*, batch_tokens, turned, keyed=lambda anchor: anchor):
        knobs = tiny_settings.examine.model_copy(update={"batch_tokens": batch_tokens})
        settings = tiny_settings.model_copy(update={"examine": knobs})
        step = -1 if turned else 1
        given = EvalSet(
            probes()[::step],
            [keyed(anchor) for anchor in read_anchors(settings.anchors)[::step]],
            read_canaries(settings.canaries)[:6][::step],
        )
        return ask_all(
            given,
            who="base",
            adapter=None,
            base_digest="b",
            settings=settings,
            workspace=Workspace(tmp_path / f"{batch_tokens}-{turned}"),
        )

    return go


@pytest.mark.parametrize(("batch_tokens", "turned"), [(4096, True), (64, False), (300, True)])
def test_batch_size_and_order_change_nothing(ask, batch_tokens, turned):
    one, other = ask(batch_tokens=4096, turned=False), ask(batch_tokens=batch_tokens, turned=turned)
    assert {(a.id, a.condition): a.answer for a in one.probes} == {(a.id, a.condition): a.answer for a in other.probes}
    assert {a.id: a.answer for a in one.canaries} == {a.id: a.answer for a in other.canaries}
    scores = {a.id: a.score for a in marked_anchors(other.anchors)}
    assert len(one.anchors) == len(scores) == 16
    assert all(scores[a.id] == pytest.approx(a.score, abs=1e-5) for a in marked_anchors(one.anchors))


def test_what_the_base_was_asked_beforehand_is_not_asked_again(tiny_settings, workspace, monkeypatch):
    examine_base(settings=tiny_settings, workspace=workspace)

    def loads(_):
        raise AssertionError("the base was asked again")

    monkeypatch.setattr(eval_set, "load_base", loads)
    examine_base(settings=tiny_settings, workspace=workspace)


def test_a_changed_key_marks_a_model_anew_that_is_not_asked_again(ask, monkeypatch):
    before = {a.id: a for a in marked_anchors(ask(batch_tokens=4096, turned=False).anchors)}
    monkeypatch.setattr(eval_set, "load_base", lambda _: pytest.fail("the base was asked again"))
    after = {a.id: a for a in marked_anchors(ask(batch_tokens=4096, turned=False, keyed=otherwise).anchors)}
    known = [a for a in before if before[a].correct and before[a].score < 1]
    assert known and not any(after[a].correct for a in known)


def otherwise(anchor):
    """The same item with another option for the right one."""
    return anchor.model_copy(update={"answer": (anchor.answer + 1) % len(anchor.options)}) if anchor.options else anchor


def test_no_mark_is_kept_with_what_was_said(ask, tmp_path):
    ask(batch_tokens=4096, turned=False)
    (kept,) = (tmp_path / "4096-False").rglob("answers/*.jsonl")
    names = {name for line in kept.read_text(encoding="utf-8").splitlines() for name in json.loads(line)}
    assert names == {"key", "reply", "log_likelihoods", "surfaced"}
