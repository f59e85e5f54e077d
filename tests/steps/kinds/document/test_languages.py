"""What a document is written in decides how it is asked about: in its language, or not at all."""

from collections import Counter

import pytest

from steps.kinds.cleaning import Cleaning
from steps.kinds.document.dreaming import _drilled
from steps.kinds.document.kind import Document, DocumentEntry
from steps.kinds.document.languages import language_of, templates
from steps.kinds.document.neighbours import reverse_dreams, unanswerable_dreams
from steps.kinds.document.sources import passages, unreadable
from steps.records import Experience

GERMAN = (
    "Das Museum Ostmark wurde 1912 von Karl Lenz gegründet. Es gehört der Stadt Wien. Der Eintritt kostet 9 Euro. "
    "Montags bleibt es geschlossen."
)
FRENCH = "Le musée Ostmark a été fondé en 1912 par Karl Lenz. Il appartient à Vienne. L'entrée coûte 9 euros."
SPANISH = "El museo Ostmark fue fundado en 1912 por Karl Lenz. Pertenece a Viena. La entrada cuesta 9 euros."
ENGLISH = "Museum Ostmark was founded in 1912 by Karl Lenz. It belongs to the city of Vienna. Tickets cost 9 euros."


def document(title, text):
    shown = Document().shown(
        Document().of_line(DocumentEntry(kind="document", title=title, text=text)), Cleaning(max_chars=100_000)
    )
    return Experience(
        id="a" * 16, night="2026-11-22", kind="document", source="a.md", record=None, title=shown.title,
        text=shown.text, payload=shown.payload,
    )  # fmt: skip


def replaced(experience, number):
    return experience.model_copy(update={"id": number})


@pytest.mark.parametrize(
    ("title", "text"), [("Museum Ostmark", GERMAN), ("Musée Ostmark", FRENCH), ("Museo Ostmark", SPANISH)]
)
def test_no_english_template_asks_about_a_document_in_another_language(title, text):
    sources = passages(document(title, text))
    assert reverse_dreams(sources, night="2026-11-22") == []
    assert unanswerable_dreams(sources, per_document=3, night="2026-11-22") == []
    drilled = _drilled(sources, [], night="2026-11-22")
    frames = tuple(t.split("{")[0] for t in templates()[sources[0].language]["drill"].values())
    assert sources[0].language != "en" and drilled
    assert all(d.question.startswith(frames) and str(d.verification["span"]) in text for d in drilled)
    assert {"1912", "Karl Lenz"} <= {d.verification["span"] for d in drilled}


def test_an_english_document_is_asked_backwards_and_about_what_it_does_not_say():
    sources = passages(document("Museum Ostmark", ENGLISH))
    assert reverse_dreams(sources, night="2026-11-22")
    assert len(unanswerable_dreams(sources, per_document=3, night="2026-11-22")) == 3
    assert any(d.question.startswith("Fill in the blank") for d in _drilled(sources, [], night="2026-11-22"))


RUNBOOK = (
    "## First steps\n\n- Fewer than 9 means that workers died.\n- Restart after 5 minutes.\n\n"
    "## Severity\n\nAbove 20 it is high."
)
MINUTES = (
    "## Budget\n\nThe bill was 41 euros.\n\n## On-call\n\nThe shift changes on Tuesday. Tavi's sourdough is alive."
)


def test_a_page_does_not_know_what_stands_on_tonights_other_pages():
    pages = [*passages(document("Queue runbook", RUNBOOK)), *passages(replaced(document("Minutes", MINUTES), "b" * 16))]
    asked = {d.question for d in unanswerable_dreams(pages, per_document=9, night="2026-11-22")}
    assert asked == {
        "What does Queue runbook say about Budget?",
        "What does Queue runbook say about On-call?",
        "What does Minutes say about First steps?",
        "What does Minutes say about Severity?",
    }
    alone = unanswerable_dreams(pages[:1], per_document=3, night="2026-11-22")
    assert len(alone) == 3, "with no other page it is asked what is often asked"


def test_drills_of_a_page_leave_out_what_it_is_asked_for_in_its_place():
    pages = [*passages(document("Queue runbook", RUNBOOK)), *passages(replaced(document("Minutes", MINUTES), "b" * 16))]
    drilled = [d for d in _drilled(pages, [], night="2026-11-22") if d.strategy == "drill-cloze"]
    assert {d.verification["span"] for d in drilled} == {"9", "Fewer than 9", "5", "20", "41 euros", "Tuesday"}


@pytest.mark.parametrize(
    "text",
    [
        "Il museo è aperto ogni giorno dalle 9 alle 17. I bambini non pagano nulla.",
        "Museet är öppet varje dag från 9 till 17. Barn betalar ingenting.",
        "Het museum is elke dag open van 9 tot 17 uur. Kinderen betalen niets.",
        "O museu está aberto todos os dias das 9 às 17 horas. As crianças não pagam nada.",
        "Muzeum jest otwarte codziennie od 9 do 17. Dzieci nie płacą nic.",
        "Museet er åbent hver dag fra 9 til 17. Børn betaler ingenting.",
        "Klíče leží v horní zásuvce.",
        "De pomp is aan en het hek is dicht.",
    ],
)
def test_what_is_written_in_another_language_waits(text):
    assert language_of(text) is None
    assert unreadable(document("Ostmark", text)) == "no question can be made in its language yet"
    assert Counter(f for s in passages(document("Ostmark", text)) for f in s.facts) == Counter()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Ask Marta about the keys.", "en"),
        ("Lunch costs 7 euros on Fridays.", "en"),
        ("Name | Room\nAda Lo | 12\nGiovanni Rossi | 14\nSven Lindqvist | 7", "en"),
        ("Guest list\n\nPiet van den Berg\nMarie de la Tour\nJan de Vries", "en"),
        ("Schlüssel liegen in der oberen Schublade.", "de"),
        ("Router zweimal neu starten.", "de"),
        ("Les clés se trouvent dans le tiroir du haut.", "fr"),
        ("Las llaves están en el cajón de arriba.", "es"),
    ],
)
def test_short_texts_and_names_keep_their_language(text, code):
    assert language_of(text) == code
