"""What was said by day is met once: talks grow, branch, are corrected late, and come again every night."""

from dataclasses import replace

import pytest

from steps.diary import Exchange, Remark
from steps.errors import SlumberError
from steps.ingest.days import conversations, read_days, window
from steps.ingest.step import IngestStep
from steps.kinds.entry import created_on
from steps.night import Night
from steps.records import Experience, LedgerEntry, Triaged
from steps.registry import RegistryUnreachable
from steps.triage.step import TriageStep
from steps.validate.step import ValidateStep
from steps.workspace import read_records

FIRST, SECOND, THIRD = "2026-03-02", "2026-03-03", "2026-03-04"
DAY = 86_400_000
ASKED, WRONG, NO = "Who built the Kettle ferry?", "Edda Krann.", "No, it was Olin Krann."


class ToldDiary:
    """A diary that a test tells. ``away``: it cannot be read."""

    def __init__(self, *said):
        self.said, self.away, self.read = list(said), False, 0

    def within(self, window):
        if self.away:
            raise RegistryUnreachable("The registry is away.")
        return [one for one in self.said if window.since <= one.began < window.until]

    def state(self, window):
        return [(one.trace, max([one.began, *(r.at for r in one.remarks)])) for one in self.within(window)]

    def absent(self):
        return []

    def exchanges(self, window):
        self.read += 1
        return iter(self.within(window))


def at(night, minute=0):
    return window(Night.of(SETTINGS[0], WORKSPACES[0], night)).until - DAY + minute * 60_000


SETTINGS, WORKSPACES = [None], [None]


@pytest.fixture(autouse=True)
def _calendar(settings, workspace):
    SETTINGS[0], WORKSPACES[0] = settings, workspace


def exchange(trace, *texts, night=FIRST, minute=0, **more):
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": text} for n, text in enumerate(texts)]
    return Exchange(trace, at(night, minute), messages[:-1], messages[-1], **more)


@pytest.fixture
def sleep(settings, workspace, tmp_path, monkeypatch):
    """Return a function that ingests and triages a night, and returns what is in its corpus, triage and ledger."""
    from steps.validate.checking import Validation

    passed = Validation(broken={}, table=[], docs=workspace.state)
    monkeypatch.setattr("steps.validate.step.check_records", lambda **_: passed)  # Great Expectations takes seconds
    (tmp_path / "inbox").mkdir()

    def sleep(date, diary, settings=settings):
        night = Night.of(settings, workspace, date, inbox=tmp_path / "inbox", diary=diary)
        for step in (IngestStep(), ValidateStep(), TriageStep()):
            step.run(night)
        kinds = (("corpus", Experience), ("triage", Triaged), ("ledger", LedgerEntry))
        return [read_records(workspace.dataset(name, date), kind) for name, kind in kinds]

    return sleep


@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Los_Angeles", "Europe/Berlin"])
def test_what_is_said_at_either_end_of_a_day_is_said_on_that_day(sleep, settings, zone):
    SETTINGS[0] = settings.model_copy(update={"schedule": settings.schedule.model_copy(update={"timezone": zone})})
    said = [exchange("tr-1", ASKED, WRONG, minute=5), exchange("tr-2", "Who rows it?", WRONG, minute=1435)]
    corpus = sleep(FIRST, ToldDiary(*said), settings=SETTINGS[0])[0]
    assert [created_on(one.created_at).isoformat() for one in corpus] == [FIRST, FIRST]


def test_an_exchange_that_comes_twice_is_met_once():
    one = exchange("tr-1", ASKED, WRONG)
    assert [trace for trace, _ in conversations([one, exchange("tr-2", "Hi.", "Hello."), one])] == ["tr-1", "tr-2"]


def test_exchanges_of_one_talk_are_one_conversation_with_its_remarks():
    first = exchange("tr-1", ASKED, WRONG, remarks=(Remark(at(FIRST, 5), rating=-1, user="ann"),))
    second = exchange("tr-2", ASKED, WRONG, NO, "Sorry!", minute=1, session="s", user="ann")
    other = exchange("tr-3", "Hello?", "Hello.", minute=2)
    (one, talk), (two, _) = conversations([second, other, first])
    assert (one, two) == ("tr-1", "tr-3")
    assert len(talk["messages"]) == 4 and talk["traces"] == {"1": "tr-1", "3": "tr-2"}
    assert talk["feedback"] == [{"message": 1, "at": at(FIRST, 5), "rating": -1, "user": "ann"}]
    assert (talk["session"], talk["user"]) == ("s", "ann")


def test_an_answer_that_was_given_twice_makes_two_talks():
    talks = conversations(
        [
            exchange("tr-1", "Hi", "Hello."),
            exchange("tr-2", "Hi", "Hello.", ASKED, WRONG, minute=1),
            exchange("tr-3", "Hi", "Hello.", ASKED, "Nobody.", minute=2),
        ]
    )
    assert [first for first, _ in talks] == ["tr-1", "tr-3"]


def test_what_was_said_is_met_once_and_its_source_is_its_trace(sleep):
    diary = ToldDiary(exchange("tr-1", ASKED, WRONG, NO, "Sorry!"), exchange("tr-2", "Hi", "Hello.", minute=1))
    corpus, triage, ledger = sleep(FIRST, diary)
    assert [row.source for row in corpus] == ["traces/tr-1", "traces/tr-2"]
    assert [row.verdict for row in triage] == ["persist", "discard"] and len(ledger) == 2
    assert sleep(SECOND, diary) == [[], [], []], "the next night looks at the same traces again, and meets nothing"
    sleep(FIRST, diary)
    assert diary.read == 2, "a night that is run again with nothing new reads nothing"


def test_a_day_is_counted(sleep, settings, workspace):
    ann = replace(exchange("tr-1", ASKED, WRONG), remarks=(Remark(at(FIRST, 5), rating=-1),), experiment="days")
    more = [exchange("tr-2", ASKED, WRONG, NO, "Sorry!", minute=1, experiment="days")]
    more += [exchange("tr-3", "Hi", "Hello.", minute=2, experiment="agents")]
    more += [Exchange("tr-4", at(FIRST), (), {}, fault="it holds no messages", experiment="agents")]
    diary = ToldDiary(ann, *more)
    sleep(FIRST, diary)
    told = IngestStep.read(workspace, FIRST).figures
    counted = {"exchanges read": 4, "unreadable": 1, "conversations": 2, "new": 2, "new and corrected": 1}
    assert told.day == {**counted, "new and rated": 1} and told.experiments == {"days": 2, "agents": 2}
    sleep(SECOND, diary)
    assert "new" not in IngestStep.read(workspace, SECOND).figures.day, "what came as it is before is not new"
    sleep(THIRD, ToldDiary())
    assert IngestStep.read(workspace, THIRD).figures.day is None


def test_a_late_correction_is_learned_once_and_a_changed_one_replaces_it(sleep):
    asked = exchange("tr-1", ASKED, WRONG)
    diary = ToldDiary(asked)
    assert sleep(FIRST, diary)[1][0].verdict == "discard"
    diary.said = [replace(asked, remarks=(Remark(at(SECOND), correction="Olin Krann", user="ann"),))]
    (learned,), (row,), _ = sleep(SECOND, diary)
    assert (row.verdict, row.known, row.withdraws) == ("persist", (), ())
    diary.said = [replace(asked, remarks=(Remark(at(THIRD), correction="Olga Krann", user="ann"),))]
    _, (row,), _ = sleep(THIRD, diary)
    assert row.verdict == "persist" and [one.experience for one in row.withdraws] == [learned.id]


def test_a_talk_that_goes_on_teaches_only_what_is_new(sleep):
    first = exchange("tr-1", ASKED, WRONG, NO, "Sorry!")
    sleep(FIRST, ToldDiary(first))
    more = ("When does it leave?", "At 9.", "No, at 8.", "Thanks!")
    diary = ToldDiary(first, exchange("tr-2", ASKED, WRONG, NO, "Sorry!", *more, night=SECOND))
    _, (row,), _ = sleep(SECOND, diary)
    assert row.verdict == "persist" and row.known == (0,)


def test_who_corrects_in_another_talk_replaces_what_was_learned(sleep):
    diary = ToldDiary(exchange("tr-1", ASKED, WRONG, NO, "Sorry!"))
    (first,), _, _ = sleep(FIRST, diary)
    diary.said.append(exchange("tr-2", ASKED, "Olin Krann.", "No, it was Ole Krann.", "Sorry!", night=SECOND))
    (second,), (row,), _ = sleep(SECOND, diary)
    assert [(one.experience, one.sentence) for one in row.withdraws] == [(first.id, 0)]
    diary.said.append(exchange("tr-3", ASKED, "Ole Krann.", NO, "Sorry!", night=THIRD))
    _, (row,), _ = sleep(THIRD, diary)
    assert row.known == () and second.id in [one.experience for one in row.withdraws], "back again is learned again"


def test_a_trace_without_messages_is_told_and_one_that_is_too_long_refused(sleep, settings):
    size = settings.ingest.max_file_bytes
    diary = ToldDiary(
        Exchange("tr-1", at(FIRST), (), {}, fault="it holds no messages"), exchange("tr-2", "a" * size, "b")
    )
    _, _, ledger = sleep(FIRST, diary)
    assert [(row.file, row.outcome) for row in ledger] == [("traces/tr-1", "ignored"), ("traces/tr-2", "quarantined")]


def test_a_diary_that_is_away_stops_the_night_and_nothing_is_lost(sleep):
    diary = ToldDiary(exchange("tr-1", ASKED, WRONG, NO, "Sorry!"))
    diary.away = True
    with pytest.raises(SlumberError, match="away"):
        sleep(FIRST, diary)
    diary.away = False
    assert len(sleep(FIRST, diary)[0]) == 1


def test_a_night_that_came_late_looks_back_to_the_last_one(settings, workspace):
    assert window(Night.of(settings, workspace, FIRST)).since == 0, "the first night looks at all there is"
    path = workspace.dataset("corpus", FIRST)
    path.parent.mkdir(parents=True)
    path.write_text("")
    late = window(Night.of(settings, workspace, "2026-05-30"))
    assert late.until - late.since == pytest.approx((89 + 1 + settings.ingest.trace_days) * DAY, abs=DAY / 20)


@pytest.mark.parametrize("odd", ["\ud800", None, 1, float("nan"), [], {"a": 1}, ["user"], "\0"])
def test_an_odd_exchange_is_refused_and_the_others_are_read(odd):
    asked = [{"role": "user", "content": "Who built it?"}]
    remark = Remark(1, rating=odd, correction=odd if isinstance(odd, str) else None, user="ann")
    odds = [
        Exchange("tr-1", 10**12, [{"role": odd, "content": odd}], {"role": "assistant", "content": odd}),
        Exchange("tr-2", 10**12, asked, {"role": "assistant", "content": "Edda.", "tool_calls": odd}),
        Exchange("tr-3", 10**12, asked, {"role": "assistant", "content": "Ida."}, session="s", remarks=(remark,)),
    ]
    good = Exchange("tr-4", 10**12, asked, {"role": "assistant", "content": "Olin."}, session="t")
    told = list(read_days([*odds, good], lambda file, raw: ("h", None), max_bytes=10**6))
    assert [one.entry.messages[-1].content for one in told if one.entry][-1] == "Olin."
    assert all(one.reason for one in told if not one.entry)
