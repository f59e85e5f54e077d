"""What somebody takes back is not taught, however he says so, and whatever an application says before his talk."""

from dataclasses import replace

import pytest

from steps.diary import Remark
from tests.awake.bad_days.nights import FIRST, exchange

ASKED = "Who built the Kettle ferry?"
SAID = (ASKED, "Edda Krann.", "No, it was Olin Krann.", "Thanks!")
GERMAN = ("Wer hat die Kettle-Fähre gebaut?", "Edda Krann.", "Nein, Olin Krann hat sie gebaut.", "Danke!")

TAKEN_BACK = [
    "Scratch that, you were right.",
    "Sorry, please ignore my last message.",
    "I was joking.",
    "Oops, wrong ferry, sorry.",
    "Actually no, you had it right the first time.",
    "Forget that.",
    "Your first answer was correct.",
    "I mixed them up.",
    "I made that up.",
    "Never mind.",
]
TAKEN_BACK_IN_GERMAN = [
    "Du hattest doch recht.",
    "Bitte ignoriere meine letzte Nachricht.",
    "Da habe ich mich vertan.",
    "Ups, falsche Fähre.",
    "Deine erste Antwort war richtig.",
    "Vergiss das bitte.",
]
GONE_ON = [
    "You got that wrong, it was Ida Lund.",
    "Sorry, wrong answer. It was Ida Lund.",
    "Your first answer was wrong, it was Ida Lund.",
]


def led(by, one, role="system"):
    """An exchange before whose messages an application says something."""
    return replace(one, messages=[*({"role": role, "content": text} for text in by), *one.messages])


def grown(nights, texts, *by, role="system"):
    """A talk, exchange by exchange; ``by``: what the application says before each."""
    made = (exchange(f"tr-{n}", nights.at(FIRST, n), *texts[: n + 1], user="ann") for n in range(1, len(texts), 2))
    return [led(before, one, role) for before, one in zip(by, made, strict=True)]


@pytest.mark.parametrize("role", ["system", "developer"])
@pytest.mark.parametrize(
    "before", [(("It is 10:01.",), ("It is 10:03.",), ("It is 10:04.",)), ((), ("A page.", "Another."), ("A page.",))]
)
def test_a_system_message_that_changes_splits_no_talk(nights, before, role):
    said = grown(nights, (*SAID, TAKEN_BACK[0], "Good."), *before, role=role)
    assert len(nights.sleep(FIRST, *said)) == 1 and nights.taught == []
    kept = grown(nights, (*SAID, "And how deep is the harbour?", "9 metres."), *before, role=role)
    nights.sleep("2026-03-03", *[replace(one, trace=f"b-{one.trace}") for one in kept])
    assert [text for text in nights.taught if "Olin" in text]


def test_a_remark_stays_with_its_answer_where_system_messages_come_and_go(nights):
    texts = ("How deep is the harbour?", "9 metres.", ASKED, "Edda Krann.", "Hm.", "Hm?")
    first, second, third = grown(nights, texts, ("A page.", "A second."), (), ("The time.",))
    said = second, replace(first, remarks=(Remark(nights.at(FIRST, 900), correction="12 metres", user="ann"),)), third
    nights.sleep(FIRST, *said)
    assert len(nights.taught) == 1 and "12 metres" in nights.taught[0] and "deep" in nights.taught[0]


@pytest.mark.parametrize("said", [SAID, GERMAN])
@pytest.mark.parametrize("thanks", [(), ("Thanks!", "You are welcome.")])
@pytest.mark.parametrize("back", [*TAKEN_BACK, *TAKEN_BACK_IN_GERMAN])
def test_what_is_taken_back_in_the_next_turn_that_says_something_is_not_taught(nights, said, thanks, back):
    nights.sleep(FIRST, exchange("tr-1", nights.at(FIRST), *said, *thanks, back, "Good.", user="ann"))
    assert nights.taught == []


def test_what_was_said_of_an_earlier_answer_can_be_taken_back_too(nights):
    before = (ASKED, "Edda Krann.", "How deep is the harbour?", "9 metres.", "Back to the ferry: it was Olin Krann.")
    nights.sleep(FIRST, exchange("tr-1", nights.at(FIRST), *before, "Thanks.", "I was joking.", "Ah.", user="ann"))
    assert nights.taught == []
    nights.sleep("2026-03-03", exchange("tr-2", nights.at("2026-03-03"), *before, "Thanks.", user="ann"))
    assert len(nights.taught) == 1


@pytest.mark.parametrize("said", GONE_ON)
def test_who_denies_the_answer_takes_nothing_back(nights, said):
    nights.sleep(FIRST, exchange("tr-1", nights.at(FIRST), *SAID[:2], said, "Thanks!", user="ann"))
    assert len(nights.taught) == 1 and "Ida Lund" in nights.taught[0]
