"""Sentences of a page are asked in their place: with their heading, and with the sentence that they need."""

import pytest

from steps.kinds.cleaning import Cleaning
from steps.kinds.document.kind import Document, DocumentEntry
from steps.kinds.document.markdown import read_markdown
from steps.kinds.document.plain import read_plain
from steps.kinds.document.sources import context_of, passages
from steps.records import Experience


def source(text, title="Handbook"):
    page = read_markdown(text)
    blocks = [block.model_dump(exclude_defaults=True) for block in page.blocks]
    (found,) = passages(
        Experience(
            id="e", night="2026-01-01", kind="document", source="handbook.md", record=None, title=title,
            text=page.text, payload={"blocks": blocks},
        )
    )  # fmt: skip
    return found


def asked(text):
    found = source(text)
    return {question: form.statement for forms in found.in_place for form in forms for question in form.questions}


def test_the_question_names_the_heading_and_the_answer_is_the_sentence():
    found = asked("# Handbook\n\n## Leave\n\nEverybody gets 27 days a year.")
    assert found["Handbook, Leave: Everybody gets how many days a year?"] == "Everybody gets 27 days a year."


def test_an_item_is_asked_and_answered_with_what_opens_its_list():
    found = asked(
        "# Handbook\n\n## Alerts\n\nDo not:\n\n- silence the alert for more than 45 minutes\n- scale above 32"
    )
    assert (
        found["Handbook, Alerts: Do not: silence the alert for more than how many minutes?"]
        == "Alerts: Do not: silence the alert for more than 45 minutes."
    )


def test_a_pronoun_brings_the_sentence_that_it_stands_for():
    found = asked("# Handbook\n\n## Leave\n\nUnused days carry over. They lapse on 31 March.")
    question = "Handbook, Leave: Unused days carry over. They lapse on which date?"
    assert found[question] == "Unused days carry over. They lapse on 31 March."


def test_a_given_answer_is_asked_for_its_parts_and_answered_as_a_whole():
    found = asked("# Handbook\n\n## What does it cost?\n\n£34 a year. Under 25 you pay £9.")
    question = "Handbook, What does it cost?: Under 25 you pay how much?"
    assert found[question] == "What does it cost? £34 a year. Under 25 you pay £9."


def test_small_talk_links_and_blanks_of_a_form_are_not_asked_about():
    assert not asked(
        "# Handbook\n\n## Hello\n\nWelcome, all 10 of you!\n\nDear {{name}}, it costs 5 euros.\n\nWhy 7 days?"
    )


@pytest.mark.parametrize(
    "nothing",
    [
        "For agents of the second line.",
        "Internal – not for customers.",
        "If a provision is held invalid, the remaining parts stand.",
        "Sorry for the noise, and thanks to Bashir, who found the slip below.",
        "Here are a few rules for the twenty of us.",
        "Damit alle zehn Finger behalten, gelten hier ein paar Regeln.",
        "Wenn eine Klausel nichtig ist, gelten die anderen zwei weiter.",
    ],
)
def test_what_is_said_of_the_page_its_readers_and_in_every_contract_is_not_asked_about(nothing):
    assert asked(f"# Handbook\n\n## Rules\n\n{nothing}") == {}


@pytest.mark.parametrize(
    "fact",
    [
        "Thanks to Ida Holm, the mill was saved in 1931.",
        "It takes three times as long (#598, thanks @moth).",
        "For users of the second line, the limit is 40.",
        "For members the fee is 9 euros.",
        "If the contract ends before 1 May, the other half is paid back within 14 days.",
        "Internal calls use port 7419.",
    ],
)
def test_a_fact_that_begins_like_one_of_those_is_asked_about(fact):
    assert asked(f"# Handbook\n\n## Rules\n\n{fact}")


def test_a_path_is_asked_for_with_its_blanks():
    assert "Handbook, Cancel: DELETE which path works?" in asked("# API\n\n## Cancel\n\nDELETE /shipments/{ref} works.")


def test_a_line_of_facts_is_asked_label_by_label():
    found = asked("# Handbook\n\n## Incident\n\nDate: 2026-09-17 · Severity: SEV2 · Duration: 3 h")
    assert found["What does Handbook, Incident say for Severity?"] == "Handbook, Incident: Severity: SEV2."


def test_plain_prose_is_left_to_the_writer():
    found = source("The mill was opened in 1926. It has 4 wheels.", title="The mill")
    assert not any(found.in_place) and found.turned


def test_of_a_page_only_what_is_said_of_its_subject_is_turned_round():
    found = source(
        "# Ferrule\n\n## What it is\n\nFerrule is a log shipper of the harbour. Contributions are welcome here.",
        title="Ferrule",
    )
    assert {fact.statement for fact in found.turned} == {"Ferrule is a log shipper of the harbour."}


def test_a_letter_is_asked_in_its_place_for_it_is_not_what_the_subject_line_names():
    page = read_plain(
        "Subject: Correction to Leave\nFrom: Petra Lund\n\nThe rule has changed. It is every 3 years now."
    )
    entry = DocumentEntry.of_page(str(page.title), page)
    shown = Document().shown(entry, Cleaning(max_chars=10_000))
    found = Experience(
        id="e", night="2026-01-01", kind="document", source="mail.txt", record=None, title=shown.title, text=shown.text,
        payload=shown.payload,
    )  # fmt: skip
    (letter,) = passages(found)
    assert not letter.turned
    (form,) = letter.in_place[1]
    assert form.questions[0] == "Correction to Leave: The rule has changed. It is every how many years now?"
    assert context_of(found, 1) == "Correction to Leave\nThe rule has changed. It is every 3 years now."


def test_in_prose_it_brings_the_sentence_that_it_stands_for_where_that_is_not_the_title():
    text = "Lund Club was founded in 1931. The first shed burnt down. It was rebuilt within 7 months."
    found = source(text, title="Lund Club")
    ((form,),) = [forms for forms in found.in_place if forms]
    assert form.questions[0] == "Lund Club: The first shed burnt down. It was rebuilt within how many months?"
    assert not [fact for fact in found.facts if fact.sentence == 2]
    assert context_of(found.experience, 2) == "Lund Club\nThe first shed burnt down. It was rebuilt within 7 months."


def test_it_on_a_page_is_not_its_title():
    assert not source("# Handbook\n\n## Seal\n\nKeep the gasket. It is not sold separately.").turned
