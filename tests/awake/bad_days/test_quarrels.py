"""One question is one, whoever asks it and however politely; of two answers to it only one is learned."""

import pytest

from steps.errors import SlumberError
from steps.kinds.conversation.asked import asked_key, quarrel_key
from steps.kinds.conversation.framing import unframed
from steps.review.decisions import decide, decisions, undecided
from tests.awake.bad_days.nights import FIRST, SECOND, exchange

ASKED, GERMAN = "Who built the Kettle ferry?", "Wer hat die Kettle-Fähre gebaut?"
OLIN, IDA = "No, it was Olin Krann.", "No, it was Ida Lund."
FRAMED = [
    "Hi! Who built the Kettle ferry?",
    "Tell me who built the Kettle ferry.",
    "Do you know who built the Kettle ferry?",
    "Hello there, could you please tell me who built the Kettle ferry? Thanks!",
    "Could you remind me who built the Kettle ferry?",
    "Can you answer this for me? Who built the Kettle ferry?",
    "Who built the Kettle ferry? Please be brief.",
    "Good morning, who built the Kettle ferry?",
    "Ok so who built the Kettle ferry, please?",
]
FRAMED_IN_GERMAN = [
    "Hallo! Wer hat die Kettle-Fähre gebaut?",
    "Weißt du, wer die Kettle-Fähre gebaut hat?",
    "Sag mir bitte, wer die Kettle-Fähre gebaut hat.",
    "Guten Tag, ich wüsste gern, wer die Kettle-Fähre gebaut hat. Danke!",
    "Kurze Frage: Wer hat die Kettle-Fähre gebaut?",
]
OTHERS = [
    ("Do you know Olin Krann?", "Who is Olin Krann?"),
    ("Who leads team A?", "Who leads team B?"),
    ("Tell me who built gate 3.", "Tell me who built gate 4."),
    ("How do you know who built it?", "Who built it?"),
    ("Who said hello?", "Who said it?"),
]


def talk(nights, right, *, asked=ASKED, user=None, number=1, night=FIRST, **more):
    return exchange(f"tr-{number}", nights.at(night, number), asked, "Edda Krann.", right, "Sorry!", user=user, **more)


@pytest.mark.parametrize("sessions", [(None, None), ("s-1", "s-2"), ("s-1", None)])
def test_two_talks_without_a_name_that_contradict_each_other_are_both_held(nights, sessions):
    first, second = sessions
    nights.sleep(FIRST, talk(nights, OLIN, session=first), talk(nights, IDA, number=2, session=second))
    assert nights.taught == [] and len(undecided(nights.workspace)) == 2


def test_one_session_without_a_name_that_changes_its_mind_is_one_person(nights):
    nights.sleep(FIRST, talk(nights, OLIN, session="s-1"), talk(nights, IDA, number=2, session="s-1"))
    assert undecided(nights.workspace) == []


def test_two_talks_without_a_name_that_agree_are_learned(nights):
    nights.sleep(FIRST, talk(nights, OLIN), talk(nights, "No, Olin Krann did.", number=2))
    assert undecided(nights.workspace) == [] and nights.taught


@pytest.mark.parametrize("asked", [*FRAMED, *FRAMED_IN_GERMAN])
def test_a_polite_frame_makes_no_other_question(nights, asked):
    plain = GERMAN if asked in FRAMED_IN_GERMAN else ASKED
    assert quarrel_key(asked) == quarrel_key(plain)
    olin, ida = ("Nein, Olin Krann.", "Nein, Ida Lund.") if plain == GERMAN else (OLIN, IDA)
    said = talk(nights, olin, asked=plain, user="ann"), talk(nights, ida, asked=asked, user="bob", number=2)
    nights.sleep(FIRST, *said)
    assert nights.taught == [] and len(undecided(nights.workspace)) == 2


def test_what_was_asked_politely_is_answered_anew_by_a_plain_question(nights):
    nights.sleep(FIRST, talk(nights, OLIN, asked=FRAMED[1], user="ann"))
    later = talk(nights, IDA, user="ann", night=SECOND, number=2)
    [row] = [row for row in nights.sleep(SECOND, later) if row.source == "traces/tr-2"]
    assert [one.text for one in row.withdraws] == ["It was Olin Krann."]


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_what_is_more_than_a_frame_is_another_question(one, other):
    assert quarrel_key(one) != quarrel_key(other) and asked_key(one) != asked_key(other)


@pytest.mark.parametrize("text", ["Hi!", "Please?", "Do you know?", "Thanks!", "", "¿?", "So?"])
def test_of_nothing_but_a_frame_something_is_left(text):
    assert unframed(text) == text


def quarrel(nights):
    nights.sleep(FIRST, *(talk(nights, right, user=user, number=n) for n, (user, right) in enumerate(SIDES)))
    return {one.user: one for one in undecided(nights.workspace)}


SIDES = [("ann", OLIN), ("bob", IDA), ("cid", "No, Olin Krann built it."), ("dan", "No, it was Ulf Holm.")]


@pytest.mark.parametrize("users", [("ann", "bob"), ("bob", "cid"), ("bob", "dan"), ("ann", "cid", "dan")])
@pytest.mark.parametrize("at_once", [True, False])
def test_two_sides_of_one_quarrel_are_not_both_accepted(nights, users, at_once):
    held = quarrel(nights)
    *first, last = [held[user].id for user in users]
    if not at_once:
        decide(nights.workspace, first, accept=True, by="the boss")
    with pytest.raises(SlumberError, match=r"answer one question in two ways.*reject the other"):
        decide(nights.workspace, [last] if not at_once else [*first, last], accept=True, by="the boss")
    assert len(decisions(nights.workspace)) == (0 if at_once else len(first))
    decide(nights.workspace, first, accept=False, by="the boss")
    decide(nights.workspace, [last], accept=True, by="the boss")


def test_those_who_agree_are_accepted_together_and_all_are_rejected_together(nights):
    held = quarrel(nights)
    decide(nights.workspace, [held["ann"].id, held["cid"].id], accept=True, by="the boss")
    decide(nights.workspace, [one.id for one in held.values()], accept=False, by="the boss")


def test_a_later_word_is_accepted_once_a_night_has_learned_the_earlier(nights):
    held = quarrel(nights)
    decide(nights.workspace, [held["ann"].id], accept=True, by="the boss")
    nights.sleep(SECOND)
    decide(nights.workspace, [held["bob"].id], accept=True, by="the boss")


def test_two_documents_that_disagree_are_not_both_accepted(nights):
    texts = [f"The master of the harbour is {name}." for name in ("Olin Krann", "Edda Lund")]
    nights.sleep(FIRST, records=[{"kind": "document", "title": f"Page {n}", "text": t} for n, t in enumerate(texts)])
    one, other = undecided(nights.workspace)
    with pytest.raises(SlumberError, match="answer one question in two ways"):
        decide(nights.workspace, [one.id, other.id], accept=True, by="the boss")
    decide(nights.workspace, [one.id], accept=True, by="the boss")
