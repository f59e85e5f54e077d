"""The same correction on every way there is, is one lesson."""

from steps.diary import Remark
from tests.awake.bad_days.nights import FIRST, SECOND, exchange

ASKED, WRONG, RIGHT = "Who built the Kettle ferry?", "Edda Krann.", "Olin Krann"
LINE = {
    "kind": "conversation",
    "messages": [{"role": "user", "content": ASKED}, {"role": "assistant", "content": WRONG}],
    "feedback": {"correction": RIGHT},
    "user": "ann",
}


def by_day(nights, night=FIRST, **more):
    """An answer that was corrected through /v1/feedback, and in MLflow's own pages as well."""
    remarks = (
        Remark(nights.at(night, 730), correction=RIGHT, user="ann"),
        Remark(nights.at(night, 800), correction=f"{RIGHT}.", user="boss"),
    )
    return exchange("tr-1", nights.at(FIRST), ASKED, WRONG, user="ann", remarks=remarks, **more)


def test_on_one_night(nights):
    rows = nights.sleep(FIRST, by_day(nights), records=[LINE])
    assert nights.taught == [f"{ASKED} {RIGHT}."]
    assert sorted(row.verdict for row in rows) == ["discard", "persist"], "counted, and said of which"


def test_on_two_nights(nights):
    nights.sleep(FIRST, by_day(nights))
    assert len(nights.taught) == 1
    nights.sleep(SECOND, by_day(nights), records=[LINE])
    assert nights.taught == []


def test_in_one_talk_and_by_field_and_again(nights):
    talk = exchange("tr-1", nights.at(FIRST), ASKED, WRONG, f"No, {RIGHT}.", "Sorry!", user="ann")
    field = exchange(
        "tr-2",
        nights.at(FIRST, 725),
        ASKED,
        WRONG,
        user="ann",
        remarks=(Remark(nights.at(FIRST, 730), correction=RIGHT, user="ann"),),
    )
    nights.sleep(FIRST, talk, field)
    assert len(nights.taught) == 1
