"""What a model answers depends on the model and the item alone, and is asked once."""

import pytest

from steps.anchors import read_anchors
from steps.canaries import read_canaries
from steps.examine import paper
from steps.examine.examination import examine_base
from steps.examine.items import ProbeItem
from steps.examine.paper import Paper, ask_all
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

    def go(*, batch_tokens, turned):
        knobs = tiny_settings.examine.model_copy(update={"batch_tokens": batch_tokens})
        settings = tiny_settings.model_copy(update={"examine": knobs})
        step = -1 if turned else 1
        given = Paper(
            probes()[::step], read_anchors(settings.anchors)[::step], read_canaries(settings.canaries)[:6][::step]
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
    scores = {a.id: a.score for a in other.anchors}
    assert len(one.anchors) == len(scores) == 16
    assert all(scores[a.id] == pytest.approx(a.score, abs=1e-5) for a in one.anchors)


def test_what_the_base_was_asked_beforehand_is_not_asked_again(tiny_settings, workspace, monkeypatch):
    examine_base(settings=tiny_settings, workspace=workspace)

    def loads(_):
        raise AssertionError("the base was asked again")

    monkeypatch.setattr(paper, "load_base", loads)
    examine_base(settings=tiny_settings, workspace=workspace)
