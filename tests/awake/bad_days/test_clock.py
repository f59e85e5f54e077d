"""A clock that is set back or forward loses nothing, brings nothing twice and nothing back."""

import time
from datetime import date

import pytest

from awake.diary import Diary
from awake.entries import exchange, feedback
from awake.posting import Post
from awake.recall import Recall
from steps.deployment_key import key_path
from steps.diary import Remark
from steps.ingest.days import conversations, window
from steps.night import Night
from steps.registry.traces import TraceDiary
from tests.awake.bad_days import nights as told
from tests.awake.bad_days.nights import FIRST, SECOND, THIRD
from tests.awake.test_app import MESSAGES, client, serve  # noqa: F401
from tests.awake.test_diary import ID, settled, traces
from tests.steps.memory.encoders import WordEncoder

DAY = 86_400
ASKED, WRONG = "Who built the Kettle ferry?", "Edda Krann."


def said(number, began_ms, *, text=ASKED, **more):
    known = {"version": "3", "session": None, "user": "ann", "tenant": None, "finish": "stop", "tools": None}
    messages = [{"role": "user", "content": text}]
    began = began_ms * 10**6
    return exchange(
        id=f"{ID}{number}", began_ns=began, ended_ns=began + 10**9, messages=messages,
        reply={"role": "assistant", "content": WRONG}, **(known | more),
    )  # fmt: skip


class Clock:
    """What ``time.time`` says; ``at`` is set by a test."""

    def __init__(self, monkeypatch):
        self.at = time.time()
        monkeypatch.setattr("time.time_ns", lambda: int(self.at * 1e9))
        monkeypatch.setattr("time.time", lambda: self.at)


def test_what_waits_keeps_its_order_when_the_clock_is_set_back(registry, tmp_path, monkeypatch):
    """Feedback that came before its exchange would be of nothing, and an earlier word would replace a later one."""
    clock, post = Clock(monkeypatch), Post(registry)
    diary = Diary(tmp_path / "diary", post)
    diary.write(said(1, int(clock.at * 1000)))
    clock.at -= 3 * DAY
    diary.write(feedback(id=f"{ID}1", rating=1, feedback_id="f1", user="ann"))
    restarted = Diary(tmp_path / "diary", post)
    clock.at -= DAY
    restarted.write(feedback(id=f"{ID}1", rating=-1, feedback_id="f1", user="ann"))
    monkeypatch.undo()
    restarted.begin()
    settled(restarted)
    restarted.stop()
    (trace,) = traces(registry)
    assert [a.value for a in trace.info.assessments if a.valid is not False] == [-1]


def test_an_answer_during_which_the_clock_was_set_back_took_no_negative_time(serve, monkeypatch):  # noqa: F811
    address = serve()
    asked, clock = client(address), Clock(monkeypatch)
    stream = asked.chat.completions.create(model="slumber", messages=MESSAGES, max_tokens=5, stream=True)
    next(iter(stream))
    clock.at -= DAY
    list(stream)
    (entry,) = serve.diary.entries
    assert 0 < entry.body["ended_ns"] - entry.body["began_ns"] < 60 * 10**9


def night(nights, when):
    return Night.of(nights.settings, nights.workspace, when)


@pytest.mark.parametrize("days", [-3, -400])
def test_what_was_stamped_long_ago_is_met_once_by_the_next_night(registry, nights, days):
    """The clock was days, or (an empty battery) a year behind when it was said, and right again before the night."""
    diary, post = TraceDiary(registry.settings, registry.workspace), Post(registry)
    for when in (FIRST, SECOND):
        nights.sleep(when, diary=diary)
    began = nights.at(THIRD) + days * DAY * 1000
    one = said(1, began)
    post.bring(one.what, one.body)
    correction = feedback(id=f"{ID}1", correction="Olin Krann", feedback_id="f", user="ann")
    post.bring(correction.what, correction.body)
    nights.sleep(THIRD, diary=diary)
    assert nights.taught == [f"{ASKED} Olin Krann."]
    nights.sleep("2026-03-05", diary=diary)
    assert nights.taught == [] and nights.ingested.figures.records == 0
    assert list(diary.exchanges(window(night(nights, SECOND)))) == [] or days == -3, "no earlier night changes"


def test_what_was_stamped_in_days_to_come_is_met_once_when_they_have_come(registry, nights):
    diary, post = TraceDiary(registry.settings, registry.workspace), Post(registry)
    one = said(1, nights.at(SECOND))
    post.bring(one.what, one.body)
    met = []
    for when in (FIRST, SECOND, THIRD):
        nights.sleep(when, diary=diary)
        met.append(nights.ingested.figures.records)
    assert met == [0, 1, 0]


def test_a_night_under_a_clock_that_ran_ahead_is_not_slept_again_when_it_is_right(nights):
    key = key_path(nights.settings, nights.workspace)
    key.parent.mkdir(parents=True, exist_ok=True)
    key.write_text("k" * 64)
    remark = Remark(nights.at(FIRST, 800), correction="Olin Krann", user="ann")
    one = told.exchange("tr-1", nights.at(FIRST), ASKED, WRONG, user="ann", remarks=(remark,))
    taught = []
    for when in ("2026-04-01", SECOND, THIRD, "2026-04-02"):
        nights.sleep(when, one)
        taught += nights.taught
    assert taught == [f"{ASKED} Olin Krann."]


def test_a_talk_whose_second_turn_is_stamped_before_its_first_stays_one_talk(nights):
    at, no = nights.at(FIRST), "No, it was Olin Krann."
    first = told.exchange("tr-1", at, ASKED, WRONG, user="ann")
    second = told.exchange("tr-2", at - 3_600_000, ASKED, WRONG, no, "Sorry!", user="ann")
    third = told.exchange("tr-3", at - 7_200_000, ASKED, WRONG, no, "Sorry!", "Thanks!", "Bye.", user="ann")
    ((_, talk),) = conversations([first, second, third])
    assert list(talk["traces"].values()) == ["tr-1", "tr-2", "tr-3"] and len(talk["messages"]) == 6


def test_two_people_who_are_answered_the_same_go_on_each_with_his_own(nights):
    at = nights.at(FIRST)
    parts = [told.exchange(f"tr-{user}", at + n, ASKED, WRONG, user=user) for n, user in enumerate(("ann", "bob"))]
    parts.append(told.exchange("tr-3", at + 9, ASKED, WRONG, "No, it was Olin Krann.", "Sorry!", user="ann"))
    found = dict(conversations(parts))
    assert list(found["tr-ann"]["traces"].values()) == ["tr-ann", "tr-3"] and "tr-bob" in found


def test_a_note_that_has_ended_stays_away_when_the_clock_is_set_back(settings, workspace, monkeypatch):
    from tests.awake.test_recall import ASKED as OPENING_ASKED

    clock = Clock(monkeypatch)
    clock.at = 1_796_300_000.0  # 3 December 2026
    note(workspace, until=date(2026, 12, 4))
    recall = Recall(settings, workspace, reader=WordEncoder())

    def looked_up():
        return recall.notes(OPENING_ASKED, tenant=None, user=None)

    assert looked_up()
    later = time.monotonic() + 3 * DAY
    monkeypatch.setattr("time.monotonic", lambda: later)
    clock.at += 3 * DAY
    assert not looked_up(), "it has ended"
    clock.at -= 3 * DAY
    assert not looked_up(), "and the clock that nobody sets knows that it has"


def test_a_note_is_there_again_when_a_clock_that_ran_ahead_is_set_right(settings, workspace, monkeypatch):
    from tests.awake.test_recall import ASKED as OPENING_ASKED

    clock = Clock(monkeypatch)
    clock.at = 1_796_300_000.0
    note(workspace, until=date(2026, 12, 4))
    recall = Recall(settings, workspace, reader=WordEncoder())
    clock.at += 300 * DAY
    assert not recall.notes(OPENING_ASKED, tenant=None, user=None)
    clock.at -= 300 * DAY
    assert recall.notes(OPENING_ASKED, tenant=None, user=None)


def note(workspace, *, until):
    from steps.memory.files import memory_path, opened
    from steps.memory.notes import Note, note_id
    from tests.awake.test_recall import OPENING

    made = Note(
        id=note_id("p", None, "Reading room", OPENING), page="p", title="Reading room", text=OPENING, source="hours.md",
        created_at=date(2026, 11, 29), valid_until=until, why="expires",
    )  # fmt: skip
    with opened(memory_path(workspace, None)) as memory, memory.connection:
        memory.add(made, WordEncoder().encode([made.said])[0])
