"""Who contradicts others, or a document that is trusted, waits until somebody has decided."""

import pytest

from steps.diary import Remark
from steps.dream.dreaming import persisted
from steps.kinds.conversation.lessons import last_said
from steps.review.decisions import decide, undecided, withdrawn
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


def test_two_who_correct_one_answer_by_field_are_both_held(nights):
    late = [
        Remark(nights.at(FIRST, 1200), correction=name, user=by)
        for name, by in (("Olin Krann", "ann"), ("Ida Lund", "bob"))
    ]
    (row,) = nights.sleep(
        FIRST, exchange("tr-1", nights.at(FIRST), ASKED, "Edda Krann.", user="cid", remarks=tuple(late))
    )
    assert nights.taught == [] and {one.user for one in row.held} == {"ann", "bob"}


def test_what_is_accepted_takes_the_place_of_what_was_learned_before(nights):
    first = talk(nights, "cid", "No, it was Olga Krann.")
    nights.sleep(FIRST, first)
    both = [talk(nights, "ann", ANN, night=SECOND), talk(nights, "bob", BOB, night=SECOND)]
    nights.sleep(SECOND, first, *both)
    assert not list(withdrawn(nights.workspace, SECOND)), "nobody has decided"
    (anns,) = [one for one in undecided(nights.workspace) if "Olin" in one.says]
    decide(nights.workspace, [anns.id], accept=True, by="the boss")
    assert ["Olga" in part.text for _, _, part in withdrawn(nights.workspace, SECOND)] == [True]


def test_a_new_quarrel_about_what_was_decided_once_is_open_until_it_is_decided(nights):
    first = [talk(nights, "ann", ANN), talk(nights, "bob", BOB)]
    nights.sleep(FIRST, *first)
    (anns,) = [one for one in undecided(nights.workspace) if "Olin" in one.says]
    decide(nights.workspace, [anns.id], accept=True, by="the boss")
    again = [
        talk(nights, "cid", "No, it was Olga Krann.", night=SECOND),
        talk(nights, "eve", "No, it was Ute Holm.", night=SECOND),
    ]
    nights.sleep(SECOND, *first, *again)
    nights.sleep(THIRD, *first, *again, talk(nights, "fay", "No, Ute Holm did.", night=THIRD))
    assert not any("Ute" in text for text in nights.taught)


def test_which_of_two_corrections_is_the_later_is_told_by_the_time_and_not_by_its_spelling(nights):
    """One hour and a zone later: as a text the earlier one sorts last. The next night knows which one was taught."""
    lines = [
        {
            "kind": "conversation",
            "messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": "Edda Krann."}],
            "feedback": {"correction": right},
            "user": "ann",
            "created_at": at,
        }
        for right, at in (("Ida Lund", "2026-03-02T09:30:00+00:00"), ("Olin Krann", "2026-03-02T10:00:00+02:00"))
    ]
    nights.sleep(FIRST, records=lines)
    experiences = persisted(nights.workspace, FIRST)
    assert last_said(experiences, {})[0][2].value == "Ida Lund"
    answered = {"role": "assistant", "content": "Ida Lund."}
    again = {"messages": [lines[1]["messages"][0], answered], "created_at": "2026-03-03T08:00:00+00:00"}
    nights.sleep(SECOND, records=[lines[1] | again])
    assert [text for text in nights.taught if "Olin" in text], "it is the last word now, though it was said before"


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
