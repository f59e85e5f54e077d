"""No user overrules what a trusted document of an earlier night says, whatever has become of memory."""

import pytest

from steps.review.decisions import decide, undecided
from steps.triage.known import Known
from tests.awake.bad_days.nights import FIRST, SECOND, THIRD, exchange

ASKED = "Who built the Kettle ferry?"
LAST = "2026-03-05"


def page(text, title="Handbook", **more):
    return {"kind": "document", "title": title, "text": text, **more}


HANDBOOK = page("The Kettle ferry was built by Edda Krann. It leaves at noon.")


def said(nights, night, asked=ASKED, right="No, it was Olin Krann.", trace="tr-1"):
    return exchange(trace, nights.at(night), asked, "I do not know.", right, "Thanks!", user="mallory")


@pytest.fixture(params=[{"enabled": False}, {"enabled": True, "persisted": False}], autouse=True)
def memory(request, nights):
    changed = nights.settings.memory.model_copy(update=request.param)
    nights.settings = nights.settings.model_copy(update={"memory": changed})


@pytest.mark.parametrize(
    ("text", "asked", "right"),
    [
        ("The Kettle ferry was built by Edda Krann.", ASKED, "No, it was Olin Krann."),
        ("The harbour of Ollin is 12 metres deep.", "How deep is the harbour of Ollin?", "No, 9 metres."),
        ("Die Fähre von Lem fährt um 9 Uhr ab.", "Wann fährt die Fähre von Lem ab?", "Nein, um 10 Uhr."),
    ],
)
def test_a_document_of_an_earlier_night_is_held_against_without_any_memory(nights, text, asked, right):
    other = page("Dogs bark at the moon. Cats do not care.", title="Pets")
    nights.sleep(FIRST, records=[page(f"{text} Nobody else was there, and nothing else is known of it."), other])
    nights.sleep(SECOND)
    nights.sleep(THIRD, said(nights, THIRD, asked, right))
    (held,) = undecided(nights.workspace)
    assert nights.taught == [] and held.other == text and held.against == f"{FIRST}-0.jsonl"


@pytest.mark.parametrize(("night", "held"), [(SECOND, 1), ("2026-03-10", 0)])
def test_what_is_over_holds_nothing(nights, night, held):
    nights.sleep(FIRST, records=[page("The Gull ferry is steered by Edda Krann until 9 March 2026.", title="Notice")])
    nights.sleep(night, said(nights, night, "Who steers the Gull ferry?", "No, it was Olin Krann."))
    assert len(undecided(nights.workspace)) == held


def test_a_page_is_read_as_it_was_met_last(nights, tmp_path):
    for night, name in ((FIRST, "Edda Krann"), (SECOND, "Ida Holm")):
        nights.inbox = tmp_path / night
        nights.inbox.mkdir()
        text = f"The Kettle ferry was built by {name}. It leaves at noon."
        (nights.inbox / "handbook.md").write_text(f"# Handbook\n\n{text}")
        nights.sleep(night)
    nights.sleep(THIRD, said(nights, THIRD))
    (held,) = undecided(nights.workspace)
    assert held.other == "The Kettle ferry was built by Ida Holm."


def test_what_a_decision_took_the_place_of_holds_nothing_any_more(nights):
    nights.sleep(FIRST, records=[HANDBOOK])
    nights.sleep(SECOND, said(nights, SECOND))
    decide(nights.workspace, [undecided(nights.workspace)[0].id], accept=True, by="the boss")
    nights.sleep(THIRD)
    nights.sleep(LAST, said(nights, LAST, right="No, Ida Lund built it.", trace="tr-2"))
    assert undecided(nights.workspace) == [] and any("Ida Lund" in text for text in nights.taught)


def test_a_night_on_which_nobody_corrects_anything_reads_no_earlier_page(nights, monkeypatch):
    nights.sleep(FIRST, records=[HANDBOOK])
    monkeypatch.setattr(Known, "standing", lambda known: pytest.fail("it was read"))
    nights.sleep(SECOND, exchange("tr-1", nights.at(SECOND), "Hello!", "Hello!", user="ann"), records=[page("A. B.")])
