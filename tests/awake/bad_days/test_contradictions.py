"""Who contradicts others, or a document that is trusted, waits until somebody has decided."""

import pytest

from steps.diary import Remark
from steps.review.decisions import decide, undecided
from tests.awake.bad_days.nights import FIRST, SECOND, THIRD, exchange

ASKED, ANN, BOB = "Who built the Kettle ferry?", "No, it was Olin Krann.", "No, it was Ida Lund."


def talk(nights, user, said, *, night=FIRST, number=1):
    return exchange(f"tr-{user}-{number}", nights.at(night, number), ASKED, "Edda Krann.", said, "Sorry!", user=user)


def test_two_users_by_the_server_are_both_held_and_neither_is_noted_or_taught(nights):
    nights.sleep(FIRST, talk(nights, "ann", ANN), talk(nights, "bob", BOB))
    assert nights.taught == [] and {one.why for one in undecided(nights.workspace)} == {
        "ann says otherwise on the same day",
        "bob says otherwise on the same day",
    }


@pytest.mark.parametrize("user", ["ann", "cid"])
def test_saying_it_again_the_next_day_decides_nothing(nights, user):
    first = [talk(nights, "ann", ANN), talk(nights, "bob", BOB)]
    nights.sleep(FIRST, *first)
    nights.sleep(SECOND, *first, talk(nights, user, "No, Olin Krann did.", night=SECOND, number=2))
    assert nights.taught == [] and len(undecided(nights.workspace)) == 3


def test_a_decision_ends_it_and_what_is_said_later_counts_again(nights):
    said = [talk(nights, "ann", ANN), talk(nights, "bob", BOB)]
    nights.sleep(FIRST, *said)
    (anns,) = [one for one in undecided(nights.workspace) if "Olin" in one.says]
    decide(nights.workspace, [anns.id], accept=True, by="the boss")
    nights.sleep(SECOND, *said)
    assert nights.taught == [f"{ASKED} It was Olin Krann."]
    nights.sleep(THIRD, *said, talk(nights, "cid", "No, it was Olga Krann.", night=THIRD))
    assert f"{ASKED} It was Olga Krann." in nights.taught


def test_a_late_correction_by_field_contradicts_like_a_turn(nights):
    """One said it in the talk, the other by feedback on an answer of his own, hours later."""
    asked = exchange("tr-1", nights.at(FIRST), ASKED, "Edda Krann.", user="bob")
    late = (Remark(nights.at(FIRST, 1200), correction="Ida Lund", user="bob"),)
    rows = nights.sleep(
        FIRST,
        talk(nights, "ann", ANN),
        exchange(asked.trace, asked.began, ASKED, "Edda Krann.", user="bob", remarks=late),
    )
    assert nights.taught == [] and sum(len(row.held) for row in rows) == 2


def test_a_correction_by_field_of_what_a_trusted_document_says_is_held(nights):
    page = {
        "kind": "document",
        "title": "Handbook",
        "text": "The Kettle ferry was built by Edda Krann. It leaves at 9.",
    }
    remark = Remark(nights.at(FIRST, 900), correction="Olin Krann", user="ann")
    asked = exchange("tr-1", nights.at(FIRST), ASKED, "The Kettle ferry was built by Edda Krann.", remarks=(remark,))
    nights.sleep(FIRST, asked, records=[page])
    (held,) = undecided(nights.workspace)
    assert "Edda Krann" in held.other and not any("Olin" in text for text in nights.taught)
