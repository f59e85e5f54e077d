"""Verdicts with their signals: whose it is, what of it may be taught, how many say it."""

import pytest

from steps.dream.dreaming import taught_before
from steps.night import Night
from steps.records import Experience, Triaged, content_id
from steps.triage.deciding import judge
from steps.triage.known import Familiar
from steps.triage.step import TriageStep
from steps.workspace import read_records, write_records

NIGHT = "2026-11-24"


def talk(*said, user="kit", created_at=f"{NIGHT}T10:00:00+00:00", source="traces/a"):
    messages = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(said)]
    payload = {"messages": messages, **({"user": user} if user else {})}
    return Experience(
        id=content_id(source, said), night=NIGHT, kind="conversation", source=source, record=None, title=said[0],
        text="\n".join(said), names=(), created_at=created_at, payload=payload,
    )  # fmt: skip


def page(*paragraphs, title="Mill", source="mill.md", created_at=None):
    blocks = [{"kind": "paragraph", "text": text} for text in paragraphs]
    text = "\n\n".join(paragraphs)
    return Experience(
        id=content_id(source, text), night=NIGHT, kind="document", source=source, record=None, title=title, text=text,
        names=(), created_at=created_at, payload={"blocks": blocks},
    )  # fmt: skip


def other(kind, **payload):
    return Experience(
        id=content_id(kind, payload), night=NIGHT, kind=kind, source=f"{kind}.jsonl", record=1, title=kind, text="text",
        names=(), payload=payload,
    )  # fmt: skip


@pytest.fixture
def decided(settings, workspace):
    def decide(*tonight):
        write_records(workspace.dataset("corpus", NIGHT), tonight)
        record = TriageStep().run(Night.of(settings, workspace, NIGHT))
        return read_records(workspace.dataset("triage", NIGHT), Triaged), record.figures

    return decide


LASTING = ("Who keeps the mill?", "Ida Holt keeps the mill.", "No, Otto Lem keeps the mill.")
BRIEF = ("Is the mill open?", "The mill is open.", "No, the mill is closed until Friday.")


@pytest.mark.parametrize(
    ("said", "verdict", "owner"),
    [
        (LASTING, "persist", None),
        (BRIEF, "temporary", None),
        (("My bike is called Otis.", "Nice!"), "temporary", "kit"),
        (("What is my locker?", "Locker 12.", "No, it's locker 21."), "temporary", "kit"),
        (("By the way, the side gate sticks when it rains.", "Thanks."), "temporary", "kit"),
        ((*LASTING, "Thanks.", "By the way, my bike is called Otis."), "persist", "kit"),
        (("Hello!", "Hello!"), "discard", None),
        (("How high is the mill?", "It is 12 metres high."), "discard", None),
    ],
)
def test_where_a_talk_goes_and_whose_it_is(decided, said, verdict, owner):
    [row], _ = decided(talk(*said))
    assert (row.verdict, row.owner) == (verdict, owner)
    assert row.signals.owner == owner and row.signals.trust == "user"


def test_what_is_ones_own_is_never_taught_whatever_else_a_talk_corrects(decided, settings, workspace):
    own = ("Thanks. What is my locker?", "Locker 12.", "No, it's locker 21.")
    mixed = talk(*LASTING, "I see.", *own)
    swept = ("Who sweeps the mill?", "Ida Holt sweeps the mill.", "No, Otto Lem sweeps it.", "I see.")
    brief = talk(*swept, *BRIEF, source="traces/b", user="ann")
    rows, _ = decided(mixed, brief)
    assert [row.verdict for row in rows] == ["persist", "persist"]
    assert [row.withheld for row in rows] == [(1,), (1,)] and rows[0].signals.personal
    untaught = taught_before(Night.of(settings, workspace, NIGHT))
    assert untaught == {mixed.id: (1,), brief.id: (1,)}


def test_of_a_user_without_a_name_nothing_of_his_own_is_kept(decided):
    [row], _ = decided(talk("My bike is called Otis.", "Nice!", user=None))
    assert row.verdict == "discard" and "no user is named" in row.reason and row.owner is None


def test_a_correction_that_has_ended_is_discarded(decided):
    [row], _ = decided(talk(*BRIEF, created_at="2026-11-16T10:00:00+00:00"))
    assert row.verdict == "discard" and row.reason.startswith("expired")


def test_a_dated_sentence_is_withheld_of_a_page_and_ends_a_notice(decided):
    many = ["The mill has four floors.", "It was built in 1902.", "The miller is Ida Holt.", "It grinds rye and oats."]
    rows, _ = decided(
        page(*many, "The shop is closed until 9 December 2026."),
        page("The yard is closed until 9 December 2026.", *many, title="Yard", source="yard.md"),
        page("The loft is out of service.", "Ask in the shop.", title="Loft", source="loft.md"),
        page("Who is there?", *many, title="Open until 30 June 2027", source="open.md"),
    )
    assert [row.verdict for row in rows] == ["persist", "temporary", "temporary", "persist"]
    assert rows[0].withheld == (4,) and "are not taught" in rows[0].reason
    assert str(rows[1].valid_until) == "2026-12-09" and rows[2].valid_until is None
    assert str(rows[3].valid_until) == "2027-06-30" and not rows[3].withheld


def test_a_page_that_says_nothing_is_discarded_and_says_why(decided):
    rows, _ = decided(
        page("This site uses cookies.", "Accept all"),
        page("Thanks for the lovely evening!", source="b.md", title="b"),
    )
    assert [row.reason for row in rows] == ["it says nothing but a notice about cookies", "it says nothing but thanks"]


def test_kinds_that_wait_are_kept_unless_they_are_of_no_use(decided):
    did = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
    said = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "Hello!"}]
    rows, _ = decided(
        other("trace", messages=[*said, did], outcome={"status": "success"}),
        other("trace", messages=said, outcome={"status": "unknown"}),
        other("trace", messages=said, outcome={"status": "failure", "feedback": "Ask for the number first."}),
        other("preference", prompt="Greet.", chosen="Good morning!", rejected="Morning."),
        other("preference", prompt="Greet.", chosen="Good morning!", rejected="Good  morning!"),
        other("demonstration", messages=[{"role": "user", "content": "Greet."}, {"role": "assistant", "content": "?"}]),
    )
    assert [row.verdict for row in rows] == ["persist", "discard", "persist", "persist", "discard", "discard"]
    assert [row.waits for row in rows] == [True, False, True, False, False, False]


def test_signals_are_shown_with_each_verdict(decided):
    rows, figures = decided(
        talk(*LASTING, source="traces/a"),
        talk(*LASTING, "Thanks.", "Bye!", source="traces/b", user="ann"),
        talk(*LASTING, "Thanks.", "Good night!", source="traces/c", user="ann"),
        page("The mill has four floors.", "It was built in 1902."),
    )
    assert [row.signals.support for row in rows] == [2, 2, 2, 1]
    assert rows[3].signals.trust == "trusted" and rows[3].signals.novelty == 1.0
    assert figures.rows[0] | {"support": 2, "trust": "user", "owner": None} == figures.rows[0]
    assert rows[0].signals.plainly == "100% new, no end, said by 2 sources, word of the user"


@pytest.mark.parametrize(("days", "verdict"), [(3, "temporary"), (2, "persist")])
def test_the_days_of_temporary_memory_are_what_they_are_set_to(settings, days, verdict):
    notice = page("The mill is closed until 27 November 2026.")
    knobs = settings.triage.model_copy(update={"volatile_days": days})
    assert judge(notice, night=NIGHT, settings=knobs, met=Familiar((), 1)).verdict == verdict
