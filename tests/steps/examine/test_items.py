"""Each probe is asked with the document it asks about, whatever kind of experience tells the fact."""

import pytest

from steps.dream.budget import Candidate
from steps.dream.waiting import brought_along
from steps.examine.items import probe_items
from steps.kinds.trace.kind import Trace
from steps.night import Night
from steps.records import Carried, Probe, content_id
from steps.workspace import write_records
from tests.steps.kinds.trace.agents import call, order, trace

FIRST, SECOND = "2026-01-01", "2026-01-02"
QUESTION = "When was the Quorvane bridge built?"


@pytest.fixture
def bridge():
    looked = call("look", {"x": "bridge"}, "found: 1938")
    return trace(QUESTION, looked, ("It was built in 1938.",), "No, it was built in 1941.")


def probe(experience, night=FIRST):
    return Probe(
        id=content_id(night, experience), night=night, question=QUESTION, answers=("1941",), origin="owner",
        source=None, experience=experience,
    )  # fmt: skip


@pytest.mark.parametrize("named", [True, False])
def test_a_fact_that_was_corrected_in_a_trace_is_asked_with_its_document(workspace, bridge, named):
    write_records(workspace.dataset("corpus", FIRST), [order("71"), bridge])
    write_records(workspace.dataset("probes", FIRST), [])
    write_records(workspace.dataset("holdouts", FIRST), [probe(bridge.id if named else None)])
    (item,) = probe_items(workspace, FIRST)
    assert item.document == f"{bridge.title}\n{QUESTION} It was built in 1941." and item.source == bridge.source
    assert item.experience == bridge


def test_what_an_agent_did_is_no_document_that_a_probe_could_read(workspace):
    write_records(workspace.dataset("corpus", FIRST), [order("71")])
    asked = probe(None).model_copy(update={"question": "Where is order 71?"})
    write_records(workspace.dataset("probes", FIRST), [asked])
    (item,) = probe_items(workspace, FIRST)
    assert item.document is None and item.experience is None


def test_a_probe_goes_with_the_corrected_fact_that_waited(workspace, bridge, tiny_settings):
    write_records(workspace.dataset("corpus", FIRST), [bridge])
    write_records(workspace.dataset("probes", FIRST), [probe(None)])
    row = Carried(
        experience=bridge.id, night=FIRST, source="s", first=0, sentences=1, parts=(0,), since=FIRST, surprise=None
    )
    write_records(workspace.dataset("carried", FIRST), [row])
    night = Night.of(tiny_settings, workspace, SECOND)
    (along,) = brought_along(night, [Candidate(Trace().passages(bridge)[0], FIRST, (0,))])
    assert (along.night, along.experience) == (SECOND, bridge.id)
