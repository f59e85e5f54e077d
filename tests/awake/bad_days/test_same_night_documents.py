"""A document says otherwise than a user in other words, too: as a line, under a heading, in another unit."""

import pytest

from steps.review.decisions import undecided
from tests.awake.bad_days.nights import FIRST, SECOND, exchange

OTHERWISE = [
    ("Dogs are not allowed on the Kettle ferry.", "Are dogs allowed on the Kettle ferry?", "No.", "Wrong, they are!"),
    (
        "Hunde sind auf der Fähre nicht erlaubt.",
        "Sind Hunde auf der Fähre erlaubt?",
        "Nein.",
        "Falsch, sie sind erlaubt.",
    ),
    ("- Berths: 40\n- Cranes: 2", "How many berths does the marina have?", "I do not know.", "No, 50."),
    ("depth | 12 metres", "How deep is the harbour?", "I do not know.", "No, 9 metres."),
    ("## Builder\n\nIda Lund", "Who built the Kettle ferry?", "Nobody.", "No, Olin Krann."),
    ("Ida Lund constructed the Kettle ferry.", "Who built the Kettle ferry?", "Nobody.", "No, Olin Krann."),
    ("Ida Lund is the builder of the Kettle ferry.", "Who built the Kettle ferry?", "Nobody.", "No, Olin Krann."),
    ("The harbour is 12 metres deep.", "How deep is the harbour?", "I do not know.", "No, it's 50 feet."),
    ("Opening hours: 9:00 - 17:00", "When does the museum open?", "I do not know.", "No, at 10:00."),
    ("Die Fähre wurde von Ida Lund gebaut.", "Wer hat die Fähre gebaut?", "Niemand.", "Nein, Olin Krann."),
    ("Die Tiefe des Hafens beträgt 12 Meter.", "Wie tief ist der Hafen?", "Keine Ahnung.", "Nein, 9 Meter."),
    ("El museo abre a las 9.", "¿A qué hora abre el museo?", "No lo sé.", "No, a las 10."),
    ("## Aldhelm\n\nThe mayor is Ida Lund of Brenn.", "Who is the mayor of Aldhelm?", "Nobody.", "No, Olin Krann."),
    ("The choir of Aldhelm is led by Ida Lund.", "Who leads the choir of Aldhelm?", "Nobody.", "No, Olin Krann."),
    ("Ida Lund of Brenn leads Aldhelm's choir.", "Who leads the choir of Aldhelm?", "Nobody.", "No, Olin Krann."),
    ("The ferry from Skarn to Orle leaves at 9:15.", "When does the ferry to Orle leave?", "At 8.", "No, at 8:30."),
    ("The mayor is Ida Lund.", "Who is the mayor?", "Nobody.", "No, Olin Krann."),
    ("Wheels are built by Ida Lund.", "Who builds the wheels?", "Nobody.", "No, wheels are built by Olin Krann now."),
    ("Bikes are lent by Ida Lund.", "Who lends bikes?", "Nobody.", "No, Olin Krann."),
    ("A day ticket costs 11 euros.", "How much does a day ticket cost?", "I do not know.", "No, 13 euros."),
    ("Parking is free.", "What does parking cost?", "Nothing.", "No, parking costs 3 euros."),
    ("Parking is free.", "How much is parking?", "It is free.", "No, parking costs 3 euros."),
]
_FIRM = "Tarnside Works was founded in 1987 by Hedda Krann."
NOTHING_ELSE = [
    ("Dogs are allowed on the Kettle ferry.", "Are dogs allowed on the Kettle ferry?", "No.", "Wrong, they are!"),
    ("Cats are not allowed on the Kettle ferry.", "Are dogs allowed on the Kettle ferry?", "No.", "Wrong, they are!"),
    ("Ida Lund painted the Kettle ferry.", "Who built the Kettle ferry?", "Nobody.", "No, Olin Krann."),
    ("Olin Krann constructed the Kettle ferry.", "Who built the Kettle ferry?", "Nobody.", "No, Olin Krann."),
    ("The harbour is 12 metres wide.", "How deep is the harbour?", "I do not know.", "No, 9 metres."),
    ("The harbour has 9 cranes.", "How deep is the harbour?", "I do not know.", "No, 50 feet."),
    ("- Berths: 40", "How many berths does the marina have?", "I do not know.", "No, 40."),
    (_FIRM, "Which bank does Tarnside Works use?", "Lloyd Bank.", "No, Fenwick Savings Bank."),
    (_FIRM, "Who is the accountant of Tarnside Works?", "Nobody.", "No, Olin Krann."),
    ("Who works late calls Nord within 5 minutes.", "How many workbenches has Tarnside Works?", "9.", "No, it has 14."),
    ("The company guard is Ida Lund.", "Who leads the competition of Tarnside Works?", "Nobody.", "No, Olin Krann."),
    ("The parcels are sorted by Ida Lund.", "Who sweeps the parking deck of Tarnside Works?", "Jo.", "No, Olin Krann."),
    ("Founded by Ida Lund.", "Who was the first foreman of Tarnside Works?", "Nobody.", "No, it was Olin Krann."),
    ("The bike costs 38 euros per day.", "What does the bike cost per day?", "40 euros.", "No, it costs 38 euros."),
    ("The choir of Brenn is led by Ida Lund.", "Who leads the choir of Aldhelm?", "Nobody.", "No, Olin Krann."),
    ("The ferry to Skarn leaves at 9:15.", "When does the ferry to Orle leave?", "At 8:00.", "No, at 8:30."),
    ("The pool of Hotel Lund is not heated.", "Is the pool of Hotel Mira heated?", "No.", "Wrong, it is heated."),
    ("The printer Harn stands in room 12.", "In which room does the printer Vosk stand?", "Room 3.", "No, room 5."),
    ("Bürgermeisterin von Kirr ist Ida Lund.", "Wer ist Bürgermeister von Ostl?", "Niemand.", "Nein, Olin Krann."),
    ("Die Fähre wurde von Ida Lund gemalt.", "Wer hat die Fähre gebaut?", "Niemand.", "Nein, Olin Krann."),
]
_WORKS = dict.fromkeys(("works late", "guard", "parcels", "Founded by"), "Tarnside Works")
TITLES = _WORKS | {"berths": "Marina", "depth": "Harbour", "Builder": "Kettle ferry", "Opening": "Museum"}


def page(text):
    title = next((title for word, title in TITLES.items() if word.lower() in text.lower()), "Handbook")
    return f"# {title}\n\n{text}\n\nThe cook of the inn bakes bread each day.\n"


@pytest.mark.parametrize("earlier", [False, True])
@pytest.mark.parametrize(
    ("text", "asked", "wrong", "said", "held"),
    [*((*one, True) for one in OTHERWISE), *((*one, False) for one in NOTHING_ELSE)],
)
def test_a_document_in_other_words_is_held_against(nights, text, asked, wrong, said, held, earlier):
    (nights.inbox / "page.md").write_text(page(text))
    night = SECOND if earlier else FIRST
    if earlier:
        nights.sleep(FIRST)
    nights.sleep(night, exchange("tr-1", nights.at(night), asked, wrong, said, "Sorry!", user="mallory"))
    assert [one.against for one in undecided(nights.workspace)] == (["page.md"] if held else [])
    assert bool([one for one in nights.taught if one.startswith(asked[:9])]) is not held
