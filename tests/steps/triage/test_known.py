"""Part by part: what is known is not taught again, what a page no longer says is withdrawn, and nothing else is."""

from collections import Counter

import numpy as np
import pytest

from steps.consolidate.superseded import Gone, superseded
from steps.forget.removing import remove_records
from steps.forget.request import Request
from steps.ingest.index_file import index_path
from steps.ingest.step import IngestStep
from steps.kinds.document.candidates import form_dreams
from steps.kinds.document.sources import new_in, passages
from steps.night import Night
from steps.records import Dream, Experience, Triaged
from steps.triage.step import TriageStep
from steps.validate.step import ValidateStep
from steps.workspace import read_records

NIGHTS = ("2026-03-02", "2026-03-03", "2026-03-04")
PAGE = (
    "# Quay\n\nThe quay is 90 metres long.\n\n## Rules\n\n- No fires\n- No dogs\n\n## Crane\n\n"
    "The crane lifts {} tonnes."
)


@pytest.fixture
def night(settings, workspace, tmp_path, monkeypatch):
    """Return a function that ingests and triages pages; it returns the verdicts by file."""
    monkeypatch.setattr("steps.validate.step.check_records", _all_pass)  # Great Expectations takes seconds

    def night(date, pages):
        inbox = tmp_path / "inbox" / date
        inbox.mkdir(parents=True)
        for name, text in pages.items():
            (inbox / name).write_text(text)
        here = Night.of(settings, workspace, date, inbox=inbox)
        records = [step.run(here) for step in (IngestStep(), ValidateStep(), TriageStep())]
        rows = {row.source: row for row in read_records(workspace.dataset("triage", date), Triaged)}
        return rows, records[-1]

    monkeypatch.setattr("steps.ingest.walking.YOUNG_SECONDS", 0)
    return night


def _all_pass(*, dataset, records, night, workspace):
    from steps.validate.checking import Validation

    return Validation(broken={}, table=[], docs=workspace.state)


def experience(workspace, date, source):
    return next(e for e in read_records(workspace.dataset("corpus", date), Experience) if e.source == source)


def lesson(experience, sentence, *, date, span="x", answer="x", question="Q?", **known):
    return Dream(
        id=f"{date} {experience.id} {sentence} {span} {question}",
        night=date,
        strategy="question",
        experience=experience.id,
        source=experience.source,
        sentence=sentence,
        question=question,
        answer=answer,
        verification={"span": span, **known},
    )


def test_a_changed_part_replaces_what_it_taught_and_nothing_else(night, workspace):
    night(NIGHTS[0], {"quay.md": PAGE.format(9)})
    rows, record = night(NIGHTS[1], {"quay.md": PAGE.format(8)})
    row, old = rows["quay.md"], experience(workspace, NIGHTS[0], "quay.md")
    assert row.verdict == "persist" and row.known == (0, 1, 2) and "3 of its 4 parts are known" in row.reason
    assert [(one.experience, one.sentence) for one in row.withdraws] == [(old.id, 3)]
    assert record.figures.withdrawn == [{"source": "quay.md", "said": "The crane lifts 9 tonnes."}]
    assert TriageStep().remarks(None, record) == ["quay.md no longer says: The crane lifts 9 tonnes."]

    (source,) = passages(experience(workspace, NIGHTS[1], "quay.md"))
    assert new_in(source, row.known).sentences == ["", "", "", "The crane lifts 8 tonnes."]

    taught = [lesson(old, number, date=NIGHTS[0]) for number in range(4)]
    gone = superseded(taught, Gone.until(workspace, NIGHTS[1]))
    assert list(gone.values()) == [f"(not said since {NIGHTS[1]})"] and list(gone) == [taught[3].id]
    assert superseded(taught, Gone.until(workspace, NIGHTS[0])) == {}, "the night before does not know it yet"


def test_a_part_that_vanished_is_withdrawn_though_nothing_is_new(night, workspace):
    night(NIGHTS[0], {"quay.md": PAGE.format(9)})
    rows, _ = night(NIGHTS[1], {"quay.md": PAGE.format(9).replace("- No dogs\n", "")})
    old = experience(workspace, NIGHTS[0], "quay.md")
    assert rows["quay.md"].verdict == "discard" and rows["quay.md"].reason.startswith("nothing new")
    assert [one.text for one in rows["quay.md"].withdraws] == ["Rules: No dogs."]
    listed = lesson(old, 1, date=NIGHTS[0], span="No fires; No dogs")
    kept = lesson(old, 1, date=NIGHTS[0], span="No fires")
    assert set(superseded([listed, kept], Gone.until(workspace, NIGHTS[1]))) == {listed.id}, "the list held it"


def test_what_comes_back_is_taught_again_and_what_it_taught_then_counts(night, workspace):
    for date, tonnes in zip(NIGHTS, (9, 8, 9), strict=True):
        rows, _ = night(date, {"quay.md": PAGE.format(tonnes)})
    first, last = (experience(workspace, date, "quay.md") for date in (NIGHTS[0], NIGHTS[2]))
    assert first.id == last.id and rows["quay.md"].known == (0, 1, 2), "9 is new against 8"
    then, now = (lesson(first, 3, date=date) for date in (NIGHTS[0], NIGHTS[2]))
    assert set(superseded([then, now], Gone.until(workspace, NIGHTS[2]))) == {then.id}


def test_a_part_of_an_older_version_is_withdrawn_wherever_it_was_taught(night, workspace):
    night(NIGHTS[0], {"quay.md": PAGE.format(9)})
    night(NIGHTS[1], {"quay.md": PAGE.format(8)})
    rows, _ = night(NIGHTS[2], {"quay.md": PAGE.format(8).replace("90", "95")})
    met = [experience(workspace, date, "quay.md").id for date in NIGHTS[:2]]
    assert {(one.experience, one.sentence) for one in rows["quay.md"].withdraws} == {(number, 0) for number in met}


def test_what_another_page_of_the_title_still_says_holds(night):
    both = {"quay.md": PAGE.format(9), "copy/quay.md": PAGE.format(9) + "\n\nThe copy hangs in the hut."}
    both = {name.replace("/", "-"): text for name, text in both.items()}
    night(NIGHTS[0], both)
    rows, _ = night(NIGHTS[1], {"quay.md": PAGE.format(8)})
    assert rows["quay.md"].withdraws == () and rows["quay.md"].known == (0, 1, 2)


def test_what_moved_under_another_heading_says_something_else(night):
    night(NIGHTS[0], {"quay.md": "# Quay\n\n## Summer\n\nIt opens at 6.\n\n## Winter\n\nIt opens at 8."})
    rows, _ = night(NIGHTS[1], {"quay.md": "# Quay\n\n## Summer\n\nIt opens at 8.\n\n## Winter\n\nIt opens at 6."})
    assert rows["quay.md"].verdict == "persist" and rows["quay.md"].known == ()
    assert {one.text for one in rows["quay.md"].withdraws} == {"It opens at 6.", "It opens at 8."}


def test_what_triage_kept_out_of_the_weights_is_not_known(night):
    sign = "# Ferry\n\nThe ferry is closed until 9 March 2026.\n\nIts skipper is Ada Voss."
    rows, _ = night(NIGHTS[0], {"ferry.md": sign})
    assert rows["ferry.md"].verdict == "temporary"
    rows, _ = night(NIGHTS[1], {"ferry.md": sign.replace("closed until 9 March 2026", "open")})
    assert rows["ferry.md"].known == () and rows["ferry.md"].verdict == "persist"


def test_the_same_words_under_another_title_are_new(night):
    night(NIGHTS[0], {"a.md": "# Boat Gull\n\nThe boat has two masts."})
    rows, _ = night(NIGHTS[1], {"b.md": "# Boat Tern\n\nThe boat has two masts."})
    assert rows["b.md"].verdict == "persist" and rows["b.md"].known == () and rows["b.md"].withdraws == ()


def test_a_form_that_is_asked_again_and_answered_otherwise_replaces_what_it_said():
    page = Experience(id="a", night=NIGHTS[0], kind="document", source="a.md", record=None, title="A", text="x")
    then = lesson(page, 0, date=NIGHTS[0], span="3 EUR", answer="Mon, price: 3 EUR.", question="Mon?", wording="form")
    now = lesson(page, 0, date=NIGHTS[1], span="4 EUR", answer="Mon, price: 4 EUR.", question="Mon?", wording="form")
    assert superseded([then, now], Gone(()))[then.id] == now.answer and now.id not in superseded([then, now], Gone(()))


def test_what_was_forgotten_is_not_quoted_by_what_came_after(night, workspace):
    night(NIGHTS[0], {"quay.md": PAGE.format(9)})
    night(NIGHTS[1], {"quay.md": PAGE.format(8)})
    old, new = (experience(workspace, date, "quay.md") for date in NIGHTS[:2])
    remove_records(Request(id="r", night=None, first=NIGHTS[0], experiences=(old.id,), probes=()), workspace)
    (row,) = read_records(workspace.dataset("triage", NIGHTS[1]), Triaged)
    assert row.experience == new.id and row.withdraws == () and row.known == (0, 1, 2)
    stored = [path for path in workspace.data.rglob("*.jsonl") if "lifts 9 tonnes" in path.read_text()]
    assert stored == [] and old.id.encode() not in index_path(workspace).read_bytes()
    rows, _ = night(NIGHTS[2], {"quay.md": PAGE.format(8), "more.md": "# More\n\nThe rope is long."})
    assert set(rows) == {"more.md"}, "what was not named is known as before"


class Sure:
    """A base that finds every answer likelier with its document."""

    def score(self, what, items):
        return [np.full(1, 1.0 if "open" in what else 0.0) for _ in items]


@pytest.mark.parametrize(("known", "lists"), [((), 1), ((0, 1, 2), 0), ((0, 1), 1)])
def test_a_list_is_asked_for_again_if_an_item_joined_it(night, workspace, known, lists):
    night(NIGHTS[0], {"quay.md": PAGE.format(9)})
    (source,) = passages(experience(workspace, NIGHTS[0], "quay.md"))
    dreams = form_dreams(Sure(), [new_in(source, known)], min_support=0.5, night=NIGHTS[0], refused=Counter())
    asked = {dream.sentence for dream in dreams if "; " not in dream.verification["span"]}
    listed = {dream.answer for dream in dreams if "; " in dream.verification["span"]}
    assert asked & {1, 2} == {1, 2} - set(known) and not asked & set(known) and len(listed) == lists
    assert all("No fires" in answer and "No dogs" in answer for answer in listed), "the whole list"
