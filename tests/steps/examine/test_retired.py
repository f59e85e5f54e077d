"""What no longer holds is asked no more, and says why; whatever is in doubt is still asked."""

from datetime import date

import pytest

from steps.examine.items import probe_items
from steps.examine.retired import retire
from steps.records import Dream, Experience, Probe, Triaged, Withdrawn
from steps.workspace import read_records, write_records

FIRST, LATER = "2026-01-01", "2026-01-04"
MUSEUM = (
    "The Lock Museum owns 820 keys. The director of the Lock Museum is Ismay Corrodel. The café is run by Ada Voss. "
    "The museum was founded in 1890."
)
NOW = "The director of the Lock Museum is Caspian Thurlbeck."


def dream(night, statement, span, *, sentence=0):
    return Dream(
        id=f"{night} {span}",
        night=night,
        strategy="question",
        experience=night,
        source="museum.md",
        sentence=sentence,
        question="Who?",
        answer=statement,
        verification={"span": span},
    )


@pytest.fixture
def ask(workspace):
    """Return a function that says why a probe of the first night is retired, or None."""

    def go(question, answer, *, until=None, asked_on=LATER, cohort=FIRST, withdrawn=()):
        for night, text in ((FIRST, MUSEUM), (LATER, NOW)):
            document = Experience(
                id=night, night=night, kind="document", source="museum.md", record=None, title="Lock Museum", text=text
            )
            held = Triaged(
                experience=night,
                source="museum.md",
                kind="document",
                verdict="persist",
                reason="",
                valid_until=until if night == FIRST else None,
                withdraws=withdrawn if night == LATER else (),
            )
            write_records(workspace.dataset("corpus", night), [document])
            write_records(workspace.dataset("triage", night), [held])
            write_records(workspace.dataset("probes", night), [])
        probe = Probe(
            id="p", night=cohort, question=question, answers=answer, origin="owner", source=None, experience=cohort
        )
        write_records(workspace.dataset("probes", cohort), [probe])
        then = dream(FIRST, "The director of the Lock Museum is Ismay Corrodel.", "Ismay Corrodel", sentence=1)
        write_records(
            workspace.dataset("dreams", FIRST), [then, dream(FIRST, "The Lock Museum owns 820 keys.", "820 keys")]
        )
        write_records(workspace.dataset("dreams", LATER), [dream(LATER, NOW, "Caspian Thurlbeck")])
        kept, retired = retire(probe_items(workspace, asked_on), workspace=workspace, night=asked_on)
        assert len(kept) + len(retired) == 1
        return retired[0] if retired else None

    return go


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("Who is the director of the Lock Museum?", ("Ismay Corrodel",)),
        ("Who directs the Lock Museum?", ("Corrodel", "Ismay Corrodel")),
        ("Of what is Ismay Corrodel the director?", ("the Lock Museum",)),
    ],
)
def test_a_replaced_fact_is_retired_with_what_replaced_it(ask, question, answers):
    found = ask(question, answers)
    assert found.why == "superseded" and NOW in found.reason and found.cohort == FIRST
    assert ask(question, answers, asked_on=FIRST) is None, "on its own night it is new"


@pytest.mark.parametrize(
    ("question", "answers"),
    [
        ("How many keys does the Lock Museum own?", ("820",)),  # another fact
        ("Who runs the café?", ("Ada Voss",)),  # another person
    ],
)
def test_other_facts_of_the_same_document_stay(ask, question, answers):
    assert ask(question, answers) is None


def test_what_a_page_no_longer_says_is_asked_no_more(ask):
    gone = (Withdrawn(experience=FIRST, sentence=2, text="The café is run by Ada Voss."),)
    found = ask("Who runs the café?", ("Ada Voss",), withdrawn=gone)
    assert found.why == "superseded" and found.reason == f"not said since {LATER}"
    assert ask("How many keys does the Lock Museum own?", ("820",), withdrawn=gone) is None, "another part"
    assert ask("Who runs the café?", ("Mara",), withdrawn=gone) is None, "the part does not say so: in doubt it stays"
    assert ask("Who runs the café?", ("Ada Voss",), withdrawn=gone, cohort=LATER) is None, "asked since then"


def test_a_probe_that_is_asked_again_is_of_the_later_night(ask, workspace):
    ask("Who runs the café?", ("Ada Voss",))
    (first,) = read_records(workspace.dataset("probes", FIRST), Probe)
    write_records(workspace.dataset("probes", LATER), [first.model_copy(update={"night": LATER})])
    assert [item.probe.night for item in probe_items(workspace, LATER)] == [LATER]
    assert [item.probe.night for item in probe_items(workspace, FIRST)] == [FIRST]


def test_the_later_fact_stays(ask):
    assert ask("Who is the director of the Lock Museum?", ("Caspian Thurlbeck",), cohort=LATER) is None


@pytest.mark.parametrize(("until", "gone"), [("2026-01-03", True), ("2026-01-04", False), (None, False)])
def test_an_expired_experience_is_retired_from_the_day_after(ask, until, gone):
    found = ask("How many keys does it own?", ("820",), until=until and date.fromisoformat(until))
    assert (found is not None) is gone
    if gone:
        assert found.why == "expired" and until in found.reason
